"""Suggestions with no model: units whose names and duties share words with the letter. Review has something from day one."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from domain.decisions import Evidence, Suggestion
from domain.ids import UnitCode
from domain.units import Unit

MOST_PROBABLE = 0.5
"""Word overlap alone is never surer than this: what it suggests is for a person to look at."""


class RetrievalClassifier:
    """``domain.ports.Classifier`` over the directory's names, aliases and duties. ``version`` is empty: there is no model."""

    version = ""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units: tuple[UnitCode, ...] = tuple(unit.code for unit in units)
        words = {unit.code: set(_pieces((unit.name, *unit.aliases, *unit.duties))) for unit in units}
        spread = Counter(word for known in words.values() for word in known)
        self._weights = {word: math.log(1 + len(units) / count) for word, count in spread.items()}
        self._units_of: dict[str, list[UnitCode]] = defaultdict(list)
        for code, known in words.items():
            for word in known:
                self._units_of[word].append(code)

    def suggest(self, texts: Sequence[tuple[str, str]], top: int = 5) -> list[tuple[Suggestion, ...]]:
        """For each (subject, body) up to ``top`` units, best first; none where nothing is shared."""
        return [self._one(f"{subject}\n{subject}\n{body}", top) for subject, body in texts]

    def _one(self, text: str, top: int) -> tuple[Suggestion, ...]:
        scores: dict[UnitCode, float] = defaultdict(float)
        spoke: dict[UnitCode, dict[str, float]] = defaultdict(dict)
        for word, count in Counter(text[at : at + 2] for at in range(len(text) - 1)).items():
            for code in self._units_of.get(word, ()):
                weight = self._weights[word] * (1 + math.log(count))
                scores[code] += weight
                spoke[code][word] = weight
        best = sorted(scores, key=lambda code: (-scores[code], code))[:top]
        whole = sum(scores[code] ** 2 for code in best) or 1.0
        return tuple(
            Suggestion(
                code,
                MOST_PROBABLE * scores[code] ** 2 / whole,
                tuple(
                    Evidence("word", word, weight) for word, weight in sorted(spoke[code].items(), key=lambda one: -one[1])[:8]
                ),
            )
            for code in best
        )


def _pieces(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        yield from (name[at : at + 2] for at in range(len(name) - 1))
