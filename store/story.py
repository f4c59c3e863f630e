"""What happened to a matter, and which matters wait for what, told from rows."""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.clock import SHANGHAI
from domain.ids import AssignmentId, MatterId, Number, UnitCode
from store.engine import Row, Transaction
from store.times import from_us

_VERSIONS = (
    "SELECT v.at, m.number, m.channel, m.external_id, v.version FROM versions v JOIN messages m ON m.id = v.message_id "
    "WHERE m.number IN ({}) ORDER BY m.id, v.version"
)
_NOTES = (
    "SELECT n.at, m.number, n.status FROM notes n JOIN messages m ON m.id = n.message_id WHERE m.number IN ({}) ORDER BY n.id"
)
_EVENTS = "SELECT created_at, type, topic, sequence, state, settled_at, reason FROM outbox WHERE key IN ({}) ORDER BY id"
_SAID = (
    "SELECT f.at, f.unit, f.type, f.assignment, f.outcome, f.reason FROM feedback f "
    "WHERE f.assignment IN ({0}) OR f.assignment IN (SELECT id FROM assignments WHERE matter IN ({0})) ORDER BY f.at, f.event_id"
)
_PROVISIONAL = "SELECT id FROM assignments WHERE provisional = 1 AND state IN ('sent', 'signed') ORDER BY position"


def assigned_matters(tx: Transaction, unit: UnitCode | None) -> list[MatterId]:
    """Matters in which the unit, or any unit, has had an assignment, in the order they were first given."""
    chosen = ("", ()) if unit is None else ("WHERE unit = ?", (unit,))
    rows = tx.fetch(f"SELECT matter, min(position) FROM assignments {chosen[0]} GROUP BY matter ORDER BY 2", chosen[1])
    return [MatterId(row[0]) for row in rows]


def steps(tx: Transaction, numbers: Sequence[Number], matters: Sequence[MatterId]) -> Iterator[dict[str, Any]]:
    """What happened to these messages and the matters they are or were, as far as rows of their own tell it; decisions, assignments and the
    audit log are not repeated. Each has ``at`` (ISO 8601, Asia/Shanghai) and ``step``."""
    for at, number, channel, external_id, version in tx.fetch_in(_VERSIONS, numbers):
        step = "registered" if version == 1 else "revised"
        yield {"at": _iso(at), "step": step, "number": number, "channel": channel, "external_id": external_id, "version": version}
    for at, number, said in tx.fetch_in(_NOTES, numbers):
        yield {"at": _iso(at), "step": "noted", "number": number, "status": said}
    for at, kind, topic, sequence, state, settled_at, reason in tx.fetch_in(_EVENTS, matters):
        event = {"type": kind, "topic": topic, "sequence": sequence, "state": state, "reason": reason}
        yield {"at": _iso(at), "step": "event", **event, "settled_at": _iso(settled_at) if settled_at is not None else None}
    for at, unit, kind, assignment, outcome, reason in _said(tx, matters):
        said = {"unit": unit, "type": kind, "assignment": assignment, "outcome": outcome, "reason": reason}
        yield {"at": _iso(at), "step": "feedback", **said}


def _said(tx: Transaction, matters: Sequence[MatterId]) -> list[Row]:
    """What units said about their parts in these, and claims, which name the matter."""
    places = ", ".join("?" * len(matters))
    return tx.fetch(_SAID.format(places), (*matters, *matters))


def _iso(stored: int) -> str:
    return from_us(stored).astimezone(SHANGHAI).isoformat()


def provisional_assignments(tx: Transaction) -> list[AssignmentId]:
    """Open assignments whose deadline reaches into a year that was not arranged yet when it was counted."""
    return [AssignmentId(row[0]) for row in tx.fetch(_PROVISIONAL)]


def parked_records(tx: Transaction) -> int:
    return int(tx.fetch("SELECT count(*) FROM outbox WHERE state = 'parked'")[0][0])
