"""What goes out to departments and what comes back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import OFFICE, AssignmentId, EventId, MatterId, UnitCode


class EventType(StrEnum):
    ASSIGNED = "assigned"
    UPDATED = "updated"
    RECALL = "recall"
    REMINDER = "reminder"
    HOT = "hot"
    AUTOMATIC = "automatic"
    OFFERED = "offered"
    OFFER_CLOSED = "offer-closed"
    DEAD_LETTER = "dead-letter"


class ReminderStage(StrEnum):
    """Why a unit is reminded: ``near`` the deadline, ``late`` after it, ``escalated`` when it stays late, by the ``office``."""

    NEAR = "near"
    LATE = "late"
    ESCALATED = "escalated"
    OFFICE = "office"


class FeedbackType(StrEnum):
    SIGN = "sign"
    RETURN = "return"
    COMPLETE = "complete"
    EXTEND = "extend"
    CLAIM = "claim"


class FeedbackOutcome(StrEnum):
    """``applied``; ``repeated`` (this event id was taken before); ``stale`` (the assignment has moved on, answered by a
    recall when it was withdrawn); ``rejected`` (another unit's, unknown, or against the lifecycle; audited)."""

    APPLIED = "applied"
    REPEATED = "repeated"
    STALE = "stale"
    REJECTED = "rejected"


class OutboxState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"
    DISCARDED = "discarded"


class Fate(StrEnum):
    """What became of a record that a topic refused."""

    PARKED = "parked"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


class DeliveryStatus(StrEnum):
    """``delivered``: acknowledged. ``retry``: passing. ``refused``: this topic and key is parked with the reason."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """One event to be published. ``sequence`` is the matter's, given under its lock; ``value`` is the JSON payload.

    ``headers`` are the CloudEvents attributes (binary mode, names without their ``ce_`` prefix). ``id`` is the store's
    row id, 0 before it is stored.
    """

    id: int
    event_id: EventId
    type: EventType
    topic: str
    key: MatterId
    sequence: int
    headers: tuple[tuple[str, str], ...]
    value: str
    created_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one record, in the order of the records given to ``publish``."""

    record_id: int
    status: DeliveryStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """One record as a topic holds it. ``offset`` rises within its topic's partition and is given once there."""

    topic: str
    offset: int
    key: str
    headers: tuple[tuple[str, str], ...]
    value: str
    published_at: datetime
    partition: int = 0


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """What a department says about one of its assignments. ``unit`` is the topic's, never the payload's word.

    A ``claim`` names the matter in place of an assignment: ``assignment`` is the matter's id.
    """

    event_id: EventId
    unit: UnitCode
    type: FeedbackType
    assignment: AssignmentId
    reason: str = ""
    suggested_unit: str = ""
    reply: str = ""
    days: int = 0
    at: datetime | None = None


TOPIC_PREFIX = "fenban"
POOL_TOPIC = f"{TOPIC_PREFIX}.pool"
DEAD_TOPIC = f"{TOPIC_PREFIX}.dead"


def unit_topic(code: UnitCode) -> str:
    return f"{TOPIC_PREFIX}.unit.{code}"


def notice_topic(code: UnitCode = OFFICE) -> str:
    return f"{TOPIC_PREFIX}.notice.{code}"


def feedback_topic(code: UnitCode) -> str:
    return f"{TOPIC_PREFIX}.feedback.{code}"


def sealed_topic(code: UnitCode) -> str:
    return f"{TOPIC_PREFIX}.sealed.{code}"


def reminder_id(assignment: AssignmentId, stage: ReminderStage, due: datetime) -> EventId:
    """The id of the one reminder of this stage that an assignment gets for this deadline, whoever sends it."""
    return EventId(f"{assignment}:reminder:{stage.value}:{int(due.timestamp())}")


def sealed_principal(code: UnitCode) -> str:
    """The user of the named persons in a unit who may read its sealed topic; no unit's code has an underscore."""
    return f"{code}_sealed"


def sequence_text(sequence: int) -> str:
    """The CloudEvents ``sequence`` extension: zero-padded to 20 digits, so that text order is number order."""
    return f"{sequence:020d}"
