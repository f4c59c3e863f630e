"""A unit's letters stop going out without a person when its recent outcomes say that they go wrong, until they go right again.

A sequential test, looked at after every outcome, with a bound that holds however long one looks. While a unit runs, each
outcome x (right or wrong) of a letter that was certain enough multiplies, for every alternative "wrong r times as often as
the target allows",

    M ← max(M, 1) · e(x),   e(wrong) = r,   e(right) = (1 − r·f) / (1 − f),   f = 1 − target,

and the unit stops when the mean of the M (over r in ALTERNATIVES) reaches ``patience``. Under "wrong at most f of the time"
the expectation of e is at most 1, so the M are e-detectors and their mean is one too: a unit that keeps its target is stopped
by mistake at most once in ``patience`` outcomes on average (about 230 at exactly the target and patience 20, seldomer above it).
It is Page's test (1954) in the form whose bound needs no more than that: Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric
framework for sequential change detection" (2022); Lorden (1971) for the bound.

While a unit is stopped the test runs the other way round, on the letters that a person decides meanwhile: R ← max(R, 1) · e(x)
for "wrong half as often as the target allows" against "wrong RECOVERS_FROM times as often"; at ``patience`` the unit runs again,
its test begun afresh. A unit that stays as bad as that is let run by mistake at most once in ``patience`` outcomes on average.
A unit that is stopped again must show BACK_OFF times as much each time: what went wrong by seasons, or half moved away, seems
right between, and answers come too late to stop it at once. After FORGIVEN outcomes of running that is forgotten.

Pure: no clock, no store; times are those the caller gives. The state is a value and goes into a document and back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.ids import UnitCode

ALTERNATIVES = (2.0, 4.0, 8.0)
"""How many times as often wrong as allowed: a slow decline, and a function that moved away."""
RECOVERS_FROM = 4.0
BACK_OFF = 4.0
FORGIVEN = 100
PATIENCE = 20.0
_OFTENEST = 0.9
"""No alternative is wrong more often than this, whatever the target."""


class Source(StrEnum):
    """Who said whether the first suggestion was right."""

    ANSWER = "answer"
    RETURN = "return"
    CORRECTION = "correction"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became known at ``at`` of a letter whose first suggestion was ``unit``, certain enough to go out without a person
    (whether it did, was drawn for review, or went there because the unit is stopped). ``weight`` in (0, 1]: how much this
    source is believed; an e-value mixed with 1 stays one."""

    unit: UnitCode
    right: bool
    at: datetime
    source: Source = Source.ANSWER
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class UnitState:
    """``evidence``: the M of each alternative while running, the one R while stopped. ``since``: the last change.
    ``right``, ``wrong``: outcomes since then. ``stops``: how many times it was stopped, this one included."""

    stopped: bool = False
    evidence: tuple[float, ...] = (1.0,) * len(ALTERNATIVES)
    since: datetime | None = None
    right: int = 0
    wrong: int = 0
    stops: int = 0


RUNNING = UnitState()


def heard(state: UnitState, outcome: Outcome, target: float, patience: float = PATIENCE) -> UnitState:
    """The unit's state after this outcome. Raises ValueError for a target outside (0, 1) or a weight outside (0, 1]."""
    if not 0 < target < 1 or not 0 < outcome.weight <= 1:
        raise ValueError("a target lies between 0 and 1, a weight above 0 and not above 1")
    ratios = _recovering(target, outcome.right) if state.stopped else _failing(target, outcome.right)
    evidence = tuple(
        max(before, 1.0) * (1 + outcome.weight * (ratio - 1)) for before, ratio in zip(state.evidence, ratios, strict=True)
    )
    again = max(state.stops - 1, 0) if state.stopped else 0
    if sum(evidence) / len(evidence) >= patience * BACK_OFF**again:
        return _turned(state, outcome.at)
    right, wrong = state.right + int(outcome.right), state.wrong + int(not outcome.right)
    forgiven = not state.stopped and right + wrong >= FORGIVEN
    return replace(state, evidence=evidence, right=right, wrong=wrong, stops=0 if forgiven else state.stops)


def _turned(state: UnitState, at: datetime) -> UnitState:
    if state.stopped:
        return UnitState(False, RUNNING.evidence, at, stops=state.stops)
    return UnitState(True, (1.0,), at, stops=state.stops + 1)


def _failing(target: float, right: bool) -> tuple[float, ...]:
    allowed = 1 - target
    wrong = [max(allowed, min(times * allowed, _OFTENEST)) for times in ALTERNATIVES]
    return tuple((1 - share) / (1 - allowed) if right else share / allowed for share in wrong)


def _recovering(target: float, right: bool) -> tuple[float]:
    good, bad = (1 - target) / 2, min(RECOVERS_FROM * (1 - target), _OFTENEST)
    return ((1 - good) / (1 - bad) if right else good / bad,)


@dataclass(slots=True)
class Stops:
    """The states of all units at one target. One writer at a time."""

    target: float
    patience: float = PATIENCE
    states: dict[UnitCode, UnitState] = field(default_factory=dict)

    def hear(self, outcome: Outcome) -> bool:
        """Takes one outcome, in the order in which they became known; whether the unit stopped or started again by it."""
        before = self.states.get(outcome.unit, RUNNING)
        after = self.states[outcome.unit] = heard(before, outcome, self.target, self.patience)
        return before.stopped != after.stopped

    def hear_all(self, outcomes: Iterable[Outcome]) -> set[UnitCode]:
        """Takes outcomes in the order of their times; the units whose state is another than before."""
        before = self.stopped
        for outcome in sorted(outcomes, key=lambda one: one.at):
            self.hear(outcome)
        return before ^ self.stopped

    @property
    def stopped(self) -> set[UnitCode]:
        return {unit for unit, state in self.states.items() if state.stopped}

    def runs(self, unit: UnitCode) -> bool:
        """Whether the unit's letters may go out without a person, as far as its outcomes say."""
        return not self.states.get(unit, RUNNING).stopped

    def document(self) -> dict[str, Any]:
        """What JSON holds; ``restored`` reads it."""
        return {
            "target": self.target,
            "patience": self.patience,
            "units": {
                unit: {
                    "stopped": state.stopped,
                    "evidence": list(state.evidence),
                    "since": state.since.isoformat() if state.since else None,
                    "right": state.right,
                    "wrong": state.wrong,
                    "stops": state.stops,
                }
                for unit, state in sorted(self.states.items())
            },
        }


def restored(document: Mapping[str, Any]) -> Stops:
    """The stops of ``Stops.document()``. Raises KeyError, TypeError or ValueError on anything else."""
    states = {UnitCode(unit): _state(each) for unit, each in document["units"].items()}
    return Stops(float(document["target"]), float(document["patience"]), states)


def _state(document: Mapping[str, Any]) -> UnitState:
    stopped, since = bool(document["stopped"]), document["since"]
    evidence = tuple(float(value) for value in document["evidence"])
    if len(evidence) != (1 if stopped else len(ALTERNATIVES)):
        raise ValueError("the evidence of a unit has another length")
    moment = datetime.fromisoformat(since) if since else None
    return UnitState(stopped, evidence, moment, int(document["right"]), int(document["wrong"]), int(document["stops"]))
