"""How good a model is on letters it has not seen. Everything chosen is chosen on the training letters alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from classify.labelled import LabelledText
from classify.model import Model
from classify.train import Progress, train
from domain.decisions import Suggestion
from domain.errors import HaltForPerson
from domain.units import Unit

TARGETS = (0.90, 0.95, 0.98)


def evaluate_split(
    train_rows: Sequence[LabelledText],
    test_rows: Sequence[LabelledText],
    *,
    seed: int,
    trained_at: datetime,
    elapsed: Callable[[], float],
    units: Sequence[Unit] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Trains on the one and measures on the other: the document of ``fenban evaluate``. ``elapsed``: seconds since the start.

    A unit that the training lacks counts as an error. Replies of the test rows are never read. Raises HaltForPerson when
    there is nothing to train from or to measure on.
    """
    if not test_rows:
        raise HaltForPerson("there is no labelled letter to measure on", remedy="give test letters with their units")
    tell = progress or (lambda _stage, _share: None)
    model = train(
        train_rows, units=units, seed=seed, trained_at=trained_at, progress=lambda stage, share: tell(stage, share * 0.9)
    )
    blind = [replace(row, reply="") for row in test_rows]
    suggestions = model.suggest([(row.subject, row.body) for row in blind], top=3, evidence=False)
    figures = measure(model, suggestions, [row.unit for row in blind])
    tell("done", 1.0)
    return {
        "n_train": len(train_rows),
        "n_test": len(blind),
        "units": len(model.units),
        **figures,
        "seconds": round(elapsed(), 3),
    }


def measure(model: Model, suggestions: Sequence[Sequence[Suggestion]], truth: Sequence[str]) -> dict[str, Any]:
    """top1, top3, macro_f1, automatic rows and the calibration error of these suggestions against the true units."""
    first = [found[0].unit if found else "" for found in suggestions]
    right = np.array([a == b for a, b in zip(first, truth, strict=True)], dtype=bool)
    among = [unit in {s.unit for s in found[:3]} for found, unit in zip(suggestions, truth, strict=True)]
    confidence = np.array([found[0].probability if found else 0.0 for found in suggestions])
    return {
        "top1": share(right),
        "top3": share(np.array(among, dtype=bool)),
        "macro_f1": round(macro_f1(first, truth), 4),
        "automatic": [_automatic(model.threshold(target), target, confidence, right) for target in TARGETS],
        "calibration_error": round(calibration_error(confidence, right), 4),
    }


def macro_f1(predicted: Sequence[str], truth: Sequence[str]) -> float:
    """The mean F1 over every unit that is true or predicted somewhere, each counting the same."""
    scores = []
    for unit in sorted(set(truth) | set(predicted)):
        both = sum(p == t == unit for p, t in zip(predicted, truth, strict=True))
        either = sum(p == unit for p in predicted) + sum(t == unit for t in truth)
        scores.append(2 * both / either)
    return sum(scores) / len(scores) if scores else 0.0


def calibration_error(confidence: npt.NDArray[Any], right: npt.NDArray[Any], bins: int = 10) -> float:
    """Expected calibration error: the mean distance of confidence and share right, over ten bins of equal width."""
    if not len(right):
        return 0.0
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(sum(abs((confidence - right)[place == at].sum()) for at in range(bins)) / len(right))


def _automatic(threshold: float | None, target: float, confidence: npt.NDArray[Any], right: npt.NDArray[Any]) -> dict[str, Any]:
    chosen = np.zeros(len(right), dtype=bool) if threshold is None else confidence >= threshold
    precision = round(float(right[chosen].mean()), 4) if chosen.any() else None
    return {"target_precision": target, "coverage": share(chosen), "precision": precision}


def share(flags: npt.NDArray[Any]) -> float:
    """How many of them are true, of 1, to four places; 0 of none."""
    return round(float(flags.mean()), 4) if len(flags) else 0.0
