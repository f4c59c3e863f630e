"""The peer: what anyone would write first, character TF-IDF and a linear support vector machine, nothing else."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from classify.labelled import LabelledText

NAME = "character TF-IDF + LinearSVC"


class PlainModel:
    """Grams of one to three characters of subject and body joined."""

    def __init__(self, rows: Sequence[LabelledText]) -> None:
        self._words = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True, dtype=np.float32)
        self._machine = LinearSVC(random_state=1)
        self._machine.fit(self._words.fit_transform(_texts(rows)), [row.unit for row in rows])

    def ranked(self, rows: Sequence[LabelledText]) -> list[list[str]]:
        """Every unit for each letter, best first; of the letters nothing but subject and body is read."""
        scores: npt.NDArray[Any] = self._machine.decision_function(self._words.transform(_texts(rows)))
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores])
        return [[str(self._machine.classes_[at]) for at in order] for order in np.argsort(-scores, axis=1, kind="stable")]


def _texts(rows: Sequence[LabelledText]) -> list[str]:
    return [f"{row.subject}\n{row.body}" for row in rows]
