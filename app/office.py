"""The steps of the office's people: release, reject, decide, seal, reveal, replay. Each is one audited transaction."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from app.changes import LIVE, OPEN, OUTCOME_STATES, Changes, Event, EventMaker
from app.codec import ORIGINAL
from app.copies import JOIN_WAIVED, part, part_copies
from app.people import masked_words, sender_names
from app.retry import transact
from app.sealing import seal_matter
from domain.decisions import Assignment, AssignmentState, Deadline, DeadlineClass, Decision, MatterState, Outcome
from domain.errors import Refused
from domain.events import EventType, OutboxState
from domain.ids import AssignmentId, MatterId, Number, UnitCode
from domain.lifecycle import check_message_move
from domain.messages import Message, MessageState
from domain.ports import Clock, Store, UnitOfWork, Vault
from route.calendar import WorkingCalendar
from route.decide import Decider

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """A reviewer's choice. Units are codes, names or aliases."""

    lead: str
    co_units: tuple[str, ...] = ()
    requirement: str = ""
    deadline_class: DeadlineClass | None = None


class Office:
    """``actor`` names the person in the audit log; ``seal_rules`` are all the screens that a person's word overrules."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        decider: Decider,
        calendar: WorkingCalendar,
        make_event: EventMaker,
        actor: str,
        seal_rules: tuple[str, ...],
    ) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._decider = decider
        self._calendar = calendar
        self._make_event = make_event
        self.actor = actor
        self._seal_rules = seal_rules

    def release(self, number: Number, reason: str, states: Sequence[MessageState]) -> None:
        """A held, filtered or rejected message is worked on again, past the rule that stopped it. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            self._expect(message, states)
            joined = message.state is MessageState.JOINED
            rule = JOIN_WAIVED if joined else self._last_rule(uow, message)
            matter = part(uow, changes, message).matter if joined else message.matter
            waived = tuple(dict.fromkeys([*message.waived_rules, *([rule] if rule else [])]))
            changes.settle(message, MessageState.NEW, reason=reason, matter=matter, waived=waived)
            changes.note(self.actor, "message.release", message.number, reason=reason, rule=rule)

        self._message_step(number, "message.release", step, whole_matter=False)

    def reject(self, number: Number, reason: str) -> None:
        """A held message is refused for good, and kept. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            self._expect(message, [MessageState.HELD])
            part_copies(uow, changes, message, lambda _: True)
            changes.settle(message, MessageState.REJECTED, reason=reason)
            changes.note(self.actor, "message.reject", message.number, reason=reason)

        self._message_step(number, "message.reject", step)

    def hold(self, number: Number, reason: str) -> None:
        def step(_: UnitOfWork, changes: Changes, message: Message) -> None:
            self._expect(message, [MessageState.IN_REVIEW])
            changes.settle(message, MessageState.HELD, reason=reason)
            changes.note(self.actor, "message.hold", message.number, reason=reason)

        self._message_step(number, "message.hold", step)

    def not_accusation(self, number: Number, reason: str) -> None:
        """A sealed message that is no accusation after all goes the ordinary way, with the reason kept."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            self._expect(message, [MessageState.SEALED_REVIEW])
            waived = tuple(dict.fromkeys([*message.waived_rules, *self._seal_rules, self._last_rule(uow, message)]))
            changes.set_matter(replace(changes.matters[message.matter], sealed=False, excluded=()))
            changes.settle(message, MessageState.NEW, reason=reason, sealed=False, waived=waived)
            changes.note(self.actor, "message.unseal", message.number, reason=reason)

        self._message_step(number, "message.unseal", step)

    def seal(self, number: Number, reason: str) -> None:
        """The matter is an accusation: units lose it, what was not sent yet never goes. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            decision = self._decider.seal(message, rule="person", reason=reason, now=changes.now, actor=self.actor)
            seal_matter(uow, changes, message, decision)
            changes.note(self.actor, "message.seal", message.number, reason=reason)

        self._message_step(number, "message.seal", step)

    def decide(self, number: Number, choice: Choice) -> Decision:
        """Dispatches a message that waits in review (or sealed review), or a matter that a unit returned. Raises Refused."""

        def build(message: Message, row_excluded: tuple[UnitCode, ...], changes: Changes) -> Decision:
            return self._decider.by_person(
                message,
                lead=self._unit(choice.lead),
                co_units=[self._unit(unit) for unit in choice.co_units],
                requirement=choice.requirement,
                deadline_class=choice.deadline_class,
                excluded=row_excluded,
                sealed=message.sealed,
                actor=self.actor,
                now=changes.now,
            )

        return self._decision_step(number, "matter.decide", build)

    def out_of_remit(self, number: Number, reason: str) -> Decision:
        """Nothing goes to a unit; units that have the matter lose it. Raises Refused."""

        def build(message: Message, row_excluded: tuple[UnitCode, ...], changes: Changes) -> Decision:
            return Decision(
                number=message.number,
                version=message.version,
                outcome=Outcome.OUT_OF_REMIT,
                rule="person",
                decided_at=changes.now,
                excluded=row_excluded,
                sealed=message.sealed,
                reason=reason,
                actor=self.actor,
            )

        return self._decision_step(number, "matter.out_of_remit", build)

    def extend(self, assignment_id: AssignmentId, days: int, reason: str) -> Deadline:
        """Grants more working days, counted from the standing deadline; the unit is told. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message, assignment: Assignment) -> Deadline:
            if assignment.state not in OPEN:
                raise Refused(f"an assignment that is {assignment.state} cannot be extended")
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
            if row.state is not MatterState.ANSWERED:
                raise Refused(f"a matter that is {row.state} cannot be closed: it must be answered first")
            parts = uow.assignments.of_matters([row.id])[row.id]
            if any(part.state is AssignmentState.RETURNED and part.withdrawn_at is None for part in parts):
                raise Refused("a unit returned its part: decide that first", remedy="see: fenban review list")
            changes.set_matter(replace(row, state=MatterState.CLOSED, closed_at=changes.now))
            changes.note(self.actor, "matter.close", row.id)

        self._message_step(number, "matter.close", step)

    def reveal(self, number: Number, reason: str) -> dict[str, Any]:
        """The original words and the sender, with the reason in the audit log. Raises Refused, HaltForPerson."""
        if not reason.strip():
            raise Refused("a reveal needs its reason")

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> dict[str, Any]:
            values = [value for value in uow.vault.get(message.owner) if value.name == ORIGINAL]
            if not values:
                raise Refused("the original of this message is not in the vault")
            changes.note(self.actor, "message.reveal", message.number, reason=reason)
            revealed: dict[str, Any] = json.loads(self._vault.open(values[-1]))
            return {"number": message.number, "version": message.version, **revealed}

        return self._message_step(number, "message.reveal", step, whole_matter=False)

    def move_parked(self, ids: Sequence[int], state: OutboxState, reason: str) -> int:
        """Replays (PENDING) or discards parked records; how many moved."""

        def work() -> int:
            changes = Changes(self._clock.now(), self._make_event)
            with self._store.unit_of_work() as uow:
                moved = uow.outbox.move(ids, state, reason, changes.now)
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

    def note(self, action: str, subject: str, **detail: object) -> None:
        """An audit entry of its own: an export, a backup, a listing of sealed matters."""

        def work() -> None:
            changes = Changes(self._clock.now(), self._make_event)
            changes.note(self.actor, action, subject, **detail)
            with self._store.unit_of_work() as uow:
                changes.write(uow)
                uow.commit()

        transact(self._clock, work)

    def _decision_step(
        self, number: Number, action: str, build: Callable[[Message, tuple[UnitCode, ...], Changes], Decision]
    ) -> Decision:
        def step(uow: UnitOfWork, changes: Changes, message: Message) -> Decision:
            standing = uow.assignments.of_matters([message.matter]).get(message.matter, [])
            self._decidable(message)
            decision = build(message, changes.matters[message.matter].excluded, changes)
            decision = replace(
                decision,
                requirement=masked_words(decision.requirement, changes.names),
                reason=masked_words(decision.reason, changes.names),
            )
            before = uow.matters.decisions([message.matter])[message.matter]
            if before and message.state is target_state(decision) and _says_the_same(before[-1], decision, standing):
                return before[-1]
            target = target_state(decision)
            changes.decide(message.matter, decision)
            if decision.outcome is Outcome.DISPATCH:
                changes.dispatch(message, decision, standing)
            else:
                for assignment in standing:
                    changes.take_back(assignment, message)
                if standing:
                    changes.weigh(message.matter, standing)
            if target is not message.state:
                check_message_move(message.state, target)
                changes.settle(message, target, reason=decision.reason or decision.rule)
            units = ",".join([decision.lead or "", *decision.co_units]).strip(",")
            changes.note(self.actor, action, message.number, units=units, outcome=decision.outcome, reason=decision.reason)
            return decision

        return self._message_step(number, action, step)

    @staticmethod
    def _decidable(message: Message) -> None:
        if message.state in {MessageState.IN_REVIEW, MessageState.SEALED_REVIEW, MessageState.DISPATCHED}:
            return
        raise Refused(f"message {message.number} is {message.state}: only one in review, sealed review or dispatched is decided")

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

    def _message_step(
        self, number: Number, action: str, step: Callable[[UnitOfWork, Changes, Message], T], *, whole_matter: bool = True
    ) -> T:
        """Finds the message, locks its matter, does the step and commits; a refusal is audited. ``whole_matter``: by the
        number of a copy the step is done to the message that stands for the matter."""

        def work() -> T:
            with self._store.unit_of_work() as uow:
                message = uow.reads.messages([number]).get(number)
                if message is None:
                    raise Refused(f"there is no message {number}", remedy="look it up with: fenban export matters --json")
                if whole_matter and message.state is MessageState.JOINED:
                    message = uow.reads.messages([Number(message.matter)])[Number(message.matter)]
                changes = Changes(self._clock.now(), self._make_event, uow.matters.lock([message.matter]))
                changes.names = sender_names(uow, self._vault, message)
                result = step(uow, changes, message)
                changes.write(uow)
                uow.commit()
            return result

        return self._audited(number, action, work)

    def _assignment_step(
        self, ident: AssignmentId, action: str, step: Callable[[UnitOfWork, Changes, Message, Assignment], T]
    ) -> T:
        def work() -> T:
            with self._store.unit_of_work() as uow:
                assignment = uow.assignments.get(ident)
                if assignment is None:
                    raise Refused(f"there is no assignment {ident}", remedy="look it up with: fenban assignment list")
                changes = Changes(self._clock.now(), self._make_event, uow.matters.lock([assignment.matter]))
                message = uow.reads.of_matters([assignment.matter])[assignment.matter][0]
                changes.names = sender_names(uow, self._vault, message)
                result = step(uow, changes, message, assignment)
                changes.write(uow)
                uow.commit()
            return result

        return self._audited(ident, action, work)

    def _audited(self, subject: str, action: str, work: Callable[[], T]) -> T:
        try:
            return transact(self._clock, work)
        except Refused as error:
            self.note(f"{action}.refused", subject, reason=error.what)
            raise

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

    def _unit(self, text: str) -> UnitCode:
        code = self._decider.directory.resolve(text)
        if code is None:
            raise Refused("there is no such unit in the directory", remedy="list codes and names with: fenban units list")
        return code

    def _last_rule(self, uow: UnitOfWork, message: Message) -> str:
        decisions = uow.matters.decisions([MatterId(message.number), message.matter])
        rules = [decision.rule for listed in decisions.values() for decision in listed if decision.number == message.number]
        return rules[-1] if rules else ""

    @staticmethod
    def _expect(message: Message, states: Sequence[MessageState]) -> None:
        if message.state not in states:
            wanted = " or ".join(states)
            raise Refused(f"message {message.number} is {message.state}, not {wanted}")


def target_state(decision: Decision) -> MessageState:
    return OUTCOME_STATES[decision.outcome]


def _says_the_same(standing: Decision, decision: Decision, parts: Sequence[Assignment]) -> bool:
    """Whether the decision that stands, still held by its units, says this already: repeating a command changes nothing."""
    if decision.outcome is Outcome.DISPATCH:
        holding = {part.unit for part in parts if part.state in LIVE}
        if {decision.lead, *decision.co_units} != holding:
            return False
    return all(
        getattr(standing, name) == getattr(decision, name)
        for name in ("version", "outcome", "lead", "co_units", "requirement", "deadline_class", "sealed", "reason")
    )
