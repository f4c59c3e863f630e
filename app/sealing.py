"""Sealing a matter: ordinary units lose it without a reason, what was not sent yet never goes, copies are sealed alone."""

from dataclasses import replace

from app.changes import Changes
from domain.decisions import Decision, Outcome
from domain.events import OutboxState, sealed_topic
from domain.ids import MatterId, Number, UnitCode
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork

SEALED_TOPICS = sealed_topic(UnitCode(""))


def seal_matter(uow: UnitOfWork, changes: Changes, message: Message, decision: Decision, *, worker: str = "") -> list[Number]:
    """Seals the message's matter and every message in it; returns the numbers sealed.

    A decision that dispatches gives the sealed matter to its units at once; any other waits in sealed review.
    """
    matter = message.matter if message.matter in changes.matters else MatterId(message.number)
    if matter not in changes.matters:
        changes.matters.update(uow.matters.lock([matter]))
    standing = uow.assignments.of_matters([matter])[matter] if changes.matters[matter].sequence else []
    others = [other for other in uow.reads.of_matters([matter]).get(matter, []) if other.number != message.number]
    outstanding = [record.id for record in uow.reads.outstanding(matter) if not record.topic.startswith(SEALED_TOPICS)]
    if outstanding:
        uow.outbox.move(outstanding, OutboxState.DISCARDED, "sealed", changes.now)
    for assignment in standing:
        if not assignment.sealed:
            changes.take_back(assignment, replace(message, sealed=True))
    for other in others:
        _seal_apart(uow, changes, other, decision)
    row = changes.matters[matter]
    changes.set_matter(replace(row, sealed=True, excluded=tuple(sorted({*row.excluded, *decision.excluded})), repeat_of=None))
    changes.decide(matter, decision)
    if decision.outcome is Outcome.DISPATCH:
        changes.dispatch(replace(message, sealed=True), decision, standing)
        changes.settle(message, MessageState.DISPATCHED, reason=decision.rule, sealed=True, worker=worker)
    else:
        changes.settle(message, MessageState.SEALED_REVIEW, reason=decision.reason or decision.rule, sealed=True, worker=worker)
    return [message.number, *(other.number for other in others)]


def _seal_apart(uow: UnitOfWork, changes: Changes, other: Message, decision: Decision) -> None:
    """A copy becomes a sealed matter of its own, to be decided by a sealed reviewer."""
    own = MatterId(other.number)
    if own not in changes.matters:
        changes.matters.update(uow.matters.lock([own]))
    changes.set_matter(replace(changes.matters[own], sealed=True, merged_into=None, excluded=decision.excluded))
    apart = replace(decision, number=other.number, version=other.version, outcome=Outcome.SEALED_REVIEW, lead=None, co_units=())
    changes.decide(own, apart)
    changes.settle(other, MessageState.SEALED_REVIEW, reason=decision.rule, matter=own, sealed=True)
