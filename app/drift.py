"""Watching whether letters still are what the live model learned: once an hour one of all processes counts and keeps it."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from app.leased import Leased
from app.outcomes import judged_since
from app.reference import among, counted_words
from app.transactions import reading, writing
from app.wiring import System
from classify.drift import OTHER, histogram, psi
from domain.clock import SHANGHAI
from domain.models import ModelRow, ModelState
from store.drift import Late, drifts, late, put_drift, returns
from store.models import SqlModels

LEASE = "drift"
LASTS = timedelta(hours=1, minutes=5)
EVERY_SECONDS = 3600.0
LETTERS, LETTERS_WITHIN = 1000, timedelta(days=7)
LEAST = 50
"""With fewer letters of late nothing is said."""
ANSWERS, ANSWERS_WITHIN = 5000, timedelta(days=60)
RETURNS_WITHIN = timedelta(days=30)
LEAST_ASSIGNMENTS = 10


class DriftWatch:
    """``look`` counts once; it does nothing while another process holds the lease."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._lease = Leased(system.store, system.clock, LEASE, LASTS)

    def look(self) -> int:
        """1 when it counted. Raises RetryLater."""
        system, now = self._system, self._system.clock.now()
        row = reading(system.store, lambda tx: SqlModels(tx).get(SqlModels(tx).placed().get(ModelState.LIVE, "")))
        if row is None:
            return 0
        if self._lease.mine() is None:
            return 0
        figures = drift_figures(system, row, now)
        day = f"{now.astimezone(SHANGHAI):%Y-%m-%d}"
        writing(system.store, system.clock, lambda tx, at: put_drift(tx, row.version, day, at, figures), lasting=False)
        return 1

    def step(self) -> float:
        self.look()
        return EVERY_SECONDS

    def close(self) -> None:
        """Gives the lease back; where the store is away it runs out by itself."""
        self._lease.close()


def drift_figures(system: System, row: ModelRow, now: datetime) -> dict[str, Any]:
    """Counts and indices alone. What cannot be told, for want of letters or of what the model knew when it learned, is left out."""
    with system.store.transaction(write=False) as tx:
        letters, returned = late(tx, now - LETTERS_WITHIN, LETTERS), returns(tx, now - RETURNS_WITHIN)
    answers = Counter(one.answered for one in judged_since(system, now - ANSWERS_WITHIN, limit=ANSWERS) if one.answered)
    figures: dict[str, Any] = {
        "letters": len(letters),
        "answers": sum(answers.values()),
        "returns": {unit: round(back / sent, 4) for unit, (sent, back) in returned.items() if sent >= LEAST_ASSIGNMENTS},
    }
    if len(letters) >= LEAST:
        figures["abstention"] = round(1 - sum(one.automatic for one in letters) / len(letters), 4)
    known = row.metrics.get("reference")
    if known:
        figures["abstention_expected"] = known["abstention"]
        figures["drift"] = _indices(system, known, letters, {unit: float(n) for unit, n in answers.items() if unit})
    return figures


def _indices(system: System, known: dict[str, Any], letters: list[Late], answers: dict[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    if sum(answers.values()) >= LEAST:
        found["labels"] = psi(known["labels"], answers)
    if len(letters) >= LEAST:
        model = system.model
        if sum(known["confidence"].values()):
            found["confidence"] = psi(known["confidence"], histogram([one.confidence for one in letters]))
        if model is not None:
            counted = counted_words([(one.subject, one.body) for one in letters], model.data.space.tokenizer)
            found["words"] = psi(known["words"], among(set(known["words"]) - {OTHER}, counted))
    return {name: round(value, 4) for name, value in found.items()}


def latest_drift(system: System) -> dict[str, Any]:
    """Of the live model; nothing before the first count."""
    rows = reading(system.store, lambda tx: drifts(tx, SqlModels(tx).placed().get(ModelState.LIVE, "")))
    return rows[-1][2] if rows else {}
