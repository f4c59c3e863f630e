"""What happened to a matter beside decisions and assignments, and which matters a listing is about."""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.ids import MatterId, Number, UnitCode
from store.engine import Transaction
from store.times import from_us

_VERSIONS = (
    "SELECT m.number, m.channel, m.external_id, v.version, v.at FROM versions v JOIN messages m ON m.id = v.message_id "
    "WHERE m.number IN ({}) ORDER BY v.at"
)
_NOTES = (
    "SELECT m.number, n.at, n.status FROM notes n JOIN messages m ON m.id = n.message_id WHERE m.number IN ({}) ORDER BY n.id"
)
_PUBLISHED = "SELECT topic, type, sequence, state, created_at, settled_at, reason FROM outbox WHERE key = ? ORDER BY sequence"
_RETURNED = (
    "SELECT DISTINCT a.matter FROM assignments a JOIN matters t ON t.id = a.matter "
    "WHERE a.state = 'returned' AND t.state = 'open' ORDER BY a.matter"
)
_ASSIGNED = "SELECT DISTINCT matter FROM assignments ORDER BY matter"
_ASSIGNED_TO = "SELECT DISTINCT matter FROM assignments WHERE unit = ? ORDER BY matter"


def steps(tx: Transaction, numbers: Sequence[Number], matter: MatterId) -> Iterator[dict[str, Any]]:
    """Registrations, revisions, upstream notes and publications, each with ``at`` and ``step``."""
    for number, channel, external_id, version, at in tx.fetch_in(_VERSIONS, numbers):
        step = "registered" if version == 1 else "revised"
        known = {"number": number, "channel": channel, "external_id": external_id, "version": version}
        yield {"at": from_us(at).isoformat(), "step": step, **known}
    for number, at, status in tx.fetch_in(_NOTES, numbers):
        yield {"at": from_us(at).isoformat(), "step": "noted", "number": number, "status": status}
    for topic, kind, sequence, state, created, settled, reason in tx.fetch(_PUBLISHED, (matter,)):
        moment = from_us(settled if settled is not None else created).isoformat()
        known = {"topic": topic, "type": kind, "sequence": sequence, "state": state, "reason": reason}
        yield {"at": moment, "step": "published", **known}


def returned_matters(tx: Transaction) -> list[MatterId]:
    """Open matters in which a unit returned its assignment."""
    return [MatterId(row[0]) for row in tx.fetch(_RETURNED)]


def assigned_matters(tx: Transaction, unit: UnitCode | None = None) -> list[MatterId]:
    """Matters that any unit, or this one, was ever given."""
    rows = tx.fetch(_ASSIGNED) if unit is None else tx.fetch(_ASSIGNED_TO, (unit,))
    return [MatterId(row[0]) for row in rows]
