"""The JSON endpoints' description, and schemathesis against all of them: whatever is sent, no server error."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode

from app.console.accounts import Accounts
from app.console.application import endpoints
from app.console.endpoints import Endpoint
from app.console.guard import COOKIE
from app.console.pages.description import PLACE, document
from app.console.schemas import check_schema, misfits
from domain.accounts import Role
from tests.console.matrix import PEOPLE, Ids, Visitor, make_matters
from tests.support.console import ConsoleCity, console_city
from tests.support.desk import Desk

EXAMPLES = 12
OFFICE = "all of the office's roles"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path_factory.mktemp("json") / "city")
    with console_city(desk) as made:
        yield made
    desk.system.close()


@pytest.fixture(scope="module")
def ids(city: ConsoleCity) -> Ids:
    return make_matters(city)


@pytest.fixture(scope="module")
def office(city: ConsoleCity) -> Visitor:
    return Visitor(city, OFFICE, ([role.value for role in Role if role is not Role.HANDLER], []))


@pytest.fixture(scope="module")
def handler(city: ConsoleCity) -> Visitor:
    return Visitor(city, "handler", PEOPLE["handler"])


def test_the_description_is_openapi_and_names_every_json_endpoint(office: Visitor) -> None:
    answer = office.ask(Endpoint("GET", "/api/openapi.json", lambda visit: visit.json({})), "/api/openapi.json").json()
    assert answer["openapi"].startswith("3.1")
    described = {(method.upper(), path) for path, operations in answer["paths"].items() for method in operations}
    assert described == {(one.method, one.path) for one in endpoints() if one.json}
    schemathesis.openapi.from_dict(answer).validate()
    for operations in answer["paths"].values():
        for operation in operations.values():
            assert {"401", "403", "404", "409", "422"} <= operation["responses"].keys()


def test_no_json_endpoint_has_a_server_error(city: ConsoleCity, ids: Ids, office: Visitor, handler: Visitor) -> None:
    start = random.randrange(2**32)
    print(f"\nseed {start}")
    declared = {(one.method, one.path): one for one in endpoints() if one.json}
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    described: Any = schemathesis.openapi.from_dict(document(declared.values(), "示例市"))
    for operation in (found.ok() for found in described.get_all_operations()):
        endpoint = declared[operation.method.upper(), operation.path]
        visitor = handler if endpoint.roles == {Role.HANDLER} else office
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _tried(operation, mode, visitor, ids, start, statuses, wrong)
    print(f"{statuses.total()} requests to {len(declared)} endpoints: {dict(sorted(statuses.items()))}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def _tried(
    operation: Any, mode: GenerationMode, visitor: Visitor, ids: Ids, start: int, statuses: Counter[int], wrong: list[str]
) -> None:
    real = st.sampled_from(sorted(ids.numbers)) if PLACE.findall(operation.path) else st.none()

    @seed(start)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), kind=real)
    def tried(case: Any, kind: str | None) -> None:
        token, csrf = visitor.signed_in()
        case.headers, case.cookies = {"X-CSRF-Token": csrf}, {COOKIE: token}
        for name in PLACE.findall(operation.path):
            if kind is not None and (known := ids.of(name, operation.path).get(kind)):
                case.path_parameters[name] = known
        response = case.call(base_url=visitor.person.base)
        statuses[response.status_code] += 1
        if response.status_code >= 500:
            wrong.append(
                f"{operation.method.upper()} {operation.path}: {response.status_code} for {case.as_curl_command()[:600]}"
            )

    try:
        tried()
    except Exception as error:
        if type(error).__name__ not in {"Unsatisfiable", "InvalidArgument"}:
            raise


CHECKED: tuple[tuple[dict[str, Any], Any], ...] = (
    ({"type": "object", "required": ["a"]}, {}),
    ({"type": "object", "properties": {"a": {"type": "integer", "minimum": 2}}}, {"a": 1}),
    ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": True}),
    ({"type": "object", "properties": {"a": {"type": ["string", "null"], "maxLength": 2}}}, {"a": "abc"}),
    ({"type": "object", "properties": {"a": {"type": ["string", "null"], "maxLength": 2}}}, {"a": None}),
    ({"type": "object", "properties": {"a": {"type": "array", "items": {"enum": ["x"]}, "maxItems": 2}}}, {"a": ["x", "y"]}),
    ({"type": "object", "properties": {"a": {"type": "array", "items": {"enum": ["x"]}, "maxItems": 2}}}, {"a": ["x"] * 3}),
    ({"type": "object", "properties": {"a": {"type": "string", "pattern": "^[0-9]+$", "minLength": 1}}}, {"a": ""}),
    ({"type": "object", "properties": {}, "additionalProperties": False}, {"b": 1}),
    ({"type": "object", "properties": {"a": {"type": "number", "maximum": 1.5}}}, {"a": 1.0}),
    ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 2.0}),
)


@pytest.mark.parametrize(("schema", "value"), CHECKED)
def test_the_check_by_hand_agrees_with_the_standard(schema: dict[str, Any], value: Any) -> None:
    check_schema(schema)
    assert bool(list(misfits(schema, value))) == (not Draft202012Validator(schema).is_valid(value))


def test_a_keyword_that_is_not_checked_is_refused() -> None:
    with pytest.raises(ValueError, match="oneOf"):
        check_schema({"type": "object", "properties": {"a": {"oneOf": []}}})


def test_values_of_a_query_are_read_as_their_types() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "b": {"type": "boolean"}, "l": {"type": "array"}}}
    assert not list(misfits(schema, {"n": "12", "b": "true", "l": "x"}, texts=True))
    assert [field for field, _ in misfits(schema, {"n": "twelve", "b": "maybe"}, texts=True)] == ["n", "b"]


def test_a_misfit_is_named_and_never_quoted(office: Visitor) -> None:
    answer = office.post_json("/api/settings/users", {"login": ["私密"], "roles": []})
    assert answer.status_code == 422
    assert "login" in answer.json()["error"]
    assert "私密" not in answer.text
    assert office.post_json("/api/settings/users", {"login": "a\0b", "roles": ["analyst"]}).status_code == 422
    assert office.post_json("/api/settings/users/%00", {}).status_code == 404


def test_a_defect_is_answered_and_its_words_are_nowhere(
    office: Visitor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("私密的话")

    monkeypatch.setattr(Accounts, "all", broken)
    for path in ("/api/settings/users", "/settings/users"):
        answer = office.get(path)
        assert answer.status_code == 500
        assert "程序出错了" in answer.text
        assert "私密" not in answer.text
    printed = capsys.readouterr()
    assert "私密" not in printed.out + printed.err
    assert "test_json_endpoints.py" in printed.out + printed.err
