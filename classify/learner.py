"""A model that is learned again and again as answers come in, cheaply: no folds, and only what changed is fitted anew.

What the walk through the past (``classify.history``) measures weekly. Between two rebuildings of the feature space the letters
seen before keep their rows, and only the machines of units that were given letters since are fitted again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.features import FloatArray, Text, Vectorizer, build_space
from classify.labelled import LabelledText
from classify.linear import fit_scores
from classify.names import NameFinder, patterns_of, unit_names
from classify.replies import learned_unit, own_words
from classify.tokens import best_tokenizer, readable
from classify.train import MOST_FOR_REPLIES, MOST_WORDS, most_grams
from domain.ids import UnitCode
from domain.units import Unit

GROWTH = 0.06
"""The feature space, and every machine with it, is made anew when the letters are more by this share."""
ENOUGH_NEW = 0.01
"""Between that, a unit's machine is fitted again when so many of its letters are new."""


@dataclass(frozen=True, slots=True)
class Scored:
    """``scores``: texts × units, names not yet added, columns in the order of the learner's codes; ``named``: rows
    (text, unit, kind, pattern) as of ``NameFinder.find``; ``known``: False for a text of which no word or gram is known."""

    scores: FloatArray
    named: npt.NDArray[Any]
    known: npt.NDArray[Any]


class Learner:
    """Scores texts by what it was taught so far. ``codes``: the units known, in the order in which they became so."""

    def __init__(self, units: Sequence[Unit] | None, *, seed: int) -> None:
        self._units = units
        self._directory = None if units is None else {unit.code for unit in units}
        self._seed = seed
        self._rows: list[LabelledText] = []
        self._texts: list[Text] = []
        self._answers: list[Text] = []
        self._labels: list[int] = []
        self._partial: list[bool] = []
        self._answered: list[int] = []
        self._built = 0
        self._fitted_with: npt.NDArray[Any] = np.zeros(0, dtype=np.int64)
        self._features: list[Any] = []
        self._replies: list[Any] = []
        self._vectorizer: Vectorizer
        self._finder: NameFinder
        self._weights: FloatArray = np.zeros((0, 0), dtype=np.float32)
        self._bias: FloatArray = np.zeros(0, dtype=np.float32)
        self.codes: list[UnitCode] = []

    def __len__(self) -> int:
        return len(self._rows)

    def teach(self, rows: Sequence[LabelledText]) -> None:
        """Takes letters whose answers have become known, and fits what they change. Their replies are read here."""
        new = [row for row in rows if row.unit and (self._directory is None or row.unit in self._directory)]
        if not new:
            return
        for row in new:
            self._number(row.unit)
        names = unit_names(self._units, sorted(self.codes))
        for row in new:
            label = learned_unit(row, names)
            self._rows.append(row)
            self._texts.append((readable(row.subject), readable(row.body)))
            self._answers.append(own_words(row, label))
            self._labels.append(self._number(label))
            self._partial.append(row.partial or label != row.unit)
            self._answered.append(self._number(row.unit))
        if len(self._rows) > (1 + GROWTH) * self._built:
            self._rebuild()
        else:
            self._features.append(self._vectorizer.transform(self._texts[-len(new) :]))
            self._replies.append(self._vectorizer.transform(self._answers[-len(new) :]))
            self._fit(self._grown())

    def scores(self, texts: Sequence[Text]) -> Scored:
        """What these texts score now. Raises LookupError when nothing has been taught yet."""
        if not self._rows:
            raise LookupError("nothing has been taught yet")
        clean = [(readable(subject), readable(body)) for subject, body in texts]
        features = self._vectorizer.transform(clean)
        scores = (features @ self._weights + self._bias).astype(np.float32)
        return Scored(scores, self._finder.find(clean), np.diff(features.indptr) > 0)

    def _number(self, code: UnitCode) -> int:
        if code not in self.codes:
            self.codes.append(code)
        return self.codes.index(code)

    def _rebuild(self) -> None:
        space = build_space(self._texts, best_tokenizer(), most_words=MOST_WORDS, most_grams=most_grams(len(self.codes)))
        self._vectorizer = Vectorizer(space)
        self._features = [self._vectorizer.transform(self._texts)]
        self._replies = [self._vectorizer.transform(self._answers)]
        self._finder = NameFinder(patterns_of(self._units, self.codes, self._texts))
        self._built = len(self._rows)
        self._weights = np.zeros((len(space.idf), 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)
        self._fit(None)

    def _grown(self) -> list[int]:
        """The units with enough letters more than their machines were fitted with."""
        counts = np.bincount(self._labels, minlength=len(self.codes))
        before = np.zeros(len(counts))
        before[: len(self._fitted_with)] = self._fitted_with
        grown: list[int] = np.flatnonzero(counts > (1 + ENOUGH_NEW) * before).tolist()
        return grown

    def _fit(self, only: Sequence[int] | None) -> None:
        features = sparse.vstack(self._features, format="csr")
        self._features = [features]
        replies = sparse.vstack(self._replies, format="csr")
        self._replies = [replies]
        labels: npt.NDArray[Any] = np.array(self._labels, dtype=np.int64)
        n_units = len(self.codes)
        told: dict[str, Any] = {"partial": np.array(self._partial, dtype=bool), "declined": np.array(self._answered)}
        if len(labels) <= MOST_FOR_REPLIES:
            told["replies"] = replies
        voices = self._vectorizer.space.voices
        weights, bias = fit_scores(features, labels, n_units, voices, seed=self._seed, only=only, **told)
        counts = np.bincount(labels, minlength=n_units)
        if only is not None:
            kept = [unit for unit in range(self._weights.shape[1]) if unit not in only]
            weights[:, kept], bias[kept] = self._weights[:, kept], self._bias[kept]
            counts[kept] = self._fitted_with[kept]
        self._fitted_with = counts
        self._weights, self._bias = weights, bias
