"""What happened, as the makers of events are told it (``app.events``): all that a receiver may know, and no more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.decisions import Assignment, Decision
from domain.events import EventType, ReminderStage
from domain.ids import UnitCode
from domain.messages import Message
from domain.records import MatterRow, NewOutbox


@dataclass(frozen=True, slots=True)
class History:
    """One step of the matter that a matter repeats, as departments may read it; ``excluded`` ones may not."""

    at: datetime
    what: str
    unit: UnitCode
    text: str = ""
    number: str = ""
    excluded: tuple[UnitCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a reminder says, and to whom besides the unit (``to``). ``level`` counts the assignment's reminders."""

    stage: ReminderStage
    level: int
    reason: str
    to: UnitCode | None = None


@dataclass(frozen=True, slots=True)
class OthersWrote:
    """How many other persons wrote the same, and when the first of their letters was registered."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to an assignment. ``others`` are further messages of the matter; ``change`` says of an update what
    changed: ``revision``, ``decision``, ``deadline``, ``reopened``, ``similar``, ``joined``, ``split``."""

    type: EventType
    assignment: Assignment
    message: Message
    matter: MatterRow
    decision: Decision | None
    history: tuple[History, ...] = ()
    others: tuple[Message, ...] = ()
    change: str = "decision"
    reminder: Reminder | None = None
    similar: OthersWrote | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """The matter is open for claiming, in the decision's words; with no decision it is no longer."""

    matter: MatterRow
    message: Message | None = None
    decision: Decision | None = None


EventMaker = Callable[[Event | Offer, int, datetime], NewOutbox]
"""(event, sequence, now) → the outbox record; wired to ``route.wire``."""
