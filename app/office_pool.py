"""The pool (认领): a letter that no unit is known for is open to all of them, until one claims it or the office decides."""

from dataclasses import replace

from app.changes import Changes
from app.happened import Offer
from app.offers import OPEN_TO_ALL, POOL_RULE, enclosed
from app.office_steps import OfficeSteps
from app.people import masked_words
from domain.decisions import DeadlineClass, Decision, Outcome, Urgency
from domain.errors import Refused
from domain.ids import Number
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork


class OfficePool(OfficeSteps):
    """Each step is one audited transaction. The message stays in review all the while."""

    def offer(self, number: Number, *, requirement: str = "", deadline_class: DeadlineClass | None = None) -> None:
        """Opens a letter in review for claiming. Offered again in other words, the new ones stand. Raises Refused for a
        matter that is sealed, has excluded units or may accuse one: it would be shown to everybody."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            self._expect(message, [MessageState.IN_REVIEW])
            row = changes.matters[message.matter]
            latest = self._latest_decision(uow, message)
            if enclosed(message, row, latest):
                what = "a matter that is sealed, has excluded units or may accuse one is not shown to every unit"
                raise Refused(what, remedy="decide about it: fenban review decide")
            decision = self._waiting(changes, message, latest, POOL_RULE, OPEN_TO_ALL)
            decision = replace(
                decision,
                requirement=masked_words(requirement, changes.names) or decision.requirement,
                deadline_class=deadline_class or decision.deadline_class,
            )
            if uow.pool.offered([row.id]) and latest is not None and _same_offer(latest, decision):
                return
            changes.decide(row.id, decision)
            changes.emit(Offer(row, message, decision))
            changes.note(self.actor, "pool.offer", message.number, requirement=decision.requirement)

        self._message_step(number, "pool.offer", step)

    def withdraw_offer(self, number: Number, reason: str) -> None:
        """Takes a letter out of the pool; it goes on waiting for the office. Raises Refused when it is not there."""

        def step(uow: UnitOfWork, changes: Changes, message: Message) -> None:
            row = changes.matters[message.matter]
            if not uow.pool.offered([row.id]):
                raise Refused(f"message {message.number} is not open for claiming", remedy="look it up with: fenban pool list")
            said = masked_words(reason, changes.names)
            changes.decide(row.id, self._waiting(changes, message, self._latest_decision(uow, message), "person", said))
            changes.emit(Offer(row))
            changes.note(self.actor, "pool.withdraw", message.number, reason=reason)

        self._message_step(number, "pool.withdraw", step)

    def _waiting(self, changes: Changes, message: Message, latest: Decision | None, rule: str, reason: str) -> Decision:
        """A decision that leaves the letter in review, with the suggestions it had."""
        base = latest if latest is not None and latest.version == message.version else None
        return Decision(
            number=message.number,
            version=message.version,
            outcome=Outcome.REVIEW,
            rule=rule,
            decided_at=changes.now,
            requirement=base.requirement if base else "",
            deadline_class=base.deadline_class if base else DeadlineClass.SIMPLE,
            urgency=base.urgency if base else Urgency.NORMAL,
            reason=reason,
            model=base.model if base else "",
            threshold=base.threshold if base else None,
            suggestions=base.suggestions if base else (),
            evidence=base.evidence if base else (),
            actor=self.actor,
        )

    @staticmethod
    def _latest_decision(uow: UnitOfWork, message: Message) -> Decision | None:
        found = [one for one in uow.matters.decisions([message.matter])[message.matter] if one.number == message.number]
        return found[-1] if found else None


def _same_offer(standing: Decision, decision: Decision) -> bool:
    return all(
        getattr(standing, name) == getattr(decision, name)
        for name in ("version", "rule", "requirement", "deadline_class", "urgency")
    )
