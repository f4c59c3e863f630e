"""MinHash signatures of texts, many at once: what the linker's index finds near-duplicates by.

A signature is made of the character 3-grams of ``form_of_normalised``. Beside the whole text's stand those of its first
``RUNGS`` characters: a text that a channel cut is compared with the beginning of a whole one, and their whole signatures
have little in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from rensa import RMinHash

from ingest.normalise import forms_alike, up_to_shorter

SEED = 20260101
WHOLE = 64
"""Values of a whole text's signature, two bytes each."""
PREFIX = 48
"""Values of a prefix's."""
RUNGS = (32, 80)
"""Lengths of the prefixes, in characters of the form. A board that cuts bodies at 100 characters leaves 75 to 110 with the
subject; the shorter serves texts that are cut or written shorter than that."""
LEAST = 8
"""Characters of a form below which a text says too little to be anybody's near-duplicate."""
SCHEME = 100 + int(RMinHash.ALGORITHM_VERSION)
"""Names how signatures are made: those of two schemes cannot be compared."""
LONG = 60
"""From this length on arrays are quicker than sets."""
BYTES = 2 * (WHOLE + len(RUNGS) * PREFIX)

_GOLDEN, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_FIRST, _MIDDLE, _HALF = np.uint64(42), np.uint64(21), np.uint64(32)


@dataclass(frozen=True, slots=True)
class Signatures:
    """Of a batch of texts, in its order: ``lengths`` of their forms; ``values`` (texts × ``BYTES``/2, uint16), the whole
    text's first, then each rung's, zeros where a text is shorter than the rung or shorter than ``LEAST``."""

    lengths: Any
    values: Any


def sign(texts: Sequence[str]) -> Signatures:
    """Signatures of texts that are normalised already."""
    values = np.zeros((len(texts), WHOLE + len(RUNGS) * PREFIX), np.uint16)
    if not texts:
        return Signatures(np.zeros(0, np.int64), values)
    characters, lengths = _forms(texts)
    ends = np.cumsum(lengths)
    grams = _grams(characters, ends[lengths >= LEAST])
    whole = _minhash(grams, ends, WHOLE)
    values[:, :WHOLE] = np.where((lengths >= LEAST)[:, None], whole, 0)
    for place, rung in enumerate(RUNGS):
        reached = np.flatnonzero(lengths >= rung)
        first = WHOLE + place * PREFIX
        width = rung - 2
        beginnings = grams[(ends - lengths)[reached][:, None] + np.arange(width)].ravel()
        values[reached, first : first + PREFIX] = _minhash(beginnings, np.arange(1, len(reached) + 1) * width, PREFIX)
    return Signatures(lengths, values)


def alike(left: str, right: str, *, truncated: bool = False) -> float:
    """``forms_alike``, of long forms in a quarter of its time."""
    if truncated:
        left, right = up_to_shorter(left, right)
    if left == right or min(len(left), len(right)) < LONG:
        return forms_alike(left, right)
    one, other = _gram_set(left), _gram_set(right)
    both = np.concatenate((one, other))
    both.sort()
    shared = int((both[1:] == both[:-1]).sum())
    return shared / (len(both) - shared)


def _gram_set(form: str) -> Any:
    """The form's 3-grams as numbers, each once, sorted."""
    characters = np.frombuffer(form.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    packed = _packed(characters[:-2], characters[1:-1], characters[2:])
    packed.sort()
    first = np.ones(len(packed), bool)
    first[1:] = packed[1:] != packed[:-1]
    return packed[first]


def _packed(first: Any, second: Any, third: Any) -> Any:
    """Three characters as one number: 21 bits hold any."""
    packed = first << _FIRST
    packed |= second << _MIDDLE
    packed |= third
    return packed


def _forms(texts: Sequence[str]) -> tuple[Any, Any]:
    """The characters of all forms, one behind the other, and how long each is: ``form_of_normalised`` over the whole batch."""
    low = [text.lower() for text in texts]
    # A break behind each, which no form keeps: so none is empty.
    written = np.fromiter(map(len, low), np.int64, len(low)) + 1
    characters = np.frombuffer(("\n".join(low) + "\n").encode("utf-32-le", "surrogatepass"), np.uint32)
    kept = _letters().take(characters)
    return characters[kept], np.add.reduceat(kept, np.cumsum(written) - written, dtype=np.int64)


@cache
def _letters() -> Any:
    """Of each code point, whether a form keeps it."""
    return np.fromiter((chr(point).isalnum() for point in range(0x110000)), bool, 0x110000)


def _grams(characters: Any, ends: Any) -> Any:
    """A hash of the three characters at each place. At the last two places of a text that ends at one of ``ends`` stands its last
    3-gram again: a set is not changed by that. Those of other texts' last two places mean nothing."""
    mixed = np.zeros(len(characters) + 2, np.uint64)
    mixed[:-2] = characters
    packed = _packed(mixed[:-2], mixed[1:-1], mixed[2:])
    packed *= _GOLDEN
    packed ^= packed >> _HALF
    packed *= _MIX
    packed[ends - 1] = packed[ends - 2] = packed[ends - 3]
    return packed


def _minhash(grams: Any, ends: Any, width: int) -> Any:
    """Rows of grams that end at ``ends``."""
    offsets = np.zeros(len(ends) + 1, np.uint64)
    offsets[1:] = ends
    digests = RMinHash.digest_matrix_from_flat_token_hashes(grams, offsets, width, SEED).to_rows()
    return np.array(digests, np.uint32).reshape(-1, width).astype(np.uint16)
