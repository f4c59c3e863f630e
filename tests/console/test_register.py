"""台账 over HTTP: what each reader finds, a matter's story, what the office does there, xlsx."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.office import Choice
from app.search_index import SearchIndexer
from domain.events import FeedbackEvent, FeedbackType
from domain.ids import AssignmentId, EventId, MatterId, Number, UnitCode
from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import Desk


@dataclass
class City:
    """``water``, ``roads``: dispatched; ``waiting``: in review; ``sealed``: with the discipline office."""

    console: ConsoleCity
    people: dict[str, Person]
    water: str
    roads: str
    waiting: str
    sealed: str

    def part(self, number: str) -> str:
        with self.console.desk.system.store.unit_of_work(write=False) as uow:
            return uow.assignments.of_matters([MatterId(number)])[MatterId(number)][-1].id

    def audited(self, subject: str) -> list[tuple[str, str]]:
        with self.console.desk.system.store.unit_of_work(write=False) as uow:
            return [(entry.actor, entry.action) for _, entry in uow.audit.entries(subject)]

    def index(self) -> None:
        indexer = SearchIndexer(self.console.desk.system.store, self.console.desk.clock)
        while indexer.look():
            pass
        indexer.close()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    desk = Desk(tmp_path_factory.mktemp("register") / "city")
    water = desk.letter("a", "我家小区停水三天了，路灯也不亮。", place="老城东街")
    desk.clock.forward(minutes=1)
    roads = desk.letter("b", "=1+1 路面坏了", subject="=HYPERLINK(1)")
    waiting = desk.letter("c", "请问归谁管？", channel="mail")
    sealed = desk.letter("d", "举报交通局科长收受好处。", kind="accusation")
    desk.work()
    desk.office.decide(Number(sealed), Choice("discipline"))
    with console_city(desk) as console:
        people = {
            role: console.person(role.replace("_", "-"), [role])
            for role in ("reviewer", "sealed_reviewer", "supervisor", "analyst", "operator")
        }
        people["handler"] = console.person("handler", ["handler"], ["water"])
        people["sealed_handler"] = console.person("sealed-handler", ["handler", "sealed_reviewer"], ["discipline"])
        made = City(console, people, water, roads, waiting, sealed)
        made.index()
        yield made
    desk.system.close()


def numbers(person: Person, **asked: str) -> list[str]:
    answer = person.get("/api/register", params=asked)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["total"] == len(document["matters"])
    page = person.get("/register", params=asked).text
    found = [row["number"] for row in document["matters"]]
    assert all(f'href="/register/{number}"' in page for number in found)
    return found


def test_each_reader_finds_what_they_may_see(city: City) -> None:
    for who in ("reviewer", "supervisor", "analyst"):
        assert sorted(numbers(city.people[who])) == sorted([city.water, city.roads, city.waiting])
    assert numbers(city.people["sealed_reviewer"]) == [city.sealed]
    assert numbers(city.people["handler"]) == [city.water]
    assert numbers(city.people["sealed_handler"]) == [city.sealed]
    assert city.people["operator"].get("/register").status_code == 403


@pytest.mark.parametrize(
    ("asked", "finds"),
    [
        ({"words": "路灯"}, ["water"]),
        ({"words": "收受"}, []),
        ({"unit": "水务局"}, ["water"]),
        ({"unit": "roads"}, ["roads"]),
        ({"state": "in_review"}, ["waiting"]),
        ({"matter": "closed"}, []),
        ({"channel": "mail"}, ["waiting"]),
        ({"place": "东街"}, ["water"]),
        ({"since": "2026-03-02", "until": "2026-03-02", "words": "停水"}, ["water"]),
        ({"until": "2026-03-01"}, []),
        ({"kind": "thanks"}, []),
    ],
)
def test_every_field_of_the_form_narrows(city: City, asked: dict[str, str], finds: list[str]) -> None:
    assert numbers(city.people["reviewer"], **asked) == [getattr(city, name) for name in finds]


def test_a_part_of_the_number_finds_it_in_any_case(city: City) -> None:
    assert numbers(city.people["reviewer"], number="MAIL-0") == [city.waiting]
    assert numbers(city.people["reviewer"], number="ma") == []


@pytest.mark.parametrize(
    "asked", [{"unit": "没有这个单位"}, {"since": "yesterday"}, {"state": "lost"}, {"until": "9999-12-31"}, {"kind": "x"}]
)
def test_what_cannot_be_asked_is_refused_in_one_line(city: City, asked: dict[str, str]) -> None:
    for path in ("/register", "/api/register", "/register/export.xlsx"):
        assert city.people["reviewer"].get(path, params=asked).status_code == 409


def test_odd_pages_and_signs_are_no_errors(city: City) -> None:
    for asked in ({"after": "x"}, {"after": "9" * 30 + ".a"}, {"words": "\"'*:&|"}, {"number": "%_!"}, {"after": "5.²"}):
        assert city.people["reviewer"].get("/api/register", params=asked).status_code == 200


def test_a_story_is_whole_for_the_office(city: City) -> None:
    answer = city.people["reviewer"].get(f"/api/register/{city.water}").json()
    steps = [step["step"] for step in answer["steps"]]
    assert {"registered", "decided", "assigned"} <= set(steps)
    assert answer["letters"][0]["body"] == "我家小区停水三天了,路灯也不亮。"
    decided = next(step for step in answer["steps"] if step["step"] == "decided")
    assert decided["suggestions"]
    page = city.people["reviewer"].get(f"/register/{city.water}").text
    assert "我家小区停水三天了,路灯也不亮。" in page
    assert "水务局" in page
    assert "督办" in page


def test_a_unit_is_told_no_more_than_its_export(city: City) -> None:
    answer = city.people["handler"].get(f"/api/register/{city.water}").json()
    assert {step["step"] for step in answer["steps"]} <= {"registered", "decided", "assigned", "event", "feedback", "signed"}
    for step in answer["steps"]:
        assert not step.get("actor")
        assert not step.get("excluded")
        assert not step.get("suggestions")
    decided = next(step for step in answer["steps"] if step["step"] == "decided")
    assert (decided["rule"], decided["model"]) == ("model", "words-1")
    page = city.people["handler"].get(f"/register/{city.water}")
    assert page.status_code == 200
    assert "/remind" not in page.text


def test_what_may_not_be_seen_is_not_there(city: City) -> None:
    missing = f"{city.water[:-6]}999999"
    for who, hidden in (
        ("reviewer", [city.sealed, missing]),
        ("handler", [city.roads, city.waiting, city.sealed, missing]),
        ("sealed_reviewer", [city.water, missing]),
    ):
        for number in hidden:
            texts = []
            for path in (f"/register/{number}", f"/api/register/{number}"):
                answer = city.people[who].get(path)
                assert answer.status_code == 404
                texts.append(answer.text.replace(number, "N"))
            assert texts[1] == city.people[who].get(f"/api/register/{missing}").text.replace(missing, "N")


def test_each_view_of_a_sealed_matter_is_audited(city: City) -> None:
    before = city.audited(city.sealed).count(("sealed-reviewer", "sealed.view"))
    assert city.people["sealed_reviewer"].get(f"/register/{city.sealed}").status_code == 200
    assert city.people["sealed_reviewer"].get(f"/api/register/{city.sealed}").status_code == 200
    assert city.audited(city.sealed).count(("sealed-reviewer", "sealed.view")) == before + 2


def test_who_may_not_press_is_refused(city: City) -> None:
    body = {"assignment": city.part(city.water), "reason": "请尽快", "days": 3}
    assert city.people["analyst"].post_json(f"/api/register/{city.water}/remind", body).status_code == 403
    assert city.people["handler"].post_json(f"/api/register/{city.water}/remind", body).status_code == 403
    own = {**body, "assignment": city.part(city.sealed)}
    assert city.people["sealed_handler"].post_json(f"/api/register/{city.sealed}/remind", own).status_code == 409
    assert city.people["reviewer"].post_json(f"/api/register/{city.sealed}/remind", own).status_code == 404
    assert city.people["reviewer"].post_json(f"/api/register/{city.roads}/remind", body).status_code == 404


def test_the_office_reminds_extends_closes_and_reopens(city: City) -> None:
    desk, number = city.console.desk, city.roads
    person = city.people["supervisor"]
    part = city.part(number)
    assert person.post(f"/register/{number}/remind", {"assignment": part}).status_code == 409
    answer = person.post(f"/register/{number}/remind", {"assignment": part, "reason": "市民催问"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/register/{number}?done=remind")
    assert ("supervisor", "assignment.remind") in city.audited(part)
    assert person.post(f"/register/{number}/extend", {"assignment": part, "reason": "雨季", "days": "0"}).status_code == 409
    assert person.post(f"/register/{number}/extend", {"assignment": part, "reason": "雨季", "days": "5"}).status_code == 303
    assert person.post_json(f"/api/register/{number}/close", {}).status_code == 409
    complete(desk, part)
    assert person.post_json(f"/api/register/{number}/close", {}).json() == {"done": "close"}
    assert numbers(person, matter="closed") == [number]
    assert person.post_json(f"/api/register/{number}/reopen", {"assignment": part, "reason": "又坏了"}).status_code == 200
    assert numbers(person, matter="closed") == []


def test_a_units_wish_for_more_days_is_shown_to_who_may_grant_it(city: City) -> None:
    desk, number = city.console.desk, city.water
    part, person = city.part(number), city.people["supervisor"]
    assert "申请延长" not in person.get(f"/register/{number}").text
    event = FeedbackEvent(
        EventId(f"{part}-days"), UnitCode("water"), FeedbackType.EXTEND, AssignmentId(part), reason="等待配件", days=5
    )
    desk.feedback.apply(event, actor="water")
    assert "申请延长 5 个工作日：等待配件" in person.get(f"/register/{number}").text


def complete(desk: Desk, part: str) -> None:
    event = FeedbackEvent(EventId(f"{part}-done"), UnitCode("roads"), FeedbackType.COMPLETE, AssignmentId(part), reply="已修补")
    desk.feedback.apply(event, actor="roads")


def table(answer: Any) -> list[tuple[Any, ...]]:
    assert answer.status_code == 200
    return [tuple(cell.value for cell in row) for row in load_workbook(BytesIO(answer.content)).active.iter_rows()]  # type: ignore[union-attr]


def test_an_export_holds_the_search_and_no_formula(city: City) -> None:
    answer = city.people["analyst"].get("/register/export.xlsx", params={"words": "路面"})
    assert answer.headers["content-disposition"].startswith("attachment")
    head, *rows = table(answer)
    assert head[0] == "编号"
    assert [(row[0], row[6]) for row in rows] == [(city.roads, "'=HYPERLINK(1)")]
    assert ("analyst", "register.export") in city.audited("register")
    assert city.sealed not in str(table(city.people["analyst"].get("/register/export.xlsx")))


def test_the_page_is_read_in_english_too(city: City) -> None:
    person = city.people["analyst"]
    person.post("/account/language", {"language": "en"})
    try:
        assert "Search" in person.get("/register").text
        assert "What happened" in person.get(f"/register/{city.water}").text
    finally:
        person.post("/account/language", {"language": "zh"})


def test_the_switch_of_the_language_stays_on_the_page_with_what_is_looked_for(city: City) -> None:
    page = city.people["analyst"].get("/register?kind=consult&channel=portal").text
    assert 'name="back" value="/register?kind=consult&amp;channel=portal"' in page


def test_a_reviewer_merges_and_splits_on_the_matters_page(city: City) -> None:
    desk, reviewer = city.console.desk, city.people["reviewer"]
    kept, other = (desk.letter(name, text) for name, text in (("m1", "南街停水两天了。"), ("m2", "南街路面塌了。")))
    desk.work()
    assert "/merge" in reviewer.get(f"/register/{kept}").text
    for person, number, status in (("supervisor", kept, 403), ("reviewer", city.sealed, 404), ("handler", kept, 403)):
        body = {"other": other, "reason": "同一件事"}
        assert city.people[person].post_json(f"/api/register/{number}/merge", body).status_code == status
    assert reviewer.post_json(f"/api/register/{kept}/merge", {"other": city.sealed, "reason": "同一件事"}).status_code == 404
    assert reviewer.post(f"/register/{kept}/merge", {"other": other, "reason": ""}).status_code == 409
    there = reviewer.post(f"/register/{other}/merge", {"other": kept, "reason": "同一件事", "direction": "join"})
    assert (there.status_code, there.headers["location"]) == (303, f"/register/{kept}?done=merge")
    page = reviewer.get(f"/register/{kept}").text
    assert f'name="letter" value="{other}"' in page
    assert {letter["number"] for letter in reviewer.get(f"/api/register/{other}").json()["letters"]} == {kept, other}
    document = city.people["handler"].get(f"/api/department/parts/{kept}.water.1").json()
    assert [letter["number"] for letter in document["letters"]] == [other]
    asked = {"contact_reason": "核实地点", "letter": other}
    assert city.people["handler"].post_json(f"/api/department/parts/{kept}.water.1/contact", asked).status_code == 200
    asked["letter"] = city.water
    assert city.people["handler"].post_json(f"/api/department/parts/{kept}.water.1/contact", asked).status_code == 404
    answer = reviewer.post_json(f"/api/register/{kept}/split", {"letter": other, "reason": "两件事", "to": "before"})
    assert answer.json() == {"matter": other, "other": kept, "messages": [other], "state": "dispatched"}
    assert city.people["handler"].get(f"/api/department/parts/{kept}.water.1").json()["letters"] == []
    assert ("reviewer", "matter.split") in city.audited(other)
