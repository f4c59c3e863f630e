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
BYTES = 2 * (WHOLE + len(RUNGS) * PREFIX)

_GOLDEN, _SECOND, _THIRD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_MIX, _HIGH, _LOW = np.uint64(0xBF58476D1CE4E5B9), np.uint64(29), np.uint64(32)


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
    starts = np.cumsum(lengths) - lengths
    grams = _grams(characters)
    long_enough = np.flatnonzero(lengths >= LEAST)
    values[long_enough, :WHOLE] = _minhash(_rows_of(grams, starts, lengths, long_enough), lengths[long_enough] - 2, WHOLE)
    for place, rung in enumerate(RUNGS):
        reached = np.flatnonzero(lengths >= rung)
        first = WHOLE + place * PREFIX
        beginnings = grams[starts[reached][:, None] + np.arange(rung - 2)].ravel()
        values[reached, first : first + PREFIX] = _minhash(beginnings, np.full(len(reached), rung - 2), PREFIX)
    return Signatures(lengths, values)


def _forms(texts: Sequence[str]) -> tuple[Any, Any]:
    """The characters of all forms, one behind the other, and how long each is: ``form_of_normalised`` over the whole batch."""
    low = [text.lower() + "\n" for text in texts]
    written = np.fromiter(map(len, low), np.int64, len(low))
    characters = np.frombuffer("".join(low).encode("utf-32-le", "surrogatepass"), np.uint32)
    kept = _letters()[characters]
    return characters[kept], np.add.reduceat(kept, np.cumsum(written) - written, dtype=np.int64)


@cache
def _letters() -> Any:
    """Of each code point, whether a form keeps it."""
    return np.fromiter((chr(point).isalnum() for point in range(0x110000)), bool, 0x110000)


def _grams(characters: Any) -> Any:
    """A hash of the three characters at each place; those of the last two places mean nothing."""
    wide = np.zeros(len(characters) + 2, np.uint64)
    wide[:-2] = characters
    mixed = wide[:-2] * _GOLDEN + wide[1:-1] * _SECOND + wide[2:] * _THIRD
    mixed ^= mixed >> _HIGH
    mixed *= _MIX
    mixed ^= mixed >> _LOW
    return mixed


def _rows_of(grams: Any, starts: Any, lengths: Any, chosen: Any) -> Any:
    """The grams of the chosen texts, without those that reach into the next text."""
    inside = np.zeros(len(grams) + 1, np.int8)
    np.add.at(inside, starts[chosen], 1)
    np.add.at(inside, starts[chosen] + lengths[chosen] - 2, -1)
    return grams[np.cumsum(inside[:-1], dtype=np.int8) > 0]


def _minhash(grams: Any, counts: Any, width: int) -> Any:
    if not len(counts):
        return np.zeros((0, width), np.uint16)
    offsets = np.zeros(len(counts) + 1, np.uint64)
    offsets[1:] = np.cumsum(counts)
    digests = RMinHash.digest_matrix_from_flat_token_hashes(np.ascontiguousarray(grams), offsets, width, SEED).to_rows()
    return (np.array(digests, np.uint32) & np.uint32(0xFFFF)).astype(np.uint16)
