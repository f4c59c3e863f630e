"""Rows as documents for programs and as lines for people. Times are Asia/Shanghai's, as everything people read."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.offers import CLAIM_RULE, POOL_RULE
from app.phrases import phrase
from app.texts import text
from domain.clock import SHANGHAI
from domain.decisions import Assignment, Decision, Evidence, Suggestion
from domain.standings import ALL, Standings


def iso(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).isoformat()


def maybe_iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment is not None else None


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
            "due": iso(deadline.due),
            "provisional": deadline.provisional,
            "working_days": deadline.working_days,
            "calendar": deadline.calendar,
        },
        "urgency": decision.urgency,
        "excluded": list(decision.excluded),
        "sealed": decision.sealed,
        "reason": decision.reason,
        "actor": decision.actor,
        "decided_at": iso(decision.decided_at),
        "evidence": [evidence_dict(one) for one in decision.evidence],
        "suggestions": [suggestion_dict(one) for one in decision.suggestions],
    }


def suggestion_dict(one: Suggestion) -> dict[str, Any]:
    return {
        "unit": one.unit,
        "probability": round(one.probability, 4),
        "evidence": [evidence_dict(why) for why in one.evidence],
        "axes": axes_dict(one),
    }


def axes_dict(one: Suggestion) -> dict[str, Any]:
    """What each axis said; their product is the probability. ``place`` null: none had a part, as with a city department."""
    return {"what": round(one.function, 4), "where": round(one.where, 4), "place": one.place or None}


def axes_text(axes: dict[str, Any]) -> str:
    """For people; empty where no place had a part."""
    return text("show.axes").format(**axes) if axes["place"] is not None else ""


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
        "sent_at": iso(part.sent_at),
        "signed_at": maybe_iso(part.signed_at),
        "completed_at": maybe_iso(part.completed_at),
        "returned_at": maybe_iso(part.returned_at),
        "withdrawn_at": maybe_iso(part.withdrawn_at),
        "due": iso(part.deadline.due),
        "provisional": part.deadline.provisional,
        "reason": part.reason,
        "suggested_unit": part.suggested_unit,
        "reply": part.reply,
    }


def assignment_steps(part: Assignment, due: datetime | None) -> Iterator[dict[str, Any]]:
    """``due``: the deadline it was sent with; None when that is the present one."""
    moments = (
        ("assigned", part.sent_at),
        ("signed", part.signed_at),
        ("returned", part.returned_at),
        ("completed", part.completed_at),
        ("withdrawn", part.withdrawn_at),
    )
    for step, at in moments:
        if at is not None:
            found = {"at": iso(at), "step": step, "assignment": part.id, "unit": part.unit}
            if step == "assigned":
                found |= {"role": part.role, "due": iso(due or part.deadline.due)}
            if step == "returned":
                found["reason"] = part.reason
            yield found


def automatic_document(stand: Standings) -> dict[str, Any]:
    """What the model may do without a person. ``threshold`` null: the model's own; ``stopped``: nothing at all may. Of units
    those that were ever stopped, or need more than the others."""
    every = stand.of.get(ALL)
    return {
        "stopped": every is not None and every.stopped,
        "threshold": every.threshold if every is not None else None,
        "since": iso(every.since or every.at) if every is not None else None,
        "reason": every.reason if every is not None else "",
        "units": [
            {
                "unit": code,
                "stopped": one.stopped,
                "threshold": one.threshold,
                "since": iso(one.since or one.at),
                "reason": one.reason,
            }
            for code, one in sorted(stand.of.items())
            if code != ALL
        ],
    }


def named(code: str, names: Mapping[str, str]) -> str:
    """A unit as people read it: its name, and its code, which commands take."""
    return f"{names[code]}（{code}）" if code in names else code


def document_lines(document: dict[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    """``show`` for people. ``names`` are the units' by code."""
    yield f"{text('show.matter')} {document['matter']}  ({text('state.' + str(document['matter_state']))})"
    yield f"{text('show.state')}：{text('state.' + document['state'])}  {phrase(document['reason'])}"
    yield f"{text('show.registered')}：{document['registered_at'][:19]}"
    if document["kind"]:
        yield f"{text('show.kind')}：{text('kind.' + document['kind'])}"
    if document["place"]:
        yield f"{text('show.place')}：{document['place']}"
    yield f"{text('show.subject')}：{document['subject']}"
    yield document["body"]
    decision = document["decision"]
    if decision is not None:
        first, *rest = decision_lines(decision, names)
        yield f"{text('show.decision')}：{first}"
        yield from rest
    for part in document["assignments"]:
        whom = f"{named(part['unit'], names)}  {text('role.' + part['role'])}  {text('state.' + part['state'])}"
        yield f"  {part['id']}  {whom}  {text('show.due')} {part['due'][:10]}"
        suggested = f"{text('show.suggested')} {named(part['suggested_unit'], names)}" if part["suggested_unit"] else ""
        yield from (f"    {said}" for said in (phrase(part["reason"]), suggested, part["reply"]) if said)


def decision_lines(decision: dict[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    units = "、".join(named(code, names) for code in (decision["lead"], *decision["co_units"]) if code)
    due = decision["deadline"]
    when = (
        "" if due is None else f"  {text('show.due')} {due['due'][:10]}{text('show.provisional') if due['provisional'] else ''}"
    )
    urgent = f"【{text('urgency.urgent')}】" if decision["urgency"] == "urgent" else ""
    why = f"：{phrase(decision['reason'])}" if decision["reason"] else ""
    yield f"{urgent}{text('outcome.' + decision['outcome'])} {units}{when}  ({text('show.rule')}：{_decided_by(decision)}{why})"
    if decision["requirement"]:
        yield f"  {text('show.requirement')}：{decision['requirement']}"
    if decision["evidence"]:
        yield f"  {text('show.evidence')}：{'、'.join(one['text'] for one in decision['evidence'][:8])}"
    if decision["suggestions"]:
        offered = "  ".join(
            f"{named(one['unit'], names)} {one['probability']:.0%}{axes_text(one['axes'])}"
            f"（{'、'.join(why['text'] for why in one['evidence'][:4])}）"
            for one in decision["suggestions"][:5]
        )
        yield f"  {text('show.suggestions')}：{offered}"


def _decided_by(decision: dict[str, Any]) -> str:
    if decision["rule"] == "model" and not decision["model"]:
        return text("show.by_directory")
    if decision["rule"] == "model":
        return f"{text('show.by_model')} {decision['model']}"
    if decision["rule"] == "person":
        return f"{text('show.by_person')} {decision['actor']}"
    if decision["rule"] in {POOL_RULE, CLAIM_RULE}:
        return f"{text('rule.' + decision['rule'])} {decision['actor']}".strip()
    return str(decision["rule"])


def explain_lines(document: dict[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    """``explain`` for people."""
    yield f"{text('show.matter')} {document['matter']}  ({text('state.' + str(document['matter_state']))})"
    similar = document["similar"]
    if similar["count"]:
        yield text("explain.similar").format(similar["count"], similar["since"][:10])
        yield from (
            f"    {one['number']}  {one['similarity']:.2f}  {text('state.' + one['state'])}" for one in similar["letters"]
        )
    for step in document["steps"]:
        first, *rest = step_lines(step, names)
        yield f"{step['at'][:19].replace('T', ' ')}  {text('explain.' + step['step'])}  {first}".rstrip()
        yield from (f"    {line.strip()}" for line in rest)


def step_lines(step: dict[str, Any], names: Mapping[str, str]) -> list[str]:
    """What a step says after its time and name; at least one line."""
    match step["step"]:
        case "decided":
            first, *rest = decision_lines(step, names)
            by_lot = [text("explain.drawn")] if step.get("drawn") else []
            return [f"{step['number']}  {first}", *by_lot, *rest]
        case "registered" | "revised":
            return [
                f"{step['number']}  {step['channel']} {step['external_id'][:24]}  {text('show.version').format(step['version'])}"
            ]
        case "noted":
            return [f"{step['number']}  {step['status']}"]
        case "event":
            return [
                f"{text('event.' + step['type'])} → {step['topic']}  {text('ledger.' + step['state'])} {phrase(step['reason'])}"
            ]
        case "feedback":
            said = f"{named(step['unit'], names)}  {text('feedback.' + step['type'])}  {text('feedback.' + step['outcome'])}"
            return [f"{said} {phrase(step['reason'])}".rstrip()]
        case "audited":
            detail = "  ".join(phrase(f"{value}") for key, value in step.items() if key not in {"at", "step", "actor", "action"})
            return [f"{step['actor']}  {step['action']}  {detail}"]
        case _:
            words = [
                named(step["unit"], names),
                text("role." + step["role"]) if "role" in step else "",
                phrase(step.get("reason", "")),
            ]
            due = f"{text('show.due')} {step['due'][:10]}" if "due" in step else ""
            return ["  ".join(word for word in (*words, due) if word)]
