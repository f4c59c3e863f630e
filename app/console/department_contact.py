"""A unit that must reach the sender asks the office, and looks at what was granted. Each step is audited (``reveals``)."""

from app.console import reveals
from app.console.department_shown import Document
from app.console.visit import Visit
from app.documents import iso, maybe_iso
from domain.errors import Refused
from domain.reveals import Reveal, RevealState
from store import desk_department as desk

SHOWN = ("name", "phones", "emails", "address")
"""What a unit needs to reach somebody: no ID numbers, accounts or addresses of machines."""


def ask(visit: Visit, found: desk.Part, reason: str) -> bool:
    """Whether it was asked now: what waits or is open already is not asked again. Raises Refused without a reason."""
    now = visit.system.clock.now()
    if any(one.state is RevealState.ASKED or one.open_at(now) for one in _own(visit, found)):
        return False
    reveals.ask(visit.system, visit.me, found.line.message.number, reason, unit=found.line.part.unit)
    return True


def wishes(visit: Visit, found: desk.Part) -> list[Document]:
    """What this person asked for about the part's letter, the newest first."""
    now = visit.system.clock.now()
    return [
        {
            "state": one.state,
            "reason": one.reason,
            "asked_at": iso(one.asked_at),
            "answer": one.answer,
            "expires_at": maybe_iso(one.expires_at),
            "open": one.open_at(now),
        }
        for one in _own(visit, found)
    ]


def view(visit: Visit, found: desk.Part) -> Document:
    """The sender, as far as needed to reach them. Raises Refused while nothing is granted, and after it expired."""
    granted = _own(visit, found)
    if not granted:
        raise Refused("this view was not granted", remedy="wait for the office's answer, or ask again with more reason")
    seen = reveals.view(visit.system, visit.me, granted[0].id)
    sender = {name: _listed(seen.sender.get(name)) for name in SHOWN}
    return {"number": found.line.message.number, "sender": sender, "expires_at": maybe_iso(seen.reveal.expires_at)}


def _own(visit: Visit, found: desk.Part) -> list[Reveal]:
    return reveals.own(visit.system, visit.me, found.line.message.number)


def _listed(value: object) -> list[str]:
    """A sender's value as a list: names are one text, phones several."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
