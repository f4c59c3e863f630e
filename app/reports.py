"""What commands and pages show: documents made of the store's rows, for programs (dicts) and for people (lines)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from app.changes import LIVE
from app.queries import Queries
from app.texts import text
from app.wiring import System
from domain.decisions import Assignment, Decision, Evidence, Role, Suggestion
from domain.errors import Refused
from domain.ids import MatterId, Number, UnitCode
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork

EVERYTHING = 10_000_000


def ledger_document(system: System) -> dict[str, Any]:
    """``fenban ledger --json``."""
    lines = Queries(system.store).ledger()
    return {"as_of": system.clock.now().isoformat(), "lines": lines}


def status_document(system: System) -> dict[str, Any]:
    """``fenban status --json``: channels of the settings, those never polled too; units of the directory, idle ones too."""
    found = Queries(system.store).status(system.clock.now())
    by_id = {channel["id"]: channel for channel in found["channels"]}
    channels = []
    for configured in system.settings.channel:
        known = by_id.pop(configured.id, None)
        channels.append(known or _never_polled(configured.id, configured.kind))
    units = {unit["code"]: unit for unit in found["units"]}
    for code in system.directory.units:
        units.setdefault(code, {"code": code, "pending": 0, "delivered": 0, "parked": 0})
    return {**found, "channels": [*channels, *by_id.values()], "units": [units[code] for code in sorted(units)]}


def _never_polled(ident: str, kind: str) -> dict[str, Any]:
    return {
        "id": ident,
        "kind": kind,
        "state": "never",
        "last_success": None,
        "captured": 0,
        "quarantined": 0,
        "error": "",
    }


def message_row(message: Message) -> dict[str, Any]:
    """One line of a listing."""
    return {
        "number": message.number,
        "matter": message.matter,
        "channel": message.channel,
        "state": message.state,
        "kind": message.kind,
        "registered_at": message.registered_at.isoformat(),
        "submitted_at": _iso(message.submitted_at),
        "place": message.place,
        "subject": message.subject,
        "body": message.body,
        "reason": message.reason,
        "sealed": message.sealed,
        "version": message.version,
    }


def review_rows(system: System, *, sealed: bool) -> list[dict[str, Any]]:
    """Messages that wait for a person: uncertain ones and returned matters, or the sealed ones."""
    with system.store.unit_of_work(write=False) as uow:
        if sealed:
            messages = uow.reads.in_state([MessageState.SEALED_REVIEW], EVERYTHING)
            returned = _returned(system, uow, sealed=True)
        else:
            messages = [message for message in uow.reads.in_state([MessageState.IN_REVIEW], EVERYTHING) if not message.sealed]
            returned = _returned(system, uow, sealed=False)
        reasons = {message.number: why for message, why in returned}
        everything = [*messages, *(message for message, _ in returned)]
        decisions = uow.matters.decisions([message.matter for message in everything]) if everything else {}
    rows = []
    for message in everything:
        latest = _latest(decisions.get(message.matter, []), message.number)
        row = message_row(message)
        row["reason"] = reasons.get(message.number) or (latest.reason if latest else "") or message.reason
        row["returned"] = message.number in reasons
        row["urgency"] = latest.urgency if latest else "normal"
        row["rule"] = latest.rule if latest else ""
        row["suggestions"] = [suggestion_dict(one) for one in latest.suggestions] if latest else []
        rows.append(row)
    return sorted(rows, key=lambda row: (row["urgency"] != "urgent", row["registered_at"], row["number"]))


def _returned(system: System, uow: UnitOfWork, *, sealed: bool) -> list[tuple[Message, str]]:
    """Dispatched matters whose lead was returned and not given again."""
    found = []
    for matter, parts in uow.assignments.of_matters(Queries(system.store).returned_matters()).items():
        leads = [part for part in parts if part.role is Role.LEAD]
        if any(part.state in LIVE for part in leads):
            continue
        latest = max((part for part in parts if part.returned_at), key=lambda part: part.returned_at or part.sent_at)
        message = uow.reads.of_matters([matter])[matter][0]
        if message.sealed == sealed and message.state is MessageState.DISPATCHED:
            suggested = f" → {latest.suggested_unit}" if latest.suggested_unit else ""
            found.append((message, f"returned by {latest.unit}: {latest.reason}{suggested}"))
    return found


def assignment_rows(system: System, unit: UnitCode | None) -> list[dict[str, Any]]:
    """Assignments in the order they were sent."""
    with system.store.unit_of_work(write=False) as uow:
        matters = Queries(system.store).matters_of(unit)
        parts = uow.assignments.of_matters(matters)
        messages = uow.reads.of_matters(matters)
    rows = [
        {**assignment_dict(part), "matter": matter, "subject": messages[matter][0].subject}
        for matter, assignments in parts.items()
        for part in assignments
        if unit is None or part.unit == unit
    ]
    return sorted(rows, key=lambda row: (row["sent_at"], row["id"]))


def message_document(system: System, number: Number) -> dict[str, Any]:
    """``fenban show NUMBER``: the masked message, its latest decision, its matter's assignments."""
    with system.store.unit_of_work(write=False) as uow:
        message = _found(uow, number)
        decisions = uow.matters.decisions([message.matter, MatterId(number)])
        parts = uow.assignments.of_matters([message.matter]).get(message.matter, [])
        others = [other.number for other in uow.reads.of_matters([message.matter]).get(message.matter, [])]
        row = uow.matters.get(message.matter)
    known = [decision for listed in decisions.values() for decision in listed if decision.number == number]
    return {
        **message_row(message),
        "addressed_to": message.addressed_to,
        "messages": others,
        "matter_state": row.state if row else None,
        "promised": _iso(row.promised) if row else None,
        "repeat_of": row.repeat_of if row else None,
        "decision": decision_dict(known[-1]) if known else None,
        "assignments": [assignment_dict(part) for part in parts],
    }


def explain_document(system: System, number: Number) -> dict[str, Any]:
    """``fenban explain NUMBER``: every step of the matter's way, oldest first."""
    with system.store.unit_of_work(write=False) as uow:
        message = _found(uow, number)
        members = uow.reads.of_matters([message.matter]).get(message.matter, [message])
        decisions = uow.matters.decisions([message.matter, *(MatterId(member.number) for member in members)])
        parts = uow.assignments.of_matters([message.matter]).get(message.matter, [])
        subjects = [message.matter, *(member.number for member in members), *(part.id for part in parts)]
        audited = [entry for subject in dict.fromkeys(subjects) for _, entry in uow.audit.entries(subject)]
        row = uow.matters.get(message.matter)
    queries = Queries(system.store)
    steps = list(queries.steps([member.number for member in members], message.matter))
    steps += [
        {"at": one.decided_at.isoformat(), "step": "decided", "number": one.number, **decision_dict(one)}
        for listed in decisions.values()
        for one in listed
    ]
    steps += [step for part in parts for step in _assignment_steps(part)]
    steps += [
        {"at": entry.at.isoformat(), "step": "audited", "actor": entry.actor, "action": entry.action, **dict(entry.detail)}
        for entry in audited
    ]
    order = ("registered", "revised", "noted", "decided", "assigned")
    steps.sort(key=lambda step: (step["at"], order.index(step["step"]) if step["step"] in order else len(order)))
    return {
        "number": number,
        "matter": message.matter,
        "state": message.state,
        "matter_state": row.state if row else None,
        "sealed": message.sealed,
        "repeat_of": row.repeat_of if row else None,
        "messages": [
            {
                "number": one.number,
                "channel": one.channel,
                "external_id": one.external_id,
                "version": one.version,
                "state": one.state,
            }
            for one in members
        ],
        "steps": steps,
    }


def decision_dict(decision: Decision) -> dict[str, Any]:
    deadline = decision.deadline
    return {
        "outcome": decision.outcome,
        "lead": decision.lead,
        "co_units": list(decision.co_units),
        "rule": decision.rule,
        "model": decision.model,
        "threshold": decision.threshold,
        "requirement": decision.requirement,
        "deadline_class": decision.deadline_class,
        "deadline": None
        if deadline is None
        else {
            "due": deadline.due.isoformat(),
            "provisional": deadline.provisional,
            "working_days": deadline.working_days,
            "calendar": deadline.calendar,
        },
        "urgency": decision.urgency,
        "excluded": list(decision.excluded),
        "sealed": decision.sealed,
        "reason": decision.reason,
        "actor": decision.actor,
        "decided_at": decision.decided_at.isoformat(),
        "evidence": [evidence_dict(one) for one in decision.evidence],
        "suggestions": [suggestion_dict(one) for one in decision.suggestions],
    }


def suggestion_dict(one: Suggestion) -> dict[str, Any]:
    return {
        "unit": one.unit,
        "probability": round(one.probability, 4),
        "evidence": [evidence_dict(why) for why in one.evidence],
    }


def evidence_dict(one: Evidence) -> dict[str, Any]:
    return {"kind": one.kind, "text": one.text, "weight": round(one.weight, 4)}


def assignment_dict(part: Assignment) -> dict[str, Any]:
    return {
        "id": part.id,
        "unit": part.unit,
        "role": part.role,
        "state": part.state,
        "sealed": part.sealed,
        "requirement": part.requirement,
        "sent_at": part.sent_at.isoformat(),
        "signed_at": _iso(part.signed_at),
        "completed_at": _iso(part.completed_at),
        "returned_at": _iso(part.returned_at),
        "withdrawn_at": _iso(part.withdrawn_at),
        "due": part.deadline.due.isoformat(),
        "provisional": part.deadline.provisional,
        "reason": part.reason,
        "suggested_unit": part.suggested_unit,
        "reply": part.reply,
    }


def _assignment_steps(part: Assignment) -> Iterator[dict[str, Any]]:
    moments = (
        ("assigned", part.sent_at),
        ("signed", part.signed_at),
        ("returned", part.returned_at),
        ("completed", part.completed_at),
        ("withdrawn", part.withdrawn_at),
    )
    for step, at in moments:
        if at is not None:
            found = {"at": at.isoformat(), "step": step, "assignment": part.id, "unit": part.unit}
            if step == "assigned":
                found |= {"role": part.role, "due": part.deadline.due.isoformat()}
            if step == "returned":
                found["reason"] = part.reason
            yield found


def document_lines(document: dict[str, Any]) -> Iterator[str]:
    """``show`` for people."""
    yield f"{text('show.matter')} {document['matter']}  ({text('state.' + str(document['matter_state']))})"
    yield f"{text('show.state')}：{text('state.' + document['state'])}  {document['reason']}"
    yield f"{text('show.registered')}：{document['registered_at'][:19]}"
    if document["kind"]:
        yield f"{text('show.kind')}：{text('kind.' + document['kind'])}"
    if document["place"]:
        yield f"{text('show.place')}：{document['place']}"
    yield f"{text('show.subject')}：{document['subject']}"
    yield document["body"]
    decision = document["decision"]
    if decision is not None:
        yield from decision_lines(decision)
    for part in document["assignments"]:
        yield f"  {part['id']}  {text('role.' + part['role'])}  {text('state.' + part['state'])}  {part['due'][:10]}"


def decision_lines(decision: dict[str, Any]) -> Iterator[str]:
    units = "、".join([decision["lead"] or "", *decision["co_units"]]).strip("、")
    due = decision["deadline"]
    when = (
        "" if due is None else f"  {text('show.due')} {due['due'][:10]}{text('show.provisional') if due['provisional'] else ''}"
    )
    by = f"{decision['rule']} {decision['model']}".strip()
    yield f"{text('show.decision')}：{decision['outcome']} {units}{when}  ({text('show.rule')}：{by} {decision['actor']})".rstrip()
    if decision["requirement"]:
        yield f"  {text('show.requirement')}：{decision['requirement']}"
    if decision["evidence"]:
        yield f"  {text('show.evidence')}：{'、'.join(one['text'] for one in decision['evidence'][:8])}"
    if decision["suggestions"]:
        offered = "  ".join(
            f"{one['unit']} {one['probability']:.0%}（{'、'.join(why['text'] for why in one['evidence'][:4])}）"
            for one in decision["suggestions"][:5]
        )
        yield f"  {text('show.suggestions')}：{offered}"


def explain_lines(document: dict[str, Any]) -> Iterator[str]:
    """``explain`` for people."""
    yield f"{text('show.matter')} {document['matter']}  ({text('state.' + str(document['matter_state']))})"
    for step in document["steps"]:
        head = f"{step['at'][:19]}  {text('explain.' + step['step'])}"
        if step["step"] == "decided":
            lines = list(decision_lines(step))
            yield f"{head}  {step['number']}  {lines[0]}"
            yield from (f"    {line.strip()}" for line in lines[1:])
        else:
            rest = {key: value for key, value in step.items() if key not in {"at", "step"} and value not in (None, "")}
            yield f"{head}  {'  '.join(f'{key}={value}' for key, value in rest.items())}"


def _found(uow: UnitOfWork, number: Number) -> Message:
    message = uow.reads.messages([number]).get(number)
    if message is None:
        raise Refused(f"there is no message {number}", remedy="look it up with: fenban export matters --json")
    return message


def _latest(decisions: Iterable[Decision], number: Number) -> Decision | None:
    of_number = [decision for decision in decisions if decision.number == number]
    return of_number[-1] if of_number else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
