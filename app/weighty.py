"""The words that speak loudest for each unit: of the model's vocabulary, and common enough to be nobody's own."""

import re
from dataclasses import dataclass

import numpy as np

from classify.artefact import ModelData
from domain.ids import UnitCode

WORDS_BLOCK = 1
"""Of the text as a whole (``classify.features.BLOCKS``)."""
EACH = 8
LEAST_LETTERS, LEAST_SHARE, MOST_LETTERS = 5, 0.005, 50
"""A word shown stands in so many letters at least: a twentieth of a tenth of them, five in a small collection, fifty in a large one."""
_TELLING = re.compile(r"[\u4e00-\u9fff]{2,}")


@dataclass(frozen=True, slots=True)
class Weighty:
    """``weight``: how much more the word adds to the unit's score than to the units' on average. ``letters``: in how many it stands."""

    word: str
    weight: float
    letters: int


def weighty(data: ModelData) -> dict[UnitCode, list[Weighty]]:
    """The loudest first; words of two characters and more."""
    starts = data.space.starts
    columns = slice(starts[WORDS_BLOCK], starts[WORDS_BLOCK + 1])
    words = [data.space.words[at] for at in data.space.keys[WORDS_BLOCK].tolist()]
    letters = (1 + data.n_rows) / np.exp(data.space.idf[columns] - 1) - 1
    least = max(LEAST_LETTERS, min(MOST_LETTERS, LEAST_SHARE * data.n_rows))
    shown = np.array([bool(_TELLING.fullmatch(word)) for word in words], dtype=bool) & (letters >= least - 0.5)
    places = np.flatnonzero(shown)
    if not len(places):
        return {unit: [] for unit in data.units}
    weights = (data.weights[columns][places] * data.scales[columns][places][:, None]).astype(np.float64)
    weights -= weights.mean(axis=1, keepdims=True)
    found = {}
    for at, unit in enumerate(data.units):
        loudest = np.argsort(-weights[:, at], kind="stable")[:EACH]
        found[unit] = [
            Weighty(words[places[one]], round(float(weights[one, at]), 3), round(float(letters[places[one]])))
            for one in loudest.tolist()
            if weights[one, at] > 0
        ]
    return found
