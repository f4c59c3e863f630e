"""Learning what scores are worth (training only): from scores of letters that were not fitted on."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from classify.confidence import Calibration, confidence_inputs, ranked, softmax

_FEW = 30
"""With fewer held-out letters than this nothing is learned from them: a plain, cautious calibration is taken."""


def calibrate(scores: npt.NDArray[Any], labels: npt.NDArray[Any], n_units: int) -> Calibration:
    """``scores``: rows × units from machines that did not see the row. ``labels``: unit numbers."""
    if n_units == 1:
        return Calibration(1.0, (3.0, 0.0, 0.0, 0.0), (0.95,), (), ())
    steepness = _steepness(scores, labels)
    probabilities = softmax(scores, steepness)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    right = best[:, 0] == labels
    precision = _precision(best[:, 0], right, n_units)
    if len(labels) < _FEW or right.all() or not right.any():
        return Calibration(steepness, (-0.5, 0.7, 0.0, 0.0), tuple(precision.tolist()), (), ())
    inputs = confidence_inputs(np.take_along_axis(probabilities, best, axis=1), best[:, 0], precision)
    learned = LogisticRegression(C=1.0, fit_intercept=False).fit(inputs, right)
    weights = tuple(float(weight) for weight in learned.coef_[0])
    draft = Calibration(steepness, weights, tuple(precision.tolist()), (), ())
    _, confidence = ranked(scores, draft, 1)
    held = tuple(confidence[:, 0].tolist())
    return Calibration(steepness, weights, draft.unit_precision, held, tuple(right.tolist()))


def _steepness(scores: npt.NDArray[Any], labels: npt.NDArray[Any]) -> float:
    """The temperature that makes the labels most likely."""

    def surprise(log_steepness: float) -> float:
        own = softmax(scores, float(np.exp(log_steepness)))[np.arange(len(labels)), labels]
        return float(-np.log(np.clip(own, 1e-9, 1)).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-1.0, 3.5), method="bounded").x))


def _precision(first: npt.NDArray[Any], right: npt.NDArray[Any], n_units: int, prior: float = 10.0) -> npt.NDArray[Any]:
    """How often each unit was right when it came first, drawn towards the mean where it came first seldom."""
    mean = float(right.mean()) if len(right) else 0.5
    hits = np.bincount(first, right, minlength=n_units)
    counts = np.bincount(first, minlength=n_units)
    result: npt.NDArray[Any] = (hits + prior * mean) / (counts + prior)
    return result
