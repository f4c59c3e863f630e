"""What became of a suggestion: whether the model was right, as far as answers, returns and persons have said so far."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.decisions import Suggestion
from domain.ids import MatterId, Number, UnitCode


class Source(StrEnum):
    """What an outcome is known by."""

    CHOSEN = "chosen"
    RETURNED = "returned"
    COMPLETED = "completed"
    REFERRED = "referred"


@dataclass(frozen=True, slots=True)
class Said:
    """One word on whose matter a letter was: a person gave it to ``unit``, or the unit completed it (``reply``) or gave it back,
    naming ``other`` or nobody."""

    at: datetime
    source: Source
    unit: UnitCode
    other: UnitCode | None = None
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """The program's last decision about a letter for which a model suggested something, and what was said since, oldest first.

    ``automatic``: the model gave it to ``lead`` without a person; ``drawn``: it would have, and a person got it by lot.
    """

    decision: int
    number: Number
    matter: MatterId
    decided_at: datetime
    model: str
    threshold: float | None
    first: Suggestion
    lead: UnitCode | None
    automatic: bool
    drawn: bool
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """``unit`` is who the model would give it to, ``confidence`` how sure it was. ``known_at`` None: nothing is known yet.

    ``sure``: sure enough, then, to go out without a person, whether it did or not. ``answered`` is whose matter it was, None
    where only known whose it was not; ``right`` None where not even that is.
    """

    number: Number
    decided_at: datetime
    model: str
    unit: UnitCode
    confidence: float
    automatic: bool
    drawn: bool
    sure: bool
    known_at: datetime | None = None
    source: Source | None = None
    answered: UnitCode | None = None
    right: bool | None = None
