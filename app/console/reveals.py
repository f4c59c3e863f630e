"""Asking to see a sender and the original, granting it, looking at it. Each step is one transaction and audited.

A person asks with a reason; another of the office answers; what was granted opens for ``[console] reveal_hours``. Sealed
matters' are asked for and answered by sealed reviewers only: nobody else knows of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from app.codec import CAPTURE, parts_from
from app.console.guard import NotThere
from app.people import masked_words, names_in
from app.transactions import audit_entry, writing
from app.wiring import System
from domain.accounts import Account, Viewer
from domain.errors import HaltForPerson, Refused, RejectItem
from domain.ids import Number, UnitCode
from domain.messages import Attachment, Capture, Message
from domain.reveals import Reveal, RevealState, may_answer, may_ask
from store.audit import SqlAudit
from store.engine import Transaction
from store.reads import SqlReads
from store.reveals import SqlReveals, visible_message
from store.vault_rows import SqlVault

T = TypeVar("T")
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Revealed:
    """What a granted view shows. ``sender`` as the channel gave it: name, phones, id_numbers, emails, account, address, ip."""

    reveal: Reveal
    subject: str
    body: str
    addressed_to: str
    place: str
    sender: dict[str, Any]
    attachments: tuple[str, ...]


def ask(system: System, account: Account, number: Number, reason: str, *, unit: UnitCode | None = None) -> int:
    """Asks to see a letter's sender and original; the wish's id. ``unit``: for which of the account's units a handler asks,
    None for the first. Raises NotThere for a letter that the account may not see, Refused without a reason or where one
    waits or is open already."""
    viewer = Viewer.of(account)
    if not may_ask(account):
        raise Refused("your role may not ask for this", remedy="ask a reviewer")
    if unit is not None and unit not in account.units:
        raise Refused("you do not belong to this unit", remedy="ask for one of your own units")
    asking = unit or (account.units[0] if account.units else None)

    def step(tx: Transaction, now: datetime) -> int:
        if not visible_message(tx, number, viewer):
            raise not_there(number)
        if not reason.strip():
            raise Refused("a reveal needs its reason")
        wishes = SqlReveals(tx)
        if any(one.state is RevealState.ASKED or one.open_at(now) for one in wishes.of(account.id, viewer, number)):
            raise Refused("you asked for this already", remedy="see what the office answered")
        said = masked(system, tx, number, reason)
        ident = wishes.add(number, account.id, asking, said, now)
        note(tx, now, account.login, "reveal.ask", number, reason=said, unit=asking or "")
        return ident

    return write(system, step)


def pending(system: System, account: Account) -> list[Reveal]:
    """What waits for an answer that this account may give, the oldest first."""
    with system.store.transaction(write=False) as tx:
        return [one for one in SqlReveals(tx).asked(Viewer.of(account), but=account.id) if may_answer(account, one)]


def own(system: System, account: Account, number: Number | None = None) -> list[Reveal]:
    """What this account asked for, newest first; of one letter only where its number is given."""
    with system.store.transaction(write=False) as tx:
        return SqlReveals(tx).of(account.id, Viewer.of(account), number)


def answer(system: System, account: Account, ident: int, *, grant: bool, reason: str = "") -> None:
    """Grants or refuses; a refusal needs its reason. Raises NotThere, Refused."""

    def step(tx: Transaction, now: datetime) -> None:
        reveal = SqlReveals(tx).get(ident, Viewer.of(account))
        if reveal is None:
            raise not_there(ident)
        if not may_answer(account, reveal):
            raise Refused("another person of the office must answer this", remedy="ask a second reviewer or a supervisor")
        if not grant and not reason.strip():
            raise Refused("a refusal needs its reason")
        said = masked(system, tx, reveal.number, reason)
        state = RevealState.GRANTED if grant else RevealState.REFUSED
        expires = now + timedelta(hours=system.settings.console.reveal_hours) if grant else None
        if not SqlReveals(tx).answer(ident, state, account.login, said, now, expires):
            raise Refused("this was answered already", remedy="open the page anew")
        note(tx, now, account.login, f"reveal.{'grant' if grant else 'refuse'}", reveal.number, reason=said, to=reveal.login)

    write(system, step)


def view(system: System, account: Account, ident: int) -> Revealed:
    """The original and the sender, once more in the audit log. Raises NotThere for another's wish or a letter that may no
    longer be seen, Refused for one that is not granted or has expired."""
    reveal = _open(system, account, ident)
    found = system.office(account.login).reveal(reveal.number, reveal.reason)
    names = tuple(one.name for one in attachments(system, reveal.number))
    return Revealed(reveal, found["subject"], found["body"], found["addressed_to"], found["place"], dict(found["sender"]), names)


def attachment(system: System, account: Account, ident: int, place: int) -> Attachment:
    """One attachment of a granted original, from 0, audited. Raises NotThere, Refused."""
    reveal = _open(system, account, ident)
    files = attachments(system, reveal.number)
    if not 0 <= place < len(files):
        raise not_there(place)
    system.office(account.login).note("message.attachment", reveal.number, reason=reveal.reason, place=place + 1)
    return files[place]


def attachments(system: System, number: Number) -> tuple[Attachment, ...]:
    """As the channel gave them; none where the bytes are gone, are not understood, or the channel is no longer configured."""
    with system.store.transaction(write=False) as tx:
        message = SqlReads(tx).messages([number]).get(number)
        sealed = SqlVault(tx).of([message.owner]).get(message.owner, ()) if message is not None else ()
    values = [value for value in sealed if value.name == CAPTURE]
    parser = system.parsers.get(message.channel) if message is not None else None
    if message is None or not values or parser is None:
        return ()
    try:
        capture = _capture(message, system.vault.open(values[-1]))
        return parser.understand(capture).attachments
    except (HaltForPerson, RejectItem):
        return ()


def attachment_names(system: System, number: Number) -> tuple[str, ...]:
    """Masked: a file's name often says whose it is."""
    files = attachments(system, number)
    if not files:
        return ()
    with system.store.transaction(write=False) as tx:
        return tuple(masked(system, tx, number, one.name) for one in files)


def not_there(what: object) -> NotThere:
    return NotThere(f"there is no {what}, or you may not see it", remedy="look for it in the register")


def _open(system: System, account: Account, ident: int) -> Reveal:
    with system.store.transaction(write=False) as tx:
        reveal = SqlReveals(tx).get(ident, Viewer.of(account))
    if reveal is None or reveal.account != account.id:
        raise not_there(ident)
    if reveal.state is not RevealState.GRANTED:
        raise Refused("this view was not granted", remedy="wait for the office's answer, or ask again with more reason")
    if not reveal.open_at(system.clock.now()):
        raise Refused("this view has expired", remedy="ask again")
    return reveal


def _capture(message: Message, data: bytes) -> Capture:
    return Capture(message.channel, message.external_id, message.registered_at, parts_from(data))


def masked(system: System, tx: Transaction, number: Number, said: str) -> str:
    """What a person typed, without personal data and the sender's name."""
    owner = SqlReads(tx).messages([number])[number].owner
    names = names_in(system.vault, SqlVault(tx).of([owner]).get(owner, ()))
    return masked_words(said.strip()[:LONGEST_REASON], names)


def note(tx: Transaction, now: datetime, actor: str, action: str, subject: str, **detail: object) -> None:
    SqlAudit(tx).append([audit_entry(now, actor, action, subject, **detail)])


def write(system: System, work: Callable[[Transaction, datetime], T]) -> T:
    return writing(system.store, system.clock, work)
