"""Ledger, status, export, labels, steps, on every implementation of the store."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from domain.decisions import AssignmentState
from domain.events import Delivery, DeliveryStatus, FeedbackEvent, FeedbackOutcome, FeedbackType
from domain.ids import EventId, MatterId, Number, UnitCode
from domain.messages import MessageState
from domain.records import TakenEvent
from store.export import export_matters
from store.queries import find, labels, ledger, status
from store.story import assigned_matters, steps
from store.unit_of_work import SqlStore
from tests.support.stores import (
    BOARD,
    NOW,
    ROADS,
    WATER,
    assignment,
    decision,
    new_message,
    outbox_record,
    poll_row,
    quarantine_row,
    register,
    revision,
    settled,
)

ACCUSED = UnitCode("accused")


def export(store: SqlStore, unit: UnitCode | None = None) -> dict[str, dict[str, Any]]:
    with store.transaction(write=False) as tx:
        return {row["number"]: row for row in export_matters(tx, unit)}


def dispatch(
    store: SqlStore, number: Number, *units: UnitCode, sealed: bool = False, excluded: tuple[UnitCode, ...] = ()
) -> None:
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(number, MessageState.DISPATCHED, sealed=sealed)])
        row = uow.matters.lock([MatterId(number)])[MatterId(number)]
        uow.matters.update([replace(row, sealed=sealed, excluded=excluded, sequence=len(units))])
        uow.matters.decide([(MatterId(number), decision(number, lead=units[0], excluded=excluded))])
        uow.assignments.add([assignment(number, unit, sealed=sealed) for unit in units])
        uow.outbox.add([outbox_record(number, n, f"fenban.unit.{unit}") for n, unit in enumerate(units, start=1)])
        uow.commit()


def test_the_ledger_counts_every_term(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        poll = uow.captures.record_poll(poll_row(6, 1, 5))
        a, b = uow.messages.register([new_message("a", poll=poll), new_message("b", poll=poll)])
        uow.captures.quarantine([quarantine_row("c", poll), quarantine_row("d", poll)])
        uow.messages.revise([revision(a, poll=poll)])
        uow.commit()
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(b, MessageState.DISPATCHED)])
        row = uow.matters.lock([MatterId(b)])[MatterId(b)]
        uow.matters.update([replace(row, sequence=2)])
        uow.outbox.add([outbox_record(b, 1), outbox_record(b, 2, "fenban.unit.roads")])
        uow.outbox.settle([Delivery(1, DeliveryStatus.DELIVERED), Delivery(2, DeliveryStatus.REFUSED, "too large")], NOW)
        uow.commit()
    with store.transaction(write=False) as tx:
        lines = {line.name: line for line in ledger(tx)}
    assert [line.difference for line in lines.values()] == [0, 0, 0, 0]
    assert (lines["listed"].left, lines["listed"].right) == (6, {"unchanged": 1, "captured": 5})
    assert lines["captured"].right == {"registered": 2, "revised": 1, "noted": 0, "quarantined": 2}
    assert {state: count for state, count in lines["registered"].right.items() if count} == {"new": 1, "dispatched": 1}
    assert lines["outbox"].right == {"pending": 0, "delivered": 1, "parked": 1, "discarded": 0}


def test_a_lost_row_shows_in_its_line(store: SqlStore) -> None:
    (number,) = register(store, "a")
    dispatch(store, number, WATER)
    for statement, name in (
        ("DELETE FROM captures", "captured"),
        ("DELETE FROM outbox_payloads", ""),
        ("DELETE FROM outbox", "outbox"),
        ("UPDATE number_counters SET value = value + 1", "registered"),
    ):
        with store.transaction(write=True) as tx:
            tx.run(statement)
            differing = [line.name for line in ledger(tx) if line.difference]
            tx.commit()
        assert not name or name in differing


def test_status_tells_channels_stages_outbox_and_units(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    dispatch(store, a, WATER, ROADS)
    with store.unit_of_work() as uow:
        uow.channels.report(BOARD, "board", NOW, state="ok", error="")
        uow.outbox.settle([Delivery(1, DeliveryStatus.DELIVERED)], NOW)
        uow.commit()
    with store.transaction(write=False) as tx:
        found = status(tx, NOW + timedelta(seconds=90))
    assert found["channels"][0]["id"] == BOARD
    assert found["channels"][0]["last_success"] == NOW.isoformat()
    assert (found["stages"]["new"], found["stages"]["dispatched"], found["stages"]["held"]) == (1, 1, 0)
    assert found["outbox"] == {"pending": 1, "oldest_seconds": 90.0}
    assert found["units"] == [
        {"code": "roads", "pending": 1, "delivered": 0, "parked": 0},
        {"code": "water", "pending": 0, "delivered": 1, "parked": 0},
    ]
    assert b


def test_an_export_has_the_promised_shape(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    dispatch(store, a, WATER, ROADS, excluded=(ACCUSED,))
    rows = export(store)
    assert list(rows) == [a, b]
    row = rows[a]
    assert list(row) == [
        *("number", "state", "sealed", "opened_at", "answered_at", "closed_at", "promised", "repeat_of"),
        *("messages", "decision", "assignments"),
    ]
    assert row["messages"] == [{"channel": "board", "external_id": "a", "number": a, "version": 1, "state": "dispatched"}]
    assert row["decision"]["deadline"] == {
        "due": "2026-11-27T09:30:00+08:00",
        "provisional": False,
        "working_days": 5,
        "calendar": "chinesecalendar 2026",
    }
    assert (row["decision"]["lead"], row["decision"]["excluded"]) == ("water", ["accused"])
    assert [(part["unit"], part["state"], part["signed_at"]) for part in row["assignments"]] == [
        ("water", "sent", None),
        ("roads", "sent", None),
    ]
    assert rows[b]["decision"] is None
    assert rows[b]["assignments"] == []


def test_a_unit_sees_its_matters_and_its_own_reasons(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    dispatch(store, a, WATER, ROADS)
    dispatch(store, b, WATER)
    with store.unit_of_work() as uow:
        parts = uow.assignments.of_matters([MatterId(a)])[MatterId(a)]
        returned = [
            replace(part, state=AssignmentState.RETURNED, reason=f"{part.unit} says no", suggested_unit=ACCUSED) for part in parts
        ]
        uow.assignments.update(returned)
        uow.commit()
    assert set(export(store, WATER)) == {a, b}
    (row,) = export(store, ROADS).values()
    assert [(part["reason"], part["suggested_unit"]) for part in row["assignments"]] == [("", None), ("roads says no", "accused")]
    assert "excluded" not in row["decision"]


def test_what_was_recalled_is_shown_to_the_unit_no_more(store: SqlStore) -> None:
    (a,) = register(store, "a")
    dispatch(store, a, WATER, ROADS)
    with store.unit_of_work() as uow:
        roads = uow.assignments.of_matters([MatterId(a)])[MatterId(a)][1]
        uow.assignments.update([replace(roads, state=AssignmentState.WITHDRAWN, withdrawn_at=NOW)])
        uow.commit()
    assert set(export(store, WATER)) == {a}
    assert export(store, ROADS) == {}


def test_an_excluded_unit_sees_nothing_of_a_matter(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    dispatch(store, a, ACCUSED, excluded=(ACCUSED,))
    dispatch(store, b, ACCUSED)
    assert set(export(store, ACCUSED)) == {b}
    with store.unit_of_work() as uow:
        # Excluded by the decision alone is excluded too.
        uow.matters.decide([(MatterId(b), decision(b, excluded=(ACCUSED,)))])
        uow.commit()
    assert export(store, ACCUSED) == {}


def test_a_sealed_matter_is_shown_to_whom_it_was_given_sealed(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    dispatch(store, a, WATER, sealed=True)
    dispatch(store, b, ROADS)
    with store.unit_of_work() as uow:
        row = uow.matters.lock([MatterId(b)])[MatterId(b)]
        uow.matters.update([replace(row, sealed=True)])
        uow.commit()
    assert export(store)[a]["sealed"] is True
    assert set(export(store, WATER)) == {a}
    assert export(store, ROADS) == {}


def test_a_matter_joined_to_another_is_not_listed(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(b, MessageState.JOINED, matter=a)])
        row = uow.matters.lock([MatterId(b)])[MatterId(b)]
        uow.matters.update([replace(row, merged_into=MatterId(a))])
        uow.commit()
    rows = export(store)
    assert set(rows) == {a}
    assert [message["number"] for message in rows[a]["messages"]] == [a, b]


def test_labels_are_the_latest_that_a_unit_or_a_person_gave(store: SqlStore) -> None:
    a, b, c, d = register(store, "a", "b", "c", "d")
    for number in (a, b, c):
        dispatch(store, number, WATER)
    dispatch(store, d, WATER, sealed=True)
    with store.unit_of_work() as uow:
        for number in (a, b, d):
            (part,) = uow.assignments.of_matters([MatterId(number)])[MatterId(number)]
            uow.assignments.update([replace(part, state=AssignmentState.COMPLETED, completed_at=NOW)])
        later = replace(decision(b, lead=ROADS, actor="clerk"), decided_at=NOW + timedelta(hours=1))
        uow.matters.decide([(MatterId(b), later), (MatterId(d), replace(later, number=d))])
        uow.commit()
    with store.transaction(write=False) as tx:
        found = {label.number: label for label in labels(tx)}
    assert {number: label.unit for number, label in found.items()} == {a: WATER, b: ROADS}
    assert (found[a].subject, found[a].body, found[a].at) == ("主题 a", "正文", NOW)
    assert [label.number for label in store.labels()] == [a, b]


def test_a_label_names_no_sealed_matter_and_no_unit_that_must_not_see_its_own(store: SqlStore) -> None:
    earlier, again, accusing, returned = register(store, "a", "b", "c", "d")
    dispatch(store, earlier, WATER, sealed=True)
    dispatch(store, again, WATER)
    dispatch(store, accusing, WATER, excluded=(ACCUSED,))
    dispatch(store, returned, WATER, excluded=(ACCUSED,))
    with store.unit_of_work() as uow:
        row = uow.matters.lock([MatterId(again)])[MatterId(again)]
        uow.matters.update([replace(row, repeat_of=MatterId(earlier))])
        by_person = replace(decision(again, lead=ROADS, actor="clerk"), decided_at=NOW)
        uow.matters.decide(
            [(MatterId(again), by_person), (MatterId(accusing), replace(by_person, number=accusing, lead=ACCUSED))]
        )
        (part,) = uow.assignments.of_matters([MatterId(returned)])[MatterId(returned)]
        back = replace(part, state=AssignmentState.RETURNED, returned_at=NOW, suggested_unit=ACCUSED)
        uow.assignments.update([back])
        uow.commit()
    with store.transaction(write=False) as tx:
        assert [(label.number, label.matter, label.unit) for label in labels(tx)] == [(again, MatterId(again), ROADS)]


def test_a_matters_story(store: SqlStore) -> None:
    (number,) = register(store, "a")
    dispatch(store, number, WATER)
    with store.unit_of_work() as uow:
        uow.messages.revise([revision(number)])
        event = FeedbackEvent(EventId("f1"), WATER, FeedbackType.SIGN, assignment(number).id)
        uow.assignments.feedback([TakenEvent(event, FeedbackOutcome.APPLIED)], NOW + timedelta(hours=2))
        uow.commit()
    with store.transaction(write=False) as tx:
        told = list(steps(tx, [number], [MatterId(number)]))
    assert [step["step"] for step in told] == ["registered", "revised", "event", "feedback"]
    assert datetime.fromisoformat(told[0]["at"]) == NOW


def test_which_matters_a_unit_holds(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    dispatch(store, a, WATER)
    dispatch(store, b, ROADS)
    with store.unit_of_work() as uow:
        uow.assignments.update([replace(assignment(b, ROADS), state=AssignmentState.RETURNED, withdrawn_at=NOW)])
        uow.assignments.add([assignment(b, WATER)])
        uow.commit()
    with store.transaction(write=False) as tx:
        assert assigned_matters(tx, WATER) == assigned_matters(tx, None) == [MatterId(a), MatterId(b)]
        assert assigned_matters(tx, ROADS) == [MatterId(b)]


def test_a_number_is_found_by_a_part_of_it(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    with store.transaction(write=False) as tx:
        assert [number for number, _ in find(tx, "board-0000")] == [b, a]
        assert [number for number, _ in find(tx, "000002")] == [b]
        assert find(tx, "%%%") == find(tx, "___") == find(tx, "2") == []
