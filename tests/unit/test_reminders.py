"""Units are reminded before a deadline and after it, once each, and by the office whenever it asks."""

from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.office import Choice
from app.reminders import LOOK_SECONDS
from app.reports import explain_document
from domain.errors import Refused
from domain.ids import AssignmentId, Number
from tests.support.contract import schema
from tests.support.desk import START, Desk, HandClock
from tests.support.store_process import in_processes
from tests.unit.test_feedback_desk import tell
from tests.unit.test_way_of_a_message import ACCUSATION, WATER


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


@pytest.fixture
def part(desk: Desk) -> str:
    """Sent on Monday, 2 March 2026; due on Monday, 9 March, at the end of the day."""
    number = desk.letter("1", WATER)
    desk.work()
    return f"{number}.water.1"


def stages(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(event["data"]["stage"], event["data"]["level"]) for event in events]


def test_one_working_day_ahead_once(desk: Desk, part: str) -> None:
    reminders = desk.system.reminders()
    assert reminders.look() == 0
    desk.clock.forward(days=3)
    assert reminders.look() == 0
    desk.clock.forward(days=1)
    assert reminders.look() == 1
    assert reminders.look() == 0
    assert desk.system.reminders().look() == 0
    (event,) = desk.events("water", "notice")
    assert event["type"] == "reminder"
    assert event["data"]["assignment"] == part
    assert stages([event]) == [("near", 1)]
    assert desk.events("office", "notice") == []
    assert desk.balanced()


def test_late_then_escalated_tells_the_office_too(desk: Desk, part: str) -> None:
    reminders = desk.system.reminders()
    for _ in range(14):
        reminders.look()
        desk.clock.forward(days=1)
    events = desk.events("water", "notice")
    assert stages(events) == [("near", 1), ("late", 2), ("escalated", 3)]
    told = desk.events("office", "notice")
    assert stages(told) == [("late", 2), ("escalated", 3)]
    assert {event["data"]["unit"] for event in told} == {"water"}
    for event in [*events, *told]:
        jsonschema.Draft202012Validator(schema("cloudevent")).validate(event)
        jsonschema.Draft202012Validator(schema("reminder")).validate(event["data"])
    steps = explain_document(desk.system, Number(part.split(".")[0]))["steps"]
    assert [step["stage"] for step in steps if step.get("action") == "assignment.remind"] == ["near", "late", "escalated"]
    assert desk.balanced()


def test_after_a_long_standstill_only_what_holds_today_is_said(desk: Desk, part: str) -> None:
    desk.clock.forward(days=60)
    reminders = desk.system.reminders()
    assert reminders.look() == 1
    assert reminders.look() == 0
    assert stages(desk.events("water", "notice")) == [("escalated", 1)]


def test_many_are_told_by_and_by(desk: Desk) -> None:
    for n in range(5):
        desk.letter(str(n), WATER)
    desk.work()
    desk.clock.forward(days=60)
    reminders = desk.system.reminders(at_once=2)
    assert [reminders.look() for _ in range(4)] == [2, 2, 1, 0]


def test_so_many_at_once_are_all_stages_together(desk: Desk) -> None:
    desk.letter("1", WATER)
    desk.work()
    desk.clock.forward(days=7)
    desk.letter("2", WATER)
    desk.work()
    desk.clock.forward(days=6, hours=18)
    reminders = desk.system.reminders(at_once=1)
    assert [reminders.look() for _ in range(3)] == [1, 1, 0]
    assert {stage for stage, _ in stages(desk.events("water", "notice"))} == {"escalated", "near"}


def test_a_clock_that_jumps_is_given_time_to_be_mended(desk: Desk, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic = [0.0]
    monkeypatch.setattr(desk.clock, "monotonic", lambda: monotonic[0])
    reminders = desk.system.reminders()
    assert reminders.look() == 0
    desk.clock.forward(days=400)
    monotonic[0] += LOOK_SECONDS
    assert reminders.look() == 0
    desk.clock.forward(days=-400)
    monotonic[0] += LOOK_SECONDS
    assert reminders.look() == 0
    monotonic[0] += LOOK_SECONDS
    assert reminders.look() == 0
    assert desk.events("water", "notice") == []


def test_a_new_deadline_is_reminded_of_anew_and_nothing_is_owed_after_completion(desk: Desk, part: str) -> None:
    reminders = desk.system.reminders()
    desk.clock.forward(days=4)
    assert reminders.look() == 1
    desk.office.extend(AssignmentId(part), 5, "材料未齐")
    assert reminders.look() == 0
    desk.clock.forward(days=7)
    assert reminders.look() == 1
    assert stages(desk.events("water", "notice")) == [("near", 1), ("near", 2)]
    tell(desk, "water", type="complete", assignment=part, reply="已恢复供水")
    desk.clock.forward(days=30)
    assert reminders.look() == 0


def test_the_office_presses_with_its_reason(desk: Desk, part: str) -> None:
    desk.office.remind(AssignmentId(part), "群众再次来电 13900001234")
    desk.office.remind(AssignmentId(part), "群众再次来电 13900001234")
    desk.office.remind(AssignmentId(part), "领导批示")
    events = desk.events("water", "notice")
    assert stages(events) == [("office", 1), ("office", 2)]
    assert "13900001234" not in str(events)
    assert "群众再次来电" in events[0]["data"]["reason"]
    assert len(desk.events("office", "notice")) == 2
    with pytest.raises(Refused):
        desk.office.remind(AssignmentId(part), "  ")
    tell(desk, "water", type="complete", assignment=part, reply="已恢复供水")
    with pytest.raises(Refused):
        desk.office.remind(AssignmentId(part), "还有问题")


def test_of_a_sealed_matter_only_sealed_topics_hear(desk: Desk) -> None:
    number = desk.letter("1", ACCUSATION)
    desk.work()
    desk.office.decide(Number(number), Choice("discipline"))
    desk.clock.forward(days=60)
    assert desk.system.reminders().look() == 1
    assert [event["type"] for event in desk.events("discipline", "sealed")] == ["assigned", "reminder"]
    assert stages(desk.events("office", "sealed")) == [("escalated", 1)]
    assert desk.events("discipline", "notice") == desk.events("office", "notice") == []


def test_killed_before_the_commit_it_sends_them_the_next_time(desk: Desk, part: str) -> None:
    class Killed(BaseException):
        """Stands for SIGKILL."""

    def die(name: str) -> None:
        assert name == "remind.write"
        raise Killed

    desk.clock.forward(days=4)
    dying = desk.system.reminders(failpoint=die)
    with pytest.raises(Killed):
        dying.look()
    assert desk.system.reminders().look() == 1
    assert len(desk.events("water", "notice")) == 1
    assert desk.balanced()


def test_two_processes_send_each_once(desk: Desk) -> None:
    for n in range(30):
        desk.letter(str(n), WATER)
    desk.work()
    first, second = in_processes(remind_all, f"{desk.folder}\n{desk.store}")
    assert int(first[0]) + int(second[0]) == 30
    assert len(desk.events("water", "notice")) == 30
    assert desk.balanced()


def remind_all(place: str, _name: str, ready: Barrier) -> list[str]:
    folder, _, store = place.partition("\n")
    desk = Desk(Path(folder), clock=HandClock(START + timedelta(days=60)), store=store)
    reminders = desk.system.reminders(at_once=3)
    ready.wait(60)
    return [str(sum(iter(reminders.look, 0)))]


def test_a_short_term_has_no_near_reminder(desk: Desk, part: str) -> None:
    with desk.system.store.unit_of_work() as uow:
        found = uow.assignments.get(AssignmentId(part))
        assert found is not None
        soon = desk.system.calendar.deadline(desk.clock.now(), 1)
        uow.assignments.update([replace(found, deadline=soon)])
        uow.commit()
    assert desk.system.reminders().look() == 0
    desk.clock.forward(days=2)
    assert desk.system.reminders().look() == 1
