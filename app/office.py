"""The office's decisions about messages: release, reject, hold, seal, decide. Each is one audited transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.changes import LIVE, OUTCOME_STATES, Changes
from app.copies import JOIN_WAIVED, part, part_copies
from app.office_assignments import OfficeAssignments
from app.office_matters import OfficeMatters
from app.office_pool import OfficePool
from app.people import masked_words
from app.sealing import seal_matter
from domain.decisions import Assignment, DeadlineClass, Decision, Outcome, Urgency
from domain.errors import Refused
from domain.ids import MatterId, Number, UnitCode
from domain.lifecycle import check_message_move
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class Choice:
    """A reviewer's choice. Units are codes, names or aliases."""

    lead: str
    co_units: tuple[str, ...] = ()
    requirement: str = ""
    deadline_class: DeadlineClass | None = None


class Office(OfficeAssignments, OfficeMatters, OfficePool):
    """Everything the office's people do."""

    def release(self, number: Number, reason: str, states: Sequence[MessageState]) -> None:
        """A held, filtered or rejected message is worked on again, past the rule that stopped it. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            if self._stands(message, MessageState.NEW, states):
                return
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
            if self._stands(message, MessageState.REJECTED, [MessageState.HELD]):
                return
            part_copies(uow, changes, message, lambda _: True)
            changes.settle(message, MessageState.REJECTED, reason=reason)
            changes.note(self.actor, "message.reject", message.number, reason=reason)

        self._message_step(number, "message.reject", step)

    def hold(self, number: Number, reason: str) -> None:
        def step(_: UnitOfWork, changes: Changes, message: Message) -> None:
            if self._stands(message, MessageState.HELD, [MessageState.IN_REVIEW]):
                return
            changes.settle(message, MessageState.HELD, reason=reason)
            changes.note(self.actor, "message.hold", message.number, reason=reason)

        self._message_step(number, "message.hold", step)

    def not_accusation(self, number: Number, reason: str) -> None:
        """A sealed message that is no accusation after all goes the ordinary way, with the reason kept."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            if self._stands(message, MessageState.NEW, [MessageState.SEALED_REVIEW]):
                return
            waived = tuple(dict.fromkeys([*message.waived_rules, *self._seal_rules, self._last_rule(uow, message)]))
            changes.set_matter(replace(changes.matters[message.matter], sealed=False, excluded=()))
            changes.settle(message, MessageState.NEW, reason=reason, sealed=False, waived=waived)
            changes.note(self.actor, "message.unseal", message.number, reason=reason)

        self._message_step(number, "message.unseal", step)

    def seal(self, number: Number, reason: str) -> None:
        """The matter is an accusation: units lose it, what was not sent yet never goes. Raises Refused."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            decision = self._decider.seal(message, rule="person", reason=reason, now=changes.now, actor=self.actor)
            if message.state is MessageState.SEALED_REVIEW:
                before = uow.matters.decisions([message.matter])[message.matter]
                if before and (before[-1].rule, before[-1].reason) == (decision.rule, decision.reason):
                    return
            seal_matter(uow, changes, message, decision)
            changes.note(self.actor, "message.seal", message.number, reason=reason)

        self._message_step(number, "message.seal", step)

    def decide(self, number: Number, choice: Choice) -> Decision:
        """Dispatches a message that waits in review (or sealed review), or a matter that a unit returned. Raises Refused."""

        def build(message: Message, row_excluded: tuple[UnitCode, ...], changes: Changes, waiting: Decision | None) -> Decision:
            return self._decider.by_person(
                message,
                lead=self._unit(choice.lead),
                co_units=[self._unit(unit) for unit in choice.co_units],
                requirement=choice.requirement or (waiting.requirement if waiting else ""),
                deadline_class=choice.deadline_class or _longer_class(waiting),
                urgency=waiting.urgency if waiting else Urgency.NORMAL,
                suggestions=waiting.suggestions if waiting else (),
                model=waiting.model if waiting else "",
                evidence=waiting.evidence if waiting else (),
                excluded=row_excluded,
                sealed=message.sealed,
                actor=self.actor,
                now=changes.now,
            )

        return self._decision_step(number, "matter.decide", build)

    def out_of_remit(self, number: Number, reason: str) -> Decision:
        """Nothing goes to a unit; units that have the matter lose it. Raises Refused."""

        def build(message: Message, row_excluded: tuple[UnitCode, ...], changes: Changes, _: Decision | None) -> Decision:
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

    def _decision_step(
        self, number: Number, action: str, build: Callable[[Message, tuple[UnitCode, ...], Changes, Decision | None], Decision]
    ) -> Decision:
        def step(uow: UnitOfWork, changes: Changes, message: Message) -> Decision:
            standing = uow.assignments.of_matters([message.matter]).get(message.matter, [])
            before = [one for one in uow.matters.decisions([message.matter])[message.matter] if one.number == message.number]
            waiting = before[-1] if before and before[-1].version == message.version else None
            decision = build(message, changes.matters[message.matter].excluded, changes, waiting)
            decision = replace(
                decision,
                requirement=masked_words(decision.requirement, changes.names),
                reason=masked_words(decision.reason, changes.names),
            )
            if before and message.state is target_state(decision) and _says_the_same(before[-1], decision, standing):
                return before[-1]
            self._decidable(message)
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
        raise Refused(
            f"message {message.number} is {message.state}: only one in review, sealed review or dispatched is decided",
            remedy=f"look at it with: fenban show {message.number}",
        )

    def _unit(self, text: str) -> UnitCode:
        code = self._decider.directory.resolve(text)
        if code is None:
            raise Refused(f"there is no unit {text!r} in the directory", remedy="list codes and names with: fenban units list")
        return code

    def _last_rule(self, uow: UnitOfWork, message: Message) -> str:
        decisions = uow.matters.decisions([MatterId(message.number), message.matter])
        rules = [decision.rule for listed in decisions.values() for decision in listed if decision.number == message.number]
        return rules[-1] if rules else ""


def _longer_class(waiting: Decision | None) -> DeadlineClass | None:
    """The rules' complex stays complex; simple leaves it to the number of units."""
    return DeadlineClass.COMPLEX if waiting is not None and waiting.deadline_class is DeadlineClass.COMPLEX else None


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
