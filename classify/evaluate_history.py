"""The document of ``fenban evaluate --history``: the figures of a walk through time, and of each quarter of it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from classify.evaluate import TARGETS, calibration_error, macro_f1, share
from classify.history import SHOWN, PastLetter, Step, Turn, Walk, walk
from domain.clock import SHANGHAI
from domain.ids import UnitCode
from domain.units import Unit

Quarter = tuple[int, int]


def evaluate_history(
    letters: Sequence[PastLetter],
    *,
    start: float,
    retrain_days: float,
    seed: int,
    elapsed: Callable[[], float],
    units: Sequence[Unit] | None = None,
    tell: Callable[[float], None] = lambda _share: None,
) -> dict[str, Any]:
    """Walks through these letters and measures: the document of ``fenban evaluate``, and ``periods``.

    ``elapsed``: seconds since the start. Raises HaltForPerson as ``walk`` does.
    """
    walked = walk(letters, start=start, retrain_days=retrain_days, seed=seed, units=units, tell=tell)
    return {
        "n_train": walked.n_first,
        "n_test": len(walked.steps),
        "units": walked.n_units,
        **figures(walked.steps),
        "seconds": round(elapsed(), 3),
        "periods": periods(walked),
    }


def figures(steps: Sequence[Step]) -> dict[str, Any]:
    """top1, top3, macro_f1, automatic rows and the calibration error of these steps."""
    confidence = np.array([step.confidence for step in steps])
    right = np.array([step.right for step in steps], dtype=bool)
    first = [step.units[0] for step in steps]
    return {
        **hits(steps),
        "macro_f1": round(macro_f1(first, [step.letter.letter.unit for step in steps]), 4),
        "automatic": [{"target_precision": target, **automatic(steps, target)} for target in TARGETS],
        "calibration_error": round(calibration_error(confidence, right), 4),
    }


def hits(steps: Sequence[Step]) -> dict[str, float]:
    """top1 and top3."""
    among = [step.letter.letter.unit in step.units for step in steps]
    return {"top1": share(np.array([step.right for step in steps], dtype=bool)), "top3": share(np.array(among, dtype=bool))}


def automatic(steps: Sequence[Step], target: float) -> dict[str, float | None]:
    """The share decided without a person at that target, and how much of it was right; None where none was."""
    place = TARGETS.index(target)
    chosen = np.array([step.automatic[place] for step in steps], dtype=bool)
    right = np.array([step.right for step in steps], dtype=bool)
    return {"coverage": share(chosen), "precision": share(right[chosen]) if chosen.any() else None}


def periods(walked: Walk) -> list[dict[str, Any]]:
    """By quarter of Asia/Shanghai: from and to (both days inclusive), hits, what was automatic at SHOWN, and the units that
    were stopped there at some time of it."""
    found: dict[Quarter, list[Step]] = {}
    for step in walked.steps:
        found.setdefault(_quarter(step.letter.at), []).append(step)
    turns = [turn for turn in walked.turns if turn.target == SHOWN]
    return [
        {
            "from": _first_day(quarter).isoformat(),
            "to": (_first_day(_next(quarter)) - timedelta(days=1)).isoformat(),
            "n": len(steps),
            **hits(steps),
            **automatic(steps, SHOWN),
            "stopped_units": _stopped(turns, quarter),
        }
        for quarter, steps in sorted(found.items())
    ]


def _stopped(turns: Sequence[Turn], quarter: Quarter) -> list[UnitCode]:
    at_first: dict[UnitCode, bool] = {}
    inside: set[UnitCode] = set()
    for turn in turns:
        if _quarter(turn.at) < quarter:
            at_first[turn.unit] = turn.stopped
        elif _quarter(turn.at) == quarter and turn.stopped:
            inside.add(turn.unit)
    return sorted(inside | {unit for unit, stopped in at_first.items() if stopped})


def _quarter(moment: datetime) -> Quarter:
    there = moment.astimezone(SHANGHAI)
    return there.year, (there.month - 1) // 3


def _next(quarter: Quarter) -> Quarter:
    year, place = quarter
    return (year, place + 1) if place < 3 else (year + 1, 0)


def _first_day(quarter: Quarter) -> date:
    year, place = quarter
    return date(year, 3 * place + 1, 1)
