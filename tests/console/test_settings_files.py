"""The unit directory and the rules on the settings page: looked through, tried on past letters, saved, audited."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.matrix import Ids, make_matters
from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import UNITS, Desk

RULE = '[[rule]]\nname = "{}"\nany = ["{}"]\nlead = "{}"\n'
NEW_UNIT = '\n[[unit]]\ncode = "lamps"\nname = "路灯管理所"\nlevel = "city"\nregion = "999900"\nduties = ["路灯"]\n'


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path_factory.mktemp("settings") / "city", rules=RULE.format("lamps", "路灯", "roads"))
    with console_city(desk) as made:
        yield made
    desk.system.close()


@pytest.fixture(scope="module")
def ids(city: ConsoleCity) -> Ids:
    return make_matters(city)


@pytest.fixture(scope="module")
def admin(city: ConsoleCity) -> Person:
    return city.demo_person("root", ["admin"])


@pytest.fixture(scope="module")
def supervisor(city: ConsoleCity) -> Person:
    return city.demo_person("du", ["supervisor"])


@pytest.fixture(scope="module")
def analyst(city: ConsoleCity) -> Person:
    return city.demo_person("fen", ["analyst"])


def base(person: Person, name: str) -> str:
    return str(person.get(f"/api/settings/{name}").json()["file"]["digest"])


def log(city: ConsoleCity, subject: str) -> list[tuple[str, str, dict[str, str]]]:
    with city.desk.system.store.unit_of_work(write=False) as uow:
        return [(entry.actor, entry.action, dict(entry.detail)) for _, entry in uow.audit.entries(subject)]


def test_a_wrong_directory_is_told_by_line_and_not_saved(city: ConsoleCity, admin: Person) -> None:
    text = UNITS + '\n[[unit]]\ncode = "sky"\nname = "水务局"\nlevel = "city"\nregion = "1"\n'
    answer = admin.post_json("/api/settings/units/check", {"text": text}).json()
    line = text[: text.index('code = "sky"')].count("\n") + 1
    assert {one["line"] for one in answer["problems"]} == {line}
    assert all(one["remedy"] for one in answer["problems"])
    saved = admin.post("/settings/units", {"text": text, "base": base(admin, "units"), "reason": "试"})
    assert saved.status_code == 422
    assert "没有保存" in saved.text
    assert admin.post_json("/api/settings/units/check", {"text": "[[unit"}).json()["problems"][0]["line"] == 1
    assert (city.desk.folder / "units.toml").read_text(encoding="utf-8") == UNITS


def test_a_unit_that_rules_name_cannot_be_taken_out(admin: Person) -> None:
    text = UNITS.replace('code = "roads"', 'code = "streets"')
    problems = admin.post_json("/api/settings/units/check", {"text": text}).json()["problems"]
    assert any("rules.toml" in one["what"] for one in problems)


def test_a_directory_is_saved_once_with_its_reason_and_the_old_one_kept(city: ConsoleCity, admin: Person) -> None:
    before = base(admin, "units")
    body = {"text": UNITS + NEW_UNIT, "base": before, "reason": "新设路灯管理所"}
    assert admin.post_json("/api/settings/units", {**body, "reason": ""}).status_code == 422
    assert admin.post("/settings/units", {**body, "reason": ""}).status_code == 409
    shown = admin.post("/settings/units/check", {**body, "text": body["text"].replace("\n", "\r\n")})
    assert "+ code = &#34;lamps&#34;" in shown.text
    assert admin.post("/settings/units", body).headers["location"] == "/settings/units?done=saved"
    assert "路灯管理所" in admin.get("/settings/units?done=saved").text
    assert admin.post_json("/api/settings/units", body).status_code == 409, "it is another file now"
    actor, action, detail = log(city, "file:units.toml")[-1]
    assert (actor, action, detail["reason"]) == ("root", "units.save", "新设路灯管理所")
    assert (city.desk.folder / detail["kept"]).read_text(encoding="utf-8") == UNITS
    assert city.desk.system.directory.resolve("路灯管理所") == "lamps"
    assert not list(city.desk.folder.glob(".*.new"))


def test_rules_are_tried_on_past_letters(city: ConsoleCity, ids: Ids, supervisor: Person) -> None:
    text = RULE.format("lamps", "路灯", "roads") + RULE.format("pipes", "停水", "roads")
    tried = supervisor.post_json("/api/settings/rules/test", {"text": text}).json()
    assert tried["letters"] == 4, "all but the sealed one"
    assert tried["changed"] == 1
    assert [one["number"] for one in tried["examples"]] == [ids.numbers["water's"]]
    assert (tried["examples"][0]["before"]["lead"], tried["examples"][0]["after"]["lead"]) == ("water", "roads")
    assert {"rule": "pipes", "end": "routes", "before": 0, "after": 1} in tried["rules"]
    stop = '[[screen]]\nname = "no-roads"\naction = "hold"\nany = ["路面"]\nreason = "试"\n'
    tried = supervisor.post_json("/api/settings/rules/test", {"text": stop}).json()
    assert {"rule": "no-roads", "end": "stops", "before": 0, "after": 2} in tried["rules"]
    page = supervisor.post("/settings/rules/test", {"text": stop, "base": "x"})
    assert ids.numbers["roads'"] in page.text
    assert ids.numbers["sealed"] not in page.text


def test_an_administrator_sees_counts_and_an_analyst_may_only_try(ids: Ids, admin: Person, analyst: Person) -> None:
    text = RULE.format("pipes", "停水", "roads")
    counted = admin.post_json("/api/settings/rules/test", {"text": text}).json()
    assert (counted["letters"], counted["changed"], counted["examples"]) == (4, 1, [])
    tried = analyst.post_json("/api/settings/rules/test", {"text": text}).json()
    assert len(tried["examples"]) == 1
    body = {"text": text, "base": base(analyst, "rules"), "reason": "试"}
    assert analyst.post_json("/api/settings/rules", body).status_code == 403
    assert 'formaction="/settings/rules"' not in analyst.get("/settings/rules").text


def test_saved_rules_decide_the_next_letter(city: ConsoleCity, supervisor: Person) -> None:
    text = RULE.format("trees", "行道树", "river-water")
    body: dict[str, Any] = {"text": text, "base": base(supervisor, "rules"), "reason": "绿化归口"}
    answer = supervisor.post_json("/api/settings/rules", body)
    assert answer.status_code == 200
    assert city.desk.system.rulebook.rules[-1].name == "trees"
    assert log(city, "file:rules.toml")[-1][:2] == ("du", "rules.save")


def test_wrong_rules_are_told_by_line(supervisor: Person) -> None:
    text = '\n\n[[rule]]\nname = "a"\nany = ["甲"]\nlead = "nobody"\n'
    answer = supervisor.post_json("/api/settings/rules/test", {"text": text})
    assert answer.status_code == 422
    assert answer.json()["problems"] == [
        {"line": 4, "what": "rules.toml，规则 'a'：lead：单位目录中没有 'nobody'", "remedy": "在目录中添加，或改正代码"}
    ]
    assert supervisor.post("/settings/rules/test", {"text": text, "base": ""}).status_code == 422
    for odd in ("words = 1", "[" * 5000, "rule = 3", "[[rule]]\nname = 5", "screen = [1]"):
        assert supervisor.post_json("/api/settings/rules/check", {"text": odd}).json()["problems"], odd


def test_a_file_that_was_spoilt_by_hand_is_told(city: ConsoleCity, admin: Person) -> None:
    path: Path = city.desk.folder / "rules.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text("[[rule", encoding="utf-8")
    assert "正在沿用之前的" in admin.get("/settings/rules").text
    path.write_text(text, encoding="utf-8")
    assert "正在沿用之前的" not in admin.get("/settings/rules").text
