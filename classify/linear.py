"""Fitting the linear scores (training only): support vector machines over features weighted by log-odds.

Two voices, words and n-grams, are fitted apart and added: together they rank better than one machine over both
(and what they give is still one linear score). Each machine sees every feature times the log-odds of the feature in its
unit against the rest (Wang and Manning, "Baselines and Bigrams", ACL 2012), damped. A unit's replies are learned as letters of
its own that count less: they say in the unit's words what the citizen said in others.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from classify.features import FloatArray


@dataclass(frozen=True, slots=True)
class Firmness:
    """How firmly labels and words are believed. ``cost``: how dear a letter on the wrong side is; ``damping``: the power of the
    log-odds; ``loudness``: of the voice of words, and of the voice of n-grams, which mistakes itself less; ``balance``: a unit's own
    letters count as much more than the others' as these are more, to this power, so that few are not shouted down."""

    cost: float
    damping: float
    loudness: tuple[float, float]
    balance: float


NOISY, CLEAN = Firmness(0.4, 0.3, (0.4, 1.6), 0.5), Firmness(1.6, 0.6, (0.75, 1.25), 0.5)
"""Where labels are noisy, as units' are, and where they are clean."""
NOISY_UP_TO, CLEAN_FROM = 0.7, 0.9
"""Shares of letters that machines which did not see them told right."""
HEED = 0.15
"""How much a reply counts beside a letter."""
TOLERANCE = 0.01
ABSENT = -4.0
"""The score of a unit without a letter in this part of the data: never the first choice, never infinite."""


def firmness_for(right: float) -> Firmness:
    """How firmly to believe letters of which machines that did not see them told this share right; between noisy and clean evenly."""
    clean = min(max((right - NOISY_UP_TO) / (CLEAN_FROM - NOISY_UP_TO), 0.0), 1.0)
    words = NOISY.loudness[0] + clean * (CLEAN.loudness[0] - NOISY.loudness[0])
    return Firmness(
        cost=NOISY.cost * (CLEAN.cost / NOISY.cost) ** clean,
        damping=NOISY.damping + clean * (CLEAN.damping - NOISY.damping),
        loudness=(words, 2 - words),
        balance=NOISY.balance + clean * (CLEAN.balance - NOISY.balance),
    )


def fit_scores(
    features: Any,
    labels: npt.NDArray[Any],
    n_units: int,
    voices: tuple[slice, ...],
    *,
    seed: int,
    firmness: Firmness = NOISY,
    only: Sequence[int] | None = None,
    partial: npt.NDArray[Any] | None = None,
    declined: npt.NDArray[Any] | None = None,
    replies: Any = None,
    tell: Callable[[float], None] = lambda _share: None,
) -> tuple[FloatArray, FloatArray]:
    """(weights: columns × units, bias) of one-against-rest machines. ``labels``: unit numbers; ``voices``: column ranges.

    ``only``: the units to fit; the others' weights and biases are left to the caller. ``partial``: rows that speak for their unit
    and not against the others: no other unit's machine sees them but that of the unit which ``declined`` it (one a row).
    ``replies``: features of what each letter's unit answered, an empty row where that teaches nothing.
    """
    weights = np.zeros((features.shape[1], n_units), dtype=np.float32)
    bias = np.full(n_units, ABSENT, dtype=np.float32)
    present = np.unique(labels)
    bias[present] = 0.0
    fitted = present.tolist() if only is None else [unit for unit in present.tolist() if unit in set(only)]
    if len(present) == 1 or not fitted:
        return weights, bias
    told = _told(labels, partial, declined, replies)
    if replies is not None:
        features = sparse.vstack([features, replies[told.replies]], format="csr")
    for at, voice in enumerate(voices):
        part = features[:, voice].tocsr().astype(np.float64)
        if not part.nnz:
            continue
        odds = log_odds(part, told.labels, fitted, told.heed) ** firmness.damping
        for done, unit in enumerate(fitted):
            seen = told.seen(unit)
            own_weights, own_bias = _machine(
                part[seen], told.labels[seen] == unit, odds[:, done], told.heed[seen], firmness, seed
            )
            weights[voice, unit] = firmness.loudness[at] * own_weights
            bias[unit] += firmness.loudness[at] * own_bias
            tell((at + (done + 1) / len(fitted)) / len(voices))
    return weights, bias


@dataclass(frozen=True, slots=True)
class _Told:
    """Of letters, and behind them of ``replies`` (those of so numbered letters): whose each is and how much it counts."""

    labels: npt.NDArray[Any]
    partial: npt.NDArray[Any]
    declined: npt.NDArray[Any]
    replies: npt.NDArray[Any]
    heed: npt.NDArray[Any]

    def seen(self, unit: int) -> "slice | npt.NDArray[Any]":
        """The rows that the unit's machine learns from."""
        if not self.partial.any():
            return slice(None)
        return np.flatnonzero(~self.partial | (self.labels == unit) | (self.declined == unit))


def _told(labels: npt.NDArray[Any], partial: npt.NDArray[Any] | None, declined: npt.NDArray[Any] | None, replies: Any) -> _Told:
    which = np.zeros(0, dtype=np.int64) if replies is None else np.flatnonzero(np.diff(replies.indptr))
    nobody = np.full(len(labels), -1)
    return _Told(
        labels=np.concatenate([labels, labels[which]]),
        partial=np.append(np.zeros(len(labels), dtype=bool) if partial is None else partial, np.zeros(len(which), dtype=bool)),
        declined=np.append(nobody if declined is None else declined, nobody[which]),
        replies=which,
        heed=np.append(np.ones(len(labels)), np.full(len(which), HEED)),
    )


def log_odds(
    features: Any, labels: npt.NDArray[Any], units: Sequence[int], heed: npt.NDArray[Any] | None = None
) -> npt.NDArray[Any]:
    """How much each feature speaks for or against each of these units, features counted once a text (``heed`` times), add-one
    smoothed."""
    presence = features.copy()
    presence.data = np.ones_like(presence.data) if heed is None else np.repeat(heed, np.diff(presence.indptr))
    inside = np.column_stack([np.asarray(presence[labels == unit].sum(axis=0)).ravel() for unit in units])
    outside = np.asarray(presence.sum(axis=0)).reshape(-1, 1) - inside + 1
    inside += 1
    odds = np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))
    result: npt.NDArray[Any] = np.abs(odds)
    return result


def _machine(
    features: Any, own: npt.NDArray[Any], odds: npt.NDArray[Any], heed: npt.NDArray[Any], firmness: Firmness, seed: int
) -> tuple[FloatArray, float]:
    weighted = features.copy()
    weighted.data = features.data * odds[features.indices]
    size = np.sqrt(np.square(weighted.data).sum() / features.shape[0])
    weighted.data /= size or 1.0
    heed = np.where(own, heed * ((len(own) - own.sum()) / own.sum()) ** firmness.balance, heed)
    machine = LinearSVC(C=firmness.cost, tol=TOLERANCE, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(weighted, own, sample_weight=heed)
    return (machine.coef_[0] * odds / (size or 1.0)).astype(np.float32), float(machine.intercept_[0])


def quantised(weights: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """(int8 weights, one scale per column of features): together within 0.4 % of the loudest weight of each column."""
    loudest = np.abs(weights).max(axis=1, initial=0.0)
    scales = np.where(loudest > 0, loudest / 127, 1.0).astype(np.float32)
    return np.rint(weights / scales[:, None]).astype(np.int8), scales
