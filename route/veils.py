"""Signs that writers put between the characters of a word so that no filter finds it: ``受*贿``, ``行·贿``, ``吃、拿、卡、要``."""

import re
from collections.abc import Iterable

import numpy as np

from route.story_weights import Codes

SIGNS = "*·.-_~|/\\+=#@^&$%`'—–•●○◆◇■□★☆※→×、"
_HAN = "[\u4e00-\u9fff]"
_SIGN = f"[{re.escape(SIGNS)}\U0001f000-\U0001faff]"
_VEIL = re.compile(rf"{_SIGN}(?<=({_HAN}){_SIGN}){_SIGN}{{0,2}}(?=({_HAN}))")
_MAY_VEIL = np.zeros(65536, dtype=bool)
_MAY_VEIL[[ord(sign) for sign in SIGNS]] = True
_MAY_VEIL[0xD800:0xE000] = True


class Veils:
    """Lifts the signs out of words it knows: a full stop written as a point stays one, unless a word would span it."""

    def __init__(self, words: Iterable[str]) -> None:
        self._pairs = frozenset(word[at : at + 2] for word in words for at in range(len(word) - 1))

    def lifted(self, text: str, codes: Codes) -> str:
        """The text without such signs; itself when it has none. ``codes`` are the text's."""
        return _VEIL.sub(self._joined, text) if np.logical_or.reduce(_MAY_VEIL.take(codes)) else text

    def _joined(self, found: re.Match[str]) -> str:
        return "" if found[1] + found[2] in self._pairs else found[0]
