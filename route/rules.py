"""Rules: ordered, named conditions on a message, and what follows when they hold. Files are read by ``route.rules_file``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from domain.decisions import DeadlineClass, Urgency
from domain.ids import UnitCode
from domain.messages import Message, MessageKind
from domain.units import UnitLevel
from route.contacts import unsigned, without_contacts
from route.directory import Directory
from route.gravity import Gravity
from route.lexicon import Lexicon, Spans, scanned_text
from route.places import PlaceHit
from route.simplified import simplified
from route.stories import LONG, STORY_RULE, StoryScreen
from route.story_weights import Codes, codes_of
from route.veils import OLD, SIGNED, Veils, dress_of

CLAUSE_END = frozenset("，。！？；,!?;")


class ScreenAction(StrEnum):
    """``hold``: kept for a person, joined and dispatched to nobody. ``seal``: an accusation, only the sealed review sees it."""

    HOLD = "hold"
    SEAL = "seal"


class PlaceLead(StrEnum):
    """Leads that the place gives: the county's or the township's own unit."""

    COUNTY = "place:county"
    TOWNSHIP = "place:township"


class Pattern(Protocol):
    def search(self, text: bytes) -> object: ...


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that are given must hold.

    ``groups`` are sets of word numbers: of each, one word must stand in the text (``any`` gives one group, each entry of
    ``all`` one); with ``within`` all of them inside so many characters, with ``ordered`` in the order of the groups and
    without overlap, ``unbroken`` also in one clause. ``none``: words of which none may stand there. ``places`` are closed
    downwards; ``regions`` are prefixes.
    """

    groups: tuple[frozenset[int], ...] = ()
    none: frozenset[int] = frozenset()
    within: int = 0
    ordered: bool = False
    unbroken: bool = False
    regex: Pattern | None = None
    regex_text: str = ""
    kinds: frozenset[MessageKind] = frozenset()
    channels: frozenset[str] = frozenset()
    addressed_to: tuple[str, ...] = ()
    places: frozenset[UnitCode] = frozenset()
    regions: tuple[str, ...] = ()
    named: frozenset[UnitCode] = frozenset()
    levels: frozenset[UnitLevel] = frozenset()


@dataclass(frozen=True, slots=True)
class Screen:
    """``weighed``: in a long text its words seal only where they weigh enough (``route.gravity``), else they raise a doubt."""

    name: str
    action: ScreenAction
    when: Conditions
    reason: str = ""
    dispatch_to: UnitCode | None = None
    weighed: bool = False


STORY_SCREEN = Screen(STORY_RULE, ScreenAction.SEAL, Conditions(groups=(frozenset(),)), "may tell of misconduct")
"""Stands among the screens by its name; its condition never holds, ``StoryScreen`` decides."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``lead`` is a unit or what the place gives. With ``goes_on`` the rule only adds, and later rules or the model decide."""

    name: str
    when: Conditions
    lead: UnitCode | PlaceLead | None = None
    co_units: tuple[UnitCode, ...] = ()
    requirement: str = ""
    deadline_class: DeadlineClass | None = None
    urgency: Urgency | None = None
    out_of_remit: str = ""
    review: str = ""
    excluded: tuple[UnitCode, ...] = ()
    prefer_local: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What the decider knows of a message's place. ``region`` is the unit's code of GB/T 2260 or GB/T 10114."""

    hit: PlaceHit
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One message as rules see it. ``spans`` are the rule words found in ``text``."""

    message: Message
    text: str
    spans: Mapping[int, Spans]
    place: Place | None = None
    named: tuple[UnitCode, ...] = ()


@dataclass(frozen=True, slots=True)
class _Index:
    """Which rules a word of their first group can start, so that a message meets only the rules it could match."""

    by_word: Mapping[int, tuple[int, ...]]
    always: tuple[int, ...]

    def candidates(self, spans: Mapping[int, Spans]) -> Sequence[int]:
        found = set(self.always)
        for number in spans:
            found.update(self.by_word.get(number, ()))
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Screens and rules with their words. ``lexicon`` of screens and of rules are apart: most messages need both, once each."""

    screens: tuple[Screen, ...]
    rules: tuple[Rule, ...]
    screen_words: Lexicon
    rule_words: Lexicon
    stories: StoryScreen | None = None
    gravity: Gravity | None = None
    _screen_index: _Index = field(init=False)
    _rule_index: _Index = field(init=False)
    _veils: Veils = field(init=False)

    def __post_init__(self) -> None:
        self.screen_words.freeze()
        self.rule_words.freeze()
        object.__setattr__(self, "_screen_index", _index([screen.when for screen in self.screens]))
        object.__setattr__(self, "_rule_index", _index([rule.when for rule in self.rules]))
        object.__setattr__(self, "_veils", Veils(self.screen_words.words()))

    def first_screen(self, message: Message, waived: Sequence[str]) -> Screen | None:
        """The screen that holds: of those that match, the first that seals, else the first; else a story that seals.

        ``waived`` names are skipped.
        """
        return self.screened(message, waived)[0]

    def screened(self, message: Message, waived: Sequence[str]) -> tuple[Screen | None, bool]:
        """The screen that holds, and where none does whether the text may tell a story of misconduct all the same."""
        written = scanned_text(message.subject, unsigned(message.body)).lower()
        codes = codes_of(written)
        dress = dress_of(codes)
        text = simplified(written, codes) if dress & OLD else written
        found = self._screened(message, text, codes if text is written else codes_of(text), waived)
        if not dress & SIGNED or (found[0] is not None and found[0].action is ScreenAction.SEAL):
            return found
        plain = self._veils.lifted(text)
        if plain == text:
            return found
        bare = self._screened(message, plain, codes_of(plain), waived)
        sealed = bare[0] is not None and bare[0].action is ScreenAction.SEAL
        return bare if sealed else (found[0], found[1] or bare[1])

    def _screened(self, message: Message, text: str, codes: Codes, waived: Sequence[str]) -> tuple[Screen | None, bool]:
        reading = Reading(message, text, self.screen_words.scan(text))
        first: Screen | None = None
        light, doubtful = False, self.gravity is not None and self.gravity.doubts(text, reading.spans)
        for position in self._screen_index.candidates(reading.spans):
            screen = self.screens[position]
            if (light and screen.weighed) or (first is not None and screen.action is not ScreenAction.SEAL):
                continue
            if screen.name in waived or not holds(screen.when, reading):
                # Whoever thanks at the end of an accusation is no praiser: a person sees the difference.
                doubtful = doubtful or (screen.weighed and screen.name not in waived and _only_spared(screen.when, reading))
                continue
            if screen.weighed and self._weighs_little(reading):
                light = doubtful = True
            elif screen.action is ScreenAction.SEAL:
                return screen, True
            else:
                first = screen
        # What waits for a person anyway need not be heard: once it is released, the story is. In a long text that a person reads
        # first anyhow, a story found would hardly ever be one.
        if first is not None or self.stories is None or STORY_RULE in waived or (doubtful and len(text) > LONG):
            return first, doubtful and first is None
        told = without_contacts(text)
        heard = self.stories.hear(told, codes if told == text else codes_of(told))
        return replace(STORY_SCREEN, reason=heard.reason) if heard.reason else None, heard.doubtful or doubtful

    def _weighs_little(self, reading: Reading) -> bool:
        """Whether the words of a long text accuse nobody who acts for the public."""
        if self.gravity is None or len(reading.text) <= self.gravity.longer_than:
            return False
        return not self.gravity.seals(reading.text, reading.spans, len("".join(reading.message.subject.split())))

    @staticmethod
    def place(hit: PlaceHit | None, directory: Directory) -> Place | None:
        return Place(hit, tuple(directory.units[code].region for code in hit.units)) if hit is not None else None

    def read(self, message: Message, text: str, place: Place | None, named: tuple[UnitCode, ...]) -> Reading:
        return Reading(message, text, self.rule_words.scan(text), place, named)

    def matching(self, reading: Reading) -> list[Rule]:
        """The rules that hold, in order, up to and with the first that does not go on."""
        found: list[Rule] = []
        for position in self._rule_index.candidates(reading.spans):
            rule = self.rules[position]
            if holds(rule.when, reading):
                found.append(rule)
                if not rule.goes_on:
                    break
        return found

    def words_of(self, when: Conditions, reading: Reading) -> list[str]:
        """The words of these conditions that stand in the text, for evidence."""
        words = self.rule_words.words()
        return [words[number] for group in when.groups for number in group if number in reading.spans]


def holds(when: Conditions, reading: Reading) -> bool:
    """Whether all conditions hold; the cheap ones are asked first, the pattern last."""
    spans = reading.spans
    for group in when.groups:
        if group.isdisjoint(spans):
            return False
    if when.none and not when.none.isdisjoint(spans):
        return False
    if when.within and not _near(when, reading):
        return False
    # As bytes: RE2 would translate each place back, and only whether there is one matters.
    return _fits(when, reading) and (when.regex is None or when.regex.search(reading.text.encode()) is not None)


def _only_spared(when: Conditions, reading: Reading) -> bool:
    """Whether all holds but that one of the words stands there that spare a letter."""
    return bool(when.none) and not when.none.isdisjoint(reading.spans) and holds(replace(when, none=frozenset()), reading)


def _fits(when: Conditions, reading: Reading) -> bool:
    message = reading.message
    if when.kinds and message.kind not in when.kinds:
        return False
    if when.channels and message.channel not in when.channels:
        return False
    if when.addressed_to and not any(name in message.addressed_to for name in when.addressed_to):
        return False
    if when.named and when.named.isdisjoint(reading.named):
        return False
    if not (when.places or when.regions or when.levels):
        return True
    place = reading.place
    if place is None or (when.levels and place.hit.level not in when.levels):
        return False
    if when.places and not when.places.issuperset(place.hit.units):
        return False
    return not when.regions or all(region.startswith(when.regions) for region in place.regions)


def _near(when: Conditions, reading: Reading) -> bool:
    spans = reading.spans
    groups = [sorted(span for number in group if number in spans for span in spans[number]) for group in when.groups]
    if not when.ordered:
        return any(_around(start, groups[1:], when.within) for start, _ in groups[0])
    return any(_follows(start, end, groups[1:], when, reading.text) for start, end in groups[0])


def _around(start: int, groups: Sequence[Spans], within: int) -> bool:
    return all(any(abs(other - start) <= within for other, _ in group) for group in groups)


def _follows(start: int, end: int, groups: Sequence[Spans], when: Conditions, text: str) -> bool:
    after = end
    for group in groups:
        ends = [span_end for span_start, span_end in group if span_start >= after and span_end - start <= when.within]
        if not ends:
            return False
        after = min(ends)
    return not when.unbroken or CLAUSE_END.isdisjoint(text[start:after])


def _index(conditions: Sequence[Conditions]) -> _Index:
    by_word: dict[int, list[int]] = {}
    always: list[int] = []
    for position, when in enumerate(conditions):
        if not when.groups:
            always.append(position)
            continue
        for number in when.groups[0]:
            by_word.setdefault(number, []).append(position)
    return _Index({number: tuple(positions) for number, positions in by_word.items()}, tuple(always))
