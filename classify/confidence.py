"""From scores to probabilities: what a score is worth, learned on letters the scores were not fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]

UNKNOWN_TEXT = 0.5
_LEAST = 1e-6
_CONFIDENCE_FEATURES = 3


@dataclass(frozen=True, slots=True)
class Calibration:
    """``steepness`` turns scores into probabilities (softmax of steepness times scores).

    ``weights``: of a bias, the log-odds of the first probability, its log-distance to the second, and the log-odds of the
    first unit's own past precision (``unit_precision``, one per unit); together the log-odds that the first choice is right.
    ``held_confidence`` and ``held_right``: what letters outside the training got, for choosing thresholds.
    """

    steepness: float
    weights: tuple[float, ...]
    unit_precision: tuple[float, ...]
    held_confidence: tuple[float, ...]
    held_right: tuple[bool, ...]


def softmax(scores: Floats, steepness: float) -> Floats:
    """Rows that sum to one."""
    raised = steepness * (scores - scores.max(axis=1, keepdims=True))
    grown = np.exp(raised)
    result: Floats = grown / grown.sum(axis=1, keepdims=True)
    return result


def ranked(scores: Floats, calibration: Calibration, top: int, known: npt.NDArray[Any] | None = None) -> tuple[Floats, Floats]:
    """(units, probabilities) of the ``top`` best of each row, best first.

    The first probability is the confidence that the first choice is right; the others share what is left in proportion,
    none above the first. ``known``: False for texts of which no word or gram is known; these are never more than even odds.
    """
    probabilities = softmax(scores, calibration.steepness)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, : max(top, 2)]
    chosen = np.take_along_axis(probabilities, best, axis=1)
    confidence = _sigmoid(confidence_inputs(chosen, best[:, 0], calibration.unit_precision) @ np.asarray(calibration.weights))
    if known is not None:
        confidence = np.where(known, confidence, np.minimum(confidence, UNKNOWN_TEXT))
    rest = np.maximum(1 - chosen[:, :1], _LEAST)
    shared = chosen * ((1 - confidence[:, None]) / rest)
    shared = np.minimum(shared, confidence[:, None])
    shared[:, 0] = confidence
    return best[:, :top], np.clip(shared[:, :top], 0.0, 1.0)


def confidence_inputs(chosen: Floats, first: Floats, unit_precision: Sequence[float] | Floats) -> Floats:
    """One row per text: a bias and the three log-odds that confidence is learned from. ``chosen``: probabilities, best first."""
    best = np.clip(chosen[:, 0], _LEAST, 1 - _LEAST)
    second = np.clip(chosen[:, 1], _LEAST, 1 - _LEAST) if chosen.shape[1] > 1 else np.full(len(chosen), _LEAST)
    precision = np.clip(np.asarray(unit_precision, dtype=float)[first], 0.02, 0.98)
    return np.column_stack(
        [np.ones(len(chosen)), np.log(best / (1 - best)), np.log(best / second), np.log(precision / (1 - precision))]
    )


def threshold_for(target: float, confidence: Sequence[float], right: Sequence[bool], *, least: int = 20) -> float | None:
    """The lowest confidence from which on the precision among the held-out letters is surely enough at least ``target``.

    Surely enough: the one-sided lower bound (Wilson, 80 %) of the precision above it, and of at least ``least`` letters.
    None when no threshold keeps the target: nothing is automatic then.
    """
    order = np.argsort(-np.asarray(confidence), kind="stable")
    values = np.asarray(confidence, dtype=float)[order]
    hits = np.cumsum(np.asarray(right, dtype=float)[order])
    counts = np.arange(1, len(values) + 1)
    good = (wilson_lower(hits, counts) >= target) & (counts >= least)
    good &= np.append(values[:-1] > values[1:], True) if len(values) else True
    found = np.flatnonzero(good)
    return float(values[found[-1]]) if len(found) else None


def wilson_lower(hits: Floats, counts: Floats, z: float = 0.8416) -> Floats:
    """The one-sided lower bound of a share; z of 0.8416 is 80 %."""
    share = hits / counts
    centre = share + z * z / (2 * counts)
    spread = z * np.sqrt(share * (1 - share) / counts + z * z / (4 * counts * counts))
    result: Floats = (centre - spread) / (1 + z * z / counts)
    return result


def _sigmoid(value: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-np.clip(value, -30, 30)))
    return result
