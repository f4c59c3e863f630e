"""What is decided about a message: suggestions, deadlines, decisions, assignments, and how they may move."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import AssignmentId, MatterId, Number, UnitCode


class Outcome(StrEnum):
    DISPATCH = "dispatch"
    REVIEW = "review"
    SEALED_REVIEW = "sealed_review"
    OUT_OF_REMIT = "out_of_remit"
    HOLD = "hold"


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"


class DeadlineClass(StrEnum):
    """5 and 15 working days by default (Pingliang's 网民留言办理工作办法, 2012, no. 255)."""

    SIMPLE = "simple"
    COMPLEX = "complex"


class Role(StrEnum):
    """主办, 协办."""

    LEAD = "lead"
    CO = "co"


class MatterState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class AssignmentState(StrEnum):
    SENT = "sent"
    SIGNED = "signed"
    COMPLETED = "completed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


EARLIER = "earlier"
"""The kind of evidence that tells of an earlier matter. Its weight is 0: it was not weighed, it is told."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason that spoke for a unit. ``kind``: ``word``, ``place``, ``name``, ``rule``; a larger weight spoke louder.
    ``earlier``, of weight 0: what the unit did with the same sender's earlier matter that this one repeats; told, not weighed."""

    kind: str
    text: str
    weight: float


def together(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Each text once, as loud as it was ever said; the loudest first."""
    loudest = {why.text: why for why in sorted(evidence, key=lambda why: why.weight)}
    return tuple(sorted(loudest.values(), key=lambda why: (-why.weight, why.text)))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``probability`` is calibrated: of the suggestions given with p, about a share p is right.

    Where the letter's ``place`` had a part in it, ``what`` is the probability by what the letter is about alone: that of the
    unit's office, wherever it lies. ``probability`` is ``what`` times ``where``.
    """

    unit: UnitCode
    probability: float
    evidence: tuple[Evidence, ...] = ()
    what: float | None = None
    place: str = ""

    @property
    def function(self) -> float:
        return self.probability if self.what is None else self.what

    @property
    def where(self) -> float:
        """How well the unit fits the place, 0 to 1; 1 where no place had a part."""
        return self.probability / self.what if self.what else 1.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """``due`` is 23:59:59 Asia/Shanghai of the last working day; ``provisional`` when a year's arrangement is not known yet."""

    due: datetime
    working_days: int
    provisional: bool
    calendar: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one version of one message. ``rule`` names what decided: a rule's name, ``model``, or a person.

    ``threshold`` is the probability a suggestion needed; ``excluded`` are the units that must never see the matter.
    ``drawn``: it would have been decided without a person, and was given to one by lot, to see whether it is right.
    """

    number: Number
    version: int
    outcome: Outcome
    rule: str
    decided_at: datetime
    lead: UnitCode | None = None
    co_units: tuple[UnitCode, ...] = ()
    requirement: str = ""
    deadline_class: DeadlineClass = DeadlineClass.SIMPLE
    deadline: Deadline | None = None
    urgency: Urgency = Urgency.NORMAL
    excluded: tuple[UnitCode, ...] = ()
    sealed: bool = False
    reason: str = ""
    model: str = ""
    threshold: float | None = None
    suggestions: tuple[Suggestion, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    actor: str = ""
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """One unit's part in a matter."""

    id: AssignmentId
    matter: MatterId
    unit: UnitCode
    role: Role
    state: AssignmentState
    requirement: str
    sent_at: datetime
    deadline: Deadline
    sealed: bool = False
    signed_at: datetime | None = None
    completed_at: datetime | None = None
    returned_at: datetime | None = None
    withdrawn_at: datetime | None = None
    reason: str = ""
    suggested_unit: UnitCode | None = None
    reply: str = ""
