"""Events for departments: CloudEvents 1.0 (binary mode) over the JSON Schemas of ``docs/contract``.

Event ids come from assignment, type and sequence (or deadline) alone, so the same change is the same event whatever is sent again.
No event carries the sender's identity; a recall carries no content, and no reason where the matter is sealed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from domain.clock import SHANGHAI
from domain.decisions import Assignment, Deadline, Decision, Evidence
from domain.events import (
    EventType,
    ReminderStage,
    TopicRecord,
    notice_topic,
    reminder_id,
    sealed_topic,
    sequence_text,
    unit_topic,
)
from domain.ids import OFFICE, EventId, MatterId, UnitCode
from domain.messages import Message
from domain.records import NewOutbox
from route.feedback import feedback_headers, feedback_value, parse_feedback

__all__ = [
    "HistoryItem",
    "HotNews",
    "assigned",
    "feedback_headers",
    "feedback_value",
    "hot",
    "letter",
    "parse_feedback",
    "recall",
    "record",
    "reminder",
    "structured",
    "time_text",
    "updated",
]

SCHEMA_VERSION = "1"
MEDIA_TYPE = "application/json"
EVIDENCE_LIMIT = 20


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One step before this event, as departments may see it: what happened, when, which unit, and its words."""

    at: datetime
    event: str
    unit: str = ""
    text: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class HotNews:
    """What the office is told of a topic: ``persons`` wrote within ``days``, where ``expected`` were to be expected and no like
    span before had more than ``most``; ``since`` its first letter."""

    id: str
    matter: MatterId
    days: int
    words: tuple[str, ...]
    place: str
    units: tuple[UnitCode, ...]
    persons: int
    expected: float
    most: int
    since: datetime
    numbers: tuple[str, ...]


def assigned(
    assignment: Assignment,
    decision: Decision,
    messages: Sequence[Message],
    *,
    sequence: int,
    city: str,
    now: datetime,
    history: Sequence[HistoryItem] = (),
) -> NewOutbox:
    """A unit gets its part. ``messages`` are the matter's, the one decided about first."""
    data = _content(assignment, decision, messages, history)
    return _record(EventType.ASSIGNED, assignment, data, sequence, city, now)


def updated(
    assignment: Assignment,
    decision: Decision,
    messages: Sequence[Message],
    *,
    sequence: int,
    city: str,
    now: datetime,
    change: str,
    history: Sequence[HistoryItem] = (),
    similar: tuple[int, datetime] | None = None,
) -> NewOutbox:
    """The whole content again after a change; ``change`` says what: ``revision``, ``deadline``, ``joined``, ``split``, …
    ``similar``: how many other persons wrote the same, and since when."""
    data = _content(assignment, decision, messages, history)
    data["change"] = change
    if similar is not None:
        data["similar"] = {"count": similar[0], "since": time_text(similar[1])}
    return _record(EventType.UPDATED, assignment, data, sequence, city, now)


def recall(assignment: Assignment, number: str, *, sequence: int, city: str, now: datetime, reason: str = "") -> NewOutbox:
    """The unit's part is taken back: no content, and no reason where the matter is sealed.

    A matter that was sealed after its dispatch gives its recall no reason either: call it with ``reason`` empty.
    """
    data: dict[str, Any] = {
        "number": number,
        "matter": assignment.matter,
        "assignment": assignment.id,
        "role": assignment.role.value,
    }
    if reason and not assignment.sealed:
        data["reason"] = reason
    return _record(EventType.RECALL, assignment, data, sequence, city, now)


def reminder(
    assignment: Assignment,
    number: str,
    *,
    sequence: int,
    city: str,
    now: datetime,
    reason: str,
    level: int = 1,
    stage: ReminderStage = ReminderStage.OFFICE,
    to: UnitCode | None = None,
) -> NewOutbox:
    """催办, 督办: the deadline is near or past, or the office presses. Goes to the unit's notice topic, or to that of ``to``
    (the office); of a sealed matter to the sealed topic. Those that come by the deadline have an id made of it."""
    data: dict[str, Any] = {
        "number": number,
        "matter": assignment.matter,
        "assignment": assignment.id,
        "role": assignment.role.value,
        "deadline": _deadline(assignment.deadline, ""),
        "reason": reason,
        "level": level,
        "stage": stage.value,
        "unit": assignment.unit,
    }
    receiver = to or assignment.unit
    topic = sealed_topic(receiver) if assignment.sealed else notice_topic(receiver)
    by_person = stage is ReminderStage.OFFICE
    event_id = f"{assignment.id}:reminder:{sequence}" if by_person else reminder_id(assignment.id, stage, assignment.deadline.due)
    if to is not None:
        event_id = f"{to}:{event_id}"
    return _record(EventType.REMINDER, assignment, data, sequence, city, now, topic=topic, event_id=event_id)


def hot(topic: HotNews, *, sequence: int, city: str, now: datetime) -> NewOutbox:
    """A topic grew, told to the office: no text of a letter, and nothing of a sealed one. ``topic.matter`` is its first letter's;
    the id is made of the topic and how many persons it had, so that each step is one event."""
    data = {
        "topic": topic.id,
        "days": topic.days,
        "words": list(topic.words),
        "place": topic.place,
        "units": list(topic.units),
        "persons": topic.persons,
        "expected": round(topic.expected, 2),
        "most_before": topic.most,
        "since": time_text(topic.since),
        "numbers": list(topic.numbers),
    }
    event_id = EventId(f"hot:{topic.id}:{topic.persons}")
    return record(EventType.HOT, event_id, notice_topic(OFFICE), topic.matter, data, sequence, city, now)


def structured(record: TopicRecord | NewOutbox) -> dict[str, Any]:
    """The event as structured-mode JSON: its attributes, and ``data`` as a JSON value."""
    event: dict[str, Any] = {_attribute(name): value for name, value in record.headers}
    event["data"] = orjson.loads(record.value)
    return event


def _attribute(header: str) -> str:
    return "datacontenttype" if header == "content-type" else header.removeprefix("ce_")


@lru_cache(maxsize=4096)
def time_text(moment: datetime) -> str:
    """ISO 8601 in Asia/Shanghai to the second, with ``+08:00``."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _content(
    assignment: Assignment, decision: Decision, messages: Sequence[Message], history: Sequence[HistoryItem]
) -> dict[str, Any]:
    message = messages[0]
    return {
        "number": message.number,
        "matter": assignment.matter,
        "assignment": assignment.id,
        **letter(message),
        "requirement": assignment.requirement,
        "deadline": _deadline(assignment.deadline, decision.deadline_class.value),
        "role": assignment.role.value,
        "lead": decision.lead,
        "co_units": decision.co_units,
        "urgency": decision.urgency.value,
        "sealed": assignment.sealed,
        "decided_by": decision.rule,
        "evidence": [_evidence(one) for one in decision.evidence[:EVIDENCE_LIMIT]],
        "history": [_history(item) for item in history],
        "messages": [one.number for one in messages],
        "letters": [{"number": one.number, **letter(one)} for one in messages[1:]],
        "sent_at": time_text(assignment.sent_at),
    }


def letter(message: Message) -> dict[str, Any]:
    """What a unit reads of a letter: masked, without its sender."""
    submitted = message.submitted_at
    return {
        "version": message.version,
        "channel": message.channel,
        "kind": message.kind.value if message.kind is not None else None,
        "addressed_to": message.addressed_to,
        "subject": message.subject,
        "body": message.body,
        "truncated": message.truncated,
        "place": message.place,
        "submitted_at": time_text(submitted) if submitted is not None else None,
        "registered_at": time_text(message.registered_at),
    }


def _deadline(deadline: Deadline, rule: str) -> dict[str, Any]:
    return {
        "due": time_text(deadline.due),
        "provisional": deadline.provisional,
        "working_days": deadline.working_days,
        "rule": rule,
        "calendar": deadline.calendar,
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    return {"kind": one.kind, "text": one.text, "weight": round(one.weight, 4)}


def _history(item: HistoryItem) -> dict[str, Any]:
    return {"at": time_text(item.at), "event": item.event, "unit": item.unit, "text": item.text, "number": item.number}


def _record(
    kind: EventType,
    assignment: Assignment,
    data: dict[str, Any],
    sequence: int,
    city: str,
    now: datetime,
    *,
    topic: str = "",
    event_id: str = "",
) -> NewOutbox:
    unit = assignment.unit
    topic = topic or (sealed_topic(unit) if assignment.sealed else unit_topic(unit))
    event_id = event_id or f"{assignment.id}:{kind.value}:{sequence}"
    return record(kind, EventId(event_id), topic, assignment.matter, data, sequence, city, now)


def record(
    kind: EventType,
    event_id: EventId,
    topic: str,
    matter: MatterId,
    data: dict[str, Any],
    sequence: int,
    city: str,
    now: datetime,
) -> NewOutbox:
    """Any event as an outbox record, with the attributes that all have."""
    headers = (
        ("specversion", "1.0"),
        ("id", event_id),
        ("source", f"/fenban/{city}"),
        ("type", kind.value),
        ("subject", matter),
        ("time", time_text(now)),
        ("datacontenttype", MEDIA_TYPE),
        ("dataschema", f"urn:fenban:contract:{kind.value}:{SCHEMA_VERSION}"),
        ("sequence", sequence_text(sequence)),
        ("partitionkey", matter),
    )
    return NewOutbox(event_id, kind, topic, matter, sequence, headers, _json(data), now)


def _json(data: dict[str, Any]) -> str:
    """One line of JSON. Half a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    try:
        return orjson.dumps(data).decode()
    except orjson.JSONEncodeError:
        return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()
