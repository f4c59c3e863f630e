"""Learning what scores are worth (training only): from scores of letters that were not fitted on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from classify.confidence import OUT_OF_FOLD, Calibration, confidence_inputs, confidences, softmax
from classify.names import KINDS

_FEW = 30
"""With fewer held-out letters than this nothing is learned from them: a plain, cautious calibration is taken."""
_MOST = 20_000
"""More than this teach nothing more about a dozen numbers."""
_USUAL_STEEPNESS = 2.5
_USUAL_NAME_WEIGHT = 0.3
_SHARED_STIFFNESS, _OWN_STIFFNESS = 20.0, 30.0
_FADING = 0.5
"""How much less a block of time says of a unit's precision than the one after it: work moves between units."""
_PRIOR_LETTERS = 10.0
_CAUTIOUS = (-0.5, 0.7, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Held:
    """Letters that were not fitted on. ``scores``: rows × units; ``named``: rows × (kinds × units), 1 where named;
    ``labels``: unit numbers; ``blocks``: a block of time each, or OUT_OF_FOLD."""

    scores: npt.NDArray[Any]
    named: Any
    labels: npt.NDArray[Any]
    blocks: npt.NDArray[Any]


def name_weights(held: Held) -> tuple[float, npt.NDArray[Any]]:
    """(steepness, weights: kinds × units): what being named adds to a unit's score, one shared weight and a small own one."""
    n_units = held.scores.shape[1]
    if len(held.labels) < _FEW:
        return _USUAL_STEEPNESS, np.full((len(KINDS), n_units), _USUAL_NAME_WEIGHT, dtype=np.float32)
    step = -(-len(held.labels) // _MOST)
    scores, labels = held.scores[::step].astype(np.float64), held.labels[::step]
    named = [np.asarray(held.named[::step, at * n_units : (at + 1) * n_units].todense()) for at in range(len(KINDS))]
    rows = np.arange(len(labels))

    def unpack(point: npt.NDArray[Any]) -> tuple[float, npt.NDArray[Any], npt.NDArray[Any]]:
        return float(np.exp(point[0])), point[1 : 1 + len(KINDS)], point[1 + len(KINDS) :].reshape(len(KINDS), n_units)

    def surprise(point: npt.NDArray[Any]) -> tuple[float, npt.NDArray[Any]]:
        steepness, shared, own = unpack(point)
        raised = scores + sum(hit * (shared[at] + own[at]) for at, hit in enumerate(named))
        likely = softmax(raised, steepness)
        loss = -np.log(np.maximum(likely[rows, labels], 1e-12)).sum()
        loss += _SHARED_STIFFNESS * np.square(shared - _USUAL_NAME_WEIGHT).sum() + _OWN_STIFFNESS * np.square(own).sum()
        likely[rows, labels] -= 1
        by_unit = np.stack([steepness * (likely * hit).sum(axis=0) for hit in named])
        slope = [
            np.array([steepness * (likely * raised).sum()]),
            by_unit.sum(axis=1) + 2 * _SHARED_STIFFNESS * (shared - _USUAL_NAME_WEIGHT),
            (by_unit + 2 * _OWN_STIFFNESS * own).ravel(),
        ]
        return float(loss), np.concatenate(slope)

    start = np.concatenate([[np.log(_USUAL_STEEPNESS)], np.full(len(KINDS), _USUAL_NAME_WEIGHT), np.zeros(len(KINDS) * n_units)])
    bounds = [(-1.0, 4.0)] + [(0.0, 1.5)] * len(KINDS) + [(-1.0, 1.0)] * (len(KINDS) * n_units)
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200})
    steepness, shared, own = unpack(found.x)
    return steepness, np.maximum(shared[:, None] + own, 0.0).astype(np.float32)


def calibrate(out_of_fold: Held, later: Held | None, steepness: float, weights: npt.NDArray[Any]) -> Calibration:
    """Confidence learned out of fold; both held-out sets kept for choosing thresholds. ``weights``: of ``name_weights``."""
    n_units = out_of_fold.scores.shape[1]
    chosen, first, right = first_choices(out_of_fold, steepness, weights)
    precision, without_own = _precision(first, right, n_units)
    empty = np.zeros(0)
    plain = Calibration(steepness, _CAUTIOUS, precision, empty, empty.astype(bool), empty.astype(np.int8))
    if len(right) < _FEW:
        return plain
    learnt = plain
    if n_units > 1 and right.any() and not right.all():
        learned = LogisticRegression(C=1.0, fit_intercept=False).fit(confidence_inputs(chosen, without_own), right)
        learnt = replace(plain, weights=tuple(float(weight) for weight in learned.coef_[0]))
    confidence = [confidences(chosen, without_own, learnt)]
    rights, blocks = [right], [np.full(len(right), OUT_OF_FOLD)]
    if later is not None:
        chosen, first, right = first_choices(later, steepness, weights)
        known = [_recent_precision(precision, first, right, later.blocks, block) for block in range(int(later.blocks.max()) + 2)]
        before = np.stack(known)[later.blocks, first]
        confidence.append(confidences(chosen, before, learnt))
        rights.append(right)
        blocks.append(later.blocks)
        learnt = replace(learnt, unit_precision=known[-1])
    return replace(
        learnt,
        held_confidence=np.concatenate(confidence),
        held_right=np.concatenate(rights),
        held_block=np.concatenate(blocks).astype(np.int8),
    )


def raised(held: Held, weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The scores with what being named adds to them. ``weights``: of ``name_weights``."""
    scores = held.scores.astype(np.float64)
    n_units = scores.shape[1]
    for at in range(len(KINDS)):
        scores += np.asarray(held.named[:, at * n_units : (at + 1) * n_units].multiply(weights[at]).todense())
    return scores


def first_choices(
    held: Held, steepness: float, weights: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """(two best probabilities, first unit, whether it was right) of each held-out letter."""
    likely = softmax(raised(held, weights), steepness)
    best = np.argsort(-likely, axis=1, kind="stable")[:, :2]
    return np.take_along_axis(likely, best, axis=1), best[:, 0], best[:, 0] == held.labels


def _precision(
    first: npt.NDArray[Any], right: npt.NDArray[Any], n_units: int, prior: float = 10.0
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """How often each unit was right when it came first, drawn to the mean where that was seldom; and the same for each
    letter without the letter itself."""
    mean = float(right.mean()) if len(right) else 0.5
    hits = np.bincount(first, right, minlength=n_units)
    counts = np.bincount(first, minlength=n_units)
    return (hits + prior * mean) / (counts + prior), (hits[first] - right + prior * mean) / (counts[first] - 1 + prior)


def _recent_precision(
    precision: npt.NDArray[Any], first: npt.NDArray[Any], right: npt.NDArray[Any], blocks: npt.NDArray[Any], now: int
) -> npt.NDArray[Any]:
    """Each unit's precision as known at the beginning of block ``now``: what lies before it, the latest blocks most."""
    weight = np.where(blocks < now, _FADING ** (now - 1 - blocks.astype(float)), 0.0)
    hits = np.bincount(first, right * weight, minlength=len(precision))
    counts = np.bincount(first, weight, minlength=len(precision))
    result: npt.NDArray[Any] = (hits + _PRIOR_LETTERS * precision) / (counts + _PRIOR_LETTERS)
    return result
