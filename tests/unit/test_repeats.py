"""A letter that comes again: who had it before and what was answered is told to who decides, and decides nothing."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from app.console.register_story import story
from app.console.review_shown import matter_document
from app.happened import Event, Offer
from app.office import Choice
from app.reports import explain_document
from domain.accounts import Account, Role, Viewer
from domain.events import FeedbackEvent, FeedbackType
from domain.ids import AssignmentId, EventId, Number, UnitCode
from domain.records import NewOutbox
from store.export import export_matters
from tests.support.desk import Desk
from tests.support.stores import MAKERS, discard

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
    waited = ["updated"] if told_before else ["assigned", "updated"]
    assert [(event["type"], event["data"]["history"]) for event in told] == [(kind, []) for kind in waited]
    assert first not in orjson.dumps(told).decode()
    assert desk.balanced()


def test_what_goes_anew_says_again_what_it_said_but_for_the_sealed_matter(desk: Desk) -> None:
    first = letter(desk, "a")
    answered(desk, first, "water", "已派人检查")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    desk.office.decide(again, Choice("roads"))
    other = Number(desk.letter("c", TEXT, phones=["13900000002"]))
    desk.work()
    desk.office.decide(other, Choice("water"))
    desk.link()
    desk.office.extend(AssignmentId(f"{again}.roads.1"), 2, "工程量大")
    completes = FeedbackEvent(
        EventId("c-roads"), UnitCode("roads"), FeedbackType.COMPLETE, AssignmentId(f"{again}.roads.1"), reply="已修"
    )
    assert desk.feedback.apply(completes, actor="test").outcome == "applied"
    desk.office.seal(first, "是举报")
    told = desk.events("roads")
    assert [(event["type"], event["data"].get("change")) for event in told] == [
        ("assigned", None),
        ("updated", "similar"),
        ("updated", "deadline"),
    ]
    assert told[1]["data"]["similar"]["count"] == 1
    assert first not in orjson.dumps(told).decode()
    assert desk.balanced()


def test_who_keeps_a_repeat_when_a_merged_letter_leaves_it_still_reads_what_came_before(desk: Desk) -> None:
    first = letter(desk, "a")
    answered(desk, first, "water", "已派人检查")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    other = Number(desk.letter("c", TEXT, phones=["13900000002"]))
    desk.work()
    desk.office.decide(again, Choice("roads"))
    desk.office.merge(again, other, "同一件事")
    desk.poll(desk.capture("c", "桂园小区门口的路灯不亮。", phones=["13900000002"]))
    desk.work()
    told = desk.events("roads")[-1]["data"]
    assert (told["change"], [step["text"] for step in told["history"]]) == ("split", ["", "已派人检查"])


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    url = MAKERS["postgresql"](tmp_path)
    yield url
    discard(url)


def test_who_seals_a_matter_waits_for_what_is_just_told_of_it(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "city", store=postgres)
    first = letter(desk, "a")
    answered(desk, first, "water", "已派人检查")
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    desk.office.decide(again, Choice("roads"))
    assert desk.events("roads")[-1]["data"]["history"] != []
    sealing = threading.Thread(target=desk.system.office("other").seal, args=(first, "是举报"))
    make_event = desk.office._make_event

    def seal_meanwhile(event: Event | Offer, sequence: int, now: datetime) -> NewOutbox:
        made = make_event(event, sequence, now)
        sealing.start()
        sealing.join(timeout=3)
        return made

    monkeypatch.setattr(desk.office, "_make_event", seal_meanwhile)
    desk.office.extend(AssignmentId(f"{again}.roads.1"), 2, "工程量大")
    sealing.join()
    assert [event["data"]["history"] for event in desk.events("roads")[1:]] == [[]]
    assert desk.state(first) == "sealed_review"
    assert desk.balanced()
    desk.system.close()


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


def test_a_unit_is_told_nothing_of_an_earlier_matter_that_was_merged_into_one_that_it_must_not_see(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city", rules=EXCLUDING)
    first = letter(desk, "a")
    kept = Number(desk.letter("o", TEXT + "交通局", phones=["13900000009"]))
    desk.work()
    for number in (first, kept):
        desk.office.decide(number, Choice("water"))
    desk.clock.forward(days=3)
    again = letter(desk, "b")
    desk.office.merge(kept, first, "同一件事")
    desk.office.decide(again, Choice("roads"))
    with desk.system.store.transaction(write=False) as tx:
        told = orjson.dumps([desk.events("roads"), list(export_matters(tx, UnitCode("roads")))]).decode()
        whole = next(one for one in export_matters(tx) if one["number"] == again)
    assert first not in told
    assert kept not in told
    assert whole["repeat_of"] == first
