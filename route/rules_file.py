"""Reading rules from TOML, with errors that name file, rule and remedy.

::

    [words]                                  # lists that rules may share as "@tools"
    tools = ["挖掘机", "打桩机"]

    [[screen]]                               # before joining and deciding
    name = "spam-invoices"
    action = "hold"                          # hold | seal; a seal wins over a hold
    any = ["代开发票"]
    reason = "advertises invoices"
    weighed = false                          # with seal: a long letter is sealed only where its words weigh enough

    [[rule]]                                 # in this order; the first that holds decides
    name = "night-noise"
    any = ["@tools", "施工噪声"]              # one of these words (what is rarest stands first: it is looked for first)
    all = ["夜里", ["太吵", "睡不着"]]         # each of these; an inner list needs one of its words
    none = ["谢谢"]                           # none of these
    within = 30                              # the words of `any` and `all` stand inside so many characters
    ordered = false                          # … in the order written (needs within)
    unbroken = false                         # … with no comma or sentence end between them
    regex = "夜里[0-9]+点"                    # RE2, over subject and body without white space
    kind = ["complaint"]                     # consult help complaint accusation suggestion thanks
    channel = ["portal"]
    addressed_to = ["市长"]
    place = ["qingshan"]                     # the place found is this unit's, or one's under it
    region = ["990102"]                      # … or lies in this division
    level = ["county", "township"]           # … and is of this level
    unit_named = ["water"]                   # the text names one of these units
    lead = "environment"                     # a unit, place:county or place:township
    co_units = ["police"]
    requirement = "…"
    deadline_class = "complex"               # simple | complex
    urgency = "urgent"                       # normal | urgent
    out_of_remit = "reason"                  # tell the sender where to turn; no unit gets it
    review = "reason"                        # a person decides
    excluded = ["police"]                    # these and all under them must not get it
    prefer_local = true                      # with the place's own unit of the same duty instead of the city's
    continue = true                          # only add; later rules or the model choose the lead

In word lists ``@units`` stands for all names and aliases of the directory, ``@places`` for all its places.
"""

import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from domain.decisions import DeadlineClass, Urgency
from domain.errors import BadSettings
from domain.messages import MessageKind
from domain.units import UnitLevel
from route.directory import Directory
from route.gravity import load_gravity
from route.lexicon import Lexicon
from route.rules import STORY_SCREEN, Conditions, Rule, Rulebook, Screen, ScreenAction
from route.rules_table import RuleTable, compiled
from route.stories import load_story_screen

CONDITIONS = "any all none within ordered unbroken regex kind channel addressed_to place region level unit_named"
SCREEN_RESULTS = "name action reason dispatch_to weighed"
RULE_RESULTS = "name lead co_units requirement deadline_class urgency out_of_remit review excluded prefer_local continue"
SCREEN_KEYS = frozenset(f"{CONDITIONS} {SCREEN_RESULTS}".split())
RULE_KEYS = frozenset(f"{CONDITIONS} {RULE_RESULTS}".split())
BUILTIN = "builtin_rules.toml"


def load_rules(
    paths: Sequence[Path],
    directory: Directory,
    *,
    channels: Collection[str] | None = None,
    builtin: bool = True,
) -> Rulebook:
    """The rules of these files in order, after the screens that ship with fenban (``builtin``).

    Raises BadSettings with a line for each problem, naming file, rule and remedy. With ``channels`` given, a rule for a
    channel that is not among them is a problem too.
    """
    sources: list[tuple[str, str]] = []
    problems: list[str] = []
    for path in paths:
        try:
            sources.append((str(path), path.read_text(encoding="utf-8-sig")))
        except UnicodeDecodeError:
            problems.append(f"{path}: is not in UTF-8 → save it as UTF-8")
        except OSError as error:
            problems.append(f"{path}: cannot be read ({type(error).__name__}) → name an existing file in UTF-8")
    return _rulebook(sources, problems, directory, channels=channels, builtin=builtin)


def read_rules(sources: Sequence[tuple[str, str]], directory: Directory, *, channels: Collection[str] | None = None) -> Rulebook:
    """The rules of these (name, text), after the screens that ship with fenban. Raises BadSettings as ``load_rules`` does."""
    return _rulebook(sources, [], directory, channels=channels, builtin=True)


def _rulebook(
    given: Sequence[tuple[str, str]],
    problems: list[str],
    directory: Directory,
    *,
    channels: Collection[str] | None,
    builtin: bool,
) -> Rulebook:
    sources = list(given)
    if builtin:
        sources.insert(0, (BUILTIN, files("route").joinpath(BUILTIN).read_text(encoding="utf-8")))
    reader = _Reader(directory, channels)
    lists: Mapping[str, Sequence[str]] = {}
    for source, text in sources:
        reader.read(source, text)
        # A city's file may give a list of ours another content; what is weighed stays ours.
        lists = lists or reader.lists()
    problems += reader.problems
    if problems:
        raise BadSettings(problems)
    if not builtin:
        return Rulebook(tuple(reader.screens), tuple(reader.rules), reader.screen_words, reader.rule_words)
    screens = (*reader.screens, STORY_SCREEN)
    gravity = load_gravity(lists, reader.screen_words)
    return Rulebook(screens, tuple(reader.rules), reader.screen_words, reader.rule_words, load_story_screen(), gravity)


class _Reader:
    def __init__(self, directory: Directory, channels: Collection[str] | None) -> None:
        self.screens: list[Screen] = []
        self.rules: list[Rule] = []
        self.screen_words = Lexicon()
        self.rule_words = Lexicon()
        self.problems: list[str] = []
        self._directory = directory
        self._channels = channels
        self._names: dict[str, str] = {}
        self._words: dict[str, tuple[str, ...]] = {
            "units": tuple(name for unit in directory.units.values() for name in (unit.name, *unit.aliases)),
            "places": tuple(directory.place_names),
        }

    def read(self, source: str, text: str) -> None:
        try:
            document = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self.problems.append(f"{source}: is not TOML ({error}) → mend that line")
            return
        for key in document.keys() - {"words", "screen", "rule"}:
            self.problems.append(f"{source}: unknown key {key!r} → only [words], [[screen]] and [[rule]] may stand here")
        lists = document.get("words", {})
        if not isinstance(lists, dict):
            self.problems.append(f"{source}: words is not a table → write [words] and a list a line under it")
            lists = {}
        for name, words in lists.items():
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                self.problems.append(f'{source}: words {name!r}: is not a list of texts → write {name} = ["…"]')
            else:
                self._words[name] = tuple(words)
        self._each(source, document.get("screen", []), "screen", self._screen)
        self._each(source, document.get("rule", []), "rule", self._rule)

    def lists(self) -> Mapping[str, Sequence[str]]:
        """The word lists read so far."""
        return dict(self._words)

    def _each(self, source: str, tables: Any, kind: str, make: Callable[[RuleTable], None]) -> None:
        for position, entry in enumerate(tables if isinstance(tables, list) else [tables], 1):
            name = entry.get("name") if isinstance(entry, dict) else None
            label = f"{source}: {kind} {name!r}" if isinstance(name, str) and name else f"{source}: {kind} {position}"
            try:
                if not isinstance(entry, dict) or not isinstance(name, str) or not name.strip():
                    raise ValueError("has no name → decisions cite rules by their names")
                if name in self._names:
                    raise ValueError(f"this name was given before in {self._names[name]} → each rule has its own")
                self._names[name] = source
                make(RuleTable(entry, self._directory, self._words))
            except ValueError as error:
                self.problems.append(f"{label}: {error}")

    def _screen(self, table: RuleTable) -> None:
        table.only(SCREEN_KEYS)
        if "action" not in table.entry:
            raise ValueError("has no action → hold or seal")
        when = self._conditions(table, self.screen_words)
        if when == Conditions():
            raise ValueError("has no condition → it would catch every message")
        if when.places or when.regions or when.levels or when.named:
            raise ValueError("screens read words, kind, channel and addressed_to only → use a rule for places and units")
        action = table.choice("action", ScreenAction) or ScreenAction.HOLD
        target = table.units("dispatch_to")
        if target and action is not ScreenAction.SEAL:
            raise ValueError('dispatch_to is for accusations → use it with action = "seal"')
        weighed = table.flag("weighed")
        if weighed and action is not ScreenAction.SEAL:
            raise ValueError('weighed is for accusations → use it with action = "seal"')
        unit = target[0] if target else None
        self.screens.append(Screen(table.text("name"), action, when, table.text("reason"), unit, weighed))

    def _rule(self, table: RuleTable) -> None:
        table.only(RULE_KEYS)
        rule = Rule(
            name=table.text("name"),
            when=self._conditions(table, self.rule_words),
            lead=table.lead(),
            co_units=table.units("co_units"),
            requirement=table.text("requirement"),
            deadline_class=table.choice("deadline_class", DeadlineClass),
            urgency=table.choice("urgency", Urgency),
            out_of_remit=table.text("out_of_remit"),
            review=table.text("review"),
            excluded=table.units("excluded"),
            prefer_local=table.flag("prefer_local"),
            goes_on=table.flag("continue"),
        )
        if rule.lead in rule.excluded:
            raise ValueError(f"names {rule.lead} as lead and in excluded → leave it in one of them")
        both = sorted(set(rule.co_units) & set(rule.excluded))
        if both:
            raise ValueError(f"names {both[0]} in co_units and in excluded → leave it in one of them")
        ends = [
            key for key, given in (("lead", rule.lead), ("out_of_remit", rule.out_of_remit), ("review", rule.review)) if given
        ]
        if rule.goes_on and ends:
            raise ValueError(f"continues and sets {ends[0]} → a rule decides or goes on, not both")
        if not rule.goes_on and len(ends) != 1:
            raise ValueError(f"sets {' and '.join(ends) or 'no outcome'} → one of lead, out_of_remit, review, or continue = true")
        for earlier in self.rules:
            if not earlier.goes_on and covers(earlier.when, rule.when):
                raise ValueError(
                    f"is never reached, {earlier.name!r} before it holds whenever it would → move it up or narrow the other"
                )
        self.rules.append(rule)

    def _conditions(self, table: RuleTable, lexicon: Lexicon) -> Conditions:
        groups = [lexicon.numbers(words) for words in table.word_groups()]
        within, ordered, unbroken = table.number("within"), table.flag("ordered"), table.flag("unbroken")
        if within and len(groups) < 2:
            raise ValueError("within needs two groups of words → add any or all")
        if ordered and not within:
            raise ValueError("ordered needs within → say inside how many characters")
        if unbroken and not ordered:
            raise ValueError("unbroken needs ordered → add ordered = true")
        channels = frozenset(table.texts("channel"))
        unknown = sorted(channels - set(self._channels)) if self._channels is not None else []
        if unknown:
            raise ValueError(f"channel {unknown[0]!r} is not in the settings → one of {', '.join(sorted(self._channels or ()))}")
        pattern = table.text("regex")
        return Conditions(
            groups=tuple(groups),
            none=lexicon.numbers(table.words("none")),
            within=within,
            ordered=ordered,
            unbroken=unbroken,
            regex=compiled(pattern) if pattern else None,
            regex_text=pattern,
            kinds=frozenset(table.choices("kind", MessageKind)),
            channels=channels,
            addressed_to=table.texts("addressed_to"),
            places=frozenset(code for unit in table.units("place") for code in self._directory.under(unit)),
            regions=table.regions(),
            named=frozenset(table.units("unit_named")),
            levels=frozenset(table.choices("level", UnitLevel)),
        )


def covers(earlier: Conditions, later: Conditions) -> bool:
    """Whether ``earlier`` surely holds wherever ``later`` does. Only what can be seen from the lists counts."""
    if earlier.within and _nearness(earlier) != _nearness(later):
        return False
    if not all(any(mine <= theirs for mine in later.groups) for theirs in earlier.groups):
        return False
    if not earlier.none <= later.none or (earlier.regex_text and earlier.regex_text != later.regex_text):
        return False
    if earlier.regions and not (later.regions and all(region.startswith(earlier.regions) for region in later.regions)):
        return False
    narrowing = ("kinds", "channels", "places", "named", "levels", "addressed_to")
    return all(_within(getattr(later, name), getattr(earlier, name)) for name in narrowing)


def _nearness(when: Conditions) -> tuple[object, ...]:
    return when.groups, when.within, when.ordered, when.unbroken


def _within(later: Collection[object], earlier: Collection[object]) -> bool:
    return not earlier or (bool(later) and set(later) <= set(earlier))
