"""Units' parts in matters and what units said about them (``domain.ports.AssignmentRepository``)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.decisions import Assignment, AssignmentState, Deadline, Role
from domain.errors import Refused
from domain.events import FeedbackType
from domain.ids import AssignmentId, EventId, MatterId, UnitCode
from domain.lifecycle import check_assignment_move
from domain.records import TakenEvent
from store.engine import Row, Transaction, insert_sql
from store.schema import assignments, feedback
from store.times import from_us, maybe_time, maybe_us, to_us

_INSERT = insert_sql(assignments, *(column.name for column in assignments.columns))
_UPDATE = (
    "UPDATE assignments SET role = ?, state = ?, requirement = ?, sent_at = ?, due = ?, working_days = ?, provisional = ?, "
    "calendar = ?, sealed = ?, signed_at = ?, completed_at = ?, returned_at = ?, withdrawn_at = ?, reason = ?, "
    "suggested_unit = ?, reply = ? WHERE id = ? AND state = ?"
)
_TAKEN = "SELECT event_id, type, assignment FROM feedback WHERE unit = ? AND event_id IN ({})"
_TAKE_EVENT = insert_sql(
    feedback, "unit", "event_id", "type", "assignment", "outcome", "reason", "at", conflict="ON CONFLICT DO NOTHING"
)
ASSIGNMENTS = tuple(column.name for column in assignments.columns if column.name != "position")
"""The columns that ``assignment_of`` reads, in their order."""
_OF_MATTERS = f"SELECT {', '.join(ASSIGNMENTS)} FROM assignments WHERE matter IN ({{}}) ORDER BY position"
_BY_ID = f"SELECT {', '.join(ASSIGNMENTS)} FROM assignments WHERE id IN ({{}})"
_HELD = "SELECT id, state FROM assignments WHERE id IN ({}) ORDER BY id"
_STATES = {state.value: state for state in AssignmentState}
_ROLES = {role.value: role for role in Role}


def to_assignment(row: Any) -> Assignment:
    """From a Core query's row."""
    return assignment_of([getattr(row, name) for name in ASSIGNMENTS])


def assignment_of(row: Row) -> Assignment:
    """From the values of ``ASSIGNMENTS``, in their order."""
    ident, matter, unit, role, state, requirement, sent, due, days, provisional, calendar, sealed, *rest = row
    signed, completed, returned, withdrawn, reason, suggested, reply = rest
    return Assignment(
        id=AssignmentId(ident),
        matter=MatterId(matter),
        unit=UnitCode(unit),
        role=_ROLES[role],
        state=_STATES[state],
        requirement=requirement,
        sent_at=from_us(sent),
        deadline=Deadline(from_us(due), days, provisional != 0, calendar),
        sealed=sealed != 0,
        signed_at=maybe_time(signed),
        completed_at=maybe_time(completed),
        returned_at=maybe_time(returned),
        withdrawn_at=maybe_time(withdrawn),
        reason=reason,
        suggested_unit=UnitCode(suggested) if suggested else None,
        reply=reply,
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
        for row in self._tx.fetch_in(_OF_MATTERS, list(found)):
            found[MatterId(row[1])].append(assignment_of(row))
        return found

    def get(self, assignment: AssignmentId) -> Assignment | None:
        found = self._tx.fetch_in(_BY_ID, (assignment,))
        return assignment_of(found[0]) if found else None

    def update(self, changed: Sequence[Assignment]) -> None:
        ids = sorted({item.id for item in changed})
        held = self._tx.fetch_in(_HELD + self._tx.hold, ids)
        states: dict[str, AssignmentState] = {row[0]: _STATES[row[1]] for row in held}
        rows = []
        for item in changed:
            if item.id not in states:
                raise Refused("an assignment that the store does not know cannot be changed")
            old = states[item.id]
            if old is not item.state:
                check_assignment_move(old, item.state)
            states[item.id] = item.state
            rows.append((*_changing(item), item.id, old.value))
        self._tx.many(_UPDATE, rows, distinct=len(ids) == len(rows))

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
        by_unit: dict[UnitCode, list[EventId]] = {}
        for unit, event_id in events:
            by_unit.setdefault(unit, []).append(event_id)
        for unit, ids in by_unit.items():
            for event_id, kind, assignment in self._tx.fetch_in(_TAKEN, ids, before=(unit,)):
                found[unit, EventId(event_id)] = (FeedbackType(kind), AssignmentId(assignment))
        return found
