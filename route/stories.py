"""Accusations told as a story, without a word that accuses: gifts, kin, money without receipts, papers that are not real.

The second layer beside the screens; what it finds is sealed, in doubt (信访工作条例 art. 30, 46(5): what accuses must not
reach the accused). Cues (``story_cues.toml``) are added up within a stretch of text.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from route.lexicon import Lexicon
from route.literals import alternatives, needs, telling
from route.story_weights import Codes, StoryWeights, load_story_weights
from route.widths import both_widths

STORY_RULE = "builtin-story"
CUES = "story_cues.toml"
OFFICIAL, PRIVATE = "official", "private"
SEALS = 200
"""Least weight of a window (thousandths) that seals by itself."""
PASSAGE_SEALS = 3300
"""The same of a passage."""
CUES_BY_WINDOW, CUES_BY_PASSAGE = -2000, 1700
"""Where either is reached the cues are asked: hardly a story lies below both, and few ordinary letters above one."""
DOUBT, DOUBT_BY_PASSAGE = -1500, 2300
"""Where either is reached a person reads the text before any unit does: of stories not sealed nearly all reach it, of ordinary
letters one in fifty."""
LONG, LONG_SEALS = 250, 6
"""Characters beyond which something like a story stands in one ordinary letter of ten: there only cues of this weight seal, and what
seals a shorter text raises a doubt."""
SPEAKS_FULLY = 45
"""Characters of a text that says enough to be weighed; a shorter one needs the more weight."""
SENTENCES = re.compile("[^。！？；!?;]*[。！？；!?;]*")
PRAISE = re.compile("^[^。]{0,2}(?:表扬|感谢|点赞|致谢|好人好事|拾金不昧)|(?:写信|来信|特此)(?:表示)?(?:感谢|表扬|致谢)")
"""A title or a letter that praises: what is told then, gifts and money returned, a person reads first."""
PART = re.compile("<([a-z]+)>")


@dataclass(frozen=True, slots=True)
class Told:
    """What a stretch of text tells of, the heaviest reasons first."""

    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cue:
    """``words`` tell by themselves."""

    name: str
    weight: int
    reason: str
    words: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a cue: all ``groups`` must stand in the text before the pattern is asked."""

    cue: int
    groups: tuple[frozenset[int], ...]
    pattern: re.Pattern[str]


class StoryCues:
    """The cues, ready to weigh texts."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._threshold = int(document["threshold"])
        self._stretch = int(document["stretch"])
        self._lexicon = Lexicon()
        self._cues: list[_Cue] = []
        self._forms: list[_Form] = []
        self._actors: dict[str, tuple[int, re.Pattern[str]]] = {}
        for table in document["cue"]:
            pattern = both_widths(_filled(table["pattern"], document["parts"]))
            if table["name"] in (OFFICIAL, PRIVATE):
                self._actors[table["name"]] = table["weight"], re.compile(pattern)
                continue
            words = self._add_forms(len(self._cues), pattern)
            self._cues.append(_Cue(table["name"], table["weight"], table["reason"], self._lexicon.numbers(words)))
        self._lexicon.freeze()
        self._by_word: dict[int, list[int]] = {}
        for position, form in enumerate(self._forms):
            for number in form.groups[0]:
                self._by_word.setdefault(number, []).append(position)
        self._plain: dict[int, list[int]] = {}
        for position, cue in enumerate(self._cues):
            for number in cue.words:
                self._plain.setdefault(number, []).append(position)

    def find(self, text: str, least: int = 0) -> Told | None:
        """What the heaviest stretch tells of, None when no stretch's cues reach the threshold, or ``least`` where that is more."""
        threshold = max(self._threshold, least)
        whole = self._told(text, threshold)
        if whole is None or len(text) <= self._stretch:
            return whole
        parts = (self._told(part, threshold) for part in stretches(text, self._stretch))
        return max((told for told in parts if told), key=lambda told: told.score, default=None)

    def names(self, text: str) -> list[str]:
        """Names of the cues in the text, for those who mend them."""
        return [self._cues[cue].name for cue in sorted(self._found(text))]

    def _told(self, text: str, threshold: int) -> Told | None:
        found = [self._cues[cue] for cue in self._found(text)]
        score = sum(cue.weight for cue in found)
        if score + self._actors[OFFICIAL][0] < threshold:
            return None
        score += next((weight for weight, actor in self._actors.values() if actor.search(text)), 0)
        if score < threshold:
            return None
        heavy = sorted(found, key=lambda cue: -cue.weight)
        return Told(score, tuple(cue.reason for cue in heavy[:2]))

    def _found(self, text: str) -> set[int]:
        spans = self._lexicon.scan(text)
        found: set[int] = set()
        asked: set[int] = set()
        for number in spans:
            found.update(self._plain.get(number, ()))
            for position in self._by_word.get(number, ()):
                form = self._forms[position]
                if position in asked or form.cue in found:
                    continue
                asked.add(position)
                if not any(group.isdisjoint(spans) for group in form.groups) and form.pattern.search(text) is not None:
                    found.add(form.cue)
        return found

    def _add_forms(self, cue: int, pattern: str) -> set[str]:
        """The words that tell by themselves; what is more than a word becomes a form."""
        words: set[str] = set()
        for form in alternatives(pattern):
            need = needs(form)
            if need.exact is not None:
                words |= need.exact
                continue
            groups = telling(need.groups)
            if not groups:
                raise ValueError(f"no word must stand in {form!r}: it would be asked of every text")
            numbers = tuple(self._lexicon.numbers(group) for group in groups)
            self._forms.append(_Form(cue, numbers, re.compile(form)))
        return words


def stretches(text: str, length: int) -> Iterator[str]:
    """Runs of whole sentences of up to ``length`` characters, each begun a sentence later than the one before."""
    sentences = [sentence for sentence in SENTENCES.findall(text) if sentence]
    for first in range(len(sentences)):
        stretch = sentences[first]
        last = first + 1
        while last < len(sentences) and len(stretch) + len(sentences[last]) <= length:
            stretch += sentences[last]
            last += 1
        yield stretch
        if last == len(sentences):
            return


@dataclass(frozen=True, slots=True)
class Heard:
    """``reason``: why a text is to be sealed, in a few words, empty when it tells no story. ``doubtful``: it may tell one."""

    reason: str
    doubtful: bool


NOTHING_HEARD = Heard("", False)


class StoryScreen:
    """Both ways of seeing a story: learned weights, asked of every text, and cues, asked of what is at all like one."""

    def __init__(self, weights: StoryWeights, cues: StoryCues) -> None:
        self._weights = weights
        self._cues = cues

    def hear(self, text: str, codes: Codes) -> Heard:
        """Whether the text tells a story of misconduct, or may. ``codes`` are the text's."""
        window, passage = self._weights.weigh(codes)
        if window < CUES_BY_WINDOW and passage < (DOUBT_BY_PASSAGE if len(text) > LONG else CUES_BY_PASSAGE):
            return NOTHING_HEARD
        told = self._cues.find(text, LONG_SEALS if len(text) > LONG else 0)
        if PRAISE.search(text) is not None:
            return Heard("", True)
        if told is not None:
            return Heard("may tell of " + ", ".join(told.reasons), True)
        if len(text) > LONG:
            return Heard("", window >= SEALS or passage >= PASSAGE_SEALS)
        said = min(len(text), SPEAKS_FULLY) / SPEAKS_FULLY
        if window * said >= SEALS or passage >= PASSAGE_SEALS:
            return Heard("reads like an account of misconduct", True)
        return Heard("", window >= DOUBT * said or passage >= DOUBT_BY_PASSAGE)


def load_story_screen() -> StoryScreen:
    """The weights and cues that ship with fenban."""
    cues = tomllib.loads(files("route").joinpath(CUES).read_text(encoding="utf-8"))
    return StoryScreen(load_story_weights(), StoryCues(cues))


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    """The pattern with its named parts; a part of alternatives is grouped."""
    return PART.sub(lambda name: f"(?:{part})" if "|" in (part := parts[name[1]]) else part, pattern)
