"""Events on ``fenban.pool``: a matter is open for claiming, and no longer. Every unit reads them."""

from datetime import datetime

from domain.decisions import Decision
from domain.events import POOL_TOPIC, EventType
from domain.ids import EventId, MatterId
from domain.messages import Message
from domain.records import NewOutbox
from route.wire import letter, record, time_text


def offered(message: Message, decision: Decision, *, sequence: int, city: str, now: datetime) -> NewOutbox:
    """The masked letter and what the office asks of whoever takes it. Its deadline begins with the claim."""
    data = {
        "number": message.number,
        "matter": message.matter,
        **letter(message),
        "requirement": decision.requirement,
        "deadline_class": decision.deadline_class.value,
        "urgency": decision.urgency.value,
        "offered_at": time_text(now),
    }
    return _record(EventType.OFFERED, message.matter, data, sequence, city, now)


def offer_closed(matter: MatterId, *, sequence: int, city: str, now: datetime) -> NewOutbox:
    """It was claimed, decided otherwise, changed by its writer or sealed: which of these is nobody's to know."""
    data: dict[str, object] = {"number": matter, "matter": matter}
    return _record(EventType.OFFER_CLOSED, matter, data, sequence, city, now)


def _record(kind: EventType, matter: MatterId, data: dict[str, object], sequence: int, city: str, now: datetime) -> NewOutbox:
    return record(kind, EventId(f"{matter}:{kind.value}:{sequence}"), POOL_TOPIC, matter, data, sequence, city, now)
