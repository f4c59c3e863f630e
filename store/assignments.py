"""Units' parts in matters and what units said about them (``domain.ports.AssignmentRepository``)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.decisions import Assignment, AssignmentState, Deadline, Role
from domain.errors import Refused
from domain.events import FeedbackType
from domain.ids import AssignmentId, EventId, MatterId, UnitCode
from domain.lifecycle import check_assignment_move
from domain.records import TakenEvent
from store.engine import CHUNK, Row, Transaction, insert_sql
from store.schema import assignments, feedback
from store.times import from_us, maybe_time, maybe_us, to_us

_INSERT = insert_sql(assignments, *(column.name for column in assignments.columns))
_UPDATE = (
    "UPDATE assignments SET role = ?, state = ?, requirement = ?, sent_at = ?, due = ?, working_days = ?, provisional = ?, "
    "calendar = ?, sealed = ?, signed_at = ?, completed_at = ?, returned_at = ?, withdrawn_at = ?, reason = ?, "
    "suggested_unit = ?, reply = ? WHERE id = ? AND state = ?"
)
_TAKEN = (
    "SELECT f.unit, f.event_id, f.type, f.assignment FROM (VALUES {}) AS asked "
    "JOIN feedback f ON f.unit = asked.column1 AND f.event_id = asked.column2"
)
_TAKE_EVENT = insert_sql(
    feedback, "unit", "event_id", "type", "assignment", "outcome", "reason", "at", conflict="ON CONFLICT DO NOTHING"
)
_STATES = {state.value: state for state in AssignmentState}


def to_assignment(row: Any) -> Assignment:
    return Assignment(
        id=AssignmentId(row.id),
        matter=MatterId(row.matter),
        unit=UnitCode(row.unit),
        role=Role(row.role),
        state=_STATES[row.state],
        requirement=row.requirement,
        sent_at=from_us(row.sent_at),
        deadline=Deadline(from_us(row.due), row.working_days, row.provisional != 0, row.calendar),
        sealed=row.sealed != 0,
        signed_at=maybe_time(row.signed_at),
        completed_at=maybe_time(row.completed_at),
        returned_at=maybe_time(row.returned_at),
        withdrawn_at=maybe_time(row.withdrawn_at),
        reason=row.reason,
        suggested_unit=UnitCode(row.suggested_unit) if row.suggested_unit else None,
        reply=row.reply,
    )


def _changing(assignment: Assignment) -> Row:
    deadline = assignment.deadline
    return (
        assignment.role.value,
        assignment.state.value,
        assignment.requirement,
        to_us(assignment.sent_at),
        to_us(deadline.due),
        deadline.working_days,
        int(deadline.provisional),
        deadline.calendar,
        int(assignment.sealed),
        maybe_us(assignment.signed_at),
        maybe_us(assignment.completed_at),
        maybe_us(assignment.returned_at),
        maybe_us(assignment.withdrawn_at),
        assignment.reason,
        assignment.suggested_unit,
        assignment.reply,
    )


class SqlAssignments:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, new: Sequence[Assignment]) -> None:
        positions = self._tx.next_ids(assignments, len(new), "position")
        self._tx.many(
            _INSERT,
            [
                (position, item.id, item.matter, item.unit, *_changing(item))
                for position, item in zip(positions, new, strict=True)
            ],
        )

    def of_matters(self, matters: Sequence[MatterId]) -> dict[MatterId, list[Assignment]]:
        found: dict[MatterId, list[Assignment]] = {matter: [] for matter in matters}
        for start in range(0, len(matters), CHUNK):
            chosen = select(assignments).where(assignments.c.matter.in_(list(matters[start : start + CHUNK])))
            for row in self._tx.rows(chosen.order_by(assignments.c.position)):
                found[MatterId(row.matter)].append(to_assignment(row))
        return found

    def get(self, assignment: AssignmentId) -> Assignment | None:
        found = self._tx.rows(select(assignments).where(assignments.c.id == assignment))
        return to_assignment(found[0]) if found else None

    def update(self, changed: Sequence[Assignment]) -> None:
        ids = sorted({item.id for item in changed})
        states: dict[str, AssignmentState] = {}
        for start in range(0, len(ids), CHUNK):
            query = select(assignments.c.id, assignments.c.state).where(assignments.c.id.in_(ids[start : start + CHUNK]))
            states.update(
                {row[0]: _STATES[row[1]] for row in self._tx.rows(self._tx.for_update(query.order_by(assignments.c.id)))}
            )
        rows = []
        for item in changed:
            if item.id not in states:
                raise Refused("an assignment that the store does not know cannot be changed")
            old = states[item.id]
            if old is not item.state:
                check_assignment_move(old, item.state)
            states[item.id] = item.state
            rows.append((*_changing(item), item.id, old.value))
        self._tx.many(_UPDATE, rows)

    def feedback(self, events: Sequence[TakenEvent], at: datetime) -> int:
        # In the order of the key: whoever takes the same events at once waits instead of being waited for.
        rows = sorted(
            (
                one.event.unit,
                one.event.event_id,
                one.event.type.value,
                one.event.assignment,
                one.outcome.value,
                one.reason,
                to_us(at),
            )
            for one in events
        )
        return self._tx.many(_TAKE_EVENT, rows)

    def taken(
        self, events: Sequence[tuple[UnitCode, EventId]]
    ) -> dict[tuple[UnitCode, EventId], tuple[FeedbackType, AssignmentId]]:
        found: dict[tuple[UnitCode, EventId], tuple[FeedbackType, AssignmentId]] = {}
        for start in range(0, len(events), CHUNK):
            part = events[start : start + CHUNK]
            asked = _TAKEN.format(", ".join(["(?, ?)"] * len(part)))
            for unit, event_id, kind, assignment in self._tx.fetch(asked, [value for pair in part for value in pair]):
                found[UnitCode(unit), EventId(event_id)] = (FeedbackType(kind), AssignmentId(assignment))
        return found
