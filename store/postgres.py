"""What PostgreSQL alone needs: how connections are made, how transactions see others, what became of a lost commit.

Writing is READ COMMITTED: each statement sees what is committed, and what a decision rests on is held by row locks, taken
in one order by all (channel, lease, texts, matters, messages, outbox, audit head). Reading is one snapshot (REPEATABLE READ, read
only), as on SQLite: a report never sees half of another's transaction.
"""

import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import OperationalError
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from domain.errors import OutOfReach, RetryLater
from store.engine import Row, Transaction
from store.faults import translated
from store.postgres_batches import LEAST_ROWS, array_of, as_arrays, as_copy

CONNECT_SECONDS = 10
DEAD_PEER_MS = 30_000
IDLE_SECONDS = 60
"""A process that is frozen inside a transaction loses it after so long: its row locks would stop everybody else."""

PAUSE_SECONDS = 0.25

_LISTED = "IN ({})"
_NOTE = (
    "INSERT INTO attempts (token, at) SELECT %s, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint "
    "WHERE pg_current_xact_id_if_assigned() IS NOT NULL RETURNING pg_current_xact_id()::text, pg_backend_pid()"
)
_FORGET = (
    "DELETE FROM attempts WHERE token IN (SELECT token FROM attempts "
    "WHERE at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - %s LIMIT 20000 FOR UPDATE SKIP LOCKED)"
)
_WORKING = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND usename = current_user "
    "AND backend_xid::text = (%s::xid8)::xid::text"
)
_DONE = "SELECT 1 FROM attempts WHERE token = %s"
KEPT_MICROSECONDS = 3_600_000_000
FORGET_EVERY = 500
_attempts = itertools.count(1)


def make_postgres_engine(url: URL, *, lock_timeout: float) -> Engine:
    """``lock_timeout``: how many seconds a statement waits for another transaction's lock."""
    options = f"-c lock_timeout={int(lock_timeout * 1000)} -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "fenban",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": DEAD_PEER_MS,
        "options": options,
    }
    given = {name: value for name, value in defaults.items() if name not in url.query}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=8, max_overflow=24, connect_args=given
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, record: object) -> None:  # noqa: ARG001
    # Every integer as BIGINT: by its size a statement would be prepared anew for each mixture of sizes.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(int, Int8BinaryDumper)


class PostgresTransaction(Transaction):
    """Where the server is lost while it commits, it is asked what it did: only when it stays away longer than ``patience``
    seconds does OutOfReach mean that this is not known."""

    def __init__(self, engine: Engine, *, write: bool, patience: float, lasting: bool = True) -> None:
        self._engine = engine
        self._patience = patience
        super().__init__(engine, write=write, gate=None, gate_timeout=patience, lasting=lasting)

    def many(self, sql: str, rows: Sequence[Row], *, distinct: bool = False) -> int:
        """As the base's; many rows go by COPY or, where no two of them concern the same row, as arrays."""
        if len(rows) < LEAST_ROWS:
            return super().many(sql, rows)
        copy = as_copy(sql)
        arrays = as_arrays(sql) if copy is None and (distinct or sql.endswith("DO NOTHING")) else None
        if copy is None and arrays is None:
            return super().many(sql, rows)
        try:
            if copy is not None:
                with self.cursor.copy(copy) as target:
                    for row in rows:
                        target.write_row(row)
            else:
                self.cursor.execute(arrays, [array_of(column) for column in zip(*rows, strict=True)])
        except Exception as error:
            raise translated(error) from error
        changed: int = self.cursor.rowcount
        return changed

    def fetch_in(self, sql: str, values: Sequence[Any], *, before: Row = (), after: Row = ()) -> list[Row]:
        """As the base's, the values as one array: the same statement for any number of them, prepared once."""
        if not values or _LISTED not in sql:
            return super().fetch_in(sql, values, before=before, after=after)
        return self.fetch(sql.replace(_LISTED, "= ANY(?)"), (*before, array_of(values), *after))

    def linger(self) -> None:
        self.run("SET LOCAL idle_in_transaction_session_timeout = 0")

    def _prepared(self, connection: Connection) -> Connection:
        if self.write:
            return connection.execution_options(isolation_level="READ COMMITTED")
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def _commit(self) -> None:
        if not self.write:
            self._transaction.commit()
            return
        driver: Any = self._connection.connection.driver_connection
        if driver.info.transaction_status == TransactionStatus.INERROR:
            # COMMIT would roll back, and the driver would say that all is well.
            raise RetryLater("a step of this transaction had failed: nothing of it was stored", remedy="it is tried again")
        if not self.lasting:
            self.cursor.execute("SET LOCAL synchronous_commit = off")
        attempt = _attempt_of(self.cursor)
        try:
            self._transaction.commit()
        except Exception as error:
            if not driver.closed:
                raise
            if attempt is None:
                # It had changed nothing, so nothing was lost.
                return
            done = _was_committed(self._engine, attempt, self._patience)
            if done is None:
                what = "the database went away while it stored: whether it did is not known"
                raise OutOfReach(what, remedy="look whether it was done before doing it again") from error
            if not done:
                raise

    def _give_back(self) -> None:
        connection = self._connection
        if not connection.invalidated:
            driver: Any = connection.connection.driver_connection
            if driver is None or driver.closed:
                connection.invalidate()
        connection.close()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A transaction about to be committed, known by a row of its own: an id alone may be another's after a crash, which gives
    ids again whose records had not reached the disk."""

    token: bytes
    xid: str
    backend: int


def _attempt_of(cursor: Any) -> Attempt | None:
    """None when the transaction has changed nothing. Raises the driver's errors."""
    token = os.urandom(16)
    cursor.execute(_NOTE, (token,))
    noted = cursor.fetchone()
    if noted is None:
        return None
    if next(_attempts) % FORGET_EVERY == 0:
        cursor.execute(_FORGET, (KEPT_MICROSECONDS,))
    return Attempt(token, noted[0], noted[1])


def _was_committed(engine: Engine, attempt: Attempt, patience: float) -> bool | None:
    """What became of a transaction whose connection was lost while it committed: asked of the server, for up to
    ``patience`` seconds while that is away. None when it cannot be known: the server stays away."""
    until = time.monotonic() + patience
    while True:
        try:
            with engine.connect() as connection:
                cursor: Any = connection.connection.cursor()
                cursor.execute(_WORKING, (attempt.backend, attempt.xid))
                # The server may not have noticed yet that its client is gone.
                if cursor.fetchone() is None:
                    cursor.execute(_DONE, (attempt.token,))
                    return cursor.fetchone() is not None
        except Exception as error:
            if not _is_passing(error):
                return None
        if time.monotonic() >= until:
            return None
        time.sleep(PAUSE_SECONDS)


def _is_passing(error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, OperationalError)
