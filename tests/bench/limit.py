"""The library calls that a message cannot do without, bare, in one loop: what nothing in Python on this machine beats.

orjson, NFKC, keyed hashes, rjieba, hashed character n-grams by array operations, one sparse product, igzip and AES-GCM,
executemany and the four commits, of which the last does not wait for the disk. No look-up, no check, no object, no decision,
no collection of garbage.
"""

import gc
import hashlib
import hmac
import os
import sqlite3
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import rjieba
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from isal import igzip_lib
from scipy import sparse

from store.engine import SQLITE_PRAGMAS
from tests.bench.messages import UNIT_CODES
from tests.bench.world import peak_megabytes, seconds

BATCH = 256
BUCKETS = 1 << 18
WORDS = 1 << 15
_NOW = 1_795_000_000_000_000

TAKE = (
    ("matters", "id state opened_at"),
    ("messages", "id number channel external_id version state matter mail_kind registered_at owner marks"),
    ("versions", "message_id version at subject body submitted_at"),
    ("marks", "hash message_id"),
    ("text_claims", "person text_hash slot number at"),
    ("items", "id channel external_id number content_mark fetched_at"),
    ("captures", "id poll outcome number"),
    ("data_keys", "id owner wrapped_key master_version"),
    ("sealed_values", "key_id name version cipher"),
)
DECIDE = (
    (
        "decisions",
        "id matter number version outcome rule decided_at lead deadline_class due working_days provisional calendar urgency model "
        "threshold suggestions evidence",
    ),
    ("assignments", "position id matter unit role state sent_at due working_days"),
    ("outbox", "id event_id type topic key sequence shard created_at state"),
    ("outbox_payloads", "outbox_id headers value"),
)


def run(folder: Path, captures: Sequence[bytes]) -> dict[str, Any]:
    """Every message to the topics, as if each were new, dispatched and nobody's copy."""
    store = _open(folder / "data" / "fenban.db")
    topics = _open(folder / "data" / "limit-topics.db")
    topics.execute(
        "CREATE TABLE records (offset INTEGER PRIMARY KEY, topic TEXT, key TEXT, headers TEXT, value TEXT, at INTEGER)"
    )
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((WORDS + BUCKETS, len(UNIT_CODES)), dtype=np.float32)
    master, index = AESGCM(os.urandom(32)), os.urandom(32)
    codes = list(UNIT_CODES.values())
    rjieba.cut("先装词典")
    gc.disable()
    began = seconds()
    for start in range(0, len(captures), BATCH):
        lines = captures[start : start + BATCH]
        documents = [orjson.loads(line) for line in lines]
        texts = [unicodedata.normalize("NFKC", f"{one['subject']}\n{one['body']}") for one in documents]
        _take(store, rows_to_take(lines, documents, texts, master, index, start))
        best = suggest(texts, weights)
        rows, records = rows_to_deliver(documents, texts, [[codes[unit] for unit in row] for row in best.tolist()], start)
        _deliver(store, topics, rows, records, start)
    took = seconds() - began
    return {"seconds": took, "handled": len(captures), "delivered": len(captures), "stages": {}, "megabytes": peak_megabytes()}


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    connection.execute("PRAGMA foreign_keys = OFF")
    return connection


def _insert(connection: sqlite3.Connection, table: tuple[str, str], rows: Sequence[Sequence[Any]]) -> None:
    name, columns = table[0], table[1].split()
    connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)


def _take(store: sqlite3.Connection, rows: Sequence[Sequence[Sequence[Any]]]) -> None:
    store.execute("BEGIN IMMEDIATE")
    for table, values in zip(TAKE, rows, strict=True):
        _insert(store, table, values)
    store.execute("COMMIT")


def rows_to_take(
    lines: Sequence[bytes],
    documents: Sequence[dict[str, str]],
    texts: Sequence[str],
    master: AESGCM,
    index: bytes,
    start: int,
) -> list[list[Sequence[Any]]]:
    """What registering writes, by table of ``TAKE``."""
    rows: list[list[Sequence[Any]]] = [[] for _ in TAKE]
    for place, (line, one, text) in enumerate(zip(lines, documents, texts, strict=True), start + 1):
        number = f"20261122-limit-{place:06d}"
        key = os.urandom(32)
        cipher = AESGCM(key)
        sealed = []
        for value in (line, orjson.dumps(one)):
            nonce = os.urandom(12)
            packed = igzip_lib.compress(value, 1, flag=igzip_lib.COMP_DEFLATE)
            sealed.append(nonce + cipher.encrypt(nonce, packed, b"value"))
        nonce = os.urandom(12)
        wrapped = nonce + master.encrypt(nonce, key, b"key")
        marks = [hmac.digest(index, one[kind].encode(), "sha256")[:16] for kind in ("phone", "email")]
        owner = f"{place:032x}"
        rows[0].append((number, "open", _NOW))
        marked = " ".join(mark.hex() for mark in marks)
        rows[1].append((place, number, "limit", one["id"], 1, "dispatched", number, "letter", _NOW, owner, marked))
        rows[2].append((place, 1, _NOW, one["subject"], text, _NOW))
        rows[3].extend((mark, place) for mark in marks)
        rows[4].extend(
            (mark, hashlib.blake2b((text + one["id"]).encode(), digest_size=16).digest(), 0, number, _NOW) for mark in marks
        )
        rows[5].append((place, "limit", one["id"], number, owner, _NOW))
        rows[6].append((place, 1, "registered", number))
        rows[7].append((place, owner, wrapped, 1))
        rows[8].extend((place, name, 1, value) for name, value in zip(("capture", "original"), sealed, strict=True))
    return rows


def suggest(texts: Sequence[str], weights: Any) -> Any:
    """The five best units of each text: hashed words and 1- to 3-grams, one sparse product."""
    rows, columns = _grams(texts)
    words = [rjieba.cut(text) for text in texts]
    word_rows = np.repeat(np.arange(len(texts), dtype=np.int32), np.fromiter(map(len, words), dtype=np.int64, count=len(words)))
    word_columns = np.fromiter((hash(word) % WORDS for cut in words for word in cut), dtype=np.int32, count=len(word_rows))
    cells = (np.concatenate((word_rows, rows)), np.concatenate((word_columns, columns + WORDS)))
    matrix = sparse.csr_matrix((np.ones(len(cells[0]), dtype=np.float32), cells), shape=(len(texts), WORDS + BUCKETS))
    scores = np.asarray(matrix @ weights)
    return np.argpartition(-scores, 5, axis=1)[:, :5]


def _grams(texts: Sequence[str]) -> tuple[Any, Any]:
    codes = np.frombuffer("\0".join(texts).encode("utf-32-le"), dtype=np.uint32)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)[: len(codes)]
    grams, places, mixed = [], [], codes
    for n in range(1, 4):
        mixed = codes * np.uint32(0x9E3779B1) if n == 1 else (mixed[:-1] + codes[n - 1 :]) * np.uint32(0x85EBCA77)
        grams.append((mixed >> np.uint32(14)).astype(np.int32))
        places.append(rows[: len(mixed)])
    return np.concatenate(places), np.concatenate(grams)


def _deliver(store: sqlite3.Connection, topics: sqlite3.Connection, rows: Any, records: Any, start: int) -> None:
    store.execute("BEGIN IMMEDIATE")
    for table, values in zip(DECIDE, rows, strict=True):
        _insert(store, table, values)
    store.execute("COMMIT")
    topics.execute("BEGIN IMMEDIATE")
    _insert(topics, ("records", "topic key headers value at"), records)
    topics.execute("COMMIT")
    store.execute("PRAGMA synchronous = NORMAL")
    store.execute("BEGIN IMMEDIATE")
    settled = [(_NOW, place) for place in range(start + 1, start + 1 + len(records))]
    store.executemany("UPDATE outbox SET state = 'delivered', settled_at = ? WHERE id = ?", settled)
    store.execute("COMMIT")
    store.execute("PRAGMA synchronous = FULL")


def rows_to_deliver(
    documents: Sequence[dict[str, str]],
    texts: Sequence[str],
    best: Sequence[Sequence[str]],
    start: int,
) -> tuple[list[list[Sequence[Any]]], list[tuple[str, str, str, str, int]]]:
    """What deciding writes, by table of ``DECIDE``, and the records for the topics."""
    rows: list[list[Sequence[Any]]] = [[] for _ in DECIDE]
    records = []
    for place, (one, text, units) in enumerate(zip(documents, texts, best, strict=True), start + 1):
        number, unit = f"20261122-limit-{place:06d}", units[0]
        offered = orjson.dumps([[code, 0.5, []] for code in units]).decode()
        decided = (number, number, 1, "dispatch", "model", _NOW, unit, "simple", _NOW, 5, 0, "x", "normal", "m", 0.9, offered, "")
        rows[0].append((place, *decided))
        rows[1].append((place, f"{number}.{unit}.1", number, unit, "lead", "sent", _NOW, _NOW, 5))
        topic, event = f"fenban.unit.{unit}", f"{number}.{unit}.1:assigned:1"
        rows[2].append((place, event, "assigned", topic, number, 1, place % 64, _NOW, "pending"))
        attributes = {
            "specversion": "1.0",
            "id": event,
            "source": "/fenban/limit",
            "type": "assigned",
            "subject": number,
            "time": "2026-11-22T08:00:00+08:00",
            "datacontenttype": "application/json",
            "dataschema": "urn:fenban:contract:assigned:1",
            "sequence": f"{1:020d}",
            "partitionkey": number,
        }
        headers = orjson.dumps(attributes).decode()
        value = orjson.dumps({"number": number, "subject": one["subject"], "body": text, "lead": unit}).decode()
        rows[3].append((place, headers, value))
        records.append((topic, number, headers, value, _NOW))
    return rows, records
