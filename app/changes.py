"""What one unit of work will change about matters: gathered, then written in batches under the matters' locks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.happened import Event, EventMaker, History, Offer
from app.offers import offers_to_close
from app.register_plan import masked_text
from app.repeats import told_to
from app.transactions import audit_entry
from domain.decisions import Assignment, AssignmentState, Decision, MatterState, Outcome, Role
from domain.errors import Refused, RetryLater
from domain.events import EventType
from domain.ids import AssignmentId, MatterId, UnitCode
from domain.lifecycle import check_assignment_move, matter_state
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork
from domain.records import AuditEntry, MatterRow, NewOutbox, Settlement

LIVE = frozenset({AssignmentState.SENT, AssignmentState.SIGNED, AssignmentState.COMPLETED})
OPEN = frozenset({AssignmentState.SENT, AssignmentState.SIGNED})


@dataclass(slots=True)
class Changes:
    """``matters`` must hold every matter that is changed, as locked in this unit of work. ``names`` are the sender's: they
    and all personal data are masked in the reasons that people give. ``others``: the letters merged into a matter, which its
    units must know of beside the one that stands for it. ``histories``: what units did with the matter that one repeats."""

    now: datetime
    make_event: EventMaker
    matters: dict[MatterId, MatterRow] = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)
    decisions: list[tuple[MatterId, Decision]] = field(default_factory=list)
    new_assignments: list[Assignment] = field(default_factory=list)
    changed: dict[AssignmentId, Assignment] = field(default_factory=dict)
    outbox: list[NewOutbox] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    touched: set[MatterId] = field(default_factory=set)
    names: tuple[str, ...] = ()
    sequences: dict[MatterId, int] = field(default_factory=dict)
    others: dict[MatterId, tuple[Message, ...]] = field(default_factory=dict)
    histories: dict[MatterId, tuple[History, ...]] = field(default_factory=dict)

    def settle(
        self,
        message: Message,
        state: MessageState,
        *,
        reason: str = "",
        matter: MatterId | None = None,
        sealed: bool | None = None,
        worker: str = "",
        waived: tuple[str, ...] | None = None,
    ) -> None:
        self.settlements.append(
            Settlement(
                number=message.number,
                version=message.version,
                expected=message.state,
                state=state,
                matter=matter or message.matter,
                sealed=message.sealed if sealed is None else sealed,
                reason=masked_text(reason, self.names) if self.names else reason,
                worker=worker,
                waived_rules=message.waived_rules if waived is None else waived,
            )
        )

    def set_matter(self, row: MatterRow) -> None:
        self.matters[row.id] = row
        self.touched.add(row.id)

    def decide(self, matter: MatterId, decision: Decision) -> None:
        self.decisions.append((matter, decision))

    def emit(self, event: Event | Offer) -> None:
        """One event of the matter, with its next sequence."""
        matter = event.matter.id
        sequence = self.sequences.get(matter, self.matters[matter].sequence) + 1
        self.sequences[matter] = sequence
        self.touched.add(matter)
        if isinstance(event, Event) and matter in self.others:
            event = replace(event, others=self.others[matter])
        if isinstance(event, Event) and not event.history and matter in self.histories:
            event = replace(event, history=self.histories[matter])
        told = told_to(event) if isinstance(event, Event) else event
        self.outbox.append(self.make_event(told, sequence, self.now))

    def dispatch(
        self,
        message: Message,
        decision: Decision,
        standing: Sequence[Assignment],
        history: tuple[History, ...] = (),
    ) -> None:
        """Gives the matter to the decision's units: kept units get ``updated`` (a completed one reopens), lost ones
        ``recall``, new ones ``assigned``."""
        if decision.lead is None or decision.deadline is None:
            raise ValueError("a dispatching decision has a lead and a deadline")
        matter = message.matter
        if self.matters[matter].sealed and not decision.sealed:
            raise Refused(
                "a sealed matter is dispatched sealed", remedy="unseal it first, with the reason why it is no accusation"
            )
        wanted = {decision.lead: Role.LEAD} | {unit: Role.CO for unit in decision.co_units if unit != decision.lead}
        kept: set[UnitCode] = set()
        for assignment in standing:
            if assignment.state not in LIVE:
                self.take_back(assignment, message)
            elif assignment.unit in wanted and assignment.sealed == decision.sealed:
                kept.add(assignment.unit)
                self._update(assignment, wanted[assignment.unit], message, decision, history)
            else:
                self.withdraw(assignment, message)
        for unit, role in wanted.items():
            if unit not in kept:
                self._assign(unit, role, message, decision, standing, history)
        row = self.matters[matter]
        state = MatterState.OPEN
        self.set_matter(
            replace(
                row,
                state=state,
                sealed=decision.sealed,
                promised=row.promised or decision.deadline.due,
                sequence=self.sequences.get(matter, row.sequence),
                answered_at=None,
                closed_at=None,
            )
        )

    def take_back(self, assignment: Assignment, message: Message) -> None:
        """Ends a unit's part when its matter was decided away from it: withdrawn if it still had it; if it had returned it,
        it is told now that the return was decided. Nothing for one that was ended before."""
        if assignment.state in LIVE:
            self.withdraw(assignment, message)
        elif assignment.state is AssignmentState.RETURNED and assignment.withdrawn_at is None:
            gone = replace(assignment, withdrawn_at=self.now)
            self.changed[gone.id] = gone
            self.recall(gone, message)

    def withdraw(self, assignment: Assignment, message: Message) -> None:
        """Takes an assignment back and tells the unit, which need not know why."""
        check_assignment_move(assignment.state, AssignmentState.WITHDRAWN)
        gone = replace(assignment, state=AssignmentState.WITHDRAWN, withdrawn_at=self.now)
        self.changed[gone.id] = gone
        self.recall(gone, message)

    def recall(self, assignment: Assignment, message: Message) -> None:
        self.emit(Event(EventType.RECALL, assignment, message, self.matters[assignment.matter], None))

    def change(self, assignment: Assignment, state: AssignmentState, **values: object) -> Assignment:
        """Moves an assignment by the lifecycle. Raises Refused."""
        check_assignment_move(assignment.state, state)
        moved = replace(assignment, state=state, **values)  # type: ignore[arg-type]
        self.changed[moved.id] = moved
        return moved

    def weigh(self, matter: MatterId, assignments: Iterable[Assignment]) -> None:
        """Sets the matter's state to what its assignments make of it."""
        row = self.matters[matter]
        now_is = [self.changed.get(assignment.id, assignment).state for assignment in assignments]
        state = matter_state(now_is)
        if row.state is MatterState.CLOSED and state is MatterState.ANSWERED:
            return
        if state is not row.state:
            self.set_matter(replace(row, state=state, answered_at=self.now if state is MatterState.ANSWERED else None))

    def note(self, actor: str, action: str, subject: str, **detail: object) -> None:
        """An audit entry. A ``reason`` is masked; the rest of ``detail`` must hold no personal data."""
        if detail.get("reason"):
            detail["reason"] = masked_text(str(detail["reason"]), self.names)
        self.audit.append(audit_entry(self.now, actor, action, subject, **detail))

    def take_over(self, other: "Changes") -> None:
        """Adds what was gathered about other matters; in the audit log it stands behind what is here."""
        self.matters.update(other.matters)
        self.settlements += other.settlements
        self.decisions += other.decisions
        self.new_assignments += other.new_assignments
        self.changed.update(other.changed)
        self.outbox += other.outbox
        self.audit += other.audit
        self.touched |= other.touched
        self.sequences.update(other.sequences)
        self.others.update(other.others)
        self.histories.update(other.histories)

    def write(self, uow: UnitOfWork) -> None:
        """Writes everything. Raises RetryLater when a message had moved on: the caller rolls back and looks again."""
        for row in offers_to_close(uow, self.settlements, self.matters):
            self.emit(Offer(row))
        if self.settlements:
            lost = uow.messages.settle(self.settlements)
            if lost:
                raise RetryLater(f"{len(lost)} messages moved on under another process")
        if self.touched:
            uow.matters.update([self._row(matter) for matter in sorted(self.touched)])
        if self.decisions:
            uow.matters.decide(self.decisions)
        if self.new_assignments:
            uow.assignments.add(self.new_assignments)
        if self.changed:
            uow.assignments.update(list(self.changed.values()))
        if self.outbox:
            uow.outbox.add(self.outbox)
        if self.audit:
            uow.audit.append(self.audit)

    def _row(self, matter: MatterId) -> MatterRow:
        row = self.matters[matter]
        sequence = self.sequences.get(matter)
        return row if sequence is None or sequence == row.sequence else replace(row, sequence=sequence)

    def _assign(
        self,
        unit: UnitCode,
        role: Role,
        message: Message,
        decision: Decision,
        standing: Sequence[Assignment],
        history: tuple[History, ...],
    ) -> None:
        if decision.deadline is None:
            raise ValueError("a dispatching decision has a deadline")
        nth = 1 + sum(assignment.unit == unit for assignment in standing)
        assignment = Assignment(
            id=AssignmentId(f"{message.matter}.{unit}.{nth}"),
            matter=message.matter,
            unit=unit,
            role=role,
            state=AssignmentState.SENT,
            requirement=decision.requirement,
            sent_at=self.now,
            deadline=decision.deadline,
            sealed=decision.sealed,
        )
        self.new_assignments.append(assignment)
        self.emit(Event(EventType.ASSIGNED, assignment, message, self.matters[message.matter], decision, history))

    def _update(
        self,
        assignment: Assignment,
        role: Role,
        message: Message,
        decision: Decision,
        history: tuple[History, ...],
    ) -> None:
        if decision.deadline is None:
            raise ValueError("a dispatching decision has a deadline")
        reopened = assignment.state is AssignmentState.COMPLETED
        updated = replace(
            assignment,
            role=role,
            requirement=decision.requirement,
            state=AssignmentState.SENT if reopened else assignment.state,
            completed_at=None if reopened else assignment.completed_at,
            deadline=decision.deadline if reopened else assignment.deadline,
        )
        self.changed[updated.id] = updated
        change = "revision" if message.version > 1 else "decision"
        self.emit(Event(EventType.UPDATED, updated, message, self.matters[message.matter], decision, history, change=change))


OUTCOME_STATES = {
    Outcome.DISPATCH: MessageState.DISPATCHED,
    Outcome.REVIEW: MessageState.IN_REVIEW,
    Outcome.SEALED_REVIEW: MessageState.SEALED_REVIEW,
    Outcome.OUT_OF_REMIT: MessageState.OUT_OF_REMIT,
    Outcome.HOLD: MessageState.HELD,
}
