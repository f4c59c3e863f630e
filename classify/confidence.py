"""From scores to probabilities: what a score is worth, learned on letters the scores were not fitted on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]

OUT_OF_FOLD = -1
UNKNOWN_TEXT = 0.5
MORE_THAN_EVEN = float(np.nextafter(0.5, 1.0))
"""What is as likely wrong as right waits for a person, whatever was seen: so does a text of which no word is known."""
LEAST_LETTERS = 20
"""A precision is not judged on fewer held-out letters than this."""

_LEAST = 1e-6
_CAUTION = 0.8416
"""The normal quantile of 80 %: the one-sided bound on what chance alone does to a share."""
_CAUTION_AMONG_BLOCKS = {2: 1.376, 3: 1.061, 4: 0.978, 5: 0.941, 6: 0.920}
"""Student's 80 % quantile by the number of blocks, for the precision of a block to come: times differ more than chance."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``steepness`` turns scores into probabilities (softmax of steepness times scores).

    ``weights``: of a bias, the log-odds of the first probability, its log-distance to the second, and the log-odds of the
    first unit's own past precision (``unit_precision``, one per unit); together the log-odds that the first choice is right.
    ``held_*``: what letters outside the training got, one entry each: confidence, whether the first choice was right, and
    the block of time it lies in, or OUT_OF_FOLD for letters held out without regard to time.
    """

    steepness: float
    weights: tuple[float, ...]
    unit_precision: Floats
    held_confidence: Floats
    held_right: Floats
    held_block: Floats


def softmax(scores: Floats, steepness: float) -> Floats:
    """Rows that sum to one."""
    grown = np.exp(steepness * (scores - scores.max(axis=1, keepdims=True)))
    result: Floats = grown / grown.sum(axis=1, keepdims=True)
    return result


def ranked(scores: Floats, calibration: Calibration, top: int, known: Floats | None = None) -> tuple[Floats, Floats]:
    """(units, probabilities) of the ``top`` best of each row, best first.

    The first probability is the confidence that the first choice is right; the others share what is left in proportion,
    none above the first. ``known``: False for texts of which no word or gram is known; these are never more than even odds.
    """
    probabilities = softmax(scores, calibration.steepness)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, : max(top, 2)]
    chosen = np.take_along_axis(probabilities, best, axis=1)
    confidence = confidences(chosen, calibration.unit_precision[best[:, 0]], calibration)
    if known is not None:
        confidence = np.where(known, confidence, np.minimum(confidence, UNKNOWN_TEXT))
    rest = np.maximum(1 - chosen[:, :1], _LEAST)
    shared = np.minimum(chosen * ((1 - confidence[:, None]) / rest), confidence[:, None])
    shared[:, 0] = confidence
    return best[:, :top], np.clip(shared[:, :top], 0.0, 1.0)


def confidences(chosen: Floats, precision: Floats, calibration: Calibration) -> Floats:
    """How likely the first choice is right. ``chosen``: probabilities, best first; ``precision``: the first unit's own."""
    inputs = confidence_inputs(chosen, precision)
    result: Floats = 1 / (1 + np.exp(-np.clip(inputs @ np.asarray(calibration.weights), -30, 30)))
    return result


def confidence_inputs(chosen: Floats, precision: Floats) -> Floats:
    """One row per text: a bias and the three log-odds that confidence is learned from."""
    best = np.clip(chosen[:, 0], _LEAST, 1 - _LEAST)
    second = np.clip(chosen[:, 1], _LEAST, 1 - _LEAST) if chosen.shape[1] > 1 else np.full(len(chosen), _LEAST)
    past = np.clip(precision, 0.02, 0.98)
    return np.column_stack([np.ones(len(best)), np.log(best / (1 - best)), np.log(best / second), np.log(past / (1 - past))])


def threshold(calibration: Calibration, target: float) -> float | None:
    """The least confidence that keeps the precision ``target`` on letters to come; None when none surely does.

    It must keep it among letters held out at random, and, where times are known, among later letters too: out-of-fold
    figures alone are too good where work moves between units. None when nothing was held out. Always above one half: where letters
    are told apart so easily that hardly one is wrong, the least confidence among them says nothing of a letter unlike them all.
    """
    held = calibration.held_block
    sides = [side for side in (held == OUT_OF_FOLD, held != OUT_OF_FOLD) if side.any()]
    found = [
        _least_confidence(target, calibration.held_confidence[side], calibration.held_right[side], held[side]) for side in sides
    ]
    kept = [value for value in found if value is not None]
    return max(MORE_THAN_EVEN, *kept) if kept and len(kept) == len(found) else None


def _least_confidence(target: float, confidence: Floats, right: Floats, block: Floats) -> float | None:
    order = np.argsort(-confidence, kind="stable")
    values, hits_each = confidence[order], right[order].astype(float)
    counts = np.arange(1, len(values) + 1)
    hits = np.cumsum(hits_each)
    good = (wilson_lower(hits, counts) >= target) & (counts >= LEAST_LETTERS) & np.append(values[:-1] > values[1:], True)
    blocks = np.unique(block)
    if len(blocks) > 1:
        good &= _next_block_lower(hits_each, block[order] == blocks[:, None]) >= target
    found = np.flatnonzero(good)
    return float(values[found[-1]]) if len(found) else None


def _next_block_lower(right: Floats, inside: Floats) -> Floats:
    """The lower bound for a further block, from how much the blocks so far differ; each is drawn a little to the mean."""
    counts = np.arange(1, len(right) + 1)
    mean = np.cumsum(right) / counts
    shares = (np.cumsum(right * inside, axis=1) + 2 * mean) / (np.cumsum(inside, axis=1) + 2)
    number = len(inside)
    caution = _CAUTION_AMONG_BLOCKS.get(number, 0.9)
    result: Floats = shares.mean(axis=0) - caution * shares.std(axis=0, ddof=1) * np.sqrt(1 + 1 / number)
    return result


def wilson_lower(hits: Floats, counts: Floats, z: float = _CAUTION) -> Floats:
    """The one-sided lower bound of a share (Wilson)."""
    share = hits / counts
    centre = share + z * z / (2 * counts)
    spread = z * np.sqrt(share * (1 - share) / counts + z * z / (4 * counts * counts))
    result: Floats = (centre - spread) / (1 + z * z / counts)
    return result
