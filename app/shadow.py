"""A shadow: a model that says what it would have suggested, beside a letter's way and never in it.

Its opinion of each decided letter is written once, a batch at a time, by one of all processes (a lease), which rests several
times as long as a batch took. What it thinks is read by nobody but those who compare.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from app.leased import Leased
from app.transactions import reading, writing
from app.wiring import System
from classify.model import Model
from domain.models import ModelRow, ModelState, Opinion
from store.engine import Transaction
from store.models import SqlModels
from store.opinions import Decided, SqlOpinions

T = TypeVar("T")

LEASE = "shadow"
LASTS = timedelta(seconds=30)
BATCH = 128
REST_SECONDS = 5.0
SHARE = 4
"""After a batch it rests so many times as long as the batch took: letters go first."""
SETTLED = timedelta(minutes=10)
"""Ids of decisions may be seen out of order; no transaction lasts longer than this."""


class Shadow:
    """``look`` gives the shadow's opinion of one batch. A model that is promoted, or stopped, says nothing more."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._lease = Leased(system.store, system.clock, LEASE, LASTS)
        self._model: Model | None = None
        self._loaded = ""

    def look(self) -> int:
        """Of how many letters it said something; 0 when nothing is left, no model is shadow, or another process does it. Raises
        RetryLater; HaltForPerson when the model's file is not on this machine or damaged."""
        row = self._read(_shadow)
        if row is None:
            self._model, self._loaded = None, ""
            return 0
        if self._lease.mine() is None:
            return 0
        wanting = self._read(lambda tx: SqlOpinions(tx).wanting(row.version, row.seen, BATCH))
        if wanting:
            said = self._opinions(row, wanting)
            self._write(lambda tx: _keep(tx, row, said, self._floor(row, wanting)))
        return len(wanting)

    def step(self) -> float:
        """One batch, as a part of the runner; how long to rest."""
        at = self._system.clock.monotonic()
        done = self.look()
        return SHARE * (self._system.clock.monotonic() - at) if done else REST_SECONDS

    def close(self) -> None:
        """Gives the lease back; where the store is away it runs out by itself."""
        self._lease.close()

    def _opinions(self, row: ModelRow, wanting: list[Decided]) -> list[Opinion]:
        model, now = self._loaded_model(row), self._system.clock.now()
        found = model.suggest([(letter.subject, letter.body) for letter in wanting], top=1, evidence=False)
        return [
            Opinion(row.version, letter.number, letter.version, said[0].unit, float(said[0].probability), now)
            for letter, said in zip(wanting, found, strict=True)
            if said
        ]

    def _loaded_model(self, row: ModelRow) -> Model:
        if self._model is None or self._loaded != row.version:
            self._model, self._loaded = self._system.registry.load(row), row.version
        return self._model

    def _floor(self, row: ModelRow, wanting: list[Decided]) -> int:
        before = self._system.clock.now() - SETTLED
        return max([row.seen, *(letter.id for letter in wanting if letter.at < before)])

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return reading(self._system.store, work)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        # A power cut may take a batch with it: the letters are found wanting again.
        return writing(self._system.store, self._system.clock, lambda tx, _: work(tx), lasting=False)


def _shadow(tx: Transaction) -> ModelRow | None:
    models = SqlModels(tx)
    version = models.placed().get(ModelState.SHADOW, "")
    return models.get(version) if version else None


def _keep(tx: Transaction, row: ModelRow, said: list[Opinion], floor: int) -> None:
    SqlOpinions(tx).add(said)
    SqlModels(tx).saw(row.version, floor)
