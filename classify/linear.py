"""Fitting the linear scores (training only): support vector machines over features weighted by log-odds.

Two voices, words and n-grams, are fitted apart and added: together they rank better than one machine over both
(and what they give is still one linear score). Each machine sees every feature times the log-odds of the feature in its
unit against the rest (Wang and Manning, "Baselines and Bigrams", ACL 2012), damped.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from classify.features import FloatArray

COST = 0.4
"""Where labels are noisy, as units' are; where they are clean a greater one is better: ``classify.train`` chooses."""
LOUDNESS = (0.75, 1.25)
"""Of the voice of words, and of the voice of n-grams, which mistakes itself less."""
DAMPING = 0.6
TOLERANCE = 0.01
ABSENT = -4.0
"""The score of a unit without a letter in this part of the data: never the first choice, never infinite."""


def fit_scores(
    features: Any,
    labels: npt.NDArray[Any],
    n_units: int,
    voices: tuple[slice, ...],
    *,
    seed: int,
    cost: float = COST,
    only: Sequence[int] | None = None,
    partial: npt.NDArray[Any] | None = None,
    declined: npt.NDArray[Any] | None = None,
    tell: Callable[[float], None] = lambda _share: None,
) -> tuple[FloatArray, FloatArray]:
    """(weights: columns × units, bias) of one-against-rest machines. ``labels``: unit numbers; ``voices``: column ranges.

    ``cost``: how dear a letter on the wrong side is. ``only``: the units to fit; the others' weights and biases are left to
    the caller. ``partial``: rows that speak for their unit and not against the others: no other unit's machine
    sees them but that of the unit which ``declined`` it (one a row).
    """
    weights = np.zeros((features.shape[1], n_units), dtype=np.float32)
    bias = np.full(n_units, ABSENT, dtype=np.float32)
    present = np.unique(labels)
    bias[present] = 0.0
    fitted = present.tolist() if only is None else [unit for unit in present.tolist() if unit in set(only)]
    if len(present) == 1 or not fitted:
        return weights, bias
    for at, voice in enumerate(voices):
        part = features[:, voice].tocsr().astype(np.float64)
        if not part.nnz:
            continue
        odds = log_odds(part, labels, fitted)
        for done, unit in enumerate(fitted):
            seen = _seen(unit, labels, partial, declined)
            own_weights, own_bias = _machine(part[seen], labels[seen] == unit, odds[:, done], cost, seed)
            weights[voice, unit] = LOUDNESS[at] * own_weights
            bias[unit] += LOUDNESS[at] * own_bias
            tell((at + (done + 1) / len(fitted)) / len(voices))
    return weights, bias


def _seen(
    unit: int, labels: npt.NDArray[Any], partial: npt.NDArray[Any] | None, declined: npt.NDArray[Any] | None
) -> "slice | npt.NDArray[Any]":
    """The rows that the unit's machine learns from."""
    if partial is None or not partial.any():
        return slice(None)
    known = ~partial | (labels == unit)
    return np.flatnonzero(known if declined is None else known | (declined == unit))


def log_odds(features: Any, labels: npt.NDArray[Any], units: Sequence[int]) -> npt.NDArray[Any]:
    """How much each feature speaks for or against each of these units, features counted once a text, add-one smoothed."""
    presence = features.copy()
    presence.data = np.ones_like(presence.data)
    inside = np.column_stack([np.asarray(presence[labels == unit].sum(axis=0)).ravel() for unit in units])
    outside = np.asarray(presence.sum(axis=0)).reshape(-1, 1) - inside + 1
    inside += 1
    odds = np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))
    result: npt.NDArray[Any] = np.abs(odds) ** DAMPING
    return result


def _machine(features: Any, own: npt.NDArray[Any], odds: npt.NDArray[Any], cost: float, seed: int) -> tuple[FloatArray, float]:
    weighted = features.copy()
    weighted.data = features.data * odds[features.indices]
    size = np.sqrt(np.square(weighted.data).sum() / features.shape[0])
    weighted.data /= size or 1.0
    machine = LinearSVC(C=cost, tol=TOLERANCE, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(weighted, own)
    return (machine.coef_[0] * odds / (size or 1.0)).astype(np.float32), float(machine.intercept_[0])


def quantised(weights: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """(int8 weights, one scale per column of features): together within 0.4 % of the loudest weight of each column."""
    loudest = np.abs(weights).max(axis=1, initial=0.0)
    scales = np.where(loudest > 0, loudest / 127, 1.0).astype(np.float32)
    return np.rint(weights / scales[:, None]).astype(np.int8), scales
