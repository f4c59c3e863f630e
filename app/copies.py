"""Taking copies out of a matter again: what was one matter need not stay one."""

from collections.abc import Callable
from dataclasses import replace

from app.changes import Changes
from domain.ids import MatterId
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork

JOIN_WAIVED = "join"
"""Among a message's waived rules: a person said that it is no copy."""


def part(uow: UnitOfWork, changes: Changes, message: Message) -> Message:
    """The message standing for itself again."""
    own = MatterId(message.number)
    if own not in changes.matters:
        changes.matters.update(uow.matters.lock([own]))
    changes.set_matter(replace(changes.matters[own], merged_into=None))
    return replace(message, matter=own)


def part_copies(uow: UnitOfWork, changes: Changes, message: Message, wanted: Callable[[Message], bool]) -> None:
    """Copies joined to this message's matter that are ``wanted`` are looked at again as matters of their own."""
    for copy in uow.reads.of_matters([message.matter]).get(message.matter, []):
        if copy.state is MessageState.JOINED and copy.number != message.number and wanted(copy):
            part(uow, changes, copy)
            reason = f"no longer a copy of {message.number}"
            changes.settle(copy, MessageState.NEW, reason=reason, matter=MatterId(copy.number))
