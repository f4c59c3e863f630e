"""A trial of rules on past letters before they are saved: what each rule would stop, seal or route, old against new."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.wiring import System
from domain.accounts import Viewer
from domain.decisions import Decision, Outcome, Suggestion
from domain.ids import MatterId
from domain.messages import Message
from route.decide import Decider
from route.rules import Rulebook
from store.desk_settings import recent_letters

LETTERS, EXAMPLES = 500, 20
EVERYBODY = Viewer(reads=True, units=None)
"""Whose counts a reader without letters gets: all that are not sealed."""

Offered = tuple[tuple[Suggestion, ...], str]
"""Suggestions, and the version of what made them."""

_ENDS: Mapping[Outcome, str] = {
    Outcome.DISPATCH: "routes",
    Outcome.REVIEW: "reviews",
    Outcome.OUT_OF_REMIT: "out_of_remit",
}
HOLD, SEAL = "stops", "seals"
ADDS = "adds"


@dataclass(frozen=True, slots=True)
class Fate:
    """What would become of a letter that came today. ``end``: stops, seals, routes, reviews or out_of_remit."""

    end: str
    rule: str
    lead: str = ""
    co_units: tuple[str, ...] = ()
    urgency: str = ""
    deadline_class: str = ""
    requirement: str = ""
    excluded: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()

    def effect(self) -> tuple[object, ...]:
        """All but the names of the rules."""
        return self.end, self.lead, self.co_units, self.urgency, self.deadline_class, self.requirement, self.excluded


@dataclass(frozen=True, slots=True)
class Example:
    number: str
    before: Fate
    after: Fate


@dataclass(frozen=True, slots=True)
class Trial:
    """``rules``: rule → end → (before, after) numbers of letters, those that differ first; ``changed``: letters whose fate differs.
    ``examples`` is empty for a reader without letters."""

    letters: int
    changed: int
    rules: Mapping[str, Mapping[str, tuple[int, int]]]
    examples: tuple[Example, ...]


def trial(system: System, rulebook: Rulebook, viewer: Viewer, limit: int = LETTERS) -> Trial:
    """Nothing is written. Sealed letters are left out, whoever asks."""
    reads = viewer.reads and viewer.ordinary
    seen = Viewer(reads=True, units=viewer.units) if reads else EVERYBODY
    with system.store.transaction(write=False) as tx:
        letters = recent_letters(tx, seen, limit)
    suggestions = _suggestions(system, letters)
    before, after = system.decider, system.decider_by(rulebook)
    fates = [
        (letter, _fate(system, before, letter, offered), _fate(system, after, letter, offered))
        for letter, offered in zip(letters, suggestions, strict=True)
    ]
    changed = [Example(str(letter.number), old, new) for letter, old, new in fates if old.effect() != new.effect()]
    counted = _counted([(old, new) for _, old, new in fates])
    return Trial(len(fates), len(changed), counted, tuple(changed[:EXAMPLES]) if reads else ())


def _suggestions(system: System, letters: Sequence[Message]) -> list[Offered]:
    """As they were made when the letters were decided: the model does not change with the rules."""
    with system.store.unit_of_work(write=False) as uow:
        decisions = uow.matters.decisions([MatterId(letter.number) for letter in letters])
    found: list[Offered] = []
    for letter in letters:
        made = [one for one in decisions.get(MatterId(letter.number), []) if one.suggestions]
        found.append((made[-1].suggestions, made[-1].model) if made else ((), ""))
    return found


def _fate(system: System, decider: Decider, letter: Message, offered: Offered) -> Fate:
    fresh = replace(letter, waived_rules=())
    screening = decider.screen(fresh)
    if screening.action:
        return Fate(HOLD if screening.action == "hold" else SEAL, screening.rule)
    threshold, (suggestions, model) = system.threshold, offered
    decision = decider.decide(
        fresh,
        suggestions,
        automatic=threshold is not None,
        model=model,
        now=system.clock.now(),
        threshold=threshold,
        doubtful=screening.doubtful,
    )
    return _of_decision(decision)


def _of_decision(decision: Decision) -> Fate:
    matched = tuple(one.text for one in decision.evidence if one.kind == "rule" and one.text != decision.rule)
    return Fate(
        end=_ENDS[decision.outcome],
        rule=decision.rule,
        lead=decision.lead or "",
        co_units=tuple(decision.co_units),
        urgency=decision.urgency,
        deadline_class=decision.deadline_class or "",
        requirement=decision.requirement,
        excluded=tuple(decision.excluded),
        adds=matched,
    )


def _counted(fates: Sequence[tuple[Fate, Fate]]) -> dict[str, dict[str, tuple[int, int]]]:
    sides = (Counter[tuple[str, str]](), Counter[tuple[str, str]]())
    for pair in fates:
        for side, fate in zip(sides, pair, strict=True):
            side[fate.rule, fate.end] += 1
            side.update((rule, ADDS) for rule in fate.adds)
    old, new = sides
    keys = sorted(old.keys() | new.keys(), key=lambda key: (old[key] == new[key], -abs(old[key] - new[key]), key))
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for rule, end in keys:
        found.setdefault(rule, {})[end] = (old[rule, end], new[rule, end])
    return found
