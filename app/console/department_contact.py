"""A unit that must reach the sender asks the office, and looks at what was granted. Each step is audited (``reveals``)."""

from collections.abc import Sequence

from app.console import reveals
from app.console.department_shown import Document
from app.console.visit import Visit
from app.documents import iso, maybe_iso
from domain.errors import Refused
from domain.ids import Number
from domain.messages import Message
from domain.reveals import Reveal, RevealState
from store import desk_department as desk

SHOWN = ("name", "phones", "emails", "address")
"""What a unit needs to reach somebody: no ID numbers, accounts or addresses of machines."""


def numbers(found: desk.Part, letters: Sequence[Message]) -> list[Number]:
    """The letters of the part whose senders may be asked for: its own, and those merged into its matter."""
    return [found.line.message.number, *(one.number for one in letters)]


def chosen(letter: str, known: Sequence[Number]) -> Number:
    """The letter named, the part's own where none is. Raises NotThere for one of another matter."""
    number = Number(letter) if letter else known[0]
    if number not in known:
        raise reveals.not_there(letter)
    return number


def ask(visit: Visit, found: desk.Part, number: Number, reason: str) -> bool:
    """Whether it was asked now: what waits or is open already is not asked again. Raises Refused without a reason."""
    now = visit.system.clock.now()
    if any(one.state is RevealState.ASKED or one.open_at(now) for one in _own(visit, number)):
        return False
    reveals.ask(visit.system, visit.me, number, reason, unit=found.line.part.unit)
    return True


def wishes(visit: Visit, known: Sequence[Number]) -> list[Document]:
    """What this person asked for about the part's letters, of each the newest first."""
    now = visit.system.clock.now()
    return [
        {
            "number": number,
            "state": one.state,
            "reason": one.reason,
            "asked_at": iso(one.asked_at),
            "answer": one.answer,
            "expires_at": maybe_iso(one.expires_at),
            "open": one.open_at(now),
        }
        for number in known
        for one in _own(visit, number)
    ]


def view(visit: Visit, number: Number) -> Document:
    """The sender, as far as needed to reach them. Raises Refused while nothing is granted, and after it expired."""
    granted = _own(visit, number)
    if not granted:
        raise Refused("this view was not granted", remedy="wait for the office's answer, or ask again with more reason")
    seen = reveals.view(visit.system, visit.me, granted[0].id)
    sender = {name: _listed(seen.sender.get(name)) for name in SHOWN}
    return {"number": number, "sender": sender, "expires_at": maybe_iso(seen.reveal.expires_at)}


def _own(visit: Visit, number: Number) -> list[Reveal]:
    return reveals.own(visit.system, visit.me, number)


def _listed(value: object) -> list[str]:
    """A sender's value as a list: names are one text, phones several."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
