"""Automation that keeps its word: what the model may do without a person follows from what became of its suggestions.

One process at a time (a lease) looks now and then at the letters answered lately: how sure the model must be for the city's
target precision (``classify.rolling``), and which units it goes wrong about (``classify.stops``). Every change is appended to the
store with its reason and audited; workers read what stands with each batch. When a unit stops or starts again the office is told.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.outcomes import judged_since
from app.transactions import audit_entry, reading, writing
from app.wiring import System
from classify import rolling, stops
from domain.ids import UnitCode
from domain.outcomes import Judged, Source
from domain.records import AuditEntry
from domain.standings import ALL, Standing, Standings
from route.wire_automatic import AutomaticNews, automatic
from store.audit import SqlAudit
from store.channels import SqlChannels
from store.engine import Transaction
from store.outbox import add_apart
from store.standings import SqlStandings

LOOK_SECONDS = 600.0
LEASE = "standings"
LEASE_TIME = timedelta(seconds=2 * LOOK_SECONDS)
WINDOW = timedelta(days=180)
MOST = 20_000
"""Of the letters in the window the newest so many are looked at: more say nothing more about now."""
STEP = 0.01
"""A threshold that differs by less is the same."""
ACTOR = "fenban"
_SOURCES = {
    Source.CHOSEN: stops.Source.CORRECTION,
    Source.RETURNED: stops.Source.RETURN,
    Source.COMPLETED: stops.Source.ANSWER,
    Source.REFERRED: stops.Source.ANSWER,
}

log = structlog.get_logger("fenban")


@dataclass(frozen=True, slots=True)
class Led:
    """The sure suggestions that an upturn or a downturn is seen in: how many, how many wrong, and when the first became known."""

    letters: int = 0
    wrong: int = 0
    since: datetime | None = None

    def heard(self, right: bool, at: datetime) -> "Led":
        return Led(self.letters + 1, self.wrong + (not right), self.since or at)


@dataclass(frozen=True, slots=True)
class Change:
    """``led``: what made the unit stop or start again; of what only moved a threshold, None."""

    standing: Standing
    led: Led | None = None


class Keeper:
    """``owner`` is this process's slot name. ``look`` is called now and then; nothing is kept between two looks."""

    def __init__(self, system: System, owner: str) -> None:
        self._system = system
        self._owner = owner

    def look(self) -> int:
        """Once: how many changes were made; 0 too where another process looks. Raises RetryLater."""
        system = self._system
        now = system.clock.now()
        if system.model is None and not system.classifier.version:
            return 0
        if not writing(system.store, system.clock, lambda tx, at: self._mine(tx, at)):
            return 0
        judged = list(judged_since(system, now - WINDOW, limit=MOST))
        stand = reading(system.store, lambda tx: SqlStandings(tx).now())
        target = system.settings.decide.target_precision
        changes = changed(judged, stand, target=target, own=system.threshold, now=now)
        if changes:
            changes = writing(system.store, system.clock, lambda tx, at: self._write(tx, changes, at))
        for one in [change.standing for change in changes]:
            log.info("standing", unit=one.unit or "all", stopped=one.stopped, threshold=one.threshold, what=one.reason)
        return len(changes)

    def _mine(self, tx: Transaction, at: datetime) -> bool:
        return SqlChannels(tx).acquire(LEASE, self._owner, at, at + LEASE_TIME) is not None

    def _write(self, tx: Transaction, changes: Sequence[Change], at: datetime) -> list[Change]:
        """What still is a change, and the office told of it: another process may have looked since the lease was given."""
        if not self._mine(tx, at):
            return []
        stand, settings = SqlStandings(tx).now(), self._system.settings
        changes = [one for one in changes if _differs(one.standing, stand)]
        numbers = SqlStandings(tx).add([one.standing for one in changes])
        SqlAudit(tx).append([_audited(one.standing) for one in changes])
        told = [
            automatic(
                _news(one.standing, one.led, settings.decide.target_precision), sequence=number, city=settings.city.id, now=at
            )
            for number, one in zip(numbers, changes, strict=True)
            if one.led is not None and one.standing.stopped != _stopped(one.standing.unit, stand)
        ]
        add_apart(tx, told)
        return changes


def changed(judged: Sequence[Judged], stand: Standings, *, target: float, own: float | None, now: datetime) -> list[Change]:
    """What differs from what stands, now that these letters' outcomes are known. ``own``: the model's own threshold."""
    known = [one for one in judged if one.right is not None and one.known_at is not None]
    tests, led = _heard_all(known, stand, target)
    chosen = rolling.rolling(
        [rolling.Judged(one.unit, one.confidence, bool(one.right), one.known_at) for one in known if one.known_at is not None],
        target,
        own,
        tests.stopped,
    )
    running = [one for one in known if one.unit not in tests.stopped]
    wanted = [_of_all(running, chosen, target, now)]
    for unit in sorted({*tests.states, *chosen.shifts, *stand.of} - {ALL}):
        sure = [one for one in known if one.unit == unit and one.sure]
        reason = f"{sum(not one.right for one in sure)} of {len(sure)} sure suggestions were wrong"
        wanted.append(Standing(now, unit, not tests.runs(unit), _own_threshold(chosen, unit), reason))
    led[ALL] = _led(one for one in _lately(running) if one.sure)
    return [
        Change(one, led.get(one.unit, Led()) if one.stopped != _stopped(one.unit, stand) else None)
        for one in wanted
        if _differs(one, stand)
    ]


def _of_all(running: Sequence[Judged], chosen: rolling.Rolling, target: float, now: datetime) -> Standing:
    lately = min(len(running), rolling.LATELY)
    if lately < rolling.LEAST_JUDGED:
        return Standing(now, ALL, reason=f"the model's own threshold: {lately} letters are judged")
    if chosen.least is None:
        return Standing(
            now, ALL, stopped=True, reason=f"no threshold keeps {target:.0%} among the last {lately} letters answered"
        )
    return Standing(now, ALL, threshold=chosen.least, reason=f"keeps {target:.0%} among the last {lately} letters answered")


def _own_threshold(chosen: rolling.Rolling, unit: UnitCode) -> float | None:
    """The probability that the unit's shift raises or lowers to the least of all; None where it hardly moves it."""
    shift = chosen.shifts.get(unit, 0.0)
    if chosen.least is None:
        return None
    moved = rolling.Rolling(chosen.least, {unit: -shift}).confidence(unit, chosen.least)
    return moved if abs(moved - chosen.least) >= STEP else None


def _heard_all(known: Sequence[Judged], stand: Standings, target: float) -> tuple[stops.Stops, dict[UnitCode, Led]]:
    """The units' tests over the window, and what led to the last turn of each. A unit that stands stopped by what the window no
    longer shows begins stopped, and what became known since speaks for or against it."""
    outcomes: dict[UnitCode, list[stops.Outcome]] = defaultdict(list)
    for one in sorted(map(_heard, (one for one in known if one.sure)), key=lambda one: one.at):
        outcomes[one.unit].append(one)
    tests, led = stops.Stops(target), {}
    for unit in {*outcomes, *stand.stopped}:
        tests.states[unit], led[unit] = _walked(outcomes[unit], stops.RUNNING, target)
        before = stand.of.get(unit)
        if before is not None and before.stopped and tests.states[unit].since is None:
            since = before.since or before.at
            begin = stops.UnitState(stopped=True, evidence=(1.0,), since=since, stops=1)
            tests.states[unit], led[unit] = _walked([one for one in outcomes[unit] if one.at > since], begin, target)
    return tests, led


def _walked(outcomes: Iterable[stops.Outcome], state: stops.UnitState, target: float) -> tuple[stops.UnitState, Led]:
    """The state after these, and the outcomes from where the test last had nothing against what was until it turned."""
    led, run = Led(), Led()
    for one in outcomes:
        run = (Led() if max(state.evidence) <= 1 else run).heard(one.right, one.at)
        after = stops.heard(state, one, target)
        if after.stopped != state.stopped:
            led = run
        state = after
    return state, led


def _led(judged: Iterable[Judged]) -> Led:
    led = Led()
    for one in judged:
        if one.known_at is not None:
            led = led.heard(bool(one.right), one.known_at)
    return led


def _lately(running: Sequence[Judged]) -> list[Judged]:
    return sorted((one for one in running if one.known_at is not None), key=lambda one: one.known_at or one.decided_at)[
        -rolling.LATELY :
    ]


def _heard(one: Judged) -> stops.Outcome:
    if one.known_at is None or one.source is None:
        raise ValueError("nothing is known of it")
    source = stops.Source.SAMPLE if one.drawn else _SOURCES[one.source]
    return stops.Outcome(one.unit, bool(one.right), one.known_at, source)


def _differs(wanted: Standing, stand: Standings) -> bool:
    before = stand.of.get(wanted.unit)
    if before is None:
        return wanted.stopped or wanted.threshold is not None
    if before.stopped != wanted.stopped or (before.threshold is None) != (wanted.threshold is None):
        return True
    return wanted.threshold is not None and abs(wanted.threshold - (before.threshold or 0.0)) >= STEP


def _stopped(unit: UnitCode, stand: Standings) -> bool:
    before = stand.of.get(unit)
    return before is not None and before.stopped


def _news(one: Standing, led: Led, target: float) -> AutomaticNews:
    return AutomaticNews(one.unit, one.stopped, led.letters, led.wrong, target, led.since)


def _audited(one: Standing) -> AuditEntry:
    action = "model.stop" if one.stopped else "model.run"
    threshold = "" if one.threshold is None else f"{one.threshold:.4f}"
    return audit_entry(one.at, ACTOR, action, f"unit:{one.unit or 'all'}", threshold=threshold, reason=one.reason)
