"""Automation that keeps its word: what the model may do without a person follows from what became of its suggestions.

One process at a time (a lease) looks now and then at the letters answered lately: how sure the model must be for the city's
target precision (``classify.rolling``), and which units it goes wrong about (``classify.stops``). Every change is appended to the
store with its reason and audited; workers read what stands with each batch.
"""

from collections.abc import Sequence
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
from store.audit import SqlAudit
from store.channels import SqlChannels
from store.engine import Transaction
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
        if (
            writing(system.store, system.clock, lambda tx, at: SqlChannels(tx).acquire(LEASE, self._owner, at, at + LEASE_TIME))
            is None
        ):
            return 0
        judged = list(judged_since(system, now - WINDOW, limit=MOST))
        stand = reading(system.store, lambda tx: SqlStandings(tx).now())
        changes = changed(judged, stand, target=system.settings.decide.target_precision, own=system.threshold, now=now)
        if changes:
            writing(system.store, system.clock, lambda tx, _: _write(tx, changes))
        for one in changes:
            log.info("standing", unit=one.unit or "all", stopped=one.stopped, threshold=one.threshold, what=one.reason)
        return len(changes)


def changed(judged: Sequence[Judged], stand: Standings, *, target: float, own: float | None, now: datetime) -> list[Standing]:
    """What differs from what stands, now that these letters' outcomes are known. ``own``: the model's own threshold."""
    known = [one for one in judged if one.right is not None and one.known_at is not None]
    tests = _heard_all(known, stand, target, now)
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
    return [one for one in wanted if _differs(one, stand)]


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


def _heard_all(known: Sequence[Judged], stand: Standings, target: float, now: datetime) -> stops.Stops:
    """The units' tests over the window. What stopped a unit before it is no longer in it: that unit begins stopped."""
    tests = stops.Stops(target)
    for unit, one in stand.of.items():
        if one.stopped and unit != ALL and now - one.at > WINDOW:
            tests.states[unit] = stops.UnitState(stopped=True, evidence=(1.0,), since=one.at)
    tests.hear_all(_heard(one) for one in known if one.sure)
    return tests


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


def _write(tx: Transaction, changes: Sequence[Standing]) -> None:
    SqlStandings(tx).add(changes)
    SqlAudit(tx).append([_audited(one) for one in changes])


def _audited(one: Standing) -> AuditEntry:
    action = "model.stop" if one.stopped else "model.run"
    threshold = "" if one.threshold is None else f"{one.threshold:.4f}"
    return audit_entry(one.at, ACTOR, action, f"unit:{one.unit or 'all'}", threshold=threshold, reason=one.reason)
