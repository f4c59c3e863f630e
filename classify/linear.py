"""Fitting the linear scores (training only)."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from classify.features import FloatArray

_ABSENT = -10.0
"""The score of a unit without a letter in this part of the data: never the first choice, never infinite."""


def fit_scores(
    features: Any, labels: npt.NDArray[Any], n_units: int, *, seed: int, cost: float = 0.3
) -> tuple[FloatArray, FloatArray]:
    """(weights: columns × units, bias) of one-against-rest support vector machines. ``labels``: unit numbers."""
    weights = np.zeros((features.shape[1], n_units), dtype=np.float32)
    bias = np.full(n_units, _ABSENT, dtype=np.float32)
    present = np.unique(labels)
    if len(present) == 1:
        bias[present] = 0.0
        return weights, bias
    machine = LinearSVC(C=cost, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(features, labels)
    if len(present) == 2:
        weights[:, present] = np.column_stack([-machine.coef_[0], machine.coef_[0]])
        bias[present] = [-machine.intercept_[0], machine.intercept_[0]]
    else:
        weights[:, present] = machine.coef_.T
        bias[present] = machine.intercept_
    return weights, bias


def quantised(weights: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """(int8 weights, one scale per column of features): together within 0.4 % of the loudest weight of each column."""
    loudest = np.abs(weights).max(axis=1, initial=0.0)
    scales = np.where(loudest > 0, loudest / 127, 1.0).astype(np.float32)
    return np.rint(weights / scales[:, None]).astype(np.int8), scales
