"""Telling operators by web hook and mail where there is no Prometheus: each condition once when it begins, once when it is over.

At least once: where one way took a notice and another did not, a restart in between may say it again on the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.alerts import ALERTS, Alert
from app.metrics import Samples, samples
from app.notice_ways import Notice, Way, ways
from app.retry import transact
from app.wiring import System
from domain.clock import SHANGHAI
from domain.errors import FenbanError, RetryLater
from store.channels import SqlChannels
from store.notices import Ongoing, SqlNotices

LOOK_SECONDS = 30.0
LEASE = "notices"
LEASE_TIME = timedelta(seconds=3 * LOOK_SECONDS)
FIRST_WAIT, LONGEST_WAIT = 30.0, 1800.0
DOWN = "FenbanDown"
BY_NAME = {alert.name: alert for alert in ALERTS}

Place = tuple[str, str]
log = structlog.get_logger("fenban")


@dataclass(slots=True)
class Patience:
    """A way that took nothing is left alone until ``until`` (monotonic), longer each time."""

    wait: float = FIRST_WAIT
    until: float = 0.0


class Notices:
    """``owner`` is this process's slot name: of several processes on one store, the one with the lease tells."""

    def __init__(self, system: System, owner: str, by: Sequence[Way] | None = None) -> None:
        self._system = system
        self._owner = owner
        self._ways = list(ways(system) if by is None else by)
        self._since: dict[Place, float] = {}
        self._taken: dict[tuple[Place, bool], set[str]] = {}
        self._patience = {way.name: Patience() for way in self._ways}
        self._down: Ongoing | None = None

    def look(self) -> int:
        """Once: what began, what is over, what is to be said; how many notices every way took."""
        now, moment = self._system.clock.now(), self._system.clock.monotonic()
        try:
            found = self._samples()
            holds = self._lasting(found, now, moment)
            told = transact(self._system.clock, lambda: self._keep(holds, now))
        except FenbanError:
            return self._store_is_away(now, moment)
        if told is None:
            return 0
        return sum(1 for one in told if self._say(one)) + self._store_is_back(now)

    def _samples(self) -> Samples:
        watched = self._system.operations
        return samples(watched.status(), watched.ledger(), watched.live())

    def _lasting(self, found: Samples, now: datetime, moment: float) -> Mapping[Place, bool]:
        """What holds now → whether it has for as long as it must."""
        holding = {(alert.name, " ".join(labels)): alert for alert in ALERTS for labels in alert.check(found, now.timestamp())}
        self._since = {place: self._since.get(place, moment) for place in holding}
        return {place: moment - self._since[place] >= alert.seconds for place, alert in holding.items()}

    def _keep(self, holds: Mapping[Place, bool], now: datetime) -> list[Ongoing] | None:
        """Writes down what began and ended; what is to be said, None where another process tells."""
        with self._system.store.transaction(write=True) as tx:
            if SqlChannels(tx).acquire(LEASE, self._owner, now, now + LEASE_TIME) is None:
                return None
            rows = SqlNotices(tx)
            known = {(one.alert, one.what): one for one in rows.all()}
            for place, lasts in holds.items():
                if (lasts and place not in known) or (place in known and known[place].ended_at is not None):
                    rows.begin(*place, now)
            for place, one in known.items():
                if place not in holds and not one.told:
                    rows.forget(*place)
                elif place not in holds and one.ended_at is None:
                    rows.end(*place, now)
            due = [one for one in rows.all() if one.alert in BY_NAME and (not one.told or one.ended_at is not None)]
            tx.commit()
        return due

    def _say(self, one: Ongoing) -> bool:
        """To every way that has not taken it; True once all have."""
        place, over = (one.alert, one.what), one.ended_at is not None
        taken = self._taken.setdefault((place, over), set())
        for way in self._ways:
            if way.name not in taken and self._took(way, notice_of(self._system, one)):
                taken.add(way.name)
        if len(taken) < len(self._ways):
            return False
        del self._taken[(place, over)]
        if one.alert != DOWN:
            self._note(place, over=over)
        return True

    def _took(self, way: Way, notice: Notice) -> bool:
        moment, patience = self._system.clock.monotonic(), self._patience[way.name]
        if moment < patience.until:
            return False
        try:
            way.send(notice)
        except FenbanError as error:
            patience.until = moment + patience.wait
            log.warning("notice", way=way.name, what=str(error), seconds=round(patience.wait))
            patience.wait = min(patience.wait * 2, LONGEST_WAIT)
            return False
        patience.wait = FIRST_WAIT
        return True

    def _note(self, place: Place, *, over: bool) -> None:
        def step() -> None:
            with self._system.store.transaction(write=True) as tx:
                if over:
                    SqlNotices(tx).forget(*place)
                else:
                    SqlNotices(tx).told(*place)
                tx.commit()

        transact(self._system.clock, step)

    def _store_is_away(self, now: datetime, moment: float) -> int:
        """Where it cannot be read nothing can be written down either: this is remembered here."""
        begun = self._since.setdefault((DOWN, ""), moment)
        if self._down is None and moment - begun >= BY_NAME[DOWN].seconds:
            self._down = Ongoing(DOWN, "", now)
        if self._down is None or self._down.told or not self._say(self._down):
            return 0
        self._down = Ongoing(DOWN, "", self._down.began_at, told=True)
        return 1

    def _store_is_back(self, now: datetime) -> int:
        down = self._down
        if down is None:
            return 0
        said = down.told and self._say(Ongoing(DOWN, "", down.began_at, now, told=True))
        if said or not down.told:
            self._down = None
        return int(said)


def ongoing(system: System) -> list[Ongoing]:
    """What goes on now, as far as it was written down."""
    with system.store.transaction(write=False) as tx:
        return [one for one in SqlNotices(tx).all() if one.ended_at is None]


def notice_of(system: System, one: Ongoing) -> Notice:
    """Without anything of a letter or a person."""
    alert: Alert = BY_NAME[one.alert]
    unit = system.directory.units.get(one.what) if alert.label == "unit" else None  # type: ignore[call-overload]
    named = unit.name if unit is not None else one.what
    return Notice(
        city=system.settings.city.name,
        alert=alert.name,
        what=one.what,
        severity=alert.severity,
        over=one.ended_at is not None,
        chinese=alert.chinese.replace("{}", named),
        english=alert.english.replace("{}", one.what),
        began_at=one.began_at.astimezone(SHANGHAI),
        runbook=f"docs/operators.md#{alert.anchor}",
    )


def send_test(system: System) -> list[tuple[str, str]]:
    """One to each way; (way, what went wrong or "") of each. Raises BadSettings when a reference leads nowhere."""
    now = system.clock.now().astimezone(SHANGHAI)
    notice = Notice(system.settings.city.name, "FenbanTest", "", "warning", False, "这是一条测试通知", "this is a test", now, "")
    answers: list[tuple[str, str]] = []
    for way in ways(system):
        try:
            way.send(notice)
        except RetryLater as error:
            answers.append((way.name, str(error)))
        else:
            answers.append((way.name, ""))
    return answers
