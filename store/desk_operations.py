"""What the operations page and monitors read: each query is bounded by an index or a window, none runs through a big table.

Sealed matters are left out of what is counted by state or unit. ``o.id + 0`` and ``unit || ''`` keep SQLite from running through
a whole table in the order of another index, where a partial one holds the few rows that are wanted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.accounts import Viewer
from domain.clock import SHANGHAI
from store.engine import Transaction
from store.recent import delivered_since, since
from store.times import from_us, to_us
from store.visibility import visible_matters

MINUTE, HOUR = 60_000_000, 3_600_000_000
MANY = 10_000
"""Backlogs whose rows must be looked at one by one are counted up to here."""
LISTED = 100
CLAIMS = 2000


@dataclass(frozen=True, slots=True)
class Stage:
    """``minutes`` and ``hour``: how many passed in the last 5 minutes and the last hour, None where nothing passes by itself.
    ``waiting`` may stop at ``MANY``."""

    name: str
    minutes: int | None
    hour: int | None
    waiting: int
    oldest: datetime | None


def stages(tx: Transaction, now: datetime) -> list[Stage]:
    """The way of a message, in its order."""
    moments = [to_us(now) - 5 * MINUTE, to_us(now) - HOUR]
    captured = [
        int(tx.fetch("SELECT coalesce(sum(captured), 0) FROM polls WHERE at >= ?", (moment,))[0][0]) for moment in moments
    ]
    sent = since(tx, "assignments", "sent_at", moments, key="position")
    return [
        _stage("collect", captured, tx.fetch("SELECT count(*), min(at) FROM quarantine WHERE resolved_at IS NULL")[0]),
        _stage("register", since(tx, "messages", "registered_at", moments), (0, None)),
        _stage("decide", since(tx, "decisions", "decided_at", moments), _new(tx)),
        _stage("review", None, _reviewed(tx)),
        _stage(
            "publish",
            delivered_since(tx, moments),
            tx.fetch("SELECT count(*), min(created_at) FROM outbox WHERE state = 'pending'")[0],
        ),
        _stage("units", sent, _unsigned(tx)),
    ]


def _stage(name: str, passed: list[int] | None, waiting: Any) -> Stage:
    minutes, hour = passed if passed is not None else (None, None)
    return Stage(name, minutes, hour, int(waiting[0]), from_us(waiting[1]) if waiting[1] is not None else None)


def _new(tx: Transaction) -> tuple[int, int | None]:
    count = int(tx.fetch("SELECT count(*) FROM messages WHERE state = 'new'")[0][0])
    oldest = tx.fetch("SELECT registered_at FROM messages WHERE state = 'new' ORDER BY id LIMIT 1") if count else []
    return count, oldest[0][0] if oldest else None


def _reviewed(tx: Transaction) -> tuple[int, int | None]:
    row = tx.fetch(
        "SELECT count(*), min(registered_at) FROM (SELECT m.registered_at FROM messages m JOIN matters t ON t.id = m.matter "
        f"WHERE m.state IN ('in_review', 'held') AND m.sealed = 0 AND t.sealed = 0 ORDER BY m.id LIMIT {MANY}) x"
    )[0]
    return int(row[0]), row[1]


def _unsigned(tx: Transaction) -> tuple[int, int | None]:
    row = tx.fetch(
        "SELECT count(*), min(sent_at) FROM assignments WHERE state IN ('sent', 'signed') AND state = 'sent' AND sealed = 0"
    )[0]
    return int(row[0]), row[1]


@dataclass(frozen=True, slots=True)
class Lag:
    """A unit's: records on the way to it, records its topics refused, parts that it got and did not sign yet."""

    unit: str
    pending: int = 0
    parked: int = 0
    unsigned: int = 0
    oldest_unsigned: datetime | None = None


def lags(tx: Transaction) -> list[Lag]:
    """Of the units for which something waits."""
    found: dict[str, list[Any]] = {}
    for place, waits in enumerate(("o.state = 'pending'", "o.waiting = 1 AND o.state = 'parked'")):
        query = f"SELECT topic, count(*) FROM outbox o WHERE {waits} AND topic LIKE 'fenban.unit.%' GROUP BY topic"
        for topic, count in tx.fetch(query):
            found.setdefault(topic.removeprefix("fenban.unit."), [0, 0, 0, None])[place] = int(count)
    for unit, count, oldest in tx.fetch(
        "SELECT unit || '', count(*), min(sent_at) FROM assignments "
        "WHERE state IN ('sent', 'signed') AND state = 'sent' AND sealed = 0 GROUP BY unit || ''"
    ):
        found.setdefault(unit, [0, 0, 0, None])[2:] = [count, from_us(oldest)]
    return [Lag(unit, *found[unit]) for unit in sorted(found)]


def owed(tx: Transaction, now: datetime, soon: datetime) -> tuple[int, int]:
    """Open assignments past their deadline; and those due until ``soon``. Sealed ones are left out."""
    query = "SELECT count(*) FROM assignments WHERE state IN ('sent', 'signed') AND sealed = 0 AND due {}"
    late = tx.fetch(query.format("< ?"), (to_us(now),))[0][0]
    near = tx.fetch(query.format(">= ? AND due <= ?"), (to_us(now), to_us(soon)))[0][0]
    return int(late), int(near)


def faults(tx: Transaction) -> list[tuple[str, str, int, datetime]]:
    """(channel, class, how often since the beginning, last)."""
    rows = tx.fetch("SELECT channel, fault, count, last_at FROM channel_faults ORDER BY channel, fault")
    return [(row[0], row[1], int(row[2]), from_us(row[3])) for row in rows]


def poll_times(tx: Transaction) -> dict[str, tuple[int, float, float]]:
    """Channel → polls, seconds in all, seconds of the last."""
    rows = tx.fetch("SELECT channel, polls, seconds, last_seconds FROM channel_polls")
    return {row[0]: (int(row[1]), float(row[2]), float(row[3])) for row in rows}


def hours(tx: Transaction, begin: datetime, end: datetime) -> dict[tuple[str, int], int]:
    """(channel, hour as hours since 1970) → captures, of the hours in which the channel was polled."""
    rows = tx.fetch(
        f"SELECT channel, at / {HOUR} AS hour, sum(captured) FROM polls WHERE at >= ? AND at < ? GROUP BY channel, at / {HOUR}",
        (to_us(begin), to_us(end)),
    )
    return {(row[0], int(row[1])): int(row[2]) for row in rows}


def leases(tx: Transaction, now: datetime) -> list[dict[str, Any]]:
    """Who holds what now: channels one by one, a relay's shards together."""
    held: dict[tuple[str, str, str], tuple[int, int]] = {}
    for name, owner, until in tx.fetch("SELECT name, owner, until FROM leases WHERE until > ?", (to_us(now),)):
        part, _, what = name.partition(":")
        if part.startswith("relays/"):
            continue
        key = (part, owner, what if part == "channel" else "")
        shards, least = held.get(key, (0, until))
        held[key] = (shards + 1, min(least, until))
    return [
        {"part": part, "owner": owner, "what": what, "shards": count if part == "relay" else None, "until": _iso(until)}
        for (part, owner, what), (count, until) in sorted(held.items())
    ]


def claims(tx: Transaction, now: datetime) -> list[dict[str, Any]]:
    """Workers that hold messages now, as far as the oldest new messages show them."""
    rows = tx.fetch(
        "SELECT claimed_by, count(*), max(claimed_until) FROM (SELECT claimed_by, claimed_until FROM messages WHERE state = 'new' "
        f"ORDER BY id LIMIT {CLAIMS}) x WHERE claimed_by <> '' AND claimed_until > ? GROUP BY claimed_by ORDER BY claimed_by",
        (to_us(now),),
    )
    return [{"owner": row[0], "messages": int(row[1]), "until": _iso(row[2])} for row in rows]


def parked(tx: Transaction, viewer: Viewer, ids: list[int] | None = None) -> list[dict[str, Any]]:
    """Records that a topic refused, the oldest first, without their payload. Of sealed matters only to who may see those."""
    may, parameters = visible_matters(Viewer(reads=True, sealed=viewer.sealed, units=None))
    query = (
        "SELECT o.id, o.topic, o.key, o.type, o.attempts, o.created_at, o.settled_at, o.reason FROM outbox o "
        f"LEFT JOIN matters t ON t.id = o.key WHERE o.waiting = 1 AND o.state = 'parked' AND {_shown(may)}"
    )
    if ids is None:
        rows = tx.fetch(f"{query} ORDER BY o.id + 0 LIMIT {LISTED}", parameters)
    else:
        rows = tx.fetch_in(query + " AND o.id IN ({}) ORDER BY o.id", ids, before=parameters)
    return [
        {
            "id": row[0],
            "topic": row[1],
            "matter": row[2],
            "type": row[3],
            "attempts": row[4],
            "created_at": _iso(row[5]),
            "parked_at": _iso(row[6]) if row[6] is not None else None,
            "reason": row[7],
        }
        for row in rows
    ]


def parked_count(tx: Transaction) -> int:
    """Those that ``parked`` lists to who sees no sealed matters."""
    may, parameters = visible_matters(Viewer(reads=True, units=None))
    query = (
        "SELECT count(*) FROM outbox o LEFT JOIN matters t ON t.id = o.key "
        f"WHERE o.waiting = 1 AND o.state = 'parked' AND {_shown(may)}"
    )
    return int(tx.fetch(query, parameters)[0][0])


def _shown(may: str) -> str:
    """Of a matter that may be seen, or of none: what units' automation does is no letter's."""
    return f"(o.type = 'automatic' OR t.id IS NOT NULL AND {may})"


def quarantined_since(tx: Transaction) -> dict[str, datetime]:
    """Channel → when the capture that waits longest came into quarantine."""
    rows = tx.fetch("SELECT channel, min(at) FROM quarantine WHERE resolved_at IS NULL GROUP BY channel")
    return {row[0]: from_us(row[1]) for row in rows}


def parked_since(tx: Transaction) -> tuple[int, datetime | None]:
    """How many are parked, of every kind of topic, and since when the one that is longest."""
    count, oldest = tx.fetch("SELECT count(*), min(settled_at) FROM outbox WHERE waiting = 1 AND state = 'parked'")[0]
    return int(count), from_us(oldest) if oldest is not None else None


def _iso(stored: int) -> str:
    return from_us(stored).astimezone(SHANGHAI).isoformat()
