"""Topics without a broker: an append-only table in a SQLite file of its own (``domain.ports.Topics``).

Used when no Kafka is configured. An event id is kept once in a topic, so a relay that is killed after publishing and
before saying so repeats harmlessly. SQLite has one writer at a time, so offsets are given in the order in which records
become visible and a reader that goes by offset misses none (this does not hold on PostgreSQL).
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from domain.clock import SystemClock
from domain.errors import HaltForPerson, RetryLater
from domain.events import TOPIC_PREFIX, Delivery, DeliveryStatus, OutboxRecord, TopicRecord
from domain.ports import Clock

SCHEMA_VERSION = 1
WAL_ATTEMPTS = 20
FEEDBACK_TOPICS = f"{TOPIC_PREFIX}.feedback."
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Records are some thousand bytes long: few fit into SQLite's usual page. Only a new file takes it.
_PAGE_SIZE = "PRAGMA page_size = 16384"
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 67108864",
)
_SCHEMA = (
    "CREATE TABLE topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE records (offset INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL REFERENCES topics (id), event_id TEXT, "
    "key TEXT NOT NULL, headers TEXT NOT NULL, value TEXT NOT NULL, published_at INTEGER NOT NULL)",
    "CREATE UNIQUE INDEX one_event_a_topic ON records (topic, event_id)",
    "CREATE INDEX records_of_topic ON records (topic, offset)",
    "CREATE TABLE committed (consumers TEXT NOT NULL, topic INTEGER NOT NULL REFERENCES topics (id), offset INTEGER NOT NULL, "
    "PRIMARY KEY (consumers, topic)) WITHOUT ROWID",
)
_APPEND = (
    "INSERT INTO records (topic, event_id, key, headers, value, published_at) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (topic, event_id) DO NOTHING"
)
_COLUMNS = "t.name, r.offset, r.key, r.headers, r.value, r.published_at"
_READ = f"SELECT {_COLUMNS} FROM topics t JOIN records r ON r.topic = t.id WHERE t.name = ? AND r.offset > ? ORDER BY r.offset LIMIT ?"
# CROSS JOIN keeps the order: each topic's few unread records by index, never all records.
_UNREAD = (
    f"SELECT {_COLUMNS} FROM topics t LEFT JOIN committed c ON c.topic = t.id AND c.consumers = ? CROSS JOIN records r "
    "ON r.topic = t.id AND r.offset > coalesce(c.offset, 0) WHERE t.name >= ? AND t.name < ? ORDER BY r.offset LIMIT ?"
)
_COMMIT = (
    "INSERT INTO committed (consumers, topic, offset) SELECT ?, id, ? FROM topics WHERE name = ? "
    "ON CONFLICT (consumers, topic) DO UPDATE SET offset = max(committed.offset, excluded.offset)"
)


class EmbeddedTopics:
    """Topics in the file ``path``, made when it is first used. Safe to share between threads and between processes."""

    def __init__(self, path: Path | str, *, clock: Clock | None = None, busy_timeout: float = 30.0) -> None:
        self._path = Path(path)
        self._clock = clock or SystemClock()
        self._timeout = busy_timeout
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        self._topic_ids: dict[str, int] = {}

    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        """Appends the records, one transaction for all. An event that its topic holds already counts as delivered."""
        at = _microseconds(self._clock.now())
        with self._writing() as connection:
            rows = [
                (
                    self._topic(connection, item.topic),
                    item.event_id,
                    item.key,
                    orjson.dumps(item.headers).decode(),
                    item.value,
                    at,
                )
                for item in records
            ]
            connection.executemany(_APPEND, rows)
        return [Delivery(record.id, DeliveryStatus.DELIVERED) for record in records]

    def append(self, topic: str, key: str, headers: Sequence[tuple[str, str]], value: str, at: datetime) -> int:
        """Appends one record and returns its offset; the offset it has when the topic holds this event (header ``id``)."""
        event_id = dict(headers).get("id")
        with self._writing() as connection:
            topic_id = self._topic(connection, topic)
            text = orjson.dumps(list(headers)).decode()
            cursor = connection.execute(_APPEND, (topic_id, event_id, key, text, value, _microseconds(at)))
            if cursor.rowcount == 1:
                return int(cursor.lastrowid or 0)
            held = connection.execute("SELECT offset FROM records WHERE topic = ? AND event_id = ?", (topic_id, event_id))
            return int(held.fetchone()[0])

    def read(self, topic: str, after_offset: int, limit: int) -> list[TopicRecord]:
        """The topic's records above ``after_offset`` (0: from the start), in the order of their offsets."""
        return [_record(row) for row in self._rows(_READ, (topic, after_offset, limit))]

    def topics(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT name FROM topics ORDER BY name", ())]

    def committed(self, group: str, topic: str) -> int:
        """The last offset the group is done with, 0 at first."""
        query = "SELECT c.offset FROM committed c JOIN topics t ON t.id = c.topic WHERE c.consumers = ? AND t.name = ?"
        rows = self._rows(query, (group, topic))
        return int(rows[0][0]) if rows else 0

    def commit(self, group: str, topic: str, offset: int) -> None:
        """The group is done with everything up to ``offset``; never moves back."""
        self._commit(group, {topic: offset})

    def reader(self, topic: str, group: str = "") -> "EmbeddedReader":
        """One topic, from where the group stopped; without one from the start, committing nothing."""
        return EmbeddedReader(self, topic, group)

    def feed(self, group: str) -> "EmbeddedFeed":
        """The feedback of all departments, as this group of consumers sees it."""
        return EmbeddedFeed(group, self._unread, self._commit)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _unread(self, group: str, limit: int) -> list[TopicRecord]:
        # The character after "." ends the range of names that begin with the prefix.
        return [_record(row) for row in self._rows(_UNREAD, (group, FEEDBACK_TOPICS, FEEDBACK_TOPICS[:-1] + "/", limit))]

    def _commit(self, group: str, offsets: dict[str, int]) -> None:
        with self._writing() as connection:
            connection.executemany(_COMMIT, [(group, offset, topic) for topic, offset in offsets.items()])

    def _topic(self, connection: sqlite3.Connection, name: str) -> int:
        known = self._topic_ids.get(name)
        if known is None:
            connection.execute("INSERT INTO topics (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
            known = int(connection.execute("SELECT id FROM topics WHERE name = ?", (name,)).fetchone()[0])
            self._topic_ids[name] = known
        return known

    def _rows(self, query: str, parameters: Sequence[object]) -> list[Any]:
        with self._lock, _faults():
            return self._connection().execute(query, parameters).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _faults():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A topic made in this transaction is gone with it.
                self._topic_ids.clear()
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            opened = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
            try:
                _prepare(opened)
            except BaseException:
                opened.close()
                raise
            self._opened = opened
        return self._opened


class EmbeddedReader:
    """``domain.ports.Reader`` over embedded topics."""

    def __init__(self, topics: EmbeddedTopics, topic: str, group: str) -> None:
        self._topics = topics
        self._topic = topic
        self._group = group
        self._after: int | None = None

    def read(self, limit: int) -> list[TopicRecord]:
        if self._after is None:
            self._after = self._topics.committed(self._group, self._topic) if self._group else 0
        records = self._topics.read(self._topic, self._after, limit)
        self._after = records[-1].offset if records else self._after
        return records

    def commit(self) -> None:
        if self._group and self._after:
            self._topics.commit(self._group, self._topic, self._after)

    def close(self) -> None:
        self._after = None


class EmbeddedFeed:
    """``domain.ports.Feed`` over embedded topics; to be closed."""

    def __init__(
        self, group: str, unread: Callable[[str, int], list[TopicRecord]], commit: Callable[[str, dict[str, int]], None]
    ) -> None:
        self._group = group
        self._unread = unread
        self._commit = commit
        self._polled: dict[str, int] = {}

    def poll(self, limit: int) -> list[TopicRecord]:
        records = self._unread(self._group, limit)
        self._polled = {record.topic: record.offset for record in records}
        return records

    def commit(self) -> None:
        if self._polled:
            self._commit(self._group, self._polled)
            self._polled = {}

    def close(self) -> None:
        self._polled = {}


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(_PAGE_SIZE)
    _switch_to_wal(connection)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have made the tables while this one waited.
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    elif version != SCHEMA_VERSION:
        raise HaltForPerson(
            f"the topics' file has format {version}, this program knows {SCHEMA_VERSION}", remedy="install the newer fenban"
        )


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """A new file is switched once; SQLite does not wait for another process that is just doing so, but a writer does."""
    for _ in range(WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise RetryLater("the topics' file is locked by another process", remedy="it is tried again") from error
        if primary in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            what = f"the topics' file cannot be written ({name}): disk full, quota reached or disk failing"
            raise RetryLater(what, remedy="free disk space where the topics lie; nothing was lost") from error
        if primary in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            remedy = "check that topics.path names a file in a folder this user may write to"
            raise HaltForPerson("the topics' file cannot be opened for writing", remedy=remedy) from error
        if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            what = "the topics' file is damaged or no topics' file"
            raise HaltForPerson(what, remedy="stop fenban and restore the last backup with `fenban restore`") from error
        raise HaltForPerson(f"the topics' file failed ({name})", remedy="this is a defect in fenban: report the line") from error


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _record(row: Sequence[Any]) -> TopicRecord:
    headers = tuple((name, value) for name, value in orjson.loads(row[3]))
    return TopicRecord(row[0], row[1], row[2], headers, row[4], EPOCH + timedelta(microseconds=row[5]))
