"""What the office does about assignments and answered matters: more days, reopening, closing, revealing, replaying."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.changes import OPEN, Changes
from app.codec import ORIGINAL
from app.happened import Event
from app.office_steps import OfficeSteps
from app.people import masked_words
from app.reminders import emit_reminder
from app.retry import transact
from domain.clock import SHANGHAI
from domain.decisions import Assignment, AssignmentState, Deadline, MatterState
from domain.errors import Refused
from domain.events import EventType, Fate, OutboxRecord, OutboxState, ReminderStage
from domain.ids import AssignmentId, Number
from domain.messages import Message
from domain.ports import UnitOfWork

EVERY_PARKED = 10_000_000
LOOK = "look it up with: fenban assignment list"


class OfficeAssignments(OfficeSteps):
    """Each step is one audited transaction."""

    def extend(self, assignment_id: AssignmentId, days: int, reason: str) -> Deadline:
        """Grants more working days, counted from the standing deadline; the unit is told. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message, assignment: Assignment) -> Deadline:
            if assignment.state not in OPEN:
                raise Refused(f"an assignment that is {assignment.state} cannot be extended", remedy=LOOK)
            if self._granted_just_so(uow, assignment, days, masked_words(reason, changes.names)):
                return assignment.deadline
            deadline = self._calendar.deadline(assignment.deadline.due, days)
            deadline = replace(deadline, working_days=assignment.deadline.working_days + days)
            longer = replace(assignment, deadline=deadline, reason="")
            changes.changed[longer.id] = longer
            row = changes.matters[assignment.matter]
            if row.promised is None or deadline.due > row.promised:
                changes.set_matter(replace(row, promised=deadline.due))
            self._tell(uow, changes, message, longer, "deadline")
            changes.note(self.actor, "assignment.extend", assignment.id, days=days, reason=reason, due=deadline.due.isoformat())
            return deadline

        return self._assignment_step(assignment_id, "assignment.extend", step)

    def recount(self, assignment_id: AssignmentId) -> Deadline | None:
        """Counts a provisional deadline anew by today's calendar, from the same dispatch with the same working days. Where
        it changed the unit is told, and the new deadline is returned."""

        def step(uow: UnitOfWork, changes: Changes, message: Message, assignment: Assignment) -> Deadline | None:
            deadline = self._calendar.recount(assignment.deadline, assignment.sent_at)
            if assignment.state not in OPEN or deadline == assignment.deadline:
                return None
            counted = replace(assignment, deadline=deadline)
            changes.changed[counted.id] = counted
            row = changes.matters[assignment.matter]
            if row.promised == assignment.deadline.due:
                changes.set_matter(replace(row, promised=deadline.due))
            self._tell(uow, changes, message, counted, "deadline")
            changes.note(self.actor, "assignment.recount", assignment.id, due=deadline.due.isoformat())
            return deadline

        return self._assignment_step(assignment_id, "assignment.recount", step)

    def remind(self, assignment_id: AssignmentId, reason: str) -> None:
        """督办: the office presses for an answer now. The same words again on one day change nothing. Raises Refused when
        nothing is owed or no reason is given."""
        if not reason.strip():
            raise Refused("a reminder needs its reason", remedy="say why")

        def step(uow: UnitOfWork, changes: Changes, message: Message, assignment: Assignment) -> None:
            if assignment.state not in OPEN:
                raise Refused(f"an assignment that is {assignment.state} owes nothing to be reminded of", remedy=LOOK)
            said = masked_words(reason, changes.names)
            if not self._reminded_just_so(uow, assignment, said, changes.now):
                emit_reminder(uow, changes, message, assignment, ReminderStage.OFFICE, said, self.actor)

        self._assignment_step(assignment_id, "assignment.remind", step)

    def reopen(self, assignment_id: AssignmentId, reason: str) -> None:
        """A completed assignment is worked on again, with a deadline of its own. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message, assignment: Assignment) -> None:
            deadline = self._calendar.deadline(changes.now, assignment.deadline.working_days)
            again = changes.change(assignment, AssignmentState.SENT, completed_at=None, deadline=deadline)
            changes.set_matter(
                replace(changes.matters[assignment.matter], state=MatterState.OPEN, answered_at=None, closed_at=None)
            )
            self._tell(uow, changes, message, again, "reopened")
            changes.note(self.actor, "assignment.reopen", assignment.id, reason=reason)

        self._assignment_step(assignment_id, "assignment.reopen", step)

    def close(self, number: Number) -> None:
        """An answered matter is closed. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            row = changes.matters[message.matter]
            if row.state is MatterState.CLOSED:
                return
            if row.state is not MatterState.ANSWERED:
                what = f"a matter that is {row.state} cannot be closed: it must be answered first"
                raise Refused(what, remedy="see what its units owe with: fenban assignment list")
            parts = uow.assignments.of_matters([row.id])[row.id]
            if any(part.state is AssignmentState.RETURNED and part.withdrawn_at is None for part in parts):
                raise Refused("a unit returned its part: decide that first", remedy="see: fenban review list")
            changes.set_matter(replace(row, state=MatterState.CLOSED, closed_at=changes.now))
            changes.note(self.actor, "matter.close", row.id)

        self._message_step(number, "matter.close", step)

    def reveal(self, number: Number, reason: str) -> dict[str, Any]:
        """The original words and the sender, with the reason in the audit log. Raises Refused, HaltForPerson."""
        if not reason.strip():
            raise Refused("a reveal needs its reason", remedy="say why")

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> dict[str, Any]:
            values = [value for value in uow.vault.get(message.owner) if value.name == ORIGINAL]
            if not values:
                raise Refused(
                    "the original of this message is not in the vault", remedy="it was erased: nothing of it can be shown"
                )
            changes.note(self.actor, "message.reveal", message.number, reason=reason)
            revealed: dict[str, Any] = json.loads(self._vault.open(values[-1]))
            return {"number": message.number, "version": message.version, **revealed}

        return self._message_step(number, "message.reveal", step, whole_matter=False)

    def move_parked(self, ids: Sequence[int], state: OutboxState, reason: str) -> int:
        """Replays (PENDING) or discards parked records; how many moved. It is told where it was told that they were parked."""
        fate = Fate.REPLAYED if state is OutboxState.PENDING else Fate.DISCARDED
        said = masked_words(reason, ())

        def work() -> int:
            changes = Changes(self._clock.now(), self._make_event)
            with self._store.unit_of_work() as uow:
                matters = uow.matters.lock(sorted({record.key for record in self._parked(uow, ids)}))
                parked = self._parked(uow, ids)
                moved = uow.outbox.move(ids, state, said, changes.now)
                self._dead_letters.tell(uow, matters, [(record, said) for record in parked], fate, changes.now)
                for ident in ids:
                    changes.note(
                        self.actor,
                        f"outbox.{'replay' if state is OutboxState.PENDING else 'discard'}",
                        str(ident),
                        reason=reason,
                    )
                changes.write(uow)
                uow.commit()
            return moved

        return transact(self._clock, work)

    @staticmethod
    def _parked(uow: UnitOfWork, ids: Sequence[int]) -> list[OutboxRecord]:
        wanted = set(ids)
        return [record for record, _ in uow.outbox.parked(EVERY_PARKED) if record.id in wanted]

    def _tell(self, uow: UnitOfWork, changes: Changes, message: Message, assignment: Assignment, change: str) -> None:
        decisions = uow.matters.decisions([assignment.matter]).get(assignment.matter, [])
        changes.emit(
            Event(
                EventType.UPDATED,
                assignment,
                message,
                changes.matters[assignment.matter],
                decisions[-1] if decisions else None,
                change=change,
            )
        )

    @staticmethod
    def _reminded_just_so(uow: UnitOfWork, assignment: Assignment, reason: str, now: datetime) -> bool:
        """Whether the last thing that happened to the assignment is this very reminder, today: the command was repeated."""
        last = [entry for _, entry in uow.audit.entries(assignment.id)][-1:]
        return (
            bool(last)
            and last[0].action == "assignment.remind"
            and dict(last[0].detail).get("reason") == reason
            and last[0].at.astimezone(SHANGHAI).date() == now.astimezone(SHANGHAI).date()
        )

    @staticmethod
    def _granted_just_so(uow: UnitOfWork, assignment: Assignment, days: int, reason: str) -> bool:
        """Whether the last thing that happened to the assignment is this very extension: the command was repeated."""
        last = [entry for _, entry in uow.audit.entries(assignment.id)][-1:]
        detail = dict(last[0].detail) if last else {}
        return (
            bool(last)
            and last[0].action == "assignment.extend"
            and (detail["days"], detail.get("reason", "")) == (str(days), reason)
        )
