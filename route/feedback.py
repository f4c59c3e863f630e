"""What departments say back: reading it strictly where it matters, mildly where it does not.

Two forms are taken, and fields that are not known are ignored. A CloudEvent (structured JSON; in binary mode the
attributes are the record's headers and the text is ``data`` alone)::

    {"specversion": "1.0", "id": "…", "source": "…", "type": "complete", "data": {"assignment": "…", "reply": "…"}}

and a flat one::

    {"id": "…", "type": "return", "assignment": "…", "reason": "…", "suggested_unit": "…"}

A ``claim`` names the ``matter``, which is no unit's yet.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.clock import SHANGHAI
from domain.errors import RejectItem
from domain.events import FeedbackEvent, FeedbackType, feedback_topic
from domain.ids import AssignmentId, EventId, UnitCode

MAX_TEXT = 256 * 1024
MAX_ID = 200
MAX_REASON = 2_000
MAX_REPLY = 20_000
MAX_EXTRA_DAYS = 365
REPLY_PARTS = ("调查情况", "处理意见", "处理结果")
_KIND = re.compile(r"(?:^|[^A-Za-z])(sign|return|complete|extend|claim)$")


def parse_feedback(unit: UnitCode, text: str, headers: Sequence[tuple[str, str]] = ()) -> FeedbackEvent:
    """One event of ``unit``'s feedback topic. ``unit`` is the topic's, whatever the event says.

    ``headers`` are the CloudEvents attributes of a record in binary mode, with or without ``ce_``. Without an id one is
    made from the content, so that the same words sent again are the same event. Raises RejectItem with the reason.
    """
    attributes, data = _attributes_and_data(text, headers)
    kind = _kind(attributes.get("type"))
    subject = "matter" if kind is FeedbackType.CLAIM else "assignment"
    assignment = _text(data, subject, MAX_ID, required=f"a {kind} names its {subject}")
    reason = _text(data, "reason", MAX_REASON, required=f"a {kind} gives its reason" if kind in _NEEDS_REASON else "")
    reply = _reply(data.get("reply")) if kind is FeedbackType.COMPLETE else ""
    at = _moment(attributes.get("time", data.get("at")))
    event = FeedbackEvent(
        event_id=EventId(_text(attributes, "id", MAX_ID)),
        unit=unit,
        type=kind,
        assignment=AssignmentId(assignment),
        reason=reason,
        suggested_unit=_text(data, "suggested_unit", MAX_ID) if kind is FeedbackType.RETURN else "",
        reply=reply,
        days=_days(data.get("days")) if kind is FeedbackType.EXTEND else 0,
        at=at,
    )
    return event if event.event_id else _with_derived_id(event)


def feedback_headers(event: FeedbackEvent, *, now: datetime) -> tuple[tuple[str, str], ...]:
    """The CloudEvents attributes of a feedback record that fenban writes for a unit (``fenban feedback``, the console)."""
    return (
        ("specversion", "1.0"),
        ("id", event.event_id),
        ("source", f"/{feedback_topic(event.unit).replace('.', '/')}"),
        ("type", event.type.value),
        ("subject", event.assignment),
        ("time", now.astimezone(SHANGHAI).isoformat(timespec="seconds")),
        ("datacontenttype", "application/json"),
        ("dataschema", f"urn:fenban:contract:feedback-{event.type.value}:1"),
    )


def feedback_value(event: FeedbackEvent) -> str:
    """The event's ``data`` as JSON; ``parse_feedback`` with ``feedback_headers`` gives the event back."""
    data: dict[str, Any] = {"matter" if event.type is FeedbackType.CLAIM else "assignment": event.assignment}
    optional = (("reason", event.reason), ("suggested_unit", event.suggested_unit), ("reply", event.reply), ("days", event.days))
    data.update((key, value) for key, value in optional if value)
    if event.at is not None:
        data["at"] = event.at.isoformat()
    return json.dumps(data, ensure_ascii=False)


_NEEDS_REASON = frozenset({FeedbackType.RETURN, FeedbackType.EXTEND})


def _attributes_and_data(text: str, headers: Sequence[tuple[str, str]]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if len(text) > MAX_TEXT:
        raise RejectItem("the feedback event is larger than 256 KB")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise RejectItem("the feedback event is not JSON") from None
    if not isinstance(document, dict):
        raise RejectItem("the feedback event is not a JSON object")
    named = {name.removeprefix("ce_").lower(): value for name, value in headers}
    if "type" in named and "type" not in document:
        return named, document
    data = document.get("data", document)
    if not isinstance(data, dict):
        raise RejectItem("the feedback event's data is not a JSON object")
    return document, data


def _kind(value: object) -> FeedbackType:
    found = _KIND.search(value) if isinstance(value, str) and len(value) <= MAX_ID else None
    if found is None:
        raise RejectItem("the feedback event's type is none of sign, return, complete, extend, claim")
    return FeedbackType(found.group(1))


def _text(fields: Mapping[str, Any], key: str, longest: int, *, required: str = "") -> str:
    value = fields.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and key == "id":
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise RejectItem(f"the feedback event's {key} is not text")
    # Half a surrogate pair and U+0000 are valid JSON and no text: not every database can store them.
    value = (value or "").replace("\0", "").encode("utf-8", "replace").decode().strip()
    if len(value) > longest:
        raise RejectItem(f"the feedback event's {key} is longer than {longest} characters")
    if required and not value:
        raise RejectItem(required)
    return value


def _reply(value: object) -> str:
    if isinstance(value, dict):
        ordered = [*(part for part in REPLY_PARTS if part in value), *(part for part in value if part not in REPLY_PARTS)]
        if not all(isinstance(value[part], str) for part in ordered):
            raise RejectItem("the feedback event's reply has a part that is not text")
        value = "\n".join(f"{part}：{value[part].strip()}" for part in ordered if value[part].strip())
    return _text({"reply": value}, "reply", MAX_REPLY, required="a complete gives its reply")


def _days(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 4:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_EXTRA_DAYS:
        raise RejectItem(f"an extend asks for 1 to {MAX_EXTRA_DAYS} working days")
    return value


def _moment(value: object) -> datetime | None:
    """When the department says it happened; None where it says nothing usable, which harms nobody."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=SHANGHAI) if moment is not None and moment.tzinfo is None else moment


def _with_derived_id(event: FeedbackEvent) -> FeedbackEvent:
    said = (event.unit, event.type, event.assignment, event.reason, event.suggested_unit, event.reply, event.days, str(event.at))
    digest = hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:32]
    return FeedbackEvent(
        EventId(f"content:{digest}"),
        event.unit,
        event.type,
        event.assignment,
        event.reason,
        event.suggested_unit,
        event.reply,
        event.days,
        event.at,
    )
