"""From (subject, body) to a sparse matrix: words and character n-grams of the subject, and of subject and body joined."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.tokens import BUCKETS, MAX_CHARACTERS, IntArray, TokenizerName, cutter, hashed_ngrams, without_links, words

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
        self._blocks = np.repeat(np.arange(len(BLOCKS)), [len(keys) for keys in space.keys])

    def transform(self, texts: Sequence[Text]) -> Any:
        """A csr float32 matrix, one row per text; an empty text is an empty row."""
        cut, ids, texts = cutter(self.space.tokenizer), self._word_ids, _read(texts)
        subjects = _known(ids, [cut(subject[:MAX_CHARACTERS]) for subject, _ in texts])
        bodies = _known(ids, [cut(body) for body in _bodies(texts)])
        spoken = (
            subjects,
            (np.concatenate([subjects[0], bodies[0]]), np.concatenate([subjects[1], bodies[1]])),
            hashed_ngrams([subject[:MAX_CHARACTERS] for subject, _ in texts]),
            hashed_ngrams([joined(text) for text in texts]),
        )
        return self._matrix(spoken, len(texts))

    def _matrix(self, spoken: Sequence[tuple[IntArray, IntArray]], n_rows: int) -> Any:
        """Distinct cells with sublinear counts times idf, of each row each block of length SCALES. ``spoken``: (row, word or
        bucket) of everything that was said, by block."""
        width = len(self.space.idf) or 1
        kind: Any = np.uint32 if n_rows * width < 1 << 32 else np.int64
        said = []
        for (rows, keys), table in zip(spoken, self._tables, strict=True):
            columns = table[keys]
            known = columns >= 0
            said.append(rows[known].astype(kind) * kind(width) + columns[known].astype(kind))
        cells, counts = _counted(np.sort(np.concatenate(said)))
        row = cells // kind(width)
        column = (cells - row * kind(width)).astype(np.int32)
        values = (1 + np.log(counts)) * self.space.idf[column]
        block = row.astype(np.int64) * len(BLOCKS) + self._blocks[column]
        length = np.sqrt(np.bincount(block, values * values, minlength=n_rows * len(BLOCKS))).astype(np.float32)
        length[length == 0] = 1
        scale = np.tile(np.array(SCALES, dtype=np.float32), n_rows) / length
        ends = np.searchsorted(row, np.arange(n_rows + 1))
        return sparse.csr_matrix((values * scale[block], column, ends), shape=(n_rows, len(self.space.idf)))


def _read(texts: Sequence[Text]) -> list[Text]:
    return [(without_links(subject), without_links(body)) for subject, body in texts]


def _known(ids: dict[str, int], lists: Sequence[list[str]]) -> tuple[IntArray, IntArray]:
    """(row, id) of every piece of the lists that has one."""
    lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
    pieces = chain.from_iterable(lists)
    found = np.fromiter(map(ids.get, pieces, repeat(-1)), dtype=np.int32, count=int(lengths.sum()))
    rows, known = np.repeat(np.arange(len(lists), dtype=np.int32), lengths), found >= 0
    return rows[known], found[known]


def _counted(ordered: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], FloatArray]:
    """The distinct values of a rising array, and how often each stands in it."""
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    return ordered[first], np.diff(first, append=len(ordered)).astype(np.float32)


def _table(keys: IntArray, size: int, start: int) -> IntArray:
    table = np.full(size, -1, dtype=np.int32)
    table[keys] = np.arange(start, start + len(keys), dtype=np.int32)
    return table


def build_space(texts: Sequence[Text], tokenizer: TokenizerName, *, most_words: int, most_grams: int) -> FeatureSpace:
    """The words and grams of these texts that occur in at least two of them (in one, when texts are few)."""
    texts = _read(texts)
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
