"""Which words of a text spoke for a unit: what an official can read and judge."""

from typing import Any

import numpy as np
import numpy.typing as npt

from classify.artefact import ModelData
from classify.features import FloatArray
from classify.names import KINDS
from domain.decisions import Evidence

FIRST_WORDS = 5
OTHER_WORDS = 3


class EvidenceFinder:
    """Finds the loudest words and names. A word's weight is what it adds to the unit's score beyond what it adds to the
    units on average; a word in subject and body counts with both."""

    def __init__(self, data: ModelData, weights: FloatArray) -> None:
        self._middle, self._end = data.space.starts[1], data.space.starts[2]
        self._words = np.concatenate([data.space.keys[0], data.space.keys[1]])
        self._text = data.space.words
        self._weights = weights
        self._mean = weights[: self._end].mean(axis=1)
        self._patterns = data.patterns
        self._name_weights = data.name_weights

    def find(self, features: Any, named: npt.NDArray[Any], best: npt.NDArray[Any]) -> list[list[tuple[Evidence, ...]]]:
        """For each row of ``features`` and each of its ``best`` units, what spoke for it, loudest first.

        ``named``: rows (text, unit, kind, pattern) of ``NameFinder.find``.
        """
        names: dict[tuple[int, int], list[Evidence]] = {}
        for row, unit, kind, which in named.tolist():
            weight = round(float(self._name_weights[kind, unit]), 4)
            if weight > 0:
                names.setdefault((row, unit), []).append(Evidence(KINDS[kind], self._patterns[which].text, weight))
        many = best.shape[1]
        groups, words, weights = self._spoken(features, best)
        ends = np.searchsorted(groups, np.arange(best.size + 1)).tolist()
        text = self._text
        found: list[list[tuple[Evidence, ...]]] = []
        for row, units in enumerate(best.tolist()):
            reasons: list[tuple[Evidence, ...]] = []
            for place, unit in enumerate(units):
                most = OTHER_WORDS if place else FIRST_WORDS
                begin = ends[row * many + place]
                end = min(ends[row * many + place + 1], begin + most)
                own = [Evidence("word", text[words[at]], weights[at]) for at in range(begin, end)]
                if (row, unit) in names:
                    own = sorted(own + names[row, unit], key=lambda reason: -reason.weight)[:most]
                reasons.append(tuple(own))
            found.append(reasons)
        return found

    def _spoken(self, features: Any, best: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], list[int], list[float]]:
        """Of the words that spoke for a unit the loudest: (row × width of best + place in it, word, weight), loudest first."""
        rows = np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))
        in_subject, in_text = features.indices < self._middle, (features.indices >= self._middle) & (features.indices < self._end)
        keys, spoke = self._cells(features, rows, in_text, best)
        subject_keys, subject_spoke = self._cells(features, rows, in_subject, best)
        at = np.searchsorted(keys, subject_keys)
        both = np.flatnonzero(np.append(keys, -1)[at] == subject_keys)
        spoke[at[both]] += subject_spoke[both]
        cells, places = np.nonzero(spoke > 0)
        weights = spoke[cells, places]
        row, word = np.divmod(keys[cells], len(self._text) + 1)
        groups = row * best.shape[1] + places
        order = np.argsort(groups - weights / (2 * weights.max(initial=1.0)), kind="stable")
        ordered = groups[order]
        heard = np.arange(len(ordered)) - np.searchsorted(ordered, ordered) < FIRST_WORDS
        order = order[heard]
        return ordered[heard], word[order].tolist(), weights[order].astype(np.float64).round(4).tolist()

    def _cells(
        self, features: Any, rows: npt.NDArray[Any], own: npt.NDArray[Any], best: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """(row and word as one rising number, what the word adds for each of the row's best units)."""
        columns, values, rows = features.indices[own], features.data[own], rows[own]
        spoke = values[:, None] * (self._weights[columns[:, None], best[rows]] - self._mean[columns][:, None])
        return rows * (len(self._text) + 1) + self._words[columns], spoke
