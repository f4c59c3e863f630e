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
        self._end = data.space.starts[2]
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
        rows, places, words, spoke = self._spoken(features, best)
        found: list[list[tuple[Evidence, ...]]] = []
        ends = np.searchsorted(rows, np.arange(features.shape[0] + 1))
        for row, units in enumerate(best.tolist()):
            part = slice(ends[row], ends[row + 1])
            found.append(self._of_row(row, units, places[part], words[part], spoke[part], names))
        return found

    def _spoken(self, features: Any, best: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """Of the loudest word cells: (row, place among the row's best, word, weight), by row, then place, loudest first."""
        rows = np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))
        own = features.indices < self._end
        rows, columns, values = rows[own], features.indices[own], features.data[own]
        many = best.shape[1]
        spoke = values[:, None] * (self._weights[columns[:, None], best[rows]] - self._mean[columns][:, None])
        words = np.repeat(self._words[columns], many)
        keys = (np.repeat(rows, many) * many + np.tile(np.arange(many), len(rows))) * (len(self._text) + 1) + words
        keys, inverse = np.unique(keys, return_inverse=True)
        weights = np.bincount(inverse, spoke.ravel(), minlength=len(keys))
        loud = weights > 0
        keys, weights = keys[loud], weights[loud]
        cells, words = np.divmod(keys, len(self._text) + 1)
        order = np.lexsort((words, -weights, cells))
        cells = cells[order]
        return cells // many, cells % many, words[order], weights[order]

    def _of_row(
        self,
        row: int,
        units: list[int],
        places: npt.NDArray[Any],
        words: npt.NDArray[Any],
        spoke: npt.NDArray[Any],
        names: dict[tuple[int, int], list[Evidence]],
    ) -> list[tuple[Evidence, ...]]:
        ends = np.searchsorted(places, np.arange(len(units) + 1)).tolist()
        reasons: list[tuple[Evidence, ...]] = []
        for at, unit in enumerate(units):
            most = FIRST_WORDS if at == 0 else OTHER_WORDS
            part = slice(ends[at], min(ends[at + 1], ends[at] + most))
            own = [
                Evidence("word", self._text[word], round(weight, 4))
                for word, weight in zip(words[part].tolist(), spoke[part].tolist(), strict=True)
            ]
            own += names.get((row, unit), [])
            own.sort(key=lambda reason: -reason.weight)
            reasons.append(tuple(own[:most]))
        return reasons
