"""Which words of a text spoke for a unit: what an official can read and judge."""

from typing import Any

import numpy as np
import numpy.typing as npt

from classify.features import FeatureSpace, FloatArray
from domain.decisions import Evidence

FIRST_WORDS = 5
OTHER_WORDS = 3


class EvidenceFinder:
    """Finds the loudest words; those of the subject and of the joined text count together."""

    def __init__(self, space: FeatureSpace, weights: FloatArray) -> None:
        starts = space.starts
        self._end = starts[2]
        self._words = np.concatenate([space.keys[0], space.keys[1]])
        self._readable = np.array([len(space.words[at]) > 1 for at in self._words.tolist()], dtype=bool)
        self._text = space.words
        self._weights = weights
        self._mean = weights[: self._end].mean(axis=1) if weights.size else np.zeros(self._end, dtype=np.float32)

    def find(self, features: Any, best: npt.NDArray[Any]) -> list[list[tuple[Evidence, ...]]]:
        """For each row of ``features`` and each of its ``best`` units, the words that spoke for it, loudest first."""
        return [self._of_row(features, row, best[row]) for row in range(features.shape[0])]

    def _of_row(self, features: Any, row: int, units: npt.NDArray[Any]) -> list[tuple[Evidence, ...]]:
        begin, end = features.indptr[row], features.indptr[row + 1]
        columns, values = features.indices[begin:end], features.data[begin:end]
        own = columns < self._end
        columns, values = columns[own], values[own]
        own = self._readable[columns]
        columns, values = columns[own], values[own]
        if not len(columns):
            return [()] * len(units)
        ids, places = np.unique(self._words[columns], return_inverse=True)
        spoke = values[:, None] * (self._weights[columns][:, units] - self._mean[columns][:, None])
        found: list[tuple[Evidence, ...]] = []
        for at in range(len(units)):
            weights = np.bincount(places, spoke[:, at], minlength=len(ids))
            most = FIRST_WORDS if at == 0 else OTHER_WORDS
            loudest = np.argsort(-weights, kind="stable")[:most]
            found.append(
                tuple(Evidence("word", self._text[ids[i]], round(float(weights[i]), 4)) for i in loudest if weights[i] > 0)
            )
        return found
