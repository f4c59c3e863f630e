"""What departments' words do to their assignments, in whatever order and however often they come."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from app.office import Choice
from app.reports import assignment_rows, explain_document, review_rows
from domain.errors import Refused, RejectItem
from domain.ids import AssignmentId, Number, UnitCode
from route.feedback import parse_feedback
from tests.support.desk import Desk
from tests.unit.test_way_of_a_message import WATER


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


@pytest.fixture
def part(desk: Desk) -> str:
    number = desk.letter("1", WATER)
    desk.work()
    return f"{number}.water.1"


def tell(desk: Desk, unit: str, **event: object) -> tuple[str, str]:
    line = json.dumps({"id": f"{unit}-{event['type']}-{event['assignment']}", **event}, ensure_ascii=False)
    result = desk.feedback.apply(parse_feedback(UnitCode(unit), line), actor=f"unit:{unit}")
    return result.outcome, result.reason


def state(desk: Desk, part: str) -> str:
    with desk.system.store.unit_of_work(write=False) as uow:
        found = uow.assignments.get(AssignmentId(part))
    assert found is not None
    return found.state


def matter(desk: Desk, part: str) -> str:
    with desk.system.store.unit_of_work(write=False) as uow:
        row = uow.matters.get(desk.message(part.split(".")[0]).matter)
    assert row is not None
    return row.state


def test_sign_then_complete_answers_the_matter(desk: Desk, part: str) -> None:
    assert tell(desk, "water", type="sign", assignment=part)[0] == "applied"
    assert state(desk, part) == "signed"
    assert tell(desk, "water", type="complete", assignment=part, reply="已恢复")[0] == "applied"
    assert (state(desk, part), matter(desk, part)) == ("completed", "answered")
    desk.office.close(Number(part.split(".")[0]))
    assert matter(desk, part) == "closed"


def test_the_same_event_twice_has_one_effect(desk: Desk, part: str) -> None:
    assert tell(desk, "water", type="sign", assignment=part)[0] == "applied"
    assert tell(desk, "water", type="sign", assignment=part)[0] == "repeated"


def test_complete_without_sign_implies_it(desk: Desk, part: str) -> None:
    tell(desk, "water", type="complete", assignment=part, reply="已恢复")
    with desk.system.store.unit_of_work(write=False) as uow:
        found = uow.assignments.get(AssignmentId(part))
    assert found is not None
    assert found.signed_at is not None
    assert tell(desk, "water", type="sign", assignment=part)[0] == "stale"


def test_another_units_assignment_is_rejected_and_audited(desk: Desk, part: str) -> None:
    outcome, reason = tell(desk, "roads", type="complete", assignment=part, reply="不是我们的")
    assert (outcome, reason) == ("rejected", "no such assignment of this unit")
    assert state(desk, part) == "sent"
    with desk.system.store.unit_of_work(write=False) as uow:
        assert [entry.action for _, entry in uow.audit.entries(part)] == ["feedback.foreign", "feedback.complete"]


def test_an_unknown_assignment_is_rejected(desk: Desk) -> None:
    assert tell(desk, "water", type="sign", assignment="20260101-portal-000001.water.1")[0] == "rejected"


def test_a_return_waits_in_review_and_is_given_again(desk: Desk, part: str) -> None:
    number = part.split(".")[0]
    assert tell(desk, "water", type="return", assignment=part, reason="属交通局", suggested_unit="交通局")[0] == "applied"
    assert desk.state(number) == "dispatched"
    (row,) = review_rows(desk.system, sealed=False)
    assert row["number"] == number
    assert row["returned"]
    assert "属交通局" in row["reason"]
    desk.office.decide(Number(number), Choice("交通局"))
    assert review_rows(desk.system, sealed=False) == []
    assert [event["type"] for event in desk.events("roads")] == ["assigned"]
    assert desk.balanced()


def test_a_returned_matter_may_go_back_to_the_same_unit(desk: Desk, part: str) -> None:
    number = part.split(".")[0]
    tell(desk, "water", type="return", assignment=part, reason="不清楚地点")
    desk.office.decide(Number(number), Choice("water"))
    assert state(desk, f"{number}.water.2") == "sent"
    assert [event["type"] for event in desk.events("water")] == ["assigned", "recall", "assigned"]


def test_the_unit_that_returned_is_told_once_that_it_was_decided(desk: Desk, part: str) -> None:
    number = Number(part.split(".")[0])
    tell(desk, "water", type="return", assignment=part, reason="属交通局")
    desk.office.decide(number, Choice("roads"))
    desk.office.decide(number, Choice("river"))
    assert [event["type"] for event in desk.events("water")] == ["assigned", "recall"]
    assert [event["type"] for event in desk.events("roads")] == ["assigned", "recall"]


def test_a_co_units_return_waits_in_review_too(desk: Desk, part: str) -> None:
    number = Number(part.split(".")[0])
    desk.office.decide(number, Choice("water", ("roads",)))
    tell(desk, "roads", type="return", assignment=f"{number}.roads.1", reason="与我局无关")
    assert [row["number"] for row in review_rows(desk.system, sealed=False)] == [number]
    desk.office.decide(number, Choice("water"))
    assert review_rows(desk.system, sealed=False) == []


def test_after_two_returns_the_office_arbitrates(desk: Desk, part: str) -> None:
    number = Number(part.split(".")[0])
    tell(desk, "water", type="return", assignment=part, reason="属交通局")
    (row,) = review_rows(desk.system, sealed=False)
    assert not row["arbitration"]
    desk.office.decide(number, Choice("roads"))
    tell(desk, "roads", type="return", assignment=f"{number}.roads.1", reason="属水务局")
    (row,) = review_rows(desk.system, sealed=False)
    assert row["arbitration"]


def test_a_matter_with_an_undecided_return_is_not_closed(desk: Desk, part: str) -> None:
    number = Number(part.split(".")[0])
    desk.office.decide(number, Choice("water", ("roads",)))
    tell(desk, "roads", type="complete", assignment=f"{number}.roads.1", reply="已配合")
    tell(desk, "water", type="return", assignment=part, reason="属清溪县")
    assert matter(desk, part) == "answered"
    with pytest.raises(Refused):
        desk.office.close(number)


def test_deciding_the_same_again_changes_nothing(desk: Desk, part: str) -> None:
    number = Number(part.split(".")[0])
    desk.office.decide(number, Choice("water", requirement="尽快"))
    before = len(desk.events("water"))
    tell(desk, "water", type="complete", assignment=part, reply="已恢复")
    desk.office.decide(number, Choice("水务局", requirement="尽快"))
    assert len(desk.events("water")) == before
    assert state(desk, part) == "completed"


def test_extending_the_same_again_changes_nothing(desk: Desk, part: str) -> None:
    once = desk.office.extend(AssignmentId(part), 5, "等待配件")
    assert desk.office.extend(AssignmentId(part), 5, "等待配件") == once


def test_what_people_type_is_masked_wherever_it_goes(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "named")
    number = Number(desk.letter("1", WATER, name="欧阳测试", phones=["19900001234"]))
    desk.work()
    part = f"{number}.water.1"
    desk.office.decide(number, Choice("water", ("roads",), requirement="联系欧阳测试 19900001234"))
    tell(desk, "roads", type="return", assignment=f"{number}.roads.1", reason="欧阳测试已搬走，电话19900001234")
    tell(desk, "water", id="19900001234", type="complete", assignment=part, reply="已答复欧阳测试")
    tell(desk, "water", type="sign", assignment="19900001234")
    desk.office.reveal(number, "核实欧阳测试的电话19900001234")
    desk.events("water")
    stored = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    for secret in ("欧阳测试", "19900001234"):
        assert secret.encode() not in stored


def test_a_revision_does_not_give_a_returned_matter_back(desk: Desk, part: str) -> None:
    number = part.split(".")[0]
    tell(desk, "water", type="return", assignment=part, reason="属交通局")
    desk.poll(desk.capture("1", WATER + "请尽快。"))
    desk.work()
    assert desk.state(number) == "in_review"
    assert [event["type"] for event in desk.events("water")] == ["assigned"]
    desk.office.decide(Number(number), Choice("roads"))
    assert desk.state(number) == "dispatched"


def test_half_a_character_stops_nobody(desk: Desk, part: str) -> None:
    topics = desk.system.topics
    topics.append(
        "fenban.feedback.water",
        "x",
        (),
        '{"id":"a","type":"complete","assignment":"' + part + '","reply":"\\ud800x"}',
        desk.clock.now(),
    )
    topics.append("fenban.feedback.roads", "x", (), '{"id":"\\ud800","type":"sign","assignment":"\\ud800"}', desk.clock.now())
    with closing(topics.feed("office.feed")) as feed:
        assert desk.feedback.drain(feed, 10) == 2
        assert desk.feedback.drain(feed, 10) == 0
    assert state(desk, part) == "completed"


def test_the_answer_does_not_tell_whose_an_assignment_is(desk: Desk, part: str) -> None:
    foreign = tell(desk, "roads", type="sign", assignment=part)
    unknown = tell(desk, "roads", type="sign", assignment="20260101-portal-000009.discipline.1")
    assert foreign == unknown


def test_a_return_needs_its_reason(desk: Desk, part: str) -> None:
    with pytest.raises(RejectItem, match="reason"):
        tell(desk, "water", type="return", assignment=part, reason=" ")
    assert state(desk, part) == "sent"


def test_an_event_on_a_withdrawn_assignment_is_answered_by_recall(desk: Desk, part: str) -> None:
    desk.office.decide(Number(part.split(".")[0]), Choice("roads"))
    before = len(desk.events("water"))
    assert tell(desk, "water", type="complete", assignment=part, reply="已恢复")[0] == "stale"
    events = desk.events("water")
    assert len(events) == before + 1
    assert events[-1]["type"] == "recall"
    assert state(desk, part) == "withdrawn"


def test_a_reply_is_masked_and_its_original_sealed(desk: Desk, part: str) -> None:
    tell(desk, "water", type="complete", assignment=part, reply="已与来信人19900007777联系，恢复供水。")
    with desk.system.store.unit_of_work(write=False) as uow:
        found = uow.assignments.get(AssignmentId(part))
    assert found is not None
    assert "19900007777" not in found.reply
    stored = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert b"19900007777" not in stored


def test_an_extension_is_asked_for_and_granted(desk: Desk, part: str) -> None:
    assert tell(desk, "water", type="extend", assignment=part, reason="管网复杂", days=5)[0] == "applied"
    (row,) = assignment_rows(desk.system, UnitCode("water"))
    assert row["reason"] == "asks for 5 more working days: 管网复杂"
    granted = desk.office.extend(AssignmentId(part), 5, "同意")
    assert granted.working_days == 10
    events = desk.events("water")
    assert events[-1]["type"] == "updated"
    assert events[-1]["data"]["change"] == "deadline"
    assert events[-1]["data"]["deadline"]["due"] == granted.due.isoformat()
    (sent,) = (step for step in explain_document(desk.system, Number(part.split(".")[0]))["steps"] if step["step"] == "assigned")
    assert sent["due"] == events[0]["data"]["deadline"]["due"] < granted.due.isoformat()


def test_a_topic_record_that_cannot_be_read_is_audited_and_passed_over(desk: Desk, part: str) -> None:
    topics = desk.system.topics
    topics.append("fenban.feedback.water", "x", (), "not json", desk.clock.now())
    line = json.dumps({"id": "t1", "type": "sign", "assignment": part})
    topics.append("fenban.feedback.water", part, (), line, desk.clock.now())
    with closing(topics.feed("office.feed")) as feed:
        assert desk.feedback.drain(feed, 10) == 2
        assert desk.feedback.drain(feed, 10) == 0
    assert state(desk, part) == "signed"
    with desk.system.store.unit_of_work(write=False) as uow:
        assert "feedback.unreadable" in [entry.action for _, entry in uow.audit.entries(None)]


def test_a_character_that_a_database_cannot_hold_stops_nobodys_feedback(desk: Desk, part: str) -> None:
    odd: tuple[dict[str, str], ...] = (
        {"type": "sign", "assignment": f"{part}\0x"},
        {"type": "claim", "matter": "20260302-portal-000009\0"},
        {"id": "one\0", "type": "extend", "assignment": part, "reason": "\0管网", "days": "3\0"},
        {"id": "two\0", "type": "return", "assignment": "\0", "reason": "不属\0我局", "suggested_unit": "roads\0"},
        {"type": "complete", "assignment": part, "reply": "已\0修好"},
    )
    topics = desk.system.topics
    for event in odd:
        topics.append("fenban.feedback.water", "x", (), json.dumps(event), desk.clock.now())
    with closing(topics.feed("office.feed")) as feed:
        assert desk.feedback.drain(feed, 10) == len(odd)
    assert state(desk, part) == "completed"


def test_an_event_id_used_for_something_else_is_rejected_and_audited(desk: Desk, part: str) -> None:
    other = f"{desk.letter('2', WATER + '，另一处也停水')}.water.1"
    desk.work()
    assert tell(desk, "water", type="sign", assignment=part, id="one") == ("applied", "")
    assert tell(desk, "water", type="sign", assignment=part, id="one") == ("repeated", "")
    for wrong in ({"type": "sign", "assignment": other}, {"type": "complete", "assignment": part, "reply": "已修"}):
        assert tell(desk, "water", id="one", **wrong) == ("rejected", "this event id was used for something else")
    assert (state(desk, part), state(desk, other)) == ("signed", "sent")
    with desk.system.store.unit_of_work(write=False) as uow:
        refused = [entry for _, entry in uow.audit.entries(other) if dict(entry.detail).get("outcome") == "rejected"]
    assert len(refused) == 1


def test_a_return_that_suggests_an_unknown_unit_stands_and_says_so(desk: Desk, part: str) -> None:
    said = tell(desk, "water", type="return", assignment=part, reason="不属我单位", suggested_unit="不存在的局")
    assert said == ("applied", "the suggested unit is not in the directory")
    assert state(desk, part) == "returned"
