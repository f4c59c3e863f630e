"""The routing model as it serves: ``domain.ports.Classifier`` over arrays, without scikit-learn."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from classify.artefact import ModelData, read_data, write_data
from classify.confidence import ranked, threshold
from classify.evidence import EvidenceFinder
from classify.features import Text, Vectorizer
from classify.names import NameFinder
from classify.tokens import readable
from domain.decisions import Suggestion
from domain.ids import UnitCode

BATCH = 256


class Model:
    """Suggests units for masked texts. Holds no text; the same batch gives the same answer, alone or among others."""

    def __init__(self, data: ModelData) -> None:
        self.data = data
        self._vectorizer = Vectorizer(data.space)
        self._weights = data.weights * data.scales[:, None]
        self._names = NameFinder(data.patterns)

    @property
    def version(self) -> str:
        return self.data.version

    @property
    def units(self) -> tuple[UnitCode, ...]:
        return self.data.units

    def suggest(self, texts: Sequence[Text], top: int = 5, evidence: bool = True) -> list[tuple[Suggestion, ...]]:
        """For each masked (subject, body) the ``top`` units, most probable first; fewer where the model has fewer.

        The first probability says how likely the first choice is right. Evidence: the words of the text that spoke for the
        unit, loudest first; none where no word did.
        """
        found: list[tuple[Suggestion, ...]] = []
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            try:
                found.extend(self._suggest_batch(batch, top, evidence))
            except UnicodeEncodeError:
                found.extend(self._suggest_batch([(readable(subject), readable(body)) for subject, body in batch], top, evidence))
        return found

    def threshold(self, target: float) -> float | None:
        """The least first probability that keeps the precision ``target``; None when none does. A model of one unit is never
        mistaken among its own letters, which says nothing of the others: none."""
        return threshold(self.data.calibration, target) if len(self.data.units) > 1 else None

    def automatic(self, suggestions: Sequence[Suggestion]) -> bool:
        """Whether the first suggestion may stand without a person, at the model's own target precision."""
        least = self._own_threshold
        return bool(suggestions) and least is not None and suggestions[0].probability >= least

    @cached_property
    def _own_threshold(self) -> float | None:
        return self.threshold(self.data.target)

    @cached_property
    def _finder(self) -> EvidenceFinder:
        return EvidenceFinder(self.data, self._weights)

    def _suggest_batch(self, texts: Sequence[Text], top: int, evidence: bool) -> list[tuple[Suggestion, ...]]:
        features = self._vectorizer.transform(texts)
        named = self._names.find(texts)
        scores = (features @ self._weights + self.data.bias).astype(np.float64)
        np.add.at(scores, (named[:, 0], named[:, 1]), self.data.name_weights[named[:, 2], named[:, 1]])
        best, probabilities = ranked(scores, self.data.calibration, top, np.diff(features.indptr) > 0)
        reasons = self._finder.find(features, named, best) if evidence else None
        codes = self.data.units
        answers: list[tuple[Suggestion, ...]] = []
        for row, (units, values) in enumerate(zip(best.tolist(), probabilities.tolist(), strict=True)):
            why = reasons[row] if reasons is not None else [()] * len(units)
            answers.append(tuple(Suggestion(codes[u], p, w) for u, p, w in zip(units, values, why, strict=True)))
        return answers


def load_model(path: Path) -> Model:
    """The model of that file. Raises HaltForPerson when there is none, or it is foreign, corrupted or of another format."""
    return Model(read_data(path))


def save_model(model: Model, path: Path) -> None:
    """Writes the model whole or not at all. Raises HaltForPerson when the place cannot be written."""
    write_data(model.data, path)
