"""A letter that comes again: who had it before and what was answered is told to who decides, and decides nothing."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from app.console.register_story import story
from app.console.review_shown import matter_document
from app.office import Choice
from app.reports import explain_document
from domain.accounts import Account, Role, Viewer
from domain.events import FeedbackEvent, FeedbackType
from domain.ids import AssignmentId, EventId, Number, UnitCode
from store.export import export_matters
from tests.support.desk import Desk

TEXT = "桂园小区又停水，门口路面也坏了，请派人来看。"
PHONE = ["13900000001"]
REVIEWER = Account(1, "reviewer", "reviewer", (Role.REVIEWER,))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "city")


def letter(desk: Desk, ident: str, text: str = TEXT) -> Number:
    number = Number(desk.letter(ident, text, phones=PHONE))
    desk.work()
    return number


def answered(desk: Desk, number: Number, unit: str, reply: str) -> None:
    desk.office.decide(number, Choice(unit))
    event = FeedbackEvent(
        EventId(f"c-{number}"), UnitCode(unit), FeedbackType.COMPLETE, AssignmentId(f"{number}.{unit}.1"), reply=reply
    )
    assert desk.feedback.apply(event, actor="test").outcome == "applied"


def test_the_first_unit_is_evidence_and_no_probability_moves(desk: Desk) -> None:
    first = letter(desk, "a")
    before = {one["unit"]: one["probability"] for one in matter_document(desk.system, REVIEWER, first)["suggestions"]}
    answered(desk, first, "water", "已派人检查")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    assert desk.state(again) == "in_review"
    document = matter_document(desk.system, REVIEWER, again)
    assert {one["unit"]: one["probability"] for one in document["suggestions"]} == before
    told = {one["unit"]: [why["text"] for why in one["evidence"] if why["kind"] == "earlier"] for one in document["suggestions"]}
    assert told == {"water": [f"{first} 2026-03-02 completed"], "roads": []}
    assert [(part["unit"], part["reply"]) for part in document["repeats"]["units"]] == [("water", "已派人检查")]
    assert document["repeats"]["number"] == first
    told_too = [why["text"] for why in document["decision"]["evidence"] if why["kind"] == "earlier"]
    assert told_too == [f"water {first} 2026-03-02 completed"]
    explained = explain_document(desk.system, again)
    assert (explained["repeat_of"], explained["earlier"]["units"][0]["reply"]) == (first, "已派人检查")


def test_decided_by_a_person_it_goes_out_with_its_history(desk: Desk) -> None:
    first = letter(desk, "a")
    answered(desk, first, "water", "已派人检查")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    desk.office.decide(again, Choice("roads"))
    history = desk.events("roads")[-1]["data"]["history"]
    assert [(step["event"], step["unit"], step["text"]) for step in history] == [
        ("assigned", "water", ""),
        ("completed", "water", "已派人检查"),
    ]
    desk.office.extend(AssignmentId(f"{again}.roads.1"), 2, "工程量大")
    assert desk.events("roads")[-1]["data"]["history"] == history


def test_a_sure_model_is_neither_followed_by_nor_bent_to_the_first_unit(desk: Desk) -> None:
    text = "桂园小区停水三天了，请尽快恢复供水。"
    first = letter(desk, "a", text)
    desk.office.decide(first, Choice("roads"))
    desk.clock.forward(days=3)
    again = letter(desk, "b", text)
    assert desk.state(again) == "dispatched"
    assert [event["data"]["number"] for event in desk.events("water") if event["type"] == "assigned"] == [first, again]


def test_the_earlier_matter_is_found_where_it_was_merged(desk: Desk) -> None:
    kept = Number(desk.letter("k", "桂园东门路面坏了，又停水。"))
    first = letter(desk, "a")
    desk.office.merge(kept, first, "同一处")
    answered(desk, kept, "roads", "都修好了")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    repeats = matter_document(desk.system, REVIEWER, again)["repeats"]
    assert (repeats["number"], repeats["units"][0]["reply"]) == (kept, "都修好了")


def test_of_a_sealed_earlier_matter_nothing_is_told(desk: Desk) -> None:
    first = letter(desk, "a")
    answered(desk, first, "water", "已派人检查")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    desk.office.seal(first, "是举报")
    assert matter_document(desk.system, REVIEWER, again)["repeats"] is None
    explained = explain_document(desk.system, again)
    assert (explained["earlier"], explained["repeat_of"]) == (None, None)
    page = matter_document(desk.system, REVIEWER, again)
    assert first not in orjson.dumps([explained["steps"], page["suggestions"], page["decision"]]).decode().replace(again, "")
    desk.office.decide(again, Choice("roads"))
    assert desk.events("roads")[-1]["data"]["history"] == []


@pytest.mark.parametrize("told_before", [True, False])
def test_what_waits_to_be_sent_tells_nothing_of_a_matter_sealed_meanwhile(desk: Desk, told_before: bool) -> None:
    first = letter(desk, "a")
    answered(desk, first, "water", "已派人检查")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    desk.office.decide(again, Choice("roads", co_units=(UnitCode("water"),)))
    before = len(desk.events("roads")) if told_before else 0
    desk.office.extend(AssignmentId(f"{again}.roads.1"), 2, "工程量大")
    desk.office.seal(first, "是举报")
    told = desk.events("roads")[before:]
    assert [(event["type"], event["data"]["history"]) for event in told] == [("updated" if told_before else "assigned", [])]
    assert first not in orjson.dumps(told).decode()
    assert desk.balanced()


EXCLUDING = """
[[rule]]
name = "not-the-roads"
any = ["交通局"]
excluded = ["roads"]
continue = true
"""


def test_a_unit_that_must_not_see_the_earlier_matter_is_told_nothing_of_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city", rules=EXCLUDING)
    first = letter(desk, "a", TEXT + "交通局")
    answered(desk, first, "water", "已派人检查")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    assert explain_document(desk.system, again)["repeat_of"] == first
    desk.office.decide(again, Choice("roads", co_units=(UnitCode("water"),)))
    assert desk.events("water")[-1]["data"]["history"] != []
    desk.office.extend(AssignmentId(f"{again}.roads.1"), 2, "工程量大")
    told = orjson.dumps([event["data"] for event in desk.events("roads")]).decode()
    assert first not in told
    viewer = Viewer(reads=True, units=(UnitCode("roads"),))
    seen = story(desk.system, viewer, again)
    assert (seen["repeat_of"], seen["earlier"]) == (None, None)
    assert story(desk.system, replace(viewer, units=(UnitCode("water"),)), again)["earlier"]["number"] == first
    with desk.system.store.transaction(write=False) as tx:
        exported = {unit: [one["repeat_of"] for one in export_matters(tx, UnitCode(unit))][-1] for unit in ("roads", "water")}
    assert exported == {"roads": None, "water": first}
