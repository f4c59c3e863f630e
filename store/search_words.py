"""What the search index keeps of a text, and what a search asks it for.

Chinese has no spaces and its words overlap, so a run of Han characters is kept as its pairs, each at its place: 路灯坏了 is
路灯 灯坏 坏了 了. Any two characters that stand together are found, longer words as pairs in a row, a single character as
the beginning of a pair. Letters and digits are kept as whole words, in small letters.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_TEXT = 20_000
"""Characters of a letter that are searched; PostgreSQL keeps a megabyte of a text at most."""
LONGEST_WORD = 64
MOST_TERMS = 8

_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one behind the other; the last may be the beginning of a word."""

    words: tuple[str, ...]
    open_end: bool = False


def index_words(*texts: str) -> list[str]:
    """The words of the texts, in their order."""
    found: list[str] = []
    for run in _runs(" ".join(texts)[:LONGEST_TEXT]):
        if _IS_HAN.match(run):
            found += [run[place : place + 2] for place in range(len(run))]
        else:
            found.append(run[:LONGEST_WORD])
    return found


def search_terms(asked: str) -> list[Term]:
    """All of which a text must have. Empty: nothing in it can be searched for."""
    return [_term(run) for run in _runs(asked)][:MOST_TERMS]


def for_sqlite(terms: list[Term]) -> str:
    """As FTS5 reads it."""
    return " AND ".join(f'"{" ".join(term.words)}"{" *" if term.open_end else ""}' for term in terms)


def for_postgresql(terms: list[Term]) -> str:
    """As ``tsquery`` reads it."""
    return " & ".join(" <-> ".join(f"'{word}'{':*' if term.open_end else ''}" for word in term.words) for term in terms)


def as_tsvector(words: list[str]) -> str:
    """As ``tsvector`` reads it: each word with its places, of which PostgreSQL keeps the first 255 below 16,384."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, start=1):
        places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(found[:255])}" for word, found in places.items())


def _term(run: str) -> Term:
    if not _IS_HAN.match(run):
        return Term((run[:LONGEST_WORD],))
    if len(run) == 1:
        return Term((run,), open_end=True)
    return Term(tuple(run[place : place + 2] for place in range(len(run) - 1)))


def _runs(text: str) -> list[str]:
    return _RUN.findall(unicodedata.normalize("NFKC", text).lower())
