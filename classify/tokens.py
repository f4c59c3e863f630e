"""Texts as features: words of the dictionary's segmentation, and character n-grams hashed by array operations.

Training and serving must cut alike, so the tokenizer's name is part of a model's artefact and asked for by name.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from domain.errors import HaltForPerson

TokenizerName = Literal["rjieba", "jieba"]
Cut = Callable[[str], list[str]]

IntArray = npt.NDArray[np.int32]

MAX_CHARACTERS = 10_000
"""Longer texts are read up to here: what a letter is about is said long before, and one mail must not hold up a batch."""

BUCKET_BITS = 20
BUCKETS = 1 << BUCKET_BITS

_LINK = re.compile(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)
_FIRST_HAN, _LAST_HAN = "\u4e00", "\u9fff"
_MIX = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))
_GRAM_SALT = (np.uint32(0x27D4EB2F), np.uint32(0x165667B1), np.uint32(0x2545F491))


def best_tokenizer() -> TokenizerName:
    """``rjieba`` where it is installed, else ``jieba``: the same words of Han characters, 24 times slower."""
    try:
        cutter("rjieba")
    except HaltForPerson:
        return "jieba"
    return "rjieba"


@lru_cache(maxsize=2)
def cutter(name: TokenizerName) -> Cut:
    """The segmentation of that name. Raises HaltForPerson when it is not installed or not known."""
    try:
        if name == "rjieba":
            import rjieba

            return rjieba.cut
        if name == "jieba":
            import jieba

            jieba.setLogLevel("ERROR")
            return jieba.lcut  # type: ignore[no-any-return]
    except ImportError as error:
        raise HaltForPerson(f"the word segmentation {name} is not installed", remedy=f"pip install {name}") from error
    raise HaltForPerson(f"unknown word segmentation {name!r}", remedy="train the model again")


def readable(text: str) -> str:
    """The text without lone surrogates, which no segmentation takes."""
    return text.encode("utf-8", "replace").decode()


def without_links(text: str) -> str:
    """The text with a space for every web address: whose page somebody shows says nothing of whose matter it is."""
    return _LINK.sub(" ", text) if "://" in text or "www." in text or "WWW." in text else text


def words(text: str, cut: Cut) -> list[str]:
    """The words of two Han characters and more, in order, repeats kept (single characters are n-grams already)."""
    return [word for word in cut(text) if len(word) > 1 and _FIRST_HAN <= word[0] <= _LAST_HAN]


@lru_cache(maxsize=1)
def _fold_table() -> npt.NDArray[Any]:
    """What each code point counts as: Han itself, letters lower-cased, every digit 0, anything else a break (0)."""
    table = np.zeros(0x110000, dtype=np.uint32)
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)):
        table[first : last + 1] = np.arange(first, last + 1, dtype=np.uint32)
    lower = np.arange(ord("a"), ord("z") + 1, dtype=np.uint32)
    for first in (ord("a"), ord("A"), 0xFF41, 0xFF21):
        table[first : first + 26] = lower
    for first in (ord("0"), 0xFF10):
        table[first : first + 10] = ord("0")
    return table


def hashed_ngrams(texts: Sequence[str]) -> tuple[IntArray, IntArray]:
    """(row, bucket) of every character 1-, 2- and 3-gram of the texts, repeats kept, grams across a break left out.

    ``bucket`` lies in [0, BUCKETS). One pass of array operations over the whole batch: no Python per character.
    """
    joined = "\0".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)[: len(codes)]
    folded = _fold_table()[codes]
    whole = folded != 0
    shift = np.uint32(32 - BUCKET_BITS)
    grams: list[npt.NDArray[Any]] = []
    places: list[npt.NDArray[Any]] = []
    mixed = np.zeros(0, dtype=np.uint32)
    for n in range(1, 4):
        if len(folded) < n:
            break
        if n == 1:
            valid, mixed = whole, folded * _MIX[0]
        else:
            valid = valid[:-1] & whole[n - 1 :]
            mixed = ((mixed[:-1] ^ (mixed[:-1] >> np.uint32(15))) + folded[n - 1 :]) * _MIX[n - 1]
        at = np.flatnonzero(valid)
        value = (mixed[at] ^ _GRAM_SALT[n - 1]) * _MIX[1]
        grams.append((value >> shift).astype(np.int32))
        places.append(rows[at])
    if not grams:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
    return np.concatenate(places), np.concatenate(grams)
