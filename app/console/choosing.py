"""A reviewer chooses at the desk: checked at once, kept for a while in which it may be taken back, decided afterwards."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.console.reveals import masked, not_there, note, write
from app.wiring import System
from domain.accounts import Account, Role, Viewer
from domain.choices import ALLOWED, Action, Chosen, ReviewChoice, Seen
from domain.errors import Refused
from domain.ids import Number, UnitCode
from domain.messages import Message
from domain.records import MatterRow
from store.choices import SqlChoices
from store.engine import Transaction
from store.matters import SqlMatters
from store.reads import SqlReads
from store.reveals import visible_message

SHOWN_HOURS = 12
SHOWN = 12


def choose(system: System, account: Account, number: Number, choice: ReviewChoice) -> int:
    """Keeps the choice until it is due; its id. Raises NotThere for a letter that the account may not see, Refused for what
    may not be chosen, and where a choice for the letter waits already."""
    if not account.has(Role.REVIEWER, Role.SEALED_REVIEWER) or account.has(Role.HANDLER):
        raise Refused("your role may not do this", remedy="ask an administrator")

    def step(tx: Transaction, now: datetime) -> int:
        message, matter = _held(tx, Viewer.of(account), number)
        _check(system, message, matter, choice)
        if number in SqlChoices(tx).waiting([number]):
            raise Refused(f"a choice for {number} waits already", remedy="it goes out shortly; or ask who chose to take it back")
        decided = SqlMatters(tx).decisions([message.matter])[message.matter]
        seen = Seen(message.version, message.state, sum(one.number == number for one in decided))
        due = now + timedelta(seconds=system.settings.console.undo_seconds)
        kept = _without_personal(system, tx, number, choice)
        ident = SqlChoices(tx).add(number, account.id, kept, seen, now, due)
        note(tx, now, account.login, "review.choose", number, choice=choice.action, lead=choice.lead, reason=kept.reason)
        return ident

    return write(system, step)


def undo(system: System, account: Account, ident: int) -> Number:
    """Takes one's own choice back; its message's number. Raises Refused when it went out already."""

    def step(tx: Transaction, now: datetime) -> Number:
        number = SqlChoices(tx).undo(ident, account.id, now)
        if number is None:
            raise Refused("this choice can no longer be taken back", remedy="open the letter and decide it anew")
        note(tx, now, account.login, "review.undo", number)
        return number

    return write(system, step)


def lately(system: System, account: Account) -> list[Chosen]:
    """The account's choices that wait, and what became of those of the last hours; newest first."""
    since = system.clock.now() - timedelta(hours=SHOWN_HOURS)
    with system.store.transaction(write=False) as tx:
        return SqlChoices(tx).of(account.id, Viewer.of(account), since, SHOWN)


def waiting_for(system: System, numbers: Sequence[Number]) -> dict[Number, Chosen]:
    """Whoever chose. Only for numbers that the reader was shown."""
    with system.store.transaction(write=False) as tx:
        return SqlChoices(tx).waiting(numbers)


def _held(tx: Transaction, viewer: Viewer, number: Number) -> tuple[Message, MatterRow]:
    """The message and its matter, held until the transaction ends. Raises NotThere."""
    before = SqlReads(tx).messages([number]).get(number)
    if before is None or not visible_message(tx, number, viewer):
        raise not_there(number)
    matter = SqlMatters(tx).lock([before.matter])[before.matter]
    message = SqlReads(tx).messages([number])[number]
    if message.matter != matter.id:
        raise Refused(f"message {number} changed just now", remedy="open it anew")
    return message, matter


def _check(system: System, message: Message, matter: MatterRow, choice: ReviewChoice) -> None:
    """As the office's step will check it again. Raises Refused."""
    if choice.action not in ALLOWED.get(message.state, ()):
        raise Refused(f"message {message.number} is {message.state}: this cannot be chosen for it", remedy="open it anew")
    if choice.action is not Action.DECIDE:
        if not choice.reason.strip():
            raise Refused("this choice needs its reason", remedy="write a few words why")
        return
    if choice.lead is None:
        raise Refused("choose the lead unit first", remedy="press 1 to 5, or / to look for a unit")
    system.decider.by_person(
        message,
        actor="",
        now=system.clock.now(),
        lead=choice.lead,
        co_units=choice.co_units,
        deadline_class=choice.deadline_class,
        excluded=matter.excluded,
    )


def _without_personal(system: System, tx: Transaction, number: Number, choice: ReviewChoice) -> ReviewChoice:
    return ReviewChoice(
        choice.action,
        choice.lead if choice.action is Action.DECIDE else None,
        choice.co_units if choice.action is Action.DECIDE else (),
        masked(system, tx, number, choice.requirement) if choice.requirement else "",
        choice.deadline_class,
        masked(system, tx, number, choice.reason) if choice.reason else "",
    )


def unit_code(system: System, said: str) -> UnitCode:
    """A code, name or alias of the directory. Raises Refused."""
    code = system.directory.resolve(said)
    if code is None:
        raise Refused(f"there is no unit {said!r} in the directory", remedy="look for it with /")
    return code
