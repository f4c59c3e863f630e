"""What the department's pages and their JSON twins show of parts: the same documents for both."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.documents import iso, maybe_iso
from app.reports import unit_names
from app.wiring import System
from domain.clock import SHANGHAI
from domain.decisions import AssignmentState
from domain.events import EventType
from domain.messages import Message
from route.calendar import WorkingCalendar
from store import desk_department as desk

Document = dict[str, Any]
CHANGES = frozenset({"revision", "decision", "deadline", "reopened", "similar", "joined", "split"})
FARTHEST = 400
"""Days that are looked at for working days; beyond a year nobody counts them."""


def left(calendar: WorkingCalendar, now: datetime, due: datetime) -> Document:
    """Whole working days after today until the deadline; ``late``: how many calendar days it is past, 0 on its own day."""
    today, last = now.astimezone(SHANGHAI).date(), due.astimezone(SHANGHAI).date()
    days = (last - today).days
    working = sum(calendar.is_working_day(today + timedelta(days=one)) for one in range(1, min(days, FARTHEST) + 1))
    return {"days": max(days, 0), "working_days": working, "late": max(-days, 0), "overdue": due < now}


def line_document(system: System, line: desk.Line) -> Document:
    """One line of the queue."""
    part, message = line.part, line.message
    return {
        "id": part.id,
        "number": message.number,
        "unit": part.unit,
        "role": part.role,
        "state": part.state,
        "sealed": line.sealed,
        "urgent": line.urgent,
        "subject": message.subject,
        "place": message.place,
        "requirement": part.requirement,
        "sent_at": iso(part.sent_at),
        "signed_at": maybe_iso(part.signed_at),
        "completed_at": maybe_iso(part.completed_at),
        "returned_at": maybe_iso(part.returned_at),
        "due": iso(part.deadline.due),
        "provisional": part.deadline.provisional,
        "left": left(system.calendar, system.clock.now(), part.deadline.due),
    }


def part_document(
    system: System,
    found: desk.Part,
    others: Sequence[desk.Other],
    told: Sequence[desk.Told],
    said: Sequence[desk.Said],
    files: Sequence[Document],
    letters: Sequence[Message],
) -> Document:
    """One part, whole, as its unit may see it: of other units who has it and how it stands; never who decided and why."""
    part, message = found.line.part, found.line.message
    names = unit_names(system)
    events = [(one, json.loads(one.data)) for one in told]
    mine = [(one, data) for one, data in events if data.get("assignment") == part.id]
    counted: Document = next((data["deadline"] for one, data in mine if one.type == EventType.ASSIGNED), {})
    return {
        **line_document(system, found.line),
        "unit_name": names.get(part.unit, part.unit),
        "matter_state": found.matter_state,
        "deadline_class": counted.get("rule") or found.deadline_class,
        "working_days": part.deadline.working_days,
        "extended_days": max(0, part.deadline.working_days - counted.get("working_days", part.deadline.working_days)),
        "calendar": part.deadline.calendar,
        "reason": part.reason,
        "suggested_unit": part.suggested_unit,
        "reply": part.reply,
        "letter": letter_document(message),
        "letters": [letter_document(one) for one in letters],
        "copies": list(found.copies),
        "others": [
            {"unit": one.unit, "name": names.get(one.unit, one.unit), "role": one.role, "state": one.state} for one in others
        ],
        "history": _history(mine, said),
        "reminders": [_reminder(one, data) for one, data in mine if one.type == EventType.REMINDER],
        "files": list(files),
        "open": part.state in {AssignmentState.SENT, AssignmentState.SIGNED},
    }


def letter_document(message: Message) -> Document:
    """What a unit reads of a letter: masked, without its sender."""
    return {
        "number": message.number,
        "version": message.version,
        "channel": message.channel,
        "kind": message.kind,
        "addressed_to": message.addressed_to,
        "subject": message.subject,
        "body": message.body,
        "truncated": message.truncated,
        "place": message.place,
        "submitted_at": maybe_iso(message.submitted_at),
        "registered_at": iso(message.registered_at),
    }


def offer_document(one: desk.OfferRow) -> Document:
    """A letter open for claiming."""
    return {
        **letter_document(one.message),
        "requirement": one.requirement,
        "deadline_class": one.deadline_class,
        "urgent": one.urgent,
    }


def _history(mine: Sequence[tuple[desk.Told, Mapping[str, Any]]], said: Sequence[desk.Said]) -> list[Document]:
    """What happened to the part, oldest first; of one moment what was said before what followed from it."""
    steps = [
        {"at": iso(one.at), "step": _step(one, data), "due": _due(one, data), "text": _words(one, data)} for one, data in mine
    ]
    steps += [{"at": iso(one.at), "step": f"said.{one.type}", "due": None, "text": ""} for one in said]
    return sorted(steps, key=lambda step: (step["at"], step["step"] != "assigned", not step["step"].startswith("said.")))


def _step(one: desk.Told, data: Mapping[str, Any]) -> str:
    if one.type == EventType.UPDATED:
        return f"updated.{data['change'] if data.get('change') in CHANGES else 'other'}"
    return f"reminder.{data.get('stage', '')}" if one.type == EventType.REMINDER else one.type


def _due(one: desk.Told, data: Mapping[str, Any]) -> str | None:
    changed = one.type == EventType.ASSIGNED or data.get("change") in {"deadline", "reopened"}
    due = data.get("deadline", {}).get("due") if changed else None
    return str(due) if due else None


def _words(one: desk.Told, data: Mapping[str, Any]) -> str:
    return str(data.get("reason", "")) if one.type == EventType.REMINDER else ""


def _reminder(one: desk.Told, data: Mapping[str, Any]) -> Document:
    return {"at": iso(one.at), "stage": data.get("stage", ""), "level": data.get("level", 1), "reason": data.get("reason", "")}
