"""Whether a long letter that a screen caught accuses those who act for the public, or only holds a word that could.

The screens' words were chosen on letters of a few sentences. A letter of a page greets an official, complains of a firm and quotes
a law, so that some accusing word stands somewhere in nearly every third. Here each such word counts by where it stands: beside
somebody public in its own sentence, and said rather than asked. What weighs too little waits for a person (信访工作条例 art. 30).
"""

import tomllib
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import re2

from route.addressed import ADDRESSED
from route.lexicon import Lexicon, Spans
from route.widths import both_widths

GRAVITY = "gravity.toml"
SENTENCE_END = frozenset("。！？；!?;")
QUOTES = "《"
LONGEST_ENDING = 8
CLAUSE_END = frozenset("，。！？；：,!?;:、")


@dataclass(frozen=True, slots=True)
class _Worth:
    """Points of a word beside somebody public and alone; ``unsaid`` is what it keeps of them in a question or a condition."""

    beside: int
    alone: int
    unsaid: int
    near: int
    in_title: int


@dataclass(frozen=True, slots=True)
class _Sentence:
    """``begin`` and ``end`` in the whole text."""

    text: str
    begin: int
    end: int


class Gravity:
    """Weighs texts; safe to share between threads. ``lists`` are the word lists of the built-in rules."""

    def __init__(self, document: Mapping[str, Any], lists: Mapping[str, Sequence[str]], words: Lexicon) -> None:
        self.longer_than = int(document["longer_than"])
        self._seals = int(document["seals"])
        self._near = near = int(document["near"])
        grave, misdeed = _Worth(2, 1, 1, int(document["near_grave"]), 1), _Worth(2, 0, 1, near, 1)
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
        self._bodies, self._unsaid, self._law, self._greeting, self._quoted = (
            re2.compile(both_widths(document[name])) for name in ("bodies", "unsaid", "law", "greeting", "quoted")
        )

    def doubts(self, text: str, spans: Mapping[int, Spans]) -> bool:
        """Whether the text may complain of those who would get it: a word for that, in a short text beside somebody public."""
        said = [number for number in spans if number in self._doubts]
        if not said or len(text) > self.longer_than:
            return bool(said)
        persons = self._persons_in(spans)
        return any(
            self._beside(_sentence(text, start, end), start, self._near, persons)
            for number in said
            for start, end in spans[number]
        )

    def seals(self, text: str, spans: Mapping[int, Spans], title: int) -> bool:
        """Whether the text accuses. ``spans`` are the words found in it, its first ``title`` characters are its subject."""
        told = self._told(spans)
        if not told:
            return False
        points: dict[int, int] = {}
        persons = self._persons_in(spans)
        quoted = [found.span() for found in self._quoted.finditer(text)] if QUOTES in text else []
        sentence = _Sentence("", 0, 0)
        for start, end, number in told:
            worth = self._worth[number]
            if start >= sentence.end:
                sentence = _sentence(text, start, end)
            beside = self._beside(sentence, start, worth.near, persons)
            titled = worth.in_title if start < title else 0
            gained = worth.beside if beside else worth.alone
            if gained + titled <= points.get(number, 0) or any(begin <= start < finish for begin, finish in quoted):
                continue
            if self._law.search(sentence.text) is not None:
                continue
            if self._unsaid.search(_clause(text, start, end, sentence.end)) is not None:
                gained = min(gained, worth.unsaid) if beside else 0
            points[number] = max(points.get(number, 0), gained + titled)
            if sum(points.values()) >= self._seals:
                return True
        return False

    def _persons_in(self, spans: Mapping[int, Spans]) -> list[int]:
        return sorted(at for number in spans if number in self._persons for at, _ in spans[number])

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

    def _beside(self, sentence: _Sentence, word: int, near: int, persons: Sequence[int]) -> bool:
        """Whether somebody public who is not just addressed stands so near in the sentence."""
        low, high = max(sentence.begin, word - near), min(sentence.end, word + near + 1)
        found = [at for at in persons[bisect_left(persons, low) :] if at < high]
        # A name that begins inside the stretch may end outside.
        stretch = sentence.text[low - sentence.begin : high + LONGEST_ENDING - sentence.begin]
        found += [low + body.start() for body in self._bodies.finditer(stretch) if low + body.start() < high]
        if not found:
            return False
        spoken_to = [
            (begin + sentence.begin, end + sentence.begin)
            for form in (self._greeting, ADDRESSED)
            for begin, end in (one.span() for one in form.finditer(sentence.text))
        ]
        # Whom a request names together with the word is not the one who is asked.
        return any(not any(begin <= at < end and not begin <= word < end for begin, end in spoken_to) for at in found)


def load_gravity(lists: Mapping[str, Sequence[str]], words: Lexicon) -> Gravity:
    """What ships with fenban, with its words in ``words`` (not yet frozen)."""
    return Gravity(tomllib.loads(files("route").joinpath(GRAVITY).read_text(encoding="utf-8")), lists, words)


def _sentence(text: str, start: int, end: int) -> _Sentence:
    """The sentence around this stretch, its sign included."""
    begin, finish = _around(text, start, end, len(text), SENTENCE_END)
    return _Sentence(text[begin:finish], begin, finish)


def _clause(text: str, start: int, end: int, last: int) -> str:
    first, last = _around(text, start, end, last, CLAUSE_END)
    return text[first:last]


def _around(text: str, start: int, end: int, last: int, signs: Collection[str]) -> tuple[int, int]:
    while start > 0 and text[start - 1] not in signs:
        start -= 1
    while end < last and text[end] not in signs:
        end += 1
    return start, min(end + 1, last)
