"""The store's read-only reports, each in a read transaction of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.similar_shown import with_similar
from domain.ids import AssignmentId, MatterId, Number, UnitCode
from store import export, queries, story
from store.engine import Transaction
from store.queries import Label
from store.unit_of_work import SqlStore


class Queries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def ledger(self) -> list[dict[str, Any]]:
        with self._reading() as tx:
            return [asdict(line) for line in queries.ledger(tx)]

    def status(self, now: datetime) -> dict[str, Any]:
        with self._reading() as tx:
            return queries.status(tx, now)

    def export_matters(self, unit: UnitCode | None) -> Iterator[dict[str, Any]]:
        """Streams: the transaction lasts until the last document is taken."""
        with self._reading() as tx:
            yield from with_similar(tx, export.export_matters(tx, unit), unit)

    def labels(self) -> list[Label]:
        with self._reading() as tx:
            return list(queries.labels(tx))

    def steps(self, numbers: Sequence[Number], matters: Sequence[MatterId]) -> list[dict[str, Any]]:
        with self._reading() as tx:
            return list(story.steps(tx, numbers, matters))

    def matters_of(self, unit: UnitCode | None) -> list[MatterId]:
        with self._reading() as tx:
            return story.assigned_matters(tx, unit)

    def provisional_assignments(self) -> list[AssignmentId]:
        with self._reading() as tx:
            return story.provisional_assignments(tx)

    def parked(self) -> int:
        """Parked records of every kind of topic."""
        with self._reading() as tx:
            return story.parked_records(tx)

    @contextmanager
    def _reading(self) -> Iterator[Transaction]:
        tx = self._store.transaction(write=False)
        try:
            yield tx
        finally:
            tx.close()
