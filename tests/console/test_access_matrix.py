"""Who may do what: every endpoint, every role, matters of every kind; pages and their JSON twins alike.

Made from the declarations: a page that is added is tried here by itself.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.console.application import endpoints
from app.console.endpoints import Endpoint
from tests.console.matrix import NOBODY, PARTS_OF, PEOPLE, RULES, SEES, Ids, Visitor, make_matters, paths_of
from tests.support.console import ConsoleCity, console_city
from tests.support.desk import Desk

PLACE = re.compile(r"\{(\w+)\}")
SIGN_IN, CODE = "/sign-in", "/sign-in/code"
LOG = "/settings/audit"
PARTS = re.compile(r"\{assignment\}|/parts/\{")
MATTERS = re.compile(r"\{(number|matter|assignment)\}|/parts/\{")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path_factory.mktemp("matrix") / "city", rules=RULES)
    with console_city(desk) as made:
        yield made
    desk.system.close()


@pytest.fixture(scope="module")
def ids(city: ConsoleCity) -> Ids:
    return make_matters(city)


@pytest.fixture(scope="module")
def visitors(city: ConsoleCity) -> dict[str, Visitor]:
    return {who: Visitor(city, who) for who in PEOPLE}


def named(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def allowed(endpoint: Endpoint, who: str) -> bool:
    return not endpoint.roles or bool(endpoint.roles & set(PEOPLE[who][0]))


def seen_by(endpoint: Endpoint) -> Mapping[str, frozenset[str]]:
    """Kinds of matters that each may see through this endpoint."""
    return PARTS_OF if PARTS.search(endpoint.path) else SEES


def verdict(endpoint: Endpoint, who: str, kind: str, status: int, location: str) -> str:
    """What is wrong with an answer, nothing when it is as declared."""
    if status >= 500:
        return f"{status}, a server error"
    if who == NOBODY and endpoint.roles:
        expected = 401 if endpoint.json or endpoint.method != "GET" else 303
        return "" if status == expected and (status == 401 or location == SIGN_IN) else f"{status}, not {expected}"
    if not allowed(endpoint, who):
        return "" if status == 403 else f"{status}, not 403"
    if not endpoint.roles or (status == 401 and endpoint.path == CODE):
        return ""  # a wrong code is told as one
    if status in (401, 403) or (status == 303 and location in (SIGN_IN, CODE) and not endpoint.weak):
        return f"{status} {location}, although the role may"
    if kind and kind not in seen_by(endpoint)[who] and status != 404:
        return f"{status} for a matter that it may not see, not 404"
    return ""


def test_every_path_names_its_parts_as_the_matrix_knows_them() -> None:
    known = {
        "number",
        "matter",
        "assignment",
        "token",
        "login",
        "id",
        "channel",
        "name",
        "unit",
        "code",
        "year",
        "part",
        "file",
        "ident",
    }
    unknown = {(named(one), place) for one in endpoints() for place in PLACE.findall(one.path) if place not in known}
    assert not unknown, "say in tests/console/matrix.py what these are filled with"


def test_twins_of_pages_have_their_roles() -> None:
    """Whoever sees a page gets its twin, and nobody else."""
    declared = {(one.method, one.path): one for one in endpoints()}
    for (method, path), page in declared.items():
        twin = declared.get((method, f"/api{path}"))
        if twin is not None:
            assert twin.roles == page.roles, path
            assert twin.json, path
        assert not path.startswith("/api/") or page.json, f"{path} does not answer in JSON"


def test_the_whole_matrix(city: ConsoleCity, ids: Ids, visitors: dict[str, Visitor]) -> None:
    cells: Counter[str] = Counter()
    wrong = []
    for endpoint in sorted(endpoints(), key=lambda one: one.method):
        names = PLACE.findall(endpoint.path)
        for who, visitor in visitors.items():
            for kind, path in paths_of(endpoint, names, ids):
                if endpoint.method != "GET" and allowed(endpoint, who) and kind in seen_by(endpoint)[who]:
                    continue  # changes what the other cells look at: done below, on matters of its own
                answer = visitor.ask(endpoint, path)
                found = verdict(endpoint, who, kind, answer.status_code, answer.headers.get("location", ""))
                cells["matter" if kind else "endpoint"] += 1
                if found:
                    wrong.append(f"{named(endpoint)} by {who}{f', {kind}' if kind else ''}: {found}")
    print(f"\naccess matrix: {cells.total()} cells, {cells['matter']} of them with a matter's id; {len(endpoints())} endpoints")
    assert not wrong, "\n".join(wrong)


def test_changes_of_what_may_be_seen_are_no_server_errors(city: ConsoleCity, visitors: dict[str, Visitor]) -> None:
    wrong, cells = [], 0
    changing = [one for one in endpoints() if one.method != "GET" and MATTERS.search(one.path)]
    for position, endpoint in enumerate(changing):
        own = make_matters(city, f"（{position}）")
        names = PLACE.findall(endpoint.path)
        seen = seen_by(endpoint)
        for who, visitor in visitors.items():
            for kind, path in paths_of(endpoint, names, own):
                if allowed(endpoint, who) and kind in seen[who]:
                    answer = visitor.ask(endpoint, path)
                    cells += 1
                    if answer.status_code >= 500 or answer.status_code in (401, 403):
                        wrong.append(f"{named(endpoint)} by {who}, {kind}: {answer.status_code}")
    print(f"\nchanges tried by those who may: {cells}")
    assert not wrong, "\n".join(wrong)


def test_pages_and_twins_are_the_same_to_a_reader(city: ConsoleCity, ids: Ids, visitors: dict[str, Visitor]) -> None:
    """No answer that a reader gets names a matter that they may not see."""
    leaks = []
    for endpoint in endpoints():
        # The auditor's log says what was done to which number, and no letter's words.
        if endpoint.method != "GET" or PLACE.findall(endpoint.path) or LOG in endpoint.path:
            continue
        for who, visitor in visitors.items():
            if who != NOBODY and allowed(endpoint, who):
                text = visitor.ask(endpoint, endpoint.path).text
                hidden = {kind: number for kind, number in ids.numbers.items() if kind not in SEES[who]}
                leaks += [f"{named(endpoint)} by {who}: {kind}" for kind, number in hidden.items() if number in text]
    assert not leaks, "\n".join(leaks)


def test_whole_declarations() -> None:
    twice = [key for key, count in Counter((one.method, one.path) for one in endpoints()).items() if count > 1]
    assert not twice
    assert not [named(one) for one in endpoints() if one.method not in {"GET", "POST"}], "forms know no other"
    assert Path(endpoints()[0].path).is_absolute()
