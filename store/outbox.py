"""Events to be published, stored with the change they tell of (``domain.ports.OutboxRepository``)."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from domain.errors import Refused
from domain.events import Delivery, DeliveryStatus, EventType, OutboxRecord, OutboxState
from domain.ids import EventId, MatterId
from domain.records import NewOutbox
from store.codes import get_pairs, put_pairs
from store.engine import Transaction, insert_sql
from store.schema import outbox, outbox_payloads
from store.times import from_us, to_us

SHARDS = 64
FIRST_WAIT = 1_000_000
LONGEST_WAIT = 300_000_000

_INSERT = insert_sql(outbox, "id", "event_id", "type", "topic", "key", "sequence", "shard", "created_at", "state")
_INSERT_PAYLOAD = insert_sql(outbox_payloads, "outbox_id", "headers", "value")
_DELIVERED = "UPDATE outbox SET state = 'delivered', waiting = 0, settled_at = ? WHERE id = ? AND state = 'pending'"
_PARKED = "UPDATE outbox SET state = 'parked', waiting = 1, reason = ?, settled_at = ? WHERE id = ? AND state = 'pending'"
_RETRY = (
    "UPDATE outbox SET attempts = attempts + 1, waiting = 1, reason = ?, "
    "next_at = ? + CASE WHEN attempts > 8 THEN ? ELSE ? * (1 << attempts) END WHERE id = ? AND state = 'pending'"
)
_REPLAY = (
    "UPDATE outbox SET state = 'pending', waiting = 0, next_at = 0, attempts = 0, reason = ?, settled_at = NULL "
    "WHERE id = ? AND (state = 'parked' OR state = 'pending' AND waiting = 1)"
)
_DISCARD = (
    "UPDATE outbox SET state = 'discarded', waiting = 0, reason = ?, settled_at = ? "
    "WHERE id = ? AND state IN ('pending', 'parked')"
)
RECORD_COLUMNS = "o.id, o.event_id, o.type, o.topic, o.key, o.sequence, p.headers, p.value, o.created_at, o.attempts"
RECORDS = f"SELECT {RECORD_COLUMNS} FROM outbox o JOIN outbox_payloads p ON p.outbox_id = o.id"
"""Outbox records with their payloads, for ``to_record``."""

# State and flag stand here as literals: only then does SQLite see that its partial indexes apply.
# OFFSET 0 changes nothing, but keeps PostgreSQL from making NOT EXISTS a join, which, where few waited when it last looked, runs
# through all that wait for each; and it expects half of the records to pass, so it reads as many as are asked for, in order,
# instead of sorting all. The payloads are fetched for those alone.
_PENDING = (
    f"SELECT {RECORD_COLUMNS} FROM (SELECT o.* FROM outbox o WHERE o.state = 'pending' AND o.next_at <= ? {{}} AND NOT EXISTS "
    "(SELECT 1 FROM outbox earlier WHERE earlier.waiting = 1 AND earlier.key = o.key AND earlier.topic = o.topic "
    "AND earlier.id < o.id AND (earlier.state = 'parked' OR earlier.next_at > ?) LIMIT 1 OFFSET 0) ORDER BY o.id LIMIT ?) o "
    "JOIN outbox_payloads p ON p.outbox_id = o.id"
)
_PARKED_RECORDS = (
    RECORDS.replace(" FROM", ", o.reason FROM", 1) + " WHERE o.waiting = 1 AND o.state = 'parked' ORDER BY o.id LIMIT ?"
)
APART = "events of no matter"
_COUNT_APART = (
    "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value"
)
_id_of = attrgetter("id")
_TYPES = {kind.value: kind for kind in EventType}


def shard_of(key: MatterId) -> int:
    """The shard (0–63) of a matter: the same on every machine, in every version, for ever."""
    return zlib.crc32(key.encode()) % SHARDS


def to_record(row: Sequence[Any]) -> OutboxRecord:
    return OutboxRecord(
        row[0],
        EventId(row[1]),
        _TYPES[row[2]],
        row[3],
        MatterId(row[4]),
        row[5],
        get_pairs(row[6]),
        row[7],
        from_us(row[8]),
        row[9],
    )


def add_apart(tx: Transaction, new: Sequence[NewOutbox]) -> None:
    """Events that belong to no matter, so that no matter's ``sequence`` counts them for the ledger."""
    if new:
        tx.run(_COUNT_APART, (APART, len(new)))
        SqlOutbox(tx).add(new)


def apart_from_matters(tx: Transaction) -> int:
    """How many ``add_apart`` took."""
    counted = tx.fetch("SELECT value FROM counters WHERE name = ?", (APART,))
    return int(counted[0][0]) if counted else 0


class SqlOutbox:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, new: Sequence[NewOutbox]) -> None:
        rows = list(zip(self._tx.next_ids(outbox, len(new)), new, strict=True))
        self._tx.many(
            _INSERT,
            [
                (
                    row_id,
                    record.event_id,
                    record.type.value,
                    record.topic,
                    record.key,
                    record.sequence,
                    shard_of(record.key),
                    to_us(record.created_at),
                    "pending",
                )
                for row_id, record in rows
            ],
        )
        self._tx.many(_INSERT_PAYLOAD, [(row_id, put_pairs(record.headers), record.value) for row_id, record in rows])

    def pending(self, shards: Sequence[int], limit: int, now: datetime) -> list[OutboxRecord]:
        moment = to_us(now)
        if len(set(shards)) == SHARDS:
            rows = self._tx.fetch(_PENDING.format(""), (moment, moment, limit))
        else:
            rows = self._tx.fetch_in(_PENDING.format("AND o.shard IN ({})"), shards, before=(moment,), after=(moment, limit))
        return sorted(map(to_record, rows), key=_id_of)

    def settle(self, deliveries: Sequence[Delivery], now: datetime) -> list[int]:
        moment = to_us(now)
        done = [(moment, item.record_id) for item in deliveries if item.status is DeliveryStatus.DELIVERED]
        parked = [(item.reason, moment, item.record_id) for item in deliveries if item.status is DeliveryStatus.REFUSED]
        again = [
            (item.reason, moment, LONGEST_WAIT, FIRST_WAIT, item.record_id)
            for item in deliveries
            if item.status is DeliveryStatus.RETRY
        ]
        self._tx.many(_DELIVERED, done, distinct=True)
        self._tx.many(_RETRY, again)
        # Few, and each must say whether it was the one that parked.
        return [row[-1] for row in parked if self._tx.run(_PARKED, row)]

    def parked(self, limit: int) -> list[tuple[OutboxRecord, str]]:
        return [(to_record(row), row[-1]) for row in self._tx.fetch(_PARKED_RECORDS, (limit,))]

    def move(self, record_ids: Sequence[int], state: OutboxState, reason: str, now: datetime) -> int:
        if state is OutboxState.PENDING:
            return self._tx.many(_REPLAY, [(reason, row_id) for row_id in record_ids])
        if state is OutboxState.DISCARDED:
            return self._tx.many(_DISCARD, [(reason, to_us(now), row_id) for row_id in record_ids])
        raise Refused(f"a person cannot make an outbox record {state}")
