"""The store and its unit of work (``domain.ports.Store``, ``Seen`` and ``UnitOfWork``)."""

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from sqlalchemy import inspect, text
from sqlalchemy.engine import URL

from domain.errors import HaltForPerson
from domain.ids import ChannelId, ExternalId
from domain.messages import SeenItem
from domain.ports import (
    AssignmentRepository,
    AuditRepository,
    CaptureRepository,
    ChannelRepository,
    ChoiceRepository,
    MatterRepository,
    MessageRepository,
    OutboxRepository,
    PoolRepository,
    ReadRepository,
    ReminderRepository,
    SamenessRepository,
    ShardRepository,
    SimilarRepository,
    StandingRepository,
    VaultRepository,
)
from store import schema
from store.assignments import SqlAssignments
from store.audit import SqlAudit
from store.captures import SqlCaptures
from store.channels import SqlChannels
from store.choices import SqlChoices
from store.engine import Transaction, make_engine
from store.faults import OWN_DATABASE, UPGRADE, store_faults
from store.matters import SqlMatters
from store.messages import SqlMessages
from store.outbox import SqlOutbox
from store.pool import SqlPool
from store.queries import Label, labels
from store.reads import SqlReads
from store.reminders import SqlReminders
from store.sameness import SqlSameness
from store.shards import SqlShards
from store.similar import SqlSimilar
from store.standings import SqlStandings
from store.vault_rows import SqlVault


class SqlUnitOfWork:
    """One transaction, begun on entering. Leaving it without ``commit`` rolls back."""

    def __init__(self, store: "SqlStore", *, write: bool, lasting: bool) -> None:
        self._store = store
        self._write = write
        self._lasting = lasting

    def __enter__(self) -> Self:
        tx = self._tx = self._store.transaction(write=self._write, lasting=self._lasting)
        self.alone = tx.sqlite
        self.captures: CaptureRepository = SqlCaptures(tx)
        self.messages: MessageRepository = SqlMessages(tx)
        self.sameness: SamenessRepository = SqlSameness(tx)
        self.reads: ReadRepository = SqlReads(tx)
        self.matters: MatterRepository = SqlMatters(tx)
        self.assignments: AssignmentRepository = SqlAssignments(tx)
        self.reminders: ReminderRepository = SqlReminders(tx)
        self.pool: PoolRepository = SqlPool(tx)
        self.choices: ChoiceRepository = SqlChoices(tx)
        self.similar: SimilarRepository = SqlSimilar(tx)
        self.standings: StandingRepository = SqlStandings(tx)
        self.outbox: OutboxRepository = SqlOutbox(tx)
        self.channels: ChannelRepository = SqlChannels(tx)
        self.shards: ShardRepository = SqlShards(tx)
        self.audit: AuditRepository = SqlAudit(tx)
        self.vault: VaultRepository = SqlVault(tx)
        return self

    def commit(self) -> None:
        self._tx.commit()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._tx.__exit__(kind, error, trace)


class SqlStore:  # domain.ports.Store and Seen
    """A store at ``url``, ``sqlite:///FILE`` or ``postgresql://…``, made by ``store.migrate.upgrade``. Opens nothing until first used.

    ``busy_timeout``: how many seconds a writer waits for another before RetryLater. ``any_schema``: an older one may be opened
    too, by who knows its tables. Safe to share between threads.
    """

    def __init__(self, url: str | URL, *, busy_timeout: float = 30.0, any_schema: bool = False) -> None:
        self._engine = make_engine(url, busy_timeout=busy_timeout)
        self._timeout = busy_timeout
        self._gate = threading.Lock() if self._engine.dialect.name == "sqlite" else None
        self._checked = any_schema

    def unit_of_work(self, *, write: bool = True, lasting: bool = True) -> SqlUnitOfWork:
        return SqlUnitOfWork(self, write=write, lasting=lasting)

    def transaction(self, *, write: bool, lasting: bool = True) -> Transaction:
        """Raises RetryLater when the store is locked or away, HaltForPerson when its schema is another program's."""
        if not self._checked:
            self._check_schema()
        if self._gate is None:
            from store.postgres import PostgresTransaction

            return PostgresTransaction(self._engine, write=write, patience=self._timeout, lasting=lasting)
        return Transaction(self._engine, write=write, gate=self._gate, gate_timeout=self._timeout, lasting=lasting)

    def seen(self, channel: ChannelId, external_ids: Sequence[ExternalId]) -> Mapping[ExternalId, SeenItem]:
        with self.unit_of_work(write=False) as uow:
            return uow.captures.seen(channel, external_ids)

    def labels(self) -> list[Label]:
        """What the model can learn from: the latest label of each message, oldest first."""
        with self.transaction(write=False) as tx:
            return list(labels(tx))

    def close(self) -> None:
        self._engine.dispose()

    def revision(self) -> str | None:
        """The migration that the store is at, None for an empty one. Raises RetryLater, HaltForPerson."""
        with store_faults(), self._engine.connect() as connection:
            known = inspect(connection).has_table("alembic_version")
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None

    def _check_schema(self) -> None:
        found = self.revision()
        if found is None:
            raise HaltForPerson("the store is empty or no fenban store", remedy=UPGRADE)
        if not is_ours(str(found)):
            raise HaltForPerson("the database holds tables of another program", remedy=OWN_DATABASE)
        if found != schema.REVISION:
            what = f"the store's schema is {found}, this program needs {schema.REVISION}"
            newer = str(found) > schema.REVISION
            raise HaltForPerson(what, remedy="install the newer fenban that made it" if newer else UPGRADE)
        self._checked = True


def is_ours(revision: str) -> bool:
    """Whether a migration of this program, older or newer, is called so."""
    return len(revision) == 4 and revision.isdecimal()
