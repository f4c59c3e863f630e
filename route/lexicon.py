"""All words of all rules found in one pass over a text."""

from collections.abc import Iterable, Sequence
from unicodedata import normalize

from ahocorasick_rs import AhoCorasick, MatchKind

Spans = list[tuple[int, int]]

SENTENCE_END = "。"


def squeeze(text: str) -> str:
    """The text without white space, which writers put between characters to evade filters, and editors to wrap lines."""
    return "".join(text.split())


def scanned_text(subject: str, body: str) -> str:
    """What rules read of a message: subject and body as one squeezed text, a sentence end between them."""
    return "".join((subject + SENTENCE_END + body).split())


def word_form(word: str) -> str:
    """A rule's word as it is looked for: NFKC, no white space, lower case where Latin."""
    return squeeze(normalize("NFKC", word)).lower()


class Lexicon:
    """Words by number. ``number`` adds; ``freeze`` ends adding; ``scan`` gives each word's places in a text."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._automaton: AhoCorasick | None = None

    def numbers(self, words: Iterable[str]) -> frozenset[int]:
        """The numbers of these words, new ones for new words."""
        return frozenset(self._numbers.setdefault(word_form(word), len(self._numbers)) for word in words)

    def freeze(self) -> None:
        if self._numbers:
            # The automaton's own choice: whole tables of thousands of words would push all else out of the processor's cache.
            self._automaton = AhoCorasick(tuple(self._numbers), MatchKind.Standard)

    def words(self) -> Sequence[str]:
        return tuple(self._numbers)

    def scan(self, text: str) -> dict[int, Spans]:
        """Where each word stands, words inside other words too."""
        found: dict[int, Spans] = {}
        if self._automaton is not None:
            for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
                spans = found.get(number)
                if spans is None:
                    found[number] = [(start, end)]
                else:
                    spans.append((start, end))
        return found
