"""Matters, decisions, assignments and feedback, on every implementation of the store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.decisions import AssignmentState, Evidence, MatterState, Suggestion
from domain.errors import FenbanError, Refused
from domain.events import FeedbackEvent, FeedbackOutcome, FeedbackType
from domain.ids import AssignmentId, EventId, MatterId, Number
from domain.records import MatterRow, TakenEvent
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, ROADS, WATER, assignment, decision, register

UNKNOWN = MatterId("20261120-board-999999")


def test_every_message_opens_a_matter_of_its_number(store: SqlStore) -> None:
    (number,) = register(store, "a")
    with store.unit_of_work(write=False) as uow:
        row = uow.matters.get(MatterId(number))
        assert uow.matters.get(UNKNOWN) is None
    assert row is not None
    assert row == MatterRow(MatterId(number), MatterState.OPEN, False, 0, NOW)


def test_a_matter_comes_back_as_it_was_changed(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    with store.unit_of_work() as uow:
        rows = uow.matters.lock([MatterId(b), MatterId(a), UNKNOWN])
        changed = replace(
            rows[MatterId(a)],
            state=MatterState.ANSWERED,
            sealed=True,
            sequence=3,
            answered_at=NOW,
            promised=NOW + timedelta(days=7),
            repeat_of=MatterId(b),
            merged_into=MatterId(b),
            returns=2,
            excluded=(WATER, ROADS),
        )
        uow.matters.update([changed, replace(rows[MatterId(b)], sequence=1)])
        uow.commit()
    assert list(rows) == [MatterId(a), MatterId(b)]
    with store.unit_of_work(write=False) as uow:
        assert uow.matters.get(MatterId(a)) == changed


@pytest.mark.parametrize(
    ("way", "refused"),
    [
        ([MatterState.CLOSED], MatterState.CLOSED),
        ([MatterState.ANSWERED, MatterState.CLOSED, MatterState.ANSWERED], MatterState.ANSWERED),
    ],
)
def test_a_matter_moves_as_the_lifecycle_allows(store: SqlStore, way: list[MatterState], refused: MatterState) -> None:
    a, b = register(store, "a", "b")
    with store.unit_of_work() as uow:
        rows = uow.matters.lock([MatterId(a), MatterId(b)])
        row = rows[MatterId(a)]
        for state in way[:-1]:
            row = replace(row, state=state)
            uow.matters.update([row])
        with pytest.raises(Refused, match=f"cannot become {refused}"):
            uow.matters.update([replace(rows[MatterId(b)], sequence=5), replace(row, state=way[-1])])
        # All or nothing: what was refused is not half done either.
        assert uow.matters.lock([MatterId(b)])[MatterId(b)].sequence == 0
        assert uow.matters.lock([MatterId(a)])[MatterId(a)] == row


def test_a_sequence_never_falls_and_unknown_matters_are_refused(store: SqlStore) -> None:
    (number,) = register(store, "a")
    with store.unit_of_work() as uow:
        row = replace(uow.matters.lock([MatterId(number)])[MatterId(number)], sequence=2)
        uow.matters.update([row])
        with pytest.raises(Refused, match="never falls"):
            uow.matters.update([replace(row, sequence=1)])
        with pytest.raises(Refused, match="does not know"):
            uow.matters.update([replace(row, id=UNKNOWN)])


def test_decisions_come_back_whole_oldest_first(store: SqlStore) -> None:
    (number,) = register(store, "a")
    evidence = (Evidence("word", "停水", 0.25), Evidence("place", "东区", 1.5))
    first = replace(
        decision(number, excluded=(ROADS,)),
        co_units=(ROADS,),
        suggestions=(Suggestion(WATER, 0.91, evidence), Suggestion(ROADS, 0.05)),
        evidence=evidence,
    )
    second = replace(decision(number, actor="clerk"), lead=None, deadline=None, threshold=None, sealed=True, reason="why")
    with store.unit_of_work() as uow:
        uow.matters.decide([(MatterId(number), first)])
        uow.matters.decide([(MatterId(number), second)])
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        assert uow.matters.decisions([MatterId(number), UNKNOWN]) == {number: [first, second], UNKNOWN: []}


def test_assignments_come_back_whole_in_the_order_they_were_sent(store: SqlStore) -> None:
    (number,) = register(store, "a")
    given = [assignment(number, WATER), assignment(number, ROADS, sealed=True), assignment(number, WATER, n=2)]
    with store.unit_of_work() as uow:
        uow.assignments.add(given)
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        assert uow.assignments.of_matters([MatterId(number)]) == {MatterId(number): given}
        assert uow.assignments.get(given[1].id) == given[1]
        assert uow.assignments.get(AssignmentId("unknown")) is None


def test_an_assignment_of_no_matter_is_not_taken(store: SqlStore) -> None:
    with pytest.raises(FenbanError), store.unit_of_work() as uow:  # noqa: PT012
        uow.assignments.add([assignment(Number(UNKNOWN))])
        uow.commit()


def test_assignments_move_as_the_lifecycle_allows(store: SqlStore) -> None:
    (number,) = register(store, "a")
    part, other = assignment(number), assignment(number, ROADS)
    signed = replace(part, state=AssignmentState.SIGNED, signed_at=NOW)
    done = replace(signed, state=AssignmentState.COMPLETED, completed_at=NOW, reply="已修好")
    reopened = replace(done, state=AssignmentState.SENT, completed_at=None)
    gone = replace(reopened, state=AssignmentState.WITHDRAWN, withdrawn_at=NOW, reason="excluded", suggested_unit=ROADS)
    with store.unit_of_work() as uow:
        uow.assignments.add([part, other])
        for step in (signed, done, reopened, gone, replace(gone, reason="found late")):
            uow.assignments.update([step])
            assert uow.assignments.get(part.id) == step
        with pytest.raises(Refused):
            uow.assignments.update([replace(other, state=AssignmentState.SIGNED), replace(gone, state=AssignmentState.SENT)])
        assert uow.assignments.get(other.id) == other
        with pytest.raises(Refused):
            uow.assignments.update([replace(part, id=AssignmentId("unknown"))])


def test_a_feedback_event_is_taken_once_for_each_unit(store: SqlStore) -> None:
    (number,) = register(store, "a")
    event = FeedbackEvent(EventId("e1"), WATER, FeedbackType.SIGN, assignment(number).id)
    theirs = replace(event, unit=ROADS, type=FeedbackType.EXTEND)
    with store.unit_of_work() as uow:
        assert uow.assignments.feedback([TakenEvent(event, FeedbackOutcome.APPLIED)], NOW) == 1
        assert uow.assignments.feedback([TakenEvent(event, FeedbackOutcome.REJECTED)], NOW) == 0
        both = [TakenEvent(theirs, FeedbackOutcome.REJECTED, "another unit's"), TakenEvent(event, FeedbackOutcome.STALE)]
        assert uow.assignments.feedback(both, NOW) == 1
        uow.commit()
    with store.unit_of_work() as uow:
        assert uow.assignments.feedback([TakenEvent(event, FeedbackOutcome.APPLIED)], NOW) == 0
        asked = [(WATER, event.event_id), (ROADS, event.event_id), (ROADS, EventId("e2"))]
        assert uow.assignments.taken(asked) == {
            asked[0]: (FeedbackType.SIGN, event.assignment),
            asked[1]: (FeedbackType.EXTEND, event.assignment),
        }
        assert uow.assignments.taken([]) == {}
