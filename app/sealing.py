"""Sealing a matter: ordinary units lose it without a reason, what was not sent yet never goes, copies are sealed alone."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.changes import LIVE, Changes
from app.copies import decided_last, merged_letters, standing_for
from app.happened import Event, OthersWrote
from domain.decisions import Decision, Outcome
from domain.events import EventType, OutboxState, sealed_topic
from domain.ids import MatterId, Number, UnitCode
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork
from store.earlier import untold

SEALED_TOPICS = sealed_topic(UnitCode(""))
TAKING_BACK = frozenset({EventType.RECALL, EventType.OFFER_CLOSED})
"""Without a word of the letter: who was to lose the matter must hear of it all the more."""
TELLING = frozenset({EventType.ASSIGNED, EventType.UPDATED})
"""What tells a matter's units of the earlier one that it repeats."""


def seal_matter(uow: UnitOfWork, changes: Changes, message: Message, decision: Decision, *, worker: str = "") -> list[Number]:
    """Seals the message's matter: every message of it becomes a sealed matter of its own; returns the numbers sealed.

    A decision that dispatches gives this message's matter to its units at once; any other waits in sealed review.
    """
    matter = message.matter
    others = [other for other in uow.reads.of_matters([matter]).get(matter, []) if other.number != message.number]
    gone = {matter, MatterId(message.number), *(MatterId(other.number) for other in others)}
    changes.matters.update(uow.matters.lock(sorted(gone - changes.matters.keys())))
    standing = uow.assignments.of_matters([matter])[matter] if changes.matters[matter].sequence else []
    # Of a matter that no unit had there is nothing to tell.
    repeats = uow.reads.waiting_repeats(sorted(gone)) if standing else []
    changes.matters.update(uow.matters.lock(sorted(set(repeats) - changes.matters.keys())))
    outstanding = [
        record.id
        for record in uow.reads.outstanding(matter)
        if record.type not in TAKING_BACK and not record.topic.startswith(SEALED_TOPICS)
    ]
    if message.version > 1 or message.state is not MessageState.NEW:
        # Others' units were told that this person wrote too: the linker tells them anew, without this letter.
        outstanding += uow.similar.untell(sorted(gone))
    if outstanding:
        uow.outbox.move(outstanding, OutboxState.DISCARDED, "sealed", changes.now)
    for repeat in repeats:
        _tell_without(uow, changes, repeat)
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


def _tell_without(uow: UnitOfWork, changes: Changes, repeat: MatterId) -> None:
    """What waits to be sent of a matter that repeats the sealed one tells of it: it never goes, and what it said else goes anew."""
    waiting = [
        record
        for record in uow.reads.outstanding(repeat)
        if record.type in TELLING and not record.topic.startswith(SEALED_TOPICS)
    ]
    if not waiting:
        return
    uow.outbox.move([record.id for record in waiting], OutboxState.DISCARDED, "sealed", changes.now)
    messages, decisions = uow.reads.of_matters([repeat])[repeat], uow.matters.decisions([repeat])[repeat]
    changes.histories.pop(repeat, None)
    if others := merged_letters(messages):
        changes.others[repeat] = others
    message = standing_for(repeat, messages)
    decision = decided_last(message, decisions)
    told = untold(decision) if decision is not None else None
    parts = {part.id: part for part in uow.assignments.of_matters([repeat])[repeat]}
    for record in waiting:
        said = json.loads(record.value)
        part = parts.get(said["assignment"])
        if part is not None and part.state in LIVE and not part.sealed:
            row, change, similar = changes.matters[repeat], said.get("change", ""), _others_wrote(said)
            changes.emit(Event(record.type, part, message, row, told, change=change, similar=similar))


def _others_wrote(said: Mapping[str, Any]) -> OthersWrote | None:
    found = said.get("similar")
    return None if found is None else OthersWrote(found["count"], datetime.fromisoformat(found["since"]))
