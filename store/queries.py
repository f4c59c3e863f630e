"""Read-only reports: the ledger, the state of things, labels for training, search by number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.accounts import Viewer
from domain.events import OutboxState
from domain.ids import MatterId, Number, UnitCode
from domain.messages import CaptureOutcome, MessageState
from store.captures import DIRECT_CAPTURES
from store.channels import SqlChannels
from store.codes import get_units
from store.controls import SqlControls
from store.engine import Transaction
from store.outbox import apart_from_matters
from store.times import from_us, to_us
from store.visibility import visible_matters

UNIT_TOPICS = "fenban.unit."
NUMBER_PREFIX = 3

_POLLS = (
    "SELECT coalesce(sum(p.listed), 0), coalesce(sum(p.unchanged), 0), coalesce(sum(p.captured), 0), "
    "coalesce(sum(abs(p.listed - p.unchanged - coalesce(c.counted, 0))), 0), coalesce(sum(coalesce(c.counted, 0)), 0) "
    "FROM polls p LEFT JOIN (SELECT poll, count(*) AS counted FROM captures GROUP BY poll) c ON c.poll = p.id"
)
_LEARNS = Viewer(reads=True, units=None)
"""Who learns sees letters of every unit, and nothing sealed."""
_ORDINARY, _ = visible_matters(_LEARNS)
_EARLIER, _ = visible_matters(_LEARNS, "r")
_LABELS = (
    "SELECT m.number, v.subject, v.body, x.unit, x.at, m.version, coalesce(r.id, t.id), x.reply, x.partial, t.excluded FROM ("
    "SELECT a.matter AS number, a.unit AS unit, a.completed_at AS at, a.reply AS reply, 0 AS partial FROM assignments a "
    "WHERE a.role = 'lead' AND a.state = 'completed' AND a.completed_at IS NOT NULL "
    "UNION ALL SELECT b.matter, b.suggested_unit, b.returned_at, '', 1 FROM assignments b "
    "WHERE b.role = 'lead' AND b.returned_at IS NOT NULL AND b.suggested_unit IS NOT NULL "
    "UNION ALL SELECT d.number, d.lead, d.decided_at, '', 0 FROM decisions d WHERE d.actor <> '' AND d.lead IS NOT NULL"
    ") x JOIN messages m ON m.number = x.number JOIN versions v ON v.message_id = m.id AND v.version = m.version "
    f"JOIN matters t ON t.id = m.matter LEFT JOIN matters r ON r.id = t.repeat_of AND {_EARLIER} "
    f"WHERE {_ORDINARY} ORDER BY x.at, m.id"
)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """``left`` from manifests and counters, ``right`` (by state) from counted rows; a ``difference`` not 0 is a defect."""

    name: str
    left: int
    right: dict[str, int]
    difference: int


@dataclass(frozen=True, slots=True)
class Label:
    """A masked text and the unit that was right for it. ``matter``: the one it belongs to, or which that one repeats. ``reply``:
    what the unit answered. ``partial``: a unit that gave it back named this one, which has not answered."""

    number: Number
    subject: str
    body: str
    unit: UnitCode
    at: datetime
    version: int
    matter: MatterId
    reply: str = ""
    partial: bool = False


def ledger(tx: Transaction) -> list[LedgerLine]:
    """The lines ``listed``, ``captured``, ``registered``, ``outbox``; ``listed`` adds up the polls' absolute differences."""
    listed, unchanged, manifested, apart, counted = (int(value) for value in tx.fetch(_POLLS)[0])
    direct = tx.fetch("SELECT value FROM counters WHERE name = ?", (DIRECT_CAPTURES,))
    numbers = int(tx.fetch("SELECT coalesce(sum(value), 0) FROM number_counters")[0][0])
    sequences = int(tx.fetch("SELECT coalesce(sum(sequence), 0) FROM matters")[0][0]) + apart_from_matters(tx)
    captured = manifested + (int(direct[0][0]) if direct else 0)
    return [
        LedgerLine("listed", listed, {"unchanged": unchanged, "captured": counted}, apart),
        _line("captured", captured, _counts(tx, "captures", "outcome", [outcome.value for outcome in CaptureOutcome])),
        _line("registered", numbers, _counts(tx, "messages", "state", [state.value for state in MessageState])),
        _line("outbox", sequences, _counts(tx, "outbox", "state", [state.value for state in OutboxState])),
    ]


def _line(name: str, left: int, right: dict[str, int]) -> LedgerLine:
    return LedgerLine(name, left, right, left - sum(right.values()))


def _counts(tx: Transaction, table: str, column: str, names: list[str]) -> dict[str, int]:
    """Rows by state, every state named. A state that should not exist is counted under its name too."""
    counted = {str(row[0]): int(row[1]) for row in tx.fetch(f"SELECT {column}, count(*) FROM {table} GROUP BY {column}")}
    return {name: counted.pop(name, 0) for name in names} | counted


def status(tx: Transaction, now: datetime) -> dict[str, Any]:
    """What ``fenban status --json`` prints: channels, stages (messages by state), outbox, units; and the paused channels' ids."""
    pending, oldest = tx.fetch("SELECT count(*), min(created_at) FROM outbox WHERE state = 'pending'")[0]
    return {
        "channels": [
            {
                "id": channel.id,
                "kind": channel.kind,
                "state": channel.state,
                "last_success": channel.last_success.isoformat() if channel.last_success else None,
                "captured": channel.captured,
                "quarantined": channel.quarantined,
                "error": channel.error,
            }
            for channel in SqlChannels(tx).status()
        ],
        "paused": sorted(channel for channel, told in SqlControls(tx).all().items() if told.paused),
        "stages": _counts(tx, "messages", "state", [state.value for state in MessageState]),
        "outbox": {"pending": pending, "oldest_seconds": max(0.0, (to_us(now) - oldest) / 1e6) if pending else 0.0},
        "units": _units(tx),
    }


def _units(tx: Transaction) -> list[dict[str, Any]]:
    units: dict[str, dict[str, Any]] = {}
    query = "SELECT topic, state, count(*) FROM outbox WHERE topic LIKE 'fenban.unit.%' GROUP BY topic, state"
    for topic, state, count in tx.fetch(query):
        code = topic.removeprefix(UNIT_TOPICS)
        unit = units.setdefault(code, {"code": code, "pending": 0, "delivered": 0, "parked": 0})
        if state in unit:
            unit[state] = count
    return [units[code] for code in sorted(units)]


def labels(tx: Transaction) -> Iterator[Label]:
    """Completed lead assignments, persons' decisions, and units named by those that gave a matter back: the latest of each
    message; nothing of sealed matters, and no unit that a matter must never reach."""
    latest = {row[0]: row[:-1] for row in tx.fetch(_LABELS) if row[3] not in get_units(row[-1])}
    for number, subject, body, unit, at, version, matter, reply, partial in latest.values():
        texts = (subject, body, UnitCode(unit))
        yield Label(Number(number), *texts, from_us(at), version, MatterId(matter), reply, bool(partial))


def find(tx: Transaction, text: str, limit: int = 20) -> list[tuple[Number, MatterId]]:
    """Numbers that end with or contain ``text`` (at least 3 characters), with their matters, newest first."""
    if len(text) < NUMBER_PREFIX:
        return []
    pattern = "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    rows = tx.fetch(
        "SELECT number, matter FROM messages WHERE number LIKE ? ESCAPE '!' ORDER BY id DESC LIMIT ?", (pattern, limit)
    )
    return [(Number(row[0]), MatterId(row[1])) for row in rows]
