"""A model of few letters beside the directory: what the one has not learned yet the other may say."""

from collections.abc import Sequence

from classify.model import Model
from classify.retrieval import DirectoryRetrieval
from domain.decisions import Evidence, Suggestion, together
from domain.ids import UnitCode

LINE = 2.0
"""How many letters of a unit say as much as its line in the directory (chosen on one city's older letters)."""
LEAST_SHARE = 0.02
"""Where the directory's share is smaller the model speaks alone."""
_MOST_REASONS = 5


def directory_share(letters: int, units: int) -> float:
    """How much of the word the directory has: all of it without a letter, half where each unit has LINE letters."""
    return LINE * units / (LINE * units + letters) if units else 0.0


class Blended:
    """``domain.ports.Classifier``. A probability is the weighted mean of both, but the model's where both agree with its first
    choice: that one is calibrated, and what may go out without a person is known by it. The version is the model's."""

    def __init__(self, model: Model, retrieval: DirectoryRetrieval) -> None:
        self._model = model
        self._retrieval = retrieval
        self._share = directory_share(model.data.n_rows, len(retrieval.units))
        self.units: tuple[UnitCode, ...] = tuple(dict.fromkeys((*model.units, *retrieval.units)))

    @property
    def version(self) -> str:
        return self._model.version

    def suggest(self, texts: Sequence[tuple[str, str]], top: int = 5, evidence: bool = True) -> list[tuple[Suggestion, ...]]:
        """Up to ``top`` units, most probable first, with what spoke for each in model and directory."""
        learned = self._model.suggest(texts, 2 * top, evidence)
        read = self._retrieval.suggest(texts, 2 * top, evidence)
        return [self._together(one, other)[:top] for one, other in zip(learned, read, strict=True)]

    def _together(self, learned: Sequence[Suggestion], read: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
        likely: dict[UnitCode, float] = {}
        reasons: dict[UnitCode, list[Evidence]] = {}
        for weight, offered in ((1 - self._share, learned), (self._share, read)):
            for one in offered:
                likely[one.unit] = likely.get(one.unit, 0.0) + weight * one.probability
                reasons.setdefault(one.unit, []).extend(one.evidence)
        if learned and max(likely, key=lambda unit: likely[unit]) == learned[0].unit:
            first, others = learned[0].unit, sum(likely.values()) - likely[learned[0].unit]
            left = 1 - learned[0].probability
            likely = {unit: share * min(1.0, left / others) if others else share for unit, share in likely.items()}
            likely[first] = learned[0].probability
        best = sorted(likely, key=lambda unit: (-likely[unit], unit))
        return tuple(Suggestion(unit, likely[unit], together(reasons[unit])[:_MOST_REASONS]) for unit in best)


def served(model: Model | None, retrieval: DirectoryRetrieval) -> Model | Blended | DirectoryRetrieval:
    """What suggests: the directory alone, both, or the model alone, by how much it has learned."""
    if model is None:
        return retrieval
    few = directory_share(model.data.n_rows, len(retrieval.units)) >= LEAST_SHARE
    return Blended(model, retrieval) if few else model
