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

_LEAST_RUN, _CLAUSES, _CUT = 30, 2, 600
"""Characters that a part of a text must have to be weighed alone, clauses that may be cut from either end, and what that costs."""
_FAR = -5500
"""Texts that weigh less stay ordinary whatever is cut from them: two of three are spared the look."""
_CLAUSE_END = np.zeros(65536, dtype=bool)
_CLAUSE_END[[ord(sign) for sign in "，。！？；：,!?;:"]] = True


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

        A passage is of any length: it finds a story of few words among many others. A short text is its own passage, with or
        without the clauses at its beginning and end: what one says of oneself and asks for hides no story.
        """
        if len(codes) == 0:
            return self._bias, self._bias
        each = self._single.take(codes)
        cells = self._left.take(codes[:-1])
        cells += self._right.take(codes[1:])
        each[:-1] += self._pairs.take(cells)
        sums = np.add.accumulate(each)
        if len(codes) <= WINDOW:
            whole = _heaviest(sums, codes) + self._bias
            return whole, whole
        window = max(int(sums[WINDOW - 1]), int(np.maximum.reduce(sums[WINDOW:] - sums[:-WINDOW])))
        passage = int(np.maximum.reduce(sums - np.minimum.accumulate(sums)))
        return window + self._bias, passage + self._bias


def _heaviest(sums: NDArray[np.int32], codes: Codes) -> int:
    """Of the whole text and of what is left without up to two clauses at either end, if that is the most of it."""
    size = len(codes)
    heaviest = int(sums[-1])
    if size <= _LEAST_RUN or heaviest < _FAR:
        return heaviest
    ends = np.flatnonzero(_CLAUSE_END.take(codes[:-1]))
    least = max(_LEAST_RUN, size // 2)
    starts = [(-1, 0, 0), *((int(at), int(sums[at]), _CUT) for at in ends[:_CLAUSES])]
    stops = [(size - 1, heaviest, 0), *((int(at), int(sums[at]), _CUT) for at in ends[-_CLAUSES:])]
    return max(
        (
            upto - before - cut - cut_off
            for first, before, cut in starts
            for last, upto, cut_off in stops
            if last - first >= least
        ),
        default=heaviest,
    )


def load_story_weights() -> StoryWeights:
    """The weights that ship with fenban."""
    lines = files("route").joinpath(WEIGHTS).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    weights = {gram: int(weight) for gram, weight in rows}
    return StoryWeights(weights, weights.pop("bias"))
