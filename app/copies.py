"""The letters of one matter: which stands for it, which a person merged into it, and taking them out of it again."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.changes import OPEN, Changes
from app.happened import Event
from domain.decisions import Assignment, Decision
from domain.events import EventType
from domain.ids import MatterId, Number
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork

JOIN_WAIVED = "join"
"""Among a message's waived rules: a person said that it is no copy."""
MERGED = "merged into {}"
"""Why a letter is joined that a person merged, with the matter's number: copies say whose copy they are."""
_MERGED = MERGED.partition("{}")[0]


def letters_of(uow: UnitOfWork, matters: Sequence[MatterId]) -> dict[MatterId, list[Message]]:
    """The letters of each matter, oldest first; of one that was merged away the letter whose number it bears, wherever that is
    now: units whose parts were taken back may still speak of them."""
    found = uow.reads.of_matters(matters)
    gone = [Number(matter) for matter, members in found.items() if not members]
    read = uow.reads.messages(gone) if gone else {}
    return {matter: members or [read[Number(matter)]] for matter, members in found.items() if members or Number(matter) in read}


def standing_for(matter: MatterId, members: Sequence[Message]) -> Message:
    """The letter that the matter is told by: the one whose number it bears. One merged into it may be older."""
    return next((one for one in members if MatterId(one.number) == matter), members[0])


def decided_last(message: Message, decisions: Sequence[Decision]) -> Decision | None:
    """The last decision about the letter; where there is none about it, the last of its matter."""
    own = [decision for decision in decisions if decision.number == message.number]
    return next(reversed(own or decisions), None)


def was_merged(message: Message) -> bool:
    """Whether a person merged it into the matter it is in; else, joined, it is a copy by the same sender."""
    return message.state is MessageState.JOINED and message.reason.startswith(_MERGED)


def merged_letters(members: Sequence[Message]) -> tuple[Message, ...]:
    """Those of a matter's letters that say something of their own and must be answered beside the one that stands for it."""
    return tuple(one for one in members if was_merged(one))


def part(uow: UnitOfWork, changes: Changes, message: Message) -> Message:
    """The message standing for itself again."""
    own = MatterId(message.number)
    if own not in changes.matters:
        changes.matters.update(uow.matters.lock([own]))
    changes.set_matter(replace(changes.matters[own], merged_into=None))
    return replace(message, matter=own)


def part_copies(uow: UnitOfWork, changes: Changes, message: Message, wanted: Callable[[Message], bool]) -> None:
    """Letters joined to this message's matter that are ``wanted`` are looked at again as matters of their own."""
    for copy in uow.reads.of_matters([message.matter]).get(message.matter, []):
        if copy.state is MessageState.JOINED and copy.number != message.number and wanted(copy):
            part(uow, changes, copy)
            reason = f"no longer merged into {message.matter}" if was_merged(copy) else f"no longer a copy of {message.number}"
            changes.settle(copy, MessageState.NEW, reason=reason, matter=MatterId(copy.number))


def tell_units(
    changes: Changes,
    matter: MatterId,
    members: Sequence[Message],
    parts: Sequence[Assignment],
    decision: Decision | None,
    change: str,
) -> None:
    """Units that still work on the matter get it whole, with the letters it has now: ``members``, the one that stands for it too."""
    changes.others[matter] = merged_letters(members)
    message = standing_for(matter, members)
    for one in parts:
        if decision is not None and changes.changed.get(one.id, one).state in OPEN:
            changes.emit(Event(EventType.UPDATED, one, message, changes.matters[matter], decision, change=change))
