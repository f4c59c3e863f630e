"""Whether a long letter that a screen caught accuses those who act for the public, or only holds a word that could.

The screens' words were chosen on letters of a few sentences. A letter of a page greets an official, complains of a firm and quotes
a law, so that some accusing word stands somewhere in nearly every third. Here each such word counts by where it stands: beside
somebody public in its own sentence, and said rather than asked. What weighs too little waits for a person (信访工作条例 art. 30).
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import re2

from route.addressed import ADDRESSED
from route.lexicon import Lexicon, Spans

GRAVITY = "gravity.toml"
SENTENCE_END = frozenset("。！？；!?;")
CLAUSE_END = frozenset("，。！？；：,!?;:、")


@dataclass(frozen=True, slots=True)
class _Worth:
    """Points of a word beside somebody public and alone; ``unsaid`` is what it keeps of them in a question or a condition."""

    beside: int
    alone: int
    unsaid: int
    near: int
    in_title: int


class Gravity:
    """Weighs texts; safe to share between threads. ``lists`` are the word lists of the built-in rules."""

    def __init__(self, document: Mapping[str, Any], lists: Mapping[str, Sequence[str]], words: Lexicon) -> None:
        self.longer_than = int(document["longer_than"])
        self._seals = int(document["seals"])
        near, near_grave = int(document["near"]), int(document["near_grave"])
        grave, misdeed = _Worth(2, 1, 1, near_grave, 1), _Worth(2, 0, 1, near, 1)
        weak, empty = _Worth(1, 0, 0, near, 0), _Worth(0, 0, 0, near, 0)
        self._worth: dict[int, _Worth] = {}
        for listed, worth in (
            (document["empty"], empty),
            (document["faint"], weak),
            (document["lesser"] + document["more"], misdeed),
            (document["common"] + document["common_weak"], empty),
            (lists["corruption"], grave),
            (lists["misdeeds"], misdeed),
            (lists["weak_misdeeds"], weak),
        ):
            for number in words.numbers(listed):
                self._worth.setdefault(number, worth)
        self._doubts = words.numbers(document["doubts"])
        self._persons = words.numbers((*document["persons"], *lists["units"]))
        self._bodies = re2.compile(document["bodies"])
        self._unsaid, self._law = re2.compile(document["unsaid"]), re2.compile(document["law"])
        self._greeting, self._quoted = re2.compile(document["greeting"]), re2.compile(document["quoted"])

    def doubts(self, spans: Mapping[int, Spans]) -> bool:
        """Whether words found in a text of any length may complain of those who would get it."""
        return not self._doubts.isdisjoint(spans)

    def seals(self, text: str, spans: Mapping[int, Spans], title: int) -> bool:
        """Whether the text accuses. ``spans`` are the words found in it, its first ``title`` characters are its subject."""
        points: dict[int, int] = {}
        aside = _Aside(text, (self._quoted, self._greeting, ADDRESSED))
        for start, end, number in self._told(spans):
            worth = self._worth[number]
            first, last = _sentence(text, start, end)
            beside = self._beside(text, start, first, last, worth.near, spans, aside)
            titled = worth.in_title if start < title else 0
            gained = worth.beside if beside else worth.alone
            if gained + titled <= points.get(number, 0) or aside.quotes(start) or self._law.search(text[first:last]) is not None:
                continue
            if self._unsaid.search(_clause(text, start, end, last)) is not None:
                gained = min(gained, worth.unsaid) if beside else 0
            points[number] = max(points.get(number, 0), gained + titled)
            if sum(points.values()) >= self._seals:
                return True
        return False

    def _told(self, spans: Mapping[int, Spans]) -> list[tuple[int, int, int]]:
        """Where words of worth stand, none inside another word."""
        known = sorted((start, -end, number) for number in spans if number in self._worth for start, end in spans[number])
        kept: list[tuple[int, int, int]] = []
        furthest = -1
        for start, minus_end, number in known:
            if -minus_end > furthest:
                furthest = -minus_end
                if self._worth[number].beside:
                    kept.append((start, furthest, number))
        return kept

    def _beside(
        self, text: str, start: int, first: int, last: int, near: int, spans: Mapping[int, Spans], aside: "_Aside"
    ) -> bool:
        """Whether somebody public who is not just addressed stands so near in the sentence."""
        low, high = max(first, start - near), min(last, start + near + 1)
        for number in self._persons & spans.keys():
            if any(low <= at < high and not aside.parts(at, start) for at, _ in spans[number]):
                return True
        # A name that begins inside the stretch may end outside.
        found = (low + body.start() for body in self._bodies.finditer(text[low : min(last, high + 8)]))
        return any(at < high and not aside.parts(at, start) for at in found)


class _Aside:
    """Where a text quotes, greets and asks, found when first asked for. Its first pattern is what quotes."""

    def __init__(self, text: str, patterns: Sequence[Any]) -> None:
        self._text = text
        self._patterns = patterns
        self._spans: list[list[tuple[int, int]]] = []

    def quotes(self, at: int) -> bool:
        return any(begin <= at < end for begin, end in self._found()[0])

    def parts(self, somebody: int, word: int) -> bool:
        """Whether somebody is only spoken to: named in a greeting, a request or a title in which the word does not stand."""
        return any(begin <= somebody < end and not begin <= word < end for spans in self._found() for begin, end in spans)

    def _found(self) -> list[list[tuple[int, int]]]:
        if not self._spans:
            self._spans = [[found.span() for found in pattern.finditer(self._text)] for pattern in self._patterns]
        return self._spans


def load_gravity(lists: Mapping[str, Sequence[str]], words: Lexicon) -> Gravity:
    """What ships with fenban, with its words in ``words`` (not yet frozen)."""
    return Gravity(tomllib.loads(files("route").joinpath(GRAVITY).read_text(encoding="utf-8")), lists, words)


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence around this stretch begins and ends, its sign included."""
    return _around(text, start, end, len(text), SENTENCE_END)


def _clause(text: str, start: int, end: int, last: int) -> str:
    first, last = _around(text, start, end, last, CLAUSE_END)
    return text[first:last]


def _around(text: str, start: int, end: int, last: int, signs: Collection[str]) -> tuple[int, int]:
    while start > 0 and text[start - 1] not in signs:
        start -= 1
    while end < last and text[end] not in signs:
        end += 1
    return start, min(end + 1, last)
