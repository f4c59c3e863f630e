"""What commands and pages show: documents made of the store's rows, for programs (dicts) and for people (lines)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.copies import letters_of, standing_for
from app.documents import assignment_dict, assignment_steps, automatic_document, decision_dict, iso, maybe_iso, suggestion_dict
from app.office_matters import MatterChanged
from app.queries import Queries
from app.repeats import earlier_document
from app.similar_shown import similar_document
from app.transactions import reading
from app.wiring import System
from domain.accounts import Viewer
from domain.decisions import Assignment, Decision, Urgency
from domain.errors import Refused
from domain.ids import MatterId, Number, UnitCode
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork
from store.desk_review import RETURNED, SOURCES, Narrowed, QueueRow, queue
from store.reads import SqlReads
from store.signatures import Standing
from store.signatures import standing as linker_standing
from store.standings import SqlStandings

EVERYTHING = 10_000_000
_STEP_OF_FEEDBACK = {"sign": "signed", "complete": "completed", "return": "returned"}


def unit_names(system: System) -> dict[str, str]:
    """Code → name of each unit."""
    return {code: unit.name for code, unit in system.directory.units.items()}


def ledger_document(system: System) -> dict[str, Any]:
    """``fenban ledger --json``."""
    lines = Queries(system.store).ledger()
    return {"as_of": iso(system.clock.now()), "lines": lines}


def status_document(system: System) -> dict[str, Any]:
    """``fenban status --json``: channels of the settings, those never polled too, ``paused`` where a person paused them; units
    of the directory, idle ones too; Kafka, where it is used."""
    found = Queries(system.store).status(system.clock.now())
    by_id = {channel["id"]: channel for channel in found["channels"]}
    paused = found.pop("paused")
    channels = []
    for configured in system.settings.channel:
        known = by_id.pop(configured.id, None)
        channels.append(known or _never_polled(configured.id, configured.kind))
    units = {unit["code"]: unit for unit in found["units"]}
    for code in system.directory.units:
        units.setdefault(code, {"code": code, "pending": 0, "delivered": 0, "parked": 0})
    everything = [_in_beijing_time(channel) for channel in (*channels, *by_id.values())]
    everything = [{**channel, "state": "paused"} if channel["id"] in paused else channel for channel in everything]
    document = {**found, "channels": everything, "units": [units[code] for code in sorted(units)]}
    document["automatic"] = automatic_document(reading(system.store, lambda tx: SqlStandings(tx).now()))
    document["linker"] = linker_document(reading(system.store, linker_standing), system.clock.now())
    if system.kafka_watch is not None:
        kafka = system.kafka_watch.state()
        document["kafka"] = {"state": kafka.state, "error": kafka.error}
    return document


def linker_document(standing: Standing, now: datetime) -> dict[str, Any]:
    """How far the linker is behind: decisions it has not looked at, the age of the first; what it wrote and what it holds."""
    oldest = max(0.0, (now - standing.oldest).total_seconds()) if standing.oldest is not None else None
    return {
        "waiting": standing.waiting,
        "oldest_seconds": oldest,
        "links": standing.links,
        "indexed": standing.indexed,
        "memory_bytes": standing.bytes,
    }


def health_document(system: System) -> dict[str, Any]:
    """The status with what monitors look at beside it: parked records of every kind of topic."""
    return {**status_document(system), "parked": Queries(system.store).parked()}


def _in_beijing_time(channel: dict[str, Any]) -> dict[str, Any]:
    last = channel["last_success"]
    return {**channel, "last_success": iso(datetime.fromisoformat(last)) if last else None}


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
        "registered_at": iso(message.registered_at),
        "submitted_at": maybe_iso(message.submitted_at),
        "place": message.place,
        "subject": message.subject,
        "body": message.body,
        "reason": message.reason,
        "sealed": message.sealed,
        "version": message.version,
    }


def review_rows(system: System, *, sealed: bool) -> list[dict[str, Any]]:
    """Messages that wait for a person: uncertain ones and returned matters, or the sealed ones. The page's own query."""
    viewer = Viewer(reads=True, sealed=sealed, ordinary=not sealed, units=None)
    wanted = SOURCES if sealed else (MessageState.IN_REVIEW.value, RETURNED)
    found: list[QueueRow] = []
    with system.store.transaction(write=False) as tx:
        for source in wanted:
            found += queue(tx, viewer, Narrowed(source), EVERYTHING, with_waiting=True)
        messages = SqlReads(tx).messages([row.number for row in found])
    rows = []
    for row in sorted(found, key=lambda row: (row.key[0], row.registered_at, row.number)):
        suggested = f" → {row.suggested_unit}" if row.suggested_unit else ""
        returned = f"returned by {row.returned_by}: {row.return_reason}{suggested}" if row.returned else ""
        rows.append(
            {
                **message_row(messages[row.number]),
                "reason": returned or row.reason,
                "returned": row.returned,
                "returns": row.returns,
                "arbitration": row.arbitration,
                "urgency": Urgency.URGENT if row.urgent else Urgency.NORMAL,
                "rule": row.rule,
                "suggestions": [suggestion_dict(one) for one in row.suggestions],
            }
        )
    return rows


def pool_rows(system: System) -> list[dict[str, Any]]:
    """Letters that are open for claiming, the oldest first."""
    with system.store.unit_of_work(write=False) as uow:
        offered = uow.pool.offered()
        messages = uow.reads.messages([Number(matter) for matter in offered])
        decisions = uow.matters.decisions(offered)
    rows = []
    for matter in offered:
        latest = _latest(decisions[matter], Number(matter))
        row = message_row(messages[Number(matter)])
        row["requirement"] = latest.requirement if latest else ""
        row["deadline_class"] = latest.deadline_class if latest else None
        row["offered_at"] = maybe_iso(latest.decided_at) if latest else None
        rows.append(row)
    return rows


def assignment_rows(system: System, unit: UnitCode | None) -> list[dict[str, Any]]:
    """Assignments in the order they were sent."""
    with system.store.unit_of_work(write=False) as uow:
        matters = Queries(system.store).matters_of(unit)
        parts = uow.assignments.of_matters(matters)
        letters = letters_of(uow, matters)
    messages = {matter: standing_for(matter, members) for matter, members in letters.items()}
    rows = [
        {
            **assignment_dict(part),
            "sealed": part.sealed or messages[matter].sealed,
            "matter": matter,
            "subject": messages[matter].subject,
        }
        for matter, assignments in parts.items()
        for part in assignments
        if unit is None or part.unit == unit
    ]
    return sorted(rows, key=lambda row: (row["sent_at"], row["id"]))


def changed_document(done: MatterChanged) -> dict[str, Any]:
    """``fenban matter merge --json``, ``fenban matter split --json`` (one a line), and what their pages' twins answer."""
    return {"matter": done.matter, "other": done.other, "messages": list(done.messages), "state": done.state}


def message_document(system: System, number: Number) -> dict[str, Any]:
    """``fenban show NUMBER``: the masked message, its latest decision, its matter's assignments."""
    with system.store.unit_of_work(write=False) as uow:
        message = _found(uow, number)
        decisions = uow.matters.decisions([message.matter, MatterId(number)])
        parts = uow.assignments.of_matters([message.matter]).get(message.matter, [])
        others = [other.number for other in uow.reads.of_matters([message.matter]).get(message.matter, [])]
        row = uow.matters.get(message.matter)
        earlier = earlier_document(row.repeat_of if row else None, uow.matters, uow.reads, uow.assignments)
    known = [decision for listed in decisions.values() for decision in listed if decision.number == number]
    return {
        **message_row(message),
        "addressed_to": message.addressed_to,
        "messages": others,
        "matter_state": row.state if row else None,
        "promised": maybe_iso(row.promised) if row else None,
        "repeat_of": row.repeat_of if row and earlier is not None else None,
        "earlier": earlier,
        "decision": decision_dict(known[-1]) if known else None,
        "assignments": [assignment_dict(part) for part in parts],
    }


def explain_document(system: System, number: Number) -> dict[str, Any]:
    """``fenban explain NUMBER``: every step of the matter's way, oldest first."""
    with system.store.unit_of_work(write=False) as uow:
        message = _found(uow, number)
        members = uow.reads.of_matters([message.matter]).get(message.matter, [message])
        matters = list(dict.fromkeys([message.matter, *(MatterId(member.number) for member in members)]))
        decisions = uow.matters.decisions(matters)
        parts = [part for given in uow.assignments.of_matters(matters).values() for part in given]
        subjects = [message.matter, *(member.number for member in members), *(part.id for part in parts)]
        audited = [entry for subject in dict.fromkeys(subjects) for _, entry in uow.audit.entries(subject)]
        row = uow.matters.get(message.matter)
        earlier = earlier_document(row.repeat_of if row else None, uow.matters, uow.reads, uow.assignments)
    with system.store.transaction(write=False) as tx:
        similar = similar_document(tx, message.matter)
    queries = Queries(system.store)
    steps = list(queries.steps([member.number for member in members], matters))
    steps += [
        {"at": iso(one.decided_at), "step": "decided", "number": one.number, **decision_dict(one), **_drawn(one, listed)}
        for listed in decisions.values()
        for one in listed
    ]
    steps += _assignment_steps(parts, decisions, steps)
    for entry in audited:
        step = {"at": iso(entry.at), "step": "audited", "actor": entry.actor, "action": entry.action, **dict(entry.detail)}
        if step not in steps:  # a merge stands in the log under both numbers
            steps.append(step)
    order = ("registered", "revised", "noted", "decided", "assigned")
    steps.sort(key=lambda step: (step["at"], order.index(step["step"]) if step["step"] in order else len(order)))
    return {
        "number": number,
        "matter": message.matter,
        "state": message.state,
        "matter_state": row.state if row else None,
        "sealed": message.sealed,
        "repeat_of": row.repeat_of if row and earlier is not None else None,
        "earlier": earlier,
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
        "similar": similar,
        "steps": steps,
    }


def _drawn(decision: Decision, listed: Sequence[Decision]) -> dict[str, Any]:
    """That a person got it by lot is said once one has decided: known before, it would sway them."""
    decided = any(one.number == decision.number and one.actor and one.decided_at >= decision.decided_at for one in listed)
    return {"drawn": True} if decision.drawn and decided else {}


def _assignment_steps(
    parts: Iterable[Assignment], decisions: Mapping[MatterId, Sequence[Decision]], steps: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What became of each assignment, as it happened: a row says only how it stands now, so the deadline at dispatch is the
    decision's, and what was signed or completed before a reopening is told by the unit's feedback."""
    due = {one.decided_at: one.deadline.due for listed in decisions.values() for one in listed if one.deadline is not None}
    found = [step for part in parts for step in assignment_steps(part, due.get(part.sent_at))]
    told = {(step["assignment"], step["step"], step["at"]) for step in found}
    for step in steps:
        what = _STEP_OF_FEEDBACK.get(step.get("type", "")) if step["step"] == "feedback" else None
        if what and step["outcome"] == "applied" and (step["assignment"], what, step["at"]) not in told:
            found.append({"at": step["at"], "step": what, "assignment": step["assignment"], "unit": step["unit"]})
    return found


def _found(uow: UnitOfWork, number: Number) -> Message:
    message = uow.reads.messages([number]).get(number)
    if message is None:
        raise Refused(f"there is no message {number}", remedy="look it up with: fenban export matters --json")
    return message


def _latest(decisions: Iterable[Decision], number: Number) -> Decision | None:
    of_number = [decision for decision in decisions if decision.number == number]
    return of_number[-1] if of_number else None
