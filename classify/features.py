"""From (subject, body) to a sparse matrix: words and character n-grams of the subject, and of subject and body joined."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.tokens import BUCKETS, MAX_CHARACTERS, IntArray, TokenizerName, cutter, hashed_ngrams, words

FloatArray = npt.NDArray[np.float32]
Text = tuple[str, str]

BLOCKS = ("subject_words", "words", "subject_grams", "grams")
WORD_BLOCKS = (0, 1)
SCALES = (0.5, 1.0, 0.5, 1.0)
"""How loud each block speaks beside the others; each is of length one before."""


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """Which words and grams have a column. Columns of the four blocks lie one after the other, in the order of BLOCKS.

    ``words``: the vocabulary, shared by both word blocks, most frequent first. ``keys[b]``: word ids (rising) or gram buckets
    (most frequent first) with a column in block b; what is read often so lies together in memory. ``idf``: one per column.
    """

    tokenizer: TokenizerName
    words: tuple[str, ...]
    keys: tuple[IntArray, ...]
    idf: FloatArray

    @property
    def starts(self) -> tuple[int, ...]:
        """First column of each block, and the number of columns at the end."""
        return tuple(int(start) for start in np.cumsum([0, *(len(keys) for keys in self.keys)]))

    @property
    def voices(self) -> tuple[slice, slice]:
        """The columns of words, and those of n-grams."""
        starts = self.starts
        return slice(0, starts[2]), slice(starts[2], starts[4])


def joined(text: Text) -> str:
    subject, body = text
    return f"{subject}\n{body}"[:MAX_CHARACTERS]


def word_lists(texts: Sequence[Text], tokenizer: TokenizerName) -> tuple[list[list[str]], list[list[str]]]:
    """Words of each subject, and of each body; those of the joined text are both together."""
    cut = cutter(tokenizer)
    return [words(subject[:MAX_CHARACTERS], cut) for subject, _ in texts], [words(body, cut) for body in _bodies(texts)]


def _bodies(texts: Sequence[Text]) -> list[str]:
    """Each body as far as the joined text is read."""
    return [body[: max(MAX_CHARACTERS - len(subject) - 1, 0)] for subject, body in texts]


class Vectorizer:
    """Makes matrices in one feature space. Holds look-up tables; safe for many threads."""

    def __init__(self, space: FeatureSpace) -> None:
        self.space = space
        self._word_ids = {word: at for at, word in enumerate(space.words)}
        sizes = (len(space.words), len(space.words), BUCKETS, BUCKETS)
        self._tables = tuple(
            _table(keys, size, start) for keys, size, start in zip(space.keys, sizes, space.starts, strict=False)
        )

    def transform(self, texts: Sequence[Text]) -> Any:
        """A csr float32 matrix, one row per text; an empty text is an empty row."""
        cut, ids = cutter(self.space.tokenizer), self._word_ids
        subjects = [_known(ids, cut(subject[:MAX_CHARACTERS])) for subject, _ in texts]
        bodies = [_known(ids, cut(body)) for body in _bodies(texts)]
        parts = (
            self._word_cells(subjects, 0),
            self._word_cells([[*subject, *body] for subject, body in zip(subjects, bodies, strict=True)], 1),
            self._gram_cells([subject[:MAX_CHARACTERS] for subject, _ in texts], 2),
            self._gram_cells([joined(text) for text in texts], 3),
        )
        rows = np.concatenate([part[0] for part in parts])
        columns = np.concatenate([part[1] for part in parts])
        values = np.concatenate([part[2] for part in parts])
        shape = (len(texts), len(self.space.idf))
        return sparse.csr_matrix((values, (rows, columns)), shape=shape)

    def _word_cells(self, lists: list[list[int]], block: int) -> tuple[IntArray, IntArray, FloatArray]:
        lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
        keys = np.fromiter(chain.from_iterable(lists), dtype=np.int32, count=int(lengths.sum()))
        rows = np.repeat(np.arange(len(lists), dtype=np.int32), lengths)
        return self._cells(rows, keys, block, len(lists))

    def _gram_cells(self, texts: Sequence[str], block: int) -> tuple[IntArray, IntArray, FloatArray]:
        rows, buckets = hashed_ngrams(texts)
        return self._cells(rows, buckets, block, len(texts))

    def _cells(self, rows: IntArray, keys: IntArray, block: int, n_rows: int) -> tuple[IntArray, IntArray, FloatArray]:
        """Distinct (row, column) cells with sublinear counts times idf, each row of length SCALES[block]."""
        columns = self._tables[block][keys]
        known = columns >= 0
        width = np.int64(len(self.space.idf) or 1)
        cells = rows[known].astype(np.int64) * width + columns[known]
        if n_rows * width < 1 << 32:
            cells = cells.astype(np.uint32)
        cells = np.sort(cells).astype(np.int64)
        first = np.flatnonzero(np.diff(cells, prepend=-1))
        counts = np.diff(first, append=len(cells)).astype(np.float32)
        cells = cells[first]
        row, column = (cells // width).astype(np.int32), (cells % width).astype(np.int32)
        values = (1 + np.log(counts)) * self.space.idf[column]
        length = np.sqrt(np.bincount(row, values * values, minlength=n_rows)).astype(np.float32)
        length[length == 0] = 1
        return row, column, (values * (SCALES[block] / length[row])).astype(np.float32)


def _known(ids: dict[str, int], pieces: list[str]) -> list[int]:
    return [at for at in map(ids.get, pieces) if at is not None]


def _table(keys: IntArray, size: int, start: int) -> IntArray:
    table = np.full(size, -1, dtype=np.int32)
    table[keys] = np.arange(start, start + len(keys), dtype=np.int32)
    return table


def build_space(texts: Sequence[Text], tokenizer: TokenizerName, *, most_words: int, most_grams: int) -> FeatureSpace:
    """The words and grams of these texts that occur in at least two of them (in one, when texts are few)."""
    least = 2 if len(texts) >= 200 else 1
    subject_words, body_words = word_lists(texts, tokenizer)
    text_words = [[*subject, *body] for subject, body in zip(subject_words, body_words, strict=True)]
    vocabulary = _frequent_words(text_words, least, most_words)
    ids = {word: at for at, word in enumerate(vocabulary)}
    blocks = [
        _word_frequencies(subject_words, ids),
        _word_frequencies(text_words, ids),
        _gram_frequencies([subject[:MAX_CHARACTERS] for subject, _ in texts]),
        _gram_frequencies([joined(text) for text in texts]),
    ]
    keys, idf = [], []
    for block, (frequencies, most) in enumerate(zip(blocks, (most_words, most_words, most_grams, most_grams), strict=True)):
        kept = np.flatnonzero(frequencies >= least)
        kept = kept[np.argsort(-frequencies[kept], kind="stable")[:most]]
        if block in WORD_BLOCKS:
            kept = np.sort(kept)
        keys.append(kept.astype(np.int32))
        idf.append(np.log((1 + len(texts)) / (1 + frequencies[kept])) + 1)
    return FeatureSpace(tokenizer, vocabulary, tuple(keys), np.concatenate(idf).astype(np.float32))


def _frequent_words(lists: list[list[str]], least: int, most: int) -> tuple[str, ...]:
    frequency: Counter[str] = Counter()
    for words_ in lists:
        frequency.update(set(words_))
    ranked = sorted(((-n, word) for word, n in frequency.items() if n >= least))
    return tuple(word for _, word in ranked[:most])


def _word_frequencies(lists: list[list[str]], ids: dict[str, int]) -> npt.NDArray[Any]:
    frequency = np.zeros(len(ids), dtype=np.int64)
    for words_ in lists:
        present = {ids[word] for word in words_ if word in ids}
        frequency[list(present)] += 1
    return frequency


def _gram_frequencies(texts: Sequence[str]) -> npt.NDArray[Any]:
    frequency = np.zeros(BUCKETS, dtype=np.int64)
    for start in range(0, len(texts), 1024):
        rows, buckets = hashed_ngrams(texts[start : start + 1024])
        distinct = np.unique(rows.astype(np.int64) * BUCKETS + buckets)
        frequency += np.bincount(distinct % BUCKETS, minlength=BUCKETS)
    return frequency
