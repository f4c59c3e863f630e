"""The registry of models: rows that are only ever added, their places, and the history of who had which."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from domain.models import SERVES, ModelAction, ModelMove, ModelRow, ModelState
from store.codes import get_units, put_units
from store.engine import Row, Transaction, insert_sql
from store.schema import model_moves, models
from store.times import from_us, maybe_time, maybe_us, to_us

_COLUMNS = (
    "version",
    "state",
    "sha256",
    "registered_at",
    "registered_by",
    "trained_at",
    "letters",
    "units",
    "data",
    "code",
    "test_set",
    "learned_until",
    "settings",
    "metrics",
    "seen",
)
_INSERT = insert_sql(models, *_COLUMNS, conflict="ON CONFLICT (version) DO NOTHING")
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM models"
_MOVE = insert_sql(model_moves, "id", "at", "actor", "action", "version", "before", "reason")


class SqlModels:
    """In one transaction. Who moves a model holds the registry first."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, row: ModelRow) -> bool:
        """As KEPT, whatever its state says; False where the version is there already, and stays as it is."""
        return bool(self._tx.run(_INSERT, _stored(replace(row, state=ModelState.KEPT))))

    def all(self) -> list[ModelRow]:
        """Newest first."""
        return [_row(row) for row in self._tx.fetch(f"{_SELECT} ORDER BY registered_at DESC, version DESC")]

    def get(self, version: str) -> ModelRow | None:
        rows = self._tx.fetch(f"{_SELECT} WHERE version = ?", (version,))
        return _row(rows[0]) if rows else None

    def placed(self) -> dict[ModelState, str]:
        """Which model is live and which is shadow."""
        rows = self._tx.fetch("SELECT state, version FROM models WHERE state <> 'kept'")
        return {ModelState(state): version for state, version in rows}

    def hold(self) -> None:
        """Nobody else moves a model until this transaction ends."""
        self._tx.fetch(f"SELECT version FROM models ORDER BY version{self._tx.hold}")

    def place(self, version: str, state: ModelState) -> str:
        """Gives the model the place and whoever had it none; the version that had it, empty for none."""
        before = self.placed().get(state, "")
        if before == version:
            return before
        self._tx.run("UPDATE models SET state = 'kept' WHERE version = ?", (before,))
        self._tx.run("UPDATE models SET state = ? WHERE version = ?", (state.value, version))
        return before

    def unplace(self, version: str) -> None:
        self._tx.run("UPDATE models SET state = 'kept' WHERE version = ?", (version,))

    def saw(self, version: str, decision: int) -> None:
        """The shadow has given its opinion on every decision up to this one."""
        self._tx.run("UPDATE models SET seen = ? WHERE version = ? AND seen < ?", (decision, version, decision))

    def moved(self, move: ModelMove) -> None:
        """Appends to the history; what stands there is never changed."""
        ident = next(iter(self._tx.next_ids(model_moves, 1)))
        self._tx.run(_MOVE, (ident, to_us(move.at), move.actor, move.action.value, move.version, move.before, move.reason))

    def moves(self) -> list[ModelMove]:
        """Oldest first."""
        rows = self._tx.fetch("SELECT at, actor, action, version, before, reason FROM model_moves ORDER BY id")
        return [ModelMove(from_us(row[0]), row[1], ModelAction(row[2]), *row[3:]) for row in rows]


def served_before(moves: Sequence[ModelMove]) -> str:
    """Which version a rollback brings back: promotions are taken back one by one, the latest first; empty for none."""
    served: list[str] = []
    for move in moves:
        if move.action in SERVES:
            served.append(move.version)
        elif move.action is ModelAction.ROLLBACK and len(served) > 1:
            served.pop()
    return served[-2] if len(served) > 1 else ""


def _stored(row: ModelRow) -> tuple[Any, ...]:
    return (
        row.version,
        row.state.value,
        row.sha256,
        to_us(row.registered_at),
        row.registered_by,
        to_us(row.trained_at),
        row.n_rows,
        put_units(row.units),
        row.data,
        row.code,
        row.test_set,
        maybe_us(row.learned_until),
        orjson.dumps(dict(row.settings)).decode(),
        orjson.dumps(dict(row.metrics)).decode(),
        row.seen,
    )


def _row(row: Row) -> ModelRow:
    return ModelRow(
        version=row[0],
        state=ModelState(row[1]),
        sha256=row[2],
        registered_at=from_us(row[3]),
        registered_by=row[4],
        trained_at=from_us(row[5]),
        n_rows=row[6],
        units=get_units(row[7]),
        data=row[8],
        code=row[9],
        test_set=row[10],
        learned_until=maybe_time(row[11]),
        settings=_document(row[12]),
        metrics=_document(row[13]),
        seen=row[14],
    )


def _document(stored: str) -> dict[str, Any]:
    return dict(orjson.loads(stored)) if stored else {}
