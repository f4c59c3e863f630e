"""The same calls to PostgreSQL and Kafka as fenban's, bare: COPY, updates by arrays, the reads and locks between them, one
producer with fenban's settings. Each attribute of an event is a header of its own, as departments are promised (CloudEvents in
binary mode): one header for all ten would spare the client a third of what sending a record costs. In between, the same library
calls as ``tests.bench.limit``: no check, no object, no decision.
"""

import gc
import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psycopg
import rjieba
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from kafka import KafkaProducer

from route.kafka_publisher import BATCH_BYTES, LINGER_MS
from tests.bench import limit
from tests.bench.messages import UNIT_CODES
from tests.bench.on_servers import Addresses
from tests.bench.world import peak_megabytes, seconds

_NOW = 1_795_000_000_000_000
_LATER = "SET LOCAL synchronous_commit = off"
_CLAIM = (
    "UPDATE messages SET claimed_by = 'limit', claimed_until = %s WHERE id IN "
    "(SELECT id FROM messages WHERE state = 'new' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)"
)
_READ = (
    "SELECT m.*, v.subject, v.body FROM messages m JOIN versions v ON v.message_id = m.id AND v.version = m.version "
    "WHERE m.state = 'new' AND m.claimed_by = 'limit' ORDER BY m.id"
)
_LOCK = "SELECT * FROM matters WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
_SAME = (
    "SELECT m.*, v.subject, v.body FROM marks k JOIN messages m ON m.id = k.message_id "
    "JOIN versions v ON v.message_id = m.id AND v.version = m.version WHERE k.hash = ANY(%s)"
)
_SETTLE = "UPDATE messages SET state = 'dispatched' WHERE id = ANY(%s)"
_RAISE = "UPDATE matters SET sequence = 1 WHERE id = ANY(%s)"
_PENDING = (
    "SELECT o.*, p.headers, p.value FROM outbox o JOIN outbox_payloads p ON p.outbox_id = o.id "
    "WHERE o.state = 'pending' ORDER BY o.id LIMIT %s"
)
_DELIVERED = "UPDATE outbox SET state = 'delivered', settled_at = %s WHERE id = ANY(%s)"


def run(folder: Path, captures: Sequence[bytes]) -> dict[str, Any]:
    """Every message to the topics, as if each were new, dispatched and nobody's copy."""
    told = Addresses.read(folder)
    store = psycopg.connect(told.store)
    producer = KafkaProducer(
        **told.kafka, acks="all", enable_idempotence=True, compression_type="lz4", linger_ms=LINGER_MS, batch_size=BATCH_BYTES
    )
    weights = np.random.default_rng(1).standard_normal((limit.WORDS + limit.BUCKETS, len(UNIT_CODES)), dtype=np.float32)
    master, index = AESGCM(os.urandom(32)), os.urandom(32)
    codes = list(UNIT_CODES.values())
    for code in codes:
        producer.partitions_for(f"fenban.unit.{code}")
    rjieba.cut("先装词典")
    gc.disable()
    began = seconds()
    for start in range(0, len(captures), limit.BATCH):
        lines = captures[start : start + limit.BATCH]
        documents = [orjson.loads(line) for line in lines]
        texts = [unicodedata.normalize("NFKC", f"{one['subject']}\n{one['body']}") for one in documents]
        rows = limit.rows_to_take(lines, documents, texts, master, index, start)
        rows[1] = [(*row[:5], "new", *row[6:]) for row in rows[1]]
        _write(store, limit.TAKE, rows)
        store.commit()
        _claim(store)
        best = [[codes[unit] for unit in row] for row in limit.suggest(texts, weights).tolist()]
        decided, _ = limit.rows_to_deliver(documents, texts, best, start)
        _decide(store, rows, decided)
        _relay(store, producer)
    took = seconds() - began
    store.close()
    producer.close()
    return {"seconds": took, "handled": len(captures), "delivered": len(captures), "stages": {}, "megabytes": peak_megabytes()}


def _write(store: psycopg.Connection, tables: Sequence[tuple[str, str]], rows: Sequence[Sequence[Sequence[Any]]]) -> None:
    with store.cursor() as cursor:
        for (table, columns), values in zip(tables, rows, strict=True):
            with cursor.copy(f"COPY {table} ({', '.join(columns.split())}) FROM STDIN") as target:
                for row in values:
                    target.write_row(row)


def _claim(store: psycopg.Connection) -> None:
    store.execute(_LATER)
    store.execute(_CLAIM, (_NOW, limit.BATCH))
    store.execute(_READ).fetchall()
    store.commit()


def _decide(store: psycopg.Connection, taken: Sequence[Any], decided: Sequence[Any]) -> None:
    numbers, places, marks = [row[0] for row in taken[0]], [row[0] for row in taken[1]], [row[0] for row in taken[3]]
    store.execute(_SAME, (marks,)).fetchall()
    store.execute(_LOCK, (numbers,)).fetchall()
    store.execute(_SETTLE, (places,))
    store.execute(_RAISE, (numbers,))
    _write(store, limit.DECIDE, decided)
    store.commit()


def _relay(store: psycopg.Connection, producer: KafkaProducer) -> None:
    records = store.execute(_PENDING, (limit.BATCH,)).fetchall()
    store.commit()
    sent = [
        producer.send(
            row[3],
            key=row[4].encode(),
            headers=[(f"ce_{name}", value.encode()) for name, value in orjson.loads(row[-2]).items()],
            value=row[-1].encode(),
        )
        for row in records
    ]
    producer.flush()
    if not all(future.succeeded() for future in sent):
        raise SystemExit("Kafka did not take every record of the limit")
    store.execute(_LATER)
    store.execute(_DELIVERED, (_NOW, [row[0] for row in records]))
    store.commit()
