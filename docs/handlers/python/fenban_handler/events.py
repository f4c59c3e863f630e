"""Events as fenban sends them (CloudEvents 1.0, Kafka binary mode), and answers as the unit gives them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fenban_handler.faults import ForPerson, Unreadable

SEQUENCE = re.compile(r"[0-9]{20}")
OF_THE_POOL = ("offered", "offer-closed")
MAX_REASON = 2_000
MAX_REPLY = 20_000
MAX_DAYS = 365


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one matter. ``sequence`` is zero-padded: text order is number order."""

    topic: str
    source: str
    id: str
    type: str
    matter: str
    sequence: str
    data: Mapping[str, Any]

    @property
    def assignment(self) -> str:
        """What the event is about: an assignment, or the matter that the pool offers."""
        return self.matter if self.type in OF_THE_POOL else str(self.data.get("assignment", ""))


def read_event(topic: str, headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> Event:
    """One record of a topic. Types and fields that are not known are kept as they are. Raises Unreadable."""
    named = {name: (text or b"").decode("utf-8", "replace") for name, text in headers}
    try:
        data = json.loads(value or b"")
    except ValueError:
        raise Unreadable("内容不是 JSON", "its value is not JSON") from None
    found = {name: named.get(f"ce_{name}", "") for name in ("source", "id", "type", "subject", "sequence")}
    missing = [name for name, text in found.items() if not text]
    if missing or not isinstance(data, dict) or not SEQUENCE.fullmatch(found["sequence"]):
        what = ", ".join(missing) or "sequence, data"
        raise Unreadable(f"不符合契约（{what}）", f"not as the contract says ({what})")
    event = Event(topic, found["source"], found["id"], found["type"], found["subject"], found["sequence"], data)
    if not event.assignment and event.type in {"assigned", "updated", "recall", "reminder"}:
        raise Unreadable("没有 assignment", "it names no assignment")
    return event


@dataclass(frozen=True, slots=True)
class Answer:
    """What the unit says about one assignment. Made by the functions below, which hold the contract's bounds."""

    type: str
    said: Mapping[str, Any] = field(default_factory=dict)


def sign() -> Answer:
    """签收."""
    return Answer("sign")


def give_back(reason: str, suggested_unit: str = "") -> Answer:
    """退回: why it is not this unit's, and whose it is (code, name or alias). Raises ForPerson."""
    said = {"reason": _text(reason, MAX_REASON, "退回要写理由", "a return needs its reason")}
    if suggested_unit.strip():
        said["suggested_unit"] = suggested_unit.strip()
    return Answer("return", said)


def complete(reply: str | Mapping[str, str]) -> Answer:
    """办结 with the answer to the citizen: one text, or 调查情况, 处理意见, 处理结果. Raises ForPerson."""
    needed = ("办结要写答复", "a complete needs its reply")
    if isinstance(reply, str):
        return Answer("complete", {"reply": _text(reply, MAX_REPLY, *needed)})
    parts = {name: text.strip() for name, text in reply.items() if text.strip()}
    # Each part comes with its name, a colon and a line's end.
    _text("".join(f"{name}：{text}\n" for name, text in parts.items()), MAX_REPLY, *needed)
    return Answer("complete", {"reply": parts})


def extend(reason: str, days: int) -> Answer:
    """申请延期 by so many working days. Raises ForPerson."""
    if not 1 <= days <= MAX_DAYS:
        raise ForPerson(f"延期是 1 到 {MAX_DAYS} 个工作日", f"an extension is 1 to {MAX_DAYS} working days")
    return Answer("extend", {"reason": _text(reason, MAX_REASON, "延期要写理由", "an extension needs its reason"), "days": days})


def claim() -> Answer:
    """认领 of what the pool offers."""
    return Answer("claim")


def _text(text: str, longest: int, chinese: str, english: str) -> str:
    stripped = text.strip()
    if not stripped:
        raise ForPerson(chinese, english)
    if len(stripped) > longest:
        raise ForPerson(f"最多 {longest} 字", f"at most {longest} characters")
    return stripped
