"""The registry of models as programs and the page Models read it: figures, hashes and names of units, no text of any letter."""

from typing import Any

from app.documents import automatic_document
from app.transactions import reading
from app.wiring import System
from domain.clock import SHANGHAI
from domain.models import SERVES, ModelAction, ModelMove, ModelRow, ModelState
from store.drift import drifts
from store.standings import SqlStandings


def models_document(rows: list[ModelRow], moves: list[ModelMove]) -> dict[str, Any]:
    """What ``fenban models --json`` prints."""
    placed = {row.state: row.version for row in rows}
    return {
        "live": placed.get(ModelState.LIVE),
        "shadow": placed.get(ModelState.SHADOW),
        "models": [model_document(row) for row in rows],
        "history": [
            {
                "at": move.at.astimezone(SHANGHAI).isoformat(),
                "by": move.actor,
                "action": move.action.value,
                "version": move.version,
                "before": move.before or None,
                "reason": move.reason,
            }
            for move in moves
        ],
    }


def model_document(row: ModelRow) -> dict[str, Any]:
    return {
        "version": row.version,
        "state": row.state.value,
        "sha256": row.sha256,
        "registered_at": row.registered_at.astimezone(SHANGHAI).isoformat(),
        "registered_by": row.registered_by,
        "trained_at": row.trained_at.astimezone(SHANGHAI).isoformat(),
        "letters": row.n_rows,
        "units": list(row.units),
        "data": row.data,
        "code": row.code,
        "test_set": row.test_set or None,
        "learned_until": row.learned_until.astimezone(SHANGHAI).isoformat() if row.learned_until else None,
        "settings": dict(row.settings),
        "metrics": {name: value for name, value in row.metrics.items() if name != "reference"},
    }


def models_page(system: System) -> dict[str, Any]:
    """``models_document`` with what the page shows besides: of each model whether it ``served``, whether its ``report`` lies on this
    machine, and how much of the test it would send out by itself, how rightly; the live one's last ``drift``, and what stands
    for ``automatic``."""
    registry = system.registry
    rows, moves = registry.rows(), registry.moves()
    document = models_document(rows, moves)
    served = {move.version for move in moves if move.action in SERVES or move.action is ModelAction.ROLLBACK}
    for told, row in zip(document["models"], rows, strict=True):
        told |= {
            "served": row.version in served,
            "report": registry.report_path(row.version).is_file(),
            "automatic": automatic_on_test(row),
        }
    found = reading(system.store, lambda tx: drifts(tx, document["live"] or ""))
    drift = {"day": found[-1][0], "at": found[-1][1].astimezone(SHANGHAI).isoformat(), **found[-1][2]} if found else None
    stand = reading(system.store, lambda tx: SqlStandings(tx).now())
    return {**document, "drift": drift, "automatic": automatic_document(stand)}


def automatic_on_test(row: ModelRow) -> dict[str, float | None] | None:
    """``coverage`` and ``precision`` on the frozen test at the target precision; None for a model that was never tested."""
    letters, sure = row.metrics.get("letters"), row.metrics.get("automatic_letters")
    if not letters or sure is None:
        return None
    return {
        "coverage": round(sure / letters, 4),
        "precision": round(row.metrics["automatic_right"] / sure, 4) if sure else None,
    }
