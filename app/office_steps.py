"""How a step of the office is done: found, locked, done, audited, committed; a refusal is audited too."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from app.changes import Changes
from app.copies import letters_of, merged_letters, standing_for
from app.happened import EventMaker
from app.people import matter_names
from app.repeats import history_of, locked_past
from app.retry import transact
from domain.decisions import Assignment
from domain.errors import Refused, RetryLater
from domain.ids import AssignmentId, MatterId, Number
from domain.messages import Message, MessageState
from domain.ports import Clock, Store, UnitOfWork, Vault
from route.calendar import WorkingCalendar
from route.dead_letters import DeadLetters
from route.decide import Decider

T = TypeVar("T")

Settling = Callable[[UnitOfWork, Message], None]
"""Done first in a step's transaction, once its matter is held; what it raises ends the step."""


class OfficeSteps:
    """``actor`` names the person in the audit log; ``seal_rules`` are all the screens that a person's word overrules.
    ``settling`` is done first in each step about a message."""

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
        dead_letters: DeadLetters,
        settling: Settling | None = None,
    ) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._decider = decider
        self._calendar = calendar
        self._make_event = make_event
        self.actor = actor
        self._seal_rules = seal_rules
        self._dead_letters = dead_letters
        self._settling = settling

    def note(self, action: str, subject: str, **detail: object) -> None:
        """An audit entry of its own: an export, a backup, a listing of sealed matters."""

        def work() -> None:
            changes = Changes(self._clock.now(), self._make_event)
            changes.note(self.actor, action, subject, **detail)
            with self._store.unit_of_work() as uow:
                changes.write(uow)
                uow.commit()

        transact(self._clock, work)

    def _message_step(
        self, number: Number, action: str, step: Callable[[UnitOfWork, Changes, Message], T], *, whole_matter: bool = True
    ) -> T:
        """Finds the message, locks its matter, does the step and commits; a refusal is audited. ``whole_matter``: by the
        number of a copy the step is done to the message that stands for the matter."""

        def work() -> T:
            with self._store.unit_of_work() as uow:
                message = _standing(uow, number, whole_matter=whole_matter)
                matters = uow.matters.lock([message.matter])
                if not uow.alone and _standing(uow, number, whole_matter=whole_matter) != message:
                    raise RetryLater(f"message {number} moved on under another process", remedy="the step is tried again")
                if self._settling is not None:
                    self._settling(uow, message)
                changes = Changes(self._clock.now(), self._make_event, matters)
                self._know(uow, changes, message.matter)
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
                assignment = uow.assignments.get(ident) or assignment
                message = standing_for(assignment.matter, self._know(uow, changes, assignment.matter))
                result = step(uow, changes, message, assignment)
                changes.write(uow)
                uow.commit()
            return result

        return self._audited(ident, action, work)

    def _matters_step(
        self, numbers: Sequence[Number], action: str, step: Callable[[UnitOfWork, Changes, Mapping[Number, Message]], T]
    ) -> T:
        """As ``_message_step`` about several letters, whatever matters they are in: these, and those that any of their letters
        was once, are locked at once."""

        def work() -> T:
            with self._store.unit_of_work() as uow:
                found, members = _with_company(uow, numbers)
                wanted = {one.matter for one in found.values()} | {MatterId(one.number) for one in members}
                matters = uow.matters.lock(sorted(wanted))
                if not uow.alone and _with_company(uow, numbers) != (found, members):
                    raise RetryLater(f"message {numbers[0]} moved on under another process", remedy="the step is tried again")
                changes = Changes(self._clock.now(), self._make_event, matters)
                result = step(uow, changes, found)
                changes.write(uow)
                uow.commit()
            return result

        return self._audited(numbers[0], action, work)

    def _know(self, uow: UnitOfWork, changes: Changes, matter: MatterId) -> list[Message]:
        """The matter's letters, whose senders' names are masked from here on and which its units are told of; and what
        units did with the matter that it repeats."""
        members = letters_of(uow, [matter])[matter]
        changes.names = tuple(dict.fromkeys((*changes.names, *matter_names(uow, self._vault, members))))
        if others := merged_letters(members):
            changes.others[matter] = others
        if past := locked_past(uow, changes.matters[matter].repeat_of):
            changes.histories[matter] = history_of(*past)
        return members

    def _audited(self, subject: str, action: str, work: Callable[[], T]) -> T:
        try:
            return transact(self._clock, work)
        except Refused as error:
            self.note(f"{action}.refused", subject, reason=error.what)
            raise

    @staticmethod
    def _expect(message: Message, states: Sequence[MessageState]) -> None:
        if message.state not in states:
            wanted = " or ".join(states)
            raise Refused(
                f"message {message.number} is {message.state}, not {wanted}",
                remedy=f"look at it with: fenban show {message.number}",
            )

    def _stands(self, message: Message, wanted: MessageState, states: Sequence[MessageState]) -> bool:
        """Whether it has come to be so already: a step that is repeated changes nothing. Else it must be in one of the states."""
        if message.state is wanted:
            return True
        self._expect(message, states)
        return False


def _with_company(uow: UnitOfWork, numbers: Sequence[Number]) -> tuple[dict[Number, Message], list[Message]]:
    """The messages, and all that are in their matters. Raises Refused when one is not there."""
    found = uow.reads.messages(numbers)
    for number in numbers:
        if number not in found:
            raise Refused(f"there is no message {number}", remedy="look it up with: fenban export matters --json")
    company = uow.reads.of_matters(sorted({one.matter for one in found.values()}))
    return found, [one for members in company.values() for one in members]


def _standing(uow: UnitOfWork, number: Number, *, whole_matter: bool) -> Message:
    """The message, or the one that stands for its matter. Raises Refused when there is none."""
    message = uow.reads.messages([number]).get(number)
    if message is None:
        raise Refused(f"there is no message {number}", remedy="look it up with: fenban export matters --json")
    if whole_matter and message.state is MessageState.JOINED:
        return uow.reads.messages([Number(message.matter)])[Number(message.matter)]
    return message
