"""Connections and transactions. What SQLite and PostgreSQL do differently is decided here and nowhere else.

SQLite: WAL, synchronous FULL; a writing transaction begins IMMEDIATE, so that what it reads cannot change under it and
it never fails on the way from reading to writing. PostgreSQL (``store.postgres``): READ COMMITTED with row locks to write,
one snapshot to read, ``FOR UPDATE SKIP LOCKED`` for claims.
"""

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Select, Table, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import QueuePool

from domain.errors import BadSettings, FenbanError
from store.faults import locked, translated

Row = Sequence[Any]
CHUNK = 4096
WAL_ATTEMPTS = 20

SQLITE_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = FAST",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    "PRAGMA wal_autocheckpoint = 16000",
    "PRAGMA journal_size_limit = 134217728",
)


def make_engine(url: str | URL, *, busy_timeout: float = 30.0) -> Engine:
    """An engine; nothing is opened yet. Raises BadSettings for a URL that is neither SQLite's (a file) nor PostgreSQL's."""
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise BadSettings(["store.url: SQLite needs a file: sqlite:///var/fenban.db"])
        # Threads share the pool: each connection is used by one thread at a time.
        engine = create_engine(
            parsed,
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=24,
            connect_args={"timeout": busy_timeout, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        from store.postgres import make_postgres_engine

        return make_postgres_engine(parsed, lock_timeout=busy_timeout)
    raise BadSettings([f"store.url: {backend} is not supported, use sqlite:///FILE or postgresql://…"])


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001
    # The driver's own transaction handling would begin late and DEFERRED; _begin_sqlite says how instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    _switch_to_wal(cursor)
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """A new file is switched once; SQLite does not wait for another process that is just doing so, but a writer does."""
    for _ in range(WAL_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("ROLLBACK")
    cursor.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writing"):
        connection.exec_driver_sql("BEGIN")
        return
    # With WAL, NORMAL leaves out the wait at the commit and nothing else: no later transaction outlasts this one.
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options.get('lasting', True) else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@cache
def insert_sql(table: Table, *columns: str, conflict: str = "") -> str:
    """``INSERT INTO table (columns) VALUES (?…)``, for ``Transaction.many``. Raises KeyError for an unknown column."""
    names = ", ".join(table.c[column].name for column in columns)
    return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))}) {conflict}".rstrip()


class Transaction:
    """One open transaction: ``many`` for hot writes (one prepared statement, tuples), ``rows`` for Core queries.

    SQL given as text uses ``?`` for parameters and nothing that only one of the two databases understands.
    """

    def __init__(
        self, engine: Engine, *, write: bool, gate: "threading.Lock | None", gate_timeout: float, lasting: bool = True
    ) -> None:
        self.write = write
        self.lasting = lasting
        self.sqlite = engine.dialect.name == "sqlite"
        self._gate = gate if write else None
        # Threads of one process wait for each other here, which is fairer and quicker than SQLite's polling.
        if self._gate is not None and not self._gate.acquire(timeout=gate_timeout):
            self._gate = None
            raise locked("another thread holds the store's write lock")
        try:
            self._open(engine)
        except BaseException:
            self._release()
            raise

    def _open(self, engine: Engine) -> None:
        connection: Connection | None = None
        try:
            connection = self._prepared(engine.connect())
            self._transaction = connection.begin()
            self.cursor: Any = connection.connection.cursor()
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, Exception):
                raise translated(error) from error
            raise
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except FenbanError:
            # What went wrong inside matters more than a failing roll-back; the connection is given up either way.
            if error is None:
                raise

    def commit(self) -> None:
        """Raises RetryLater when it was not done."""
        try:
            self._commit()
        except FenbanError:
            raise
        except Exception as error:
            raise translated(error) from error

    def close(self) -> None:
        """Rolls back what was not committed."""
        try:
            self._give_back()
        except Exception as error:
            raise translated(error) from error
        finally:
            self._release()

    def _prepared(self, connection: Connection) -> Connection:
        return connection.execution_options(writing=self.write, lasting=self.lasting)

    def _commit(self) -> None:
        self._transaction.commit()

    def _give_back(self) -> None:
        self._connection.close()

    def _release(self) -> None:
        if self._gate is not None:
            self._gate.release()
            self._gate = None

    def run(self, sql: str, parameters: Row = ()) -> int:
        """One statement; how many rows it changed."""
        try:
            self.cursor.execute(sql if self.sqlite else _placed(sql), parameters)
        except Exception as error:
            raise translated(error) from error
        changed: int = self.cursor.rowcount
        return changed

    def many(self, sql: str, rows: Sequence[Row], *, distinct: bool = False) -> int:  # noqa: ARG002
        """The statement for each row; how many rows were changed in all. ``distinct``: no two concern the same row of the
        store, so that on PostgreSQL all may go as one statement."""
        if not rows:
            return 0
        try:
            self.cursor.executemany(sql if self.sqlite else _placed(sql), rows)
        except Exception as error:
            raise translated(error) from error
        changed: int = self.cursor.rowcount
        return changed

    def fetch(self, sql: str, parameters: Row = ()) -> list[Row]:
        """All rows of a query given as text, as plain tuples: several times faster than a Core query's rows."""
        try:
            self.cursor.execute(sql if self.sqlite else _placed(sql), parameters)
            found: list[Row] = self.cursor.fetchall()
        except Exception as error:
            raise translated(error) from error
        return found

    def fetch_in(self, sql: str, values: Sequence[Any], *, before: Row = (), after: Row = ()) -> list[Row]:
        """The rows of a query whose ``{}`` is the list of ``values``; ``before`` and ``after`` are the parameters around it.

        Many values are asked for in parts, so an order holds within a part of ``CHUNK`` values only.
        """
        found: list[Row] = []
        for start in range(0, len(values), CHUNK):
            part = values[start : start + CHUNK]
            found.extend(self.fetch(sql.format(_placeholders(len(part))), (*before, *part, *after)))
        return found

    def savepoint(self) -> None:
        """From here on ``undo`` takes back; a second savepoint replaces the first."""
        self.run("SAVEPOINT attempt")

    def undo(self) -> None:
        self.run("ROLLBACK TO SAVEPOINT attempt")

    def rows(self, query: Select[Any]) -> Sequence[Any]:
        """All rows of a Core query."""
        try:
            return self._connection.execute(query).fetchall()
        except Exception as error:
            raise translated(error) from error

    def stream(self, query: Select[Any], size: int = 500) -> Iterable[Any]:
        """The rows of a Core query, ``size`` in memory at a time."""
        try:
            with self._connection.execution_options(yield_per=size).execute(query) as result:
                yield from result
        except Exception as error:
            raise translated(error) from error

    def for_update(self, query: Select[Any], *, skip_locked: bool = False) -> Select[Any]:
        """The query holding its rows. On SQLite the whole store is held already, and the words would be dropped silently."""
        return query if self.sqlite else query.with_for_update(skip_locked=skip_locked)

    def linger(self) -> None:
        """What is read may be taken off slowly, by a person's pager: a server lets this transaction stand still."""

    @property
    def hold(self) -> str:
        """What ends a query given as text whose rows are to be held until this transaction ends."""
        return "" if self.sqlite else " FOR UPDATE"

    def next_ids(self, table: Table, count: int, column: str = "id") -> range | list[int]:
        """New ids, rising. SQLite: above the highest, which nobody else can raise now. PostgreSQL: from the table's sequence."""
        if self.sqlite:
            top = self.fetch(f"SELECT max({column}) FROM {table.name}")[0][0] or 0
            return range(top + 1, top + 1 + count)
        name = f"{table.name}_{column}_seq"
        return [int(row[0]) for row in self.fetch("SELECT nextval(?) FROM generate_series(1, ?)", (name, count))]


@cache
def _placed(sql: str) -> str:
    """psycopg's placeholders for SQLite's."""
    return sql.replace("%", "%%").replace("?", "%s")


@cache
def _placeholders(count: int) -> str:
    return ", ".join("?" * count)
