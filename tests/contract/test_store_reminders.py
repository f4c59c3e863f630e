"""Who is owed a reminder, on every implementation of the store."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.decisions import AssignmentState
from domain.events import EventType, ReminderStage, notice_topic, reminder_id
from domain.ids import MatterId, Number
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, ROADS, WATER, assignment, deadline, outbox_record, register

LATER = NOW + timedelta(days=30)
NEAR, LATE = ReminderStage.NEAR, ReminderStage.LATE


@pytest.fixture
def number(store: SqlStore) -> Number:
    """Two parts open, one done."""
    (number,) = register(store, "a")
    with store.unit_of_work() as uow:
        sooner = replace(assignment(number, ROADS), deadline=replace(deadline(), due=NOW + timedelta(days=2), working_days=1))
        done = replace(assignment(number, n=2), state=AssignmentState.COMPLETED)
        uow.assignments.add([assignment(number), sooner, done])
        uow.commit()
    return number


def owed(store: SqlStore, stage: ReminderStage, after: datetime | None, until: datetime, **more: int) -> list[str]:
    with store.unit_of_work(write=False) as uow:
        return [str(part.unit) for part in uow.reminders.owed(stage, after, until, limit=more.pop("limit", 9), **more)]


def remind(store: SqlStore, number: Number, stage: ReminderStage, sequence: int) -> None:
    part = assignment(number)
    record = outbox_record(number, sequence, notice_topic(WATER))
    record = replace(record, event_id=reminder_id(part.id, stage, part.deadline.due), type=EventType.REMINDER)
    with store.unit_of_work() as uow:
        uow.outbox.add([record])
        uow.commit()


def test_open_ones_within_the_window_the_earliest_due_first(store: SqlStore, number: Number) -> None:
    assert owed(store, LATE, None, LATER) == ["roads", "water"]
    assert owed(store, LATE, NOW + timedelta(days=2), LATER) == ["water"]
    assert owed(store, LATE, None, NOW + timedelta(days=2)) == ["roads"]
    assert owed(store, LATE, None, LATER, longer_than=1) == ["water"]
    assert owed(store, LATE, None, LATER, limit=1) == ["roads"]
    with store.unit_of_work(write=False) as uow:
        found = uow.reminders.owed(LATE, None, LATER, limit=9)
        assert found == uow.assignments.of_matters([MatterId(number)])[MatterId(number)][1::-1]


def test_once_for_each_stage_and_deadline(store: SqlStore, number: Number) -> None:
    remind(store, number, LATE, 1)
    assert owed(store, LATE, None, LATER) == ["roads"]
    assert owed(store, NEAR, None, LATER) == ["roads", "water"]
    with store.unit_of_work() as uow:
        longer = replace(assignment(number), deadline=replace(deadline(), due=LATER))
        uow.assignments.update([longer])
        uow.commit()
    assert owed(store, LATE, None, LATER) == ["roads", "water"]


def test_the_reminders_of_an_assignment_are_counted(store: SqlStore, number: Number) -> None:
    for sequence, stage in enumerate(ReminderStage, 1):
        remind(store, number, stage, sequence)
    with store.unit_of_work() as uow:
        uow.outbox.add([outbox_record(number, 9)])
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        assert uow.reminders.sent(assignment(number)) == len(ReminderStage)
        assert uow.reminders.sent(assignment(number, ROADS)) == 0
