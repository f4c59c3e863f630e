"""datasketch, as its users write it: MinHash of 128 permutations, LSH at a threshold, no verification."""

import time
from collections.abc import Sequence

import numpy as np
from datasketch import MinHash, MinHashLSH

from ingest.normalise import form_of_normalised

NAME = "datasketch"
THRESHOLD = 0.8
PERMUTATIONS = 128


class DatasketchIndex:
    """Over the same 3-grams of the same forms."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
        for place, text in enumerate(texts):
            self._lsh.insert(place, signed(text))

    def look(self, text: str) -> list[int]:
        return [int(place) for place in self._lsh.query(signed(text))]

    @staticmethod
    def rate(indexed: Sequence[str], stream: Sequence[str], seed: int) -> float:
        """Letters a second of one core's time: signed, looked up, put in; beside as many entries as ``indexed`` has, of values
        drawn at random (which share no bucket, in the peer's favour)."""
        rng = np.random.default_rng(seed)
        lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
        scheme = MinHash(num_perm=PERMUTATIONS).scheme
        for place in range(len(indexed)):
            values = rng.integers(0, 1 << 32, PERMUTATIONS, np.uint32)
            lsh.insert(place, MinHash(num_perm=PERMUTATIONS, hashvalues=values, scheme=scheme))
        at = time.process_time()
        for place, text in enumerate(stream):
            one = signed(text)
            lsh.query(one)
            lsh.insert(-1 - place, one)
        return len(stream) / (time.process_time() - at)


def signed(text: str) -> MinHash:
    form = form_of_normalised(text)
    made = MinHash(num_perm=PERMUTATIONS)
    made.update_batch([form[place : place + 3].encode() for place in range(max(1, len(form) - 2))])
    return made
