"""What letters looked like when a model learned them, as counts: what later letters are held against. No text of any letter."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from classify.drift import OTHER, histogram
from classify.features import word_lists
from classify.labelled import LabelledText
from classify.tokens import TokenizerName

TEXTS = 2000
"""So many letters, the latest, tell which words are usual."""
WORDS = 300
LEAST_LETTERS = 5
"""A word that stands in fewer letters might tell of one person."""


def reference(
    rows: Sequence[LabelledText], tokenizer: TokenizerName, confidences: Sequence[float], coverage: float
) -> dict[str, Any]:
    """``labels``: letters of each unit; ``words``: of the usual words, in how many letters, all others under the empty name;
    ``confidence``: of the first suggestions for letters set aside; ``abstention``: their share that would wait for a person."""
    latest = sorted(rows, key=lambda row: row.at.timestamp() if row.at else 0.0)[-TEXTS:]
    counted = counted_words([(row.subject, row.body) for row in latest], tokenizer)
    usual = {word for word, n in counted.most_common(WORDS) if n >= LEAST_LETTERS}
    return {
        "labels": dict(Counter(row.unit for row in rows)),
        "words": among(usual, counted),
        "confidence": histogram(confidences),
        "abstention": round(1 - coverage, 4),
    }


def counted_words(texts: Sequence[tuple[str, str]], tokenizer: TokenizerName) -> Counter[str]:
    """In how many of the texts each word stands."""
    counted: Counter[str] = Counter()
    for subject, body in zip(*word_lists(texts, tokenizer), strict=True):
        counted.update({*subject, *body})
    return counted


def among(usual: set[str], counted: Mapping[str, int]) -> dict[str, int]:
    """Of the usual words; all others together."""
    own = {word: counted.get(word, 0) for word in sorted(usual)}
    return {**own, OTHER: sum(counted.values()) - sum(own.values())}
