"""How much a text reads like a story of misconduct: learned weights of its characters and of pairs of them.

Weights are thousandths, learned by ``tests/support/story_training.py``. Characters of greetings, requests and thanks carry none, so that
politeness neither seals nor unseals.
"""

from collections.abc import Mapping
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

WEIGHTS = "story_weights.txt"
WINDOW = 110
"""Characters weighed together; the heaviest window of a text counts, so that what stands around a story hides nothing."""

Codes = NDArray[np.uint16]


def codes_of(text: str) -> Codes:
    """The text's UTF-16 code units."""
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")


class StoryWeights:
    """Weighs texts; safe to share between threads."""

    def __init__(self, weights: Mapping[str, int], bias: int) -> None:
        self._bias = bias
        self._single = np.zeros(65536, dtype=np.int32)
        self._left = np.zeros(65536, dtype=np.int32)
        self._right = np.zeros(65536, dtype=np.int32)
        pairs = [gram for gram in weights if len(gram) == 2]
        firsts, seconds = (sorted({gram[at] for gram in pairs}) for at in (0, 1))
        self._columns = len(seconds) + 1
        for row, char in enumerate(firsts, 1):
            self._left[ord(char)] = row * self._columns
        for column, char in enumerate(seconds, 1):
            self._right[ord(char)] = column
        self._pairs = np.zeros((len(firsts) + 1) * self._columns, dtype=np.int32)
        for gram, weight in weights.items():
            if len(gram) == 1:
                self._single[ord(gram)] = weight
            else:
                self._pairs[self._left[ord(gram[0])] + self._right[ord(gram[1])]] = weight

    def weigh(self, codes: Codes) -> tuple[int, int]:
        """(heaviest window, heaviest passage), bias included; above 0 more like a story than not.

        A passage is of any length: it finds a story of few words among many others. A short text is its own passage.
        """
        if len(codes) == 0:
            return self._bias, self._bias
        each = self._single.take(codes)
        cells = self._left.take(codes[:-1])
        cells += self._right.take(codes[1:])
        each[:-1] += self._pairs.take(cells)
        if len(codes) <= WINDOW:
            whole = int(np.add.reduce(each)) + self._bias
            return whole, whole
        sums = np.add.accumulate(each)
        window = max(int(sums[WINDOW - 1]), int(np.maximum.reduce(sums[WINDOW:] - sums[:-WINDOW])))
        passage = int(np.maximum.reduce(sums - np.minimum.accumulate(sums)))
        return window + self._bias, passage + self._bias


def load_story_weights() -> StoryWeights:
    """The weights that ship with fenban."""
    lines = files("route").joinpath(WEIGHTS).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    weights = {gram: int(weight) for gram, weight in rows}
    return StoryWeights(weights, weights.pop("bias"))
