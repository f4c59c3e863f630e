"""One matter made of two, and two of one: who is told what, what is refused, and that everybody is answered."""

from pathlib import Path

import pytest

from app.office import Choice
from app.office_matters import SplitTo
from app.reports import explain_document, message_document
from domain.errors import Refused
from domain.events import FeedbackEvent, FeedbackType
from domain.ids import AssignmentId, EventId, Number, UnitCode
from domain.messages import MessageState
from tests.support.desk import Desk

WATER = "{}小区停水三天了，请尽快恢复供水。"
ROADS = "{}门口的路面塌了一块，请修补。"
UNCLEAR = "{}又停水，路面也坏了。"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "city")


def letter(desk: Desk, ident: str, text: str, **draft: object) -> Number:
    number = Number(desk.letter(ident, text, **draft))
    desk.work()
    return number


def says(desk: Desk, kind: FeedbackType, ident: str, reply: str = "") -> str:
    unit = UnitCode(ident.split(".")[-2])
    event = FeedbackEvent(EventId(f"{kind}-{ident}"), unit, kind, AssignmentId(ident), reply=reply)
    return str(desk.feedback.apply(event, actor="test").outcome)


def types(desk: Desk, unit: str) -> list[tuple[str, str]]:
    return [(event["type"], event["data"]["number"]) for event in desk.events(unit)]


def test_units_of_the_other_lose_it_and_those_of_the_kept_one_get_its_letter(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", ROADS.format("桂园"), name="王小明")
    done = desk.office.merge(kept, other, "说的是同一处施工")
    assert (str(done.matter), done.messages) == (kept, (kept, other))
    assert (desk.state(other), desk.message(other).matter) == ("joined", kept)
    assert types(desk, "roads") == [("assigned", other), ("recall", other)]
    told = desk.events("water")[-1]
    assert (told["type"], told["data"]["change"], told["data"]["messages"]) == ("updated", "joined", [kept, other])
    assert [(one["number"], "路面" in one["body"]) for one in told["data"]["letters"]] == [(other, True)]
    assert desk.balanced()


def test_said_again_it_changes_nothing(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", WATER.format("梨园"))
    first = desk.office.merge(kept, other, "同一处停水")
    before = len(desk.events("water"))
    assert desk.office.merge(kept, other, "同一处停水").matter == first.matter
    assert len(desk.events("water")) == before


def test_both_senders_have_the_answer_and_neither_name_stands_in_it(desk: Desk) -> None:
    kept = letter(desk, "a", WATER.format("桂园"), name="欧阳明月")
    other = letter(desk, "b", WATER.format("梨园"), name="司马长风")
    desk.office.merge(kept, other, "同一处停水")
    reply = "欧阳明月、司马长风两位：今晚恢复供水。"
    assert says(desk, FeedbackType.COMPLETE, f"{kept}.water.1", reply=reply) == "applied"
    for number in (kept, other):
        document = message_document(desk.system, number)
        assert document["matter_state"] == "answered"
        said = [part["reply"] for part in document["assignments"]]
        assert "今晚恢复供水" in said[0]
        assert "欧阳" not in said[0]
        assert "司马" not in said[0]


def test_an_older_letter_merged_into_a_younger_matter_does_not_stand_for_it(desk: Desk) -> None:
    older, younger = letter(desk, "a", ROADS.format("东门")), letter(desk, "b", WATER.format("西门"))
    desk.office.merge(younger, older, "一起办")
    desk.office.extend(AssignmentId(f"{younger}.water.1"), 3, "工程量大")
    told = desk.events("water")[-1]["data"]
    assert (told["number"], told["messages"]) == (younger, [younger, older])
    assert "西门" in told["body"]


def test_what_a_unit_says_of_a_part_that_was_merged_away_is_answered_by_recall(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", ROADS.format("桂园"))
    desk.office.merge(kept, other, "同一件事")
    assert says(desk, FeedbackType.COMPLETE, f"{other}.roads.1", reply="已修") == "stale"
    assert types(desk, "roads") == [("assigned", other), ("recall", other), ("recall", other)]


def test_split_off_it_is_decided_anew_and_the_unit_is_told(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", ROADS.format("桂园"))
    desk.office.merge(kept, other, "同一件事")
    desk.office.split(other, "其实是两件事")
    desk.work()
    assert (desk.state(other), desk.message(other).matter) == ("dispatched", other)
    told = desk.events("water")[-1]["data"]
    assert (told["change"], told["messages"], told["letters"]) == ("split", [kept], [])
    assert types(desk, "roads")[-1] == ("assigned", other)
    assert desk.events("roads")[-1]["data"]["assignment"] == f"{other}.roads.2"
    assert desk.balanced()
    desk.office.merge(kept, other, "还是同一件事")
    assert desk.message(other).matter == kept


@pytest.mark.parametrize(("to", "unit"), [(SplitTo.BEFORE, "roads"), (SplitTo.SAME, "water")])
def test_split_off_it_goes_to_the_units_asked_for(desk: Desk, to: SplitTo, unit: str) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", ROADS.format("桂园"))
    desk.office.merge(kept, other, "同一件事")
    assert desk.office.split(other, "两件事", to).state is MessageState.DISPATCHED
    assert desk.message(other).matter == other
    assert ("assigned", other) in types(desk, unit)


def test_copies_go_where_the_letter_goes_that_they_copy(desk: Desk) -> None:
    kept = letter(desk, "a", WATER.format("桂园"), phones=["13900000001"])
    other = letter(desk, "b", ROADS.format("东门"), phones=["13900000002"])
    before = letter(desk, "b2", ROADS.format("东门"), phones=["13900000002"])
    own = letter(desk, "a2", WATER.format("桂园"), phones=["13900000001"])
    desk.office.merge(kept, other, "同一件事")
    after = letter(desk, "b3", ROADS.format("东门"), phones=["13900000002"])
    assert {desk.message(number).matter for number in (other, before, own, after)} == {kept}
    assert set(desk.office.split(other, "两件事").messages) == {other, before, after}
    desk.work()
    assert {desk.message(number).matter for number in (other, before, after)} == {other}
    assert desk.message(own).matter == kept
    assert desk.balanced()


def test_a_revision_of_the_kept_letter_keeps_what_was_merged_into_it(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", ROADS.format("桂园"))
    desk.office.merge(kept, other, "同一件事")
    letter(desk, "a", "整个桂园小区停水五天了，老人孩子都没有水喝。")
    assert desk.message(other).matter == kept
    told = desk.events("water")[-1]["data"]
    assert (told["change"], told["messages"]) == ("revision", [kept, other])


def test_a_merged_letter_that_its_writer_changes_leaves_and_the_unit_is_told(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", ROADS.format("桂园"))
    desk.office.merge(kept, other, "同一件事")
    letter(desk, "b", "我要说的是另一处：西桥路面有个大坑。")
    assert desk.message(other).matter == other
    told = desk.events("water")[-1]["data"]
    assert (told["change"], told["messages"]) == ("split", [kept])
    assert desk.balanced()


def test_two_that_wait_in_review_are_decided_together(desk: Desk) -> None:
    kept, other = letter(desk, "a", UNCLEAR.format("东门")), letter(desk, "b", UNCLEAR.format("西门"))
    desk.office.merge(kept, other, "同一处")
    desk.office.decide(kept, Choice("roads"))
    told = desk.events("roads")[-1]["data"]
    assert told["messages"] == [kept, other]
    assert [one["number"] for one in told["letters"]] == [other]


def test_the_story_of_each_tells_of_both(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", ROADS.format("桂园"))
    desk.office.merge(kept, other, "同一件事")
    steps = explain_document(desk.system, other)["steps"]
    assert {step["unit"] for step in steps if step["step"] == "withdrawn"} == {"roads"}
    assert {"matter.merge"} <= {step.get("action") for step in steps}
    desk.office.split(other, "两件事")
    assert {"matter.merge", "matter.split"} <= {step.get("action") for step in explain_document(desk.system, other)["steps"]}


def test_the_story_tells_of_a_merge_once(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", WATER.format("梨园"))
    desk.office.merge(kept, other, "同一处停水")
    told = [step.get("action") for step in explain_document(desk.system, other)["steps"]]
    assert told.count("matter.merge") == 1


def test_an_answered_matter_is_not_merged_away_nor_into(desk: Desk) -> None:
    done, waits = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", WATER.format("梨园"))
    says(desk, FeedbackType.COMPLETE, f"{done}.water.1", reply="已恢复")
    for pair in ((done, waits), (waits, done)):
        with pytest.raises(Refused, match="answered already"):
            desk.office.merge(*pair, "同一处")
    desk.office.reopen(AssignmentId(f"{done}.water.1"), "还有一封")
    desk.office.merge(done, waits, "同一处")
    assert desk.message(waits).matter == done


def test_an_answered_matter_is_split_and_what_left_it_is_answered_alone(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", WATER.format("梨园"))
    desk.office.merge(kept, other, "同一处")
    says(desk, FeedbackType.COMPLETE, f"{kept}.water.1", reply="已恢复")
    before = len(desk.events("water"))
    desk.office.split(other, "梨园还没有水", SplitTo.SAME)
    assert message_document(desk.system, kept)["matter_state"] == "answered"
    assert message_document(desk.system, other)["matter_state"] == "open"
    assert [kind for kind, _ in types(desk, "water")[before:]] == ["assigned"]


def test_sealed_matters_are_merged_with_nothing(desk: Desk) -> None:
    plain = letter(desk, "a", WATER.format("桂园"))
    sealed = letter(desk, "b", "举报有人偷水", kind="accusation")
    for pair in ((plain, sealed), (sealed, plain)):
        with pytest.raises(Refused, match="sealed"):
            desk.office.merge(*pair, "同一件事")
    assert desk.message(sealed).matter == sealed


def test_who_must_not_see_the_one_is_not_given_the_other(tmp_path: Path) -> None:
    rules = '[[rule]]\nname = "shut"\nany = ["污水"]\nexcluded = ["water"]\nreview = "回避"\n'
    desk = Desk(tmp_path / "city", rules=rules)
    water, shut = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", "河边路面都是污水。")
    with pytest.raises(Refused, match="must never see"):
        desk.office.merge(water, shut, "同一件事")
    roads = letter(desk, "c", ROADS.format("河边"))
    desk.office.merge(roads, shut, "同一件事")
    with pytest.raises(Refused, match="excluded"):
        desk.office.decide(roads, Choice("water"))


def test_what_a_unit_has_is_not_merged_into_what_nobody_has(desk: Desk) -> None:
    given, waits = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", UNCLEAR.format("东门"))
    with pytest.raises(Refused, match="not"):
        desk.office.merge(waits, given, "同一件事")
    desk.office.merge(given, waits, "同一件事")


def test_what_stands_for_its_matter_is_not_split_from_it(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", WATER.format("梨园"))
    desk.office.merge(kept, other, "同一处")
    with pytest.raises(Refused, match="only a joined one"):
        desk.office.split(kept, "两件事")


def test_when_the_matter_is_sealed_each_letter_is_sealed_alone(desk: Desk) -> None:
    kept, other = letter(desk, "a", WATER.format("桂园")), letter(desk, "b", WATER.format("梨园"))
    desk.office.merge(kept, other, "同一处")
    desk.office.seal(kept, "是举报")
    assert {(desk.state(number), desk.message(number).matter) for number in (kept, other)} == {
        ("sealed_review", kept),
        ("sealed_review", other),
    }
    assert desk.balanced()


def test_the_office_of_a_held_or_new_letter_is_asked_first(desk: Desk) -> None:
    kept = letter(desk, "a", WATER.format("桂园"))
    new = Number(desk.letter("b", WATER.format("梨园")))
    with pytest.raises(Refused, match="is new"):
        desk.office.merge(kept, new, "同一处")
    with pytest.raises(Refused, match="there is no message"):
        desk.office.merge(kept, Number("20260302-portal-999999"), "同一处")
    with pytest.raises(Refused, match="itself"):
        desk.office.merge(kept, kept, "同一处")
