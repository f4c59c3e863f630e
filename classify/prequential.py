"""What scores are worth, learned from the predictions themselves once their answers are known: no folds, no peeking.

Each letter was scored by a model that had not seen it; later, when its answer is known, it says how far such scores can be
believed. (Dawid, "The prequential approach", 1984.) A unit's own past precision has no weight here: ``classify.rolling``
learns it afresh from what was answered lately.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from classify.calibrate import Held, first_choices, name_weights
from classify.confidence import OUT_OF_FOLD, Calibration, confidence_inputs, ranked
from classify.learner import Scored
from classify.linear import ABSENT
from classify.names import KINDS

MOST = 2000
"""Letters learned from: the latest."""
LEAST = 60
"""With fewer answers, a cautious calibration stands."""
RARELY = 4
"""The weight of names is learned anew every so many times only: it hardly changes, and costs most."""

_USUAL = Calibration(2.5, (-0.5, 0.7, 0.0, 0.0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int8))
_USUAL_NAME_WEIGHT = 0.3
_EVEN = 0.5


class Prequential:
    """The calibration as it goes. Letters are numbered in the order in which they are remembered."""

    def __init__(self) -> None:
        self._scores: list[npt.NDArray[Any]] = []
        self._named: list[list[tuple[int, int]]] = []
        self._calibration = _USUAL
        self._name_weights = np.zeros((len(KINDS), 0))
        self._learned = 0

    def remember(self, scored: Scored) -> None:
        """Keeps what letters scored, for the day their answers are known."""
        named: list[list[tuple[int, int]]] = [[] for _ in scored.scores]
        for row, unit, kind, _ in scored.named.tolist():
            named[row].append((kind, unit))
        self._scores.extend(scored.scores)
        self._named.extend(named)

    def learn(self, letters: Sequence[int], truth: Sequence[int | None], n_units: int) -> None:
        """Learns from these letters, oldest answer first; ``truth``: the number of the unit that answered each, None for one
        that the learner does not know."""
        letters, truth = letters[-MOST:], truth[-MOST:]
        if len(letters) < LEAST:
            return
        held = self._held(letters, truth, n_units)
        if self._learned % RARELY == 0:
            sure = held.labels >= 0
            known = Held(held.scores[sure], held.named[sure], held.labels[sure], held.blocks[sure])
            steepness, self._name_weights = name_weights(known)
            self._calibration = replace(self._calibration, steepness=steepness)
        self._learned += 1
        chosen, _, right = first_choices(held, self._calibration.steepness, self._weights_of_names(n_units))
        if right.any() and not right.all():
            inputs = confidence_inputs(chosen, np.full(len(chosen), _EVEN))
            found = LogisticRegression(C=1.0, fit_intercept=False).fit(inputs, right)
            self._calibration = replace(self._calibration, weights=tuple(float(weight) for weight in found.coef_[0]))

    def ranked(self, scored: Scored, top: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """(units, probabilities) of the ``top`` best of each text, as the serving model ranks them."""
        n_units = scored.scores.shape[1]
        scores, weights = scored.scores.astype(np.float64), self._weights_of_names(n_units)
        row, unit, kind = scored.named[:, 0], scored.named[:, 1], scored.named[:, 2]
        np.add.at(scores, (row, unit), weights[kind, unit])
        return ranked(scores, replace(self._calibration, unit_precision=np.full(n_units, _EVEN)), top, scored.known)

    def _held(self, letters: Sequence[int], truth: Sequence[int | None], n_units: int) -> Held:
        scores = np.full((len(letters), n_units), ABSENT, dtype=np.float32)
        cells = []
        for row, letter in enumerate(letters):
            scores[row, : len(self._scores[letter])] = self._scores[letter]
            cells += [(row, kind * n_units + unit) for kind, unit in self._named[letter]]
        places = np.array(cells, dtype=np.int64).reshape(-1, 2)
        ones = np.ones(len(places), dtype=np.float32)
        named = sparse.csr_matrix((ones, (places[:, 0], places[:, 1])), shape=(len(letters), len(KINDS) * n_units))
        labels = np.array([-1 if unit is None else unit for unit in truth], dtype=np.int64)
        return Held(scores, named, labels, np.full(len(letters), OUT_OF_FOLD))

    def _weights_of_names(self, n_units: int) -> npt.NDArray[Any]:
        weights = np.full((len(KINDS), n_units), _USUAL_NAME_WEIGHT)
        weights[:, : self._name_weights.shape[1]] = self._name_weights
        return weights
