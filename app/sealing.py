"""Sealing a matter: ordinary units lose it without a reason, what was not sent yet never goes, copies are sealed alone."""

from dataclasses import replace

from app.changes import Changes
from domain.decisions import Decision, Outcome
from domain.events import EventType, OutboxState, sealed_topic
from domain.ids import MatterId, Number, UnitCode
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork

SEALED_TOPICS = sealed_topic(UnitCode(""))
TAKING_BACK = frozenset({EventType.RECALL, EventType.OFFER_CLOSED})
"""Without a word of the letter: who was to lose the matter must hear of it all the more."""


def seal_matter(uow: UnitOfWork, changes: Changes, message: Message, decision: Decision, *, worker: str = "") -> list[Number]:
    """Seals the message's matter: every message of it becomes a sealed matter of its own; returns the numbers sealed.

    A decision that dispatches gives this message's matter to its units at once; any other waits in sealed review.
    """
    matter = message.matter
    others = [other for other in uow.reads.of_matters([matter]).get(matter, []) if other.number != message.number]
    wanted = {matter, MatterId(message.number), *(MatterId(other.number) for other in others)} - changes.matters.keys()
    changes.matters.update(uow.matters.lock(sorted(wanted)))
    standing = uow.assignments.of_matters([matter])[matter] if changes.matters[matter].sequence else []
    outstanding = [
        record.id
        for record in uow.reads.outstanding(matter)
        if record.type not in TAKING_BACK and not record.topic.startswith(SEALED_TOPICS)
    ]
    if outstanding:
        uow.outbox.move(outstanding, OutboxState.DISCARDED, "sealed", changes.now)
    for assignment in standing:
        if not assignment.sealed:
            changes.take_back(assignment, replace(message, sealed=True))
    for other in others:
        apart = replace(
            decision, number=other.number, version=other.version, outcome=Outcome.SEALED_REVIEW, lead=None, co_units=()
        )
        _seal_one(changes, other, apart)
    own = _seal_one(changes, message, decision, worker=worker)
    if decision.outcome is Outcome.DISPATCH:
        changes.dispatch(own, decision, standing if own.matter == matter else [])
    return [message.number, *(other.number for other in others)]


def _seal_one(changes: Changes, message: Message, decision: Decision, *, worker: str = "") -> Message:
    """The message as a sealed matter of its own."""
    own = MatterId(message.number)
    row = changes.matters[own]
    excluded = tuple(sorted({*row.excluded, *decision.excluded}))
    changes.set_matter(replace(row, sealed=True, merged_into=None, excluded=excluded, repeat_of=None))
    changes.decide(own, decision)
    state = MessageState.DISPATCHED if decision.outcome is Outcome.DISPATCH else MessageState.SEALED_REVIEW
    if message.state is not state or message.matter != own or not message.sealed:
        changes.settle(message, state, reason=decision.reason or decision.rule, matter=own, sealed=True, worker=worker)
    return replace(message, matter=own, sealed=True)
