"""What of late differs from what the live model learned: a row a day, and what it is counted from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from domain.accounts import Viewer
from domain.ids import UnitCode
from store.codes import get_suggestions
from store.engine import Transaction, insert_sql
from store.schema import drift
from store.times import from_us, to_us
from store.visibility import visible_matters

EVERYBODY = Viewer(reads=True, units=None)
_PUT = insert_sql(
    drift,
    "model",
    "day",
    "at",
    "figures",
    conflict="ON CONFLICT (model, day) DO UPDATE SET at = excluded.at, figures = excluded.figures",
)
_LATE = (
    "SELECT d.suggestions, d.outcome, d.rule, v.subject, v.body FROM decisions d JOIN messages m ON m.number = d.number "
    "JOIN matters t ON t.id = m.matter JOIN versions v ON v.message_id = m.id AND v.version = d.version "
    "WHERE d.decided_at >= ? AND d.id > ? AND d.actor = '' AND d.model <> '' AND d.suggestions <> '' "
    "AND d.outcome IN ('dispatch', 'review') AND {} ORDER BY d.id DESC LIMIT ?"
)
_RETURNS = (
    "SELECT a.unit, count(*), sum(CASE WHEN a.returned_at IS NULL THEN 0 ELSE 1 END) FROM assignments a "
    "JOIN matters t ON t.id = a.matter WHERE a.sent_at >= ? AND a.sealed = 0 AND {} GROUP BY a.unit ORDER BY a.unit"
)


@dataclass(frozen=True, slots=True)
class Late:
    """A letter decided of late: how sure the first suggestion was, whether it went out without a person, its masked text."""

    confidence: float
    automatic: bool
    subject: str
    body: str


def late(tx: Transaction, since: datetime, most: int) -> list[Late]:
    """The latest letters for which a model suggested something."""
    visible, seen = visible_matters(EVERYBODY)
    top = int(tx.fetch("SELECT coalesce(max(id), 0) FROM decisions")[0][0])
    rows = tx.fetch(_LATE.format(visible), (to_us(since), top - 20 * most, *seen, most))
    return [
        Late(get_suggestions(row[0])[0].probability, row[1] == "dispatch" and row[2] == "model", row[3], row[4]) for row in rows
    ]


def returns(tx: Transaction, since: datetime) -> dict[UnitCode, tuple[int, int]]:
    """(assignments sent since then, of these returned) of each unit."""
    visible, seen = visible_matters(EVERYBODY)
    return {UnitCode(row[0]): (row[1], row[2]) for row in tx.fetch(_RETURNS.format(visible), (to_us(since), *seen))}


def put_drift(tx: Transaction, model: str, day: str, at: datetime, figures: dict[str, Any]) -> None:
    """The day's row, in place of an earlier one."""
    tx.run(_PUT, (model, day, to_us(at), orjson.dumps(figures).decode()))


def drifts(tx: Transaction, model: str) -> list[tuple[str, datetime, dict[str, Any]]]:
    """(day, when, figures) of the model, oldest first."""
    rows = tx.fetch("SELECT day, at, figures FROM drift WHERE model = ? ORDER BY day", (model,))
    return [(row[0], from_us(row[1]), orjson.loads(row[2])) for row in rows]
