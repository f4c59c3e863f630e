"""The corpora of stories and of ordinary letters that look like them, in their halves."""

import hashlib
import tomllib
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
WORK, HELD_OUT = 0, 1

_TOLD = tomllib.loads((CORPUS / "accusation_stories.toml").read_text(encoding="utf-8"))
_ORDINARY = tomllib.loads((CORPUS / "ordinary_lookalikes.toml").read_text(encoding="utf-8"))
MORE_STORIES: list[str] = [*_TOLD["more"], *_TOLD["tuning"]]
FRESH_STORIES: list[str] = _TOLD["fresh"]
MORE_ORDINARY: list[str] = [*_ORDINARY["more"], *_ORDINARY["tuning"]]


def half_of(text: str) -> int:
    """Which half a text belongs to, for ever."""
    return hashlib.sha256(text.encode()).digest()[0] % 2


def stories(half: int) -> list[str]:
    return [text for _, text in _TOLD["stories"] if half_of(text) == half]


def accused_stories() -> list[tuple[str, str]]:
    """(code of the accused unit in ``small_city``, text) of both halves."""
    return [(unit, text) for unit, text in _TOLD["stories"]]


def ordinary(half: int) -> list[str]:
    return [text for text in _ORDINARY["letters"] if half_of(text) == half]
