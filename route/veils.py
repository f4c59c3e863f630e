"""Signs that writers put between the characters of a word so that no filter finds it: ``受*贿``, ``行·贿``, ``吃、拿、卡、要``."""

import re
from collections.abc import Iterable

import numpy as np

from route.simplified import TABLE
from route.story_weights import Codes

SIGNS = "*·.-_~|/\\+=#@^&$%`'—–•●○◆◇■□★☆※→×、"
_HAN = "[\u4e00-\u9fff]"
_SIGN = f"[{re.escape(SIGNS)}\U0001f000-\U0001faff]"
_VEIL = re.compile(rf"{_SIGN}(?<=({_HAN}){_SIGN}){_SIGN}{{0,2}}(?=({_HAN}))")
OLD, SIGNED = 1, 2
_DRESS = np.zeros(65536, dtype=np.uint8)
_DRESS[list(TABLE)] = OLD
_DRESS[[ord(sign) for sign in SIGNS]] = SIGNED
_DRESS[0xD800:0xE000] = SIGNED


def dress_of(codes: Codes) -> int:
    """Whether the text holds traditional characters (``OLD``) and signs that may hide a word (``SIGNED``): one look for both."""
    return int(np.bitwise_or.reduce(_DRESS.take(codes)))


class Veils:
    """Lifts the signs out of words it knows: a full stop written as a point stays one, unless a word would span it."""

    def __init__(self, words: Iterable[str]) -> None:
        self._pairs = frozenset(word[at : at + 2] for word in words for at in range(len(word) - 1))

    def lifted(self, text: str) -> str:
        """The text without such signs; an equal one when it has none."""
        return _VEIL.sub(self._joined, text)

    def _joined(self, found: re.Match[str]) -> str:
        return "" if found[1] + found[2] in self._pairs else found[0]
