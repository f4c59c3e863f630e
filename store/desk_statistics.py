"""The figures of the statistics page, from the views of migration 0006, each with the reader's condition.

What each figure means, with its formula: docs/metrics.md. A test counts every one of them again in plain Python.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from domain.accounts import Viewer
from domain.ids import ChannelId, UnitCode
from store.engine import Transaction
from store.times import to_us
from store.visibility import Condition, both, visible_matters

_PLANNING = "SELECT set_config('jit', 'off', true), set_config('work_mem', '32MB', true)"
Key = tuple[int, str, str]
"""Day (since 1970-01-01, Asia/Shanghai), unit or "", channel."""

_LETTERS = (
    "SELECT x.day, x.channel, count(*), sum(CASE WHEN x.state = 'joined' THEN 1 ELSE 0 END) "
    "FROM metric_messages x JOIN matters t ON t.id = x.matter WHERE {} GROUP BY x.day, x.channel"
)
_MATTERS = (
    "SELECT x.day, x.channel, count(*), sum(CASE WHEN x.state <> 'open' THEN 1 ELSE 0 END), "
    "sum(CASE WHEN x.state = 'closed' THEN 1 ELSE 0 END) "
    "FROM metric_matters x JOIN matters t ON t.id = x.matter WHERE {} GROUP BY x.day, x.channel"
)
_DISPATCHES = (
    "SELECT x.day, x.unit, x.channel, count(*), sum(x.kept) "
    "FROM metric_dispatches x JOIN matters t ON t.id = x.matter WHERE {} GROUP BY x.day, x.unit, x.channel"
)
_ASSIGNMENTS = (
    "SELECT x.day, x.unit, x.channel, count(*), sum(x.returned), sum(x.owed), sum(x.replied), sum(x.on_time), "
    "sum(CASE WHEN x.owed = 1 AND x.replied = 0 AND x.due < ? THEN 1 ELSE 0 END) "
    "FROM metric_assignments x JOIN matters t ON t.id = x.matter WHERE {} GROUP BY x.day, x.unit, x.channel"
)
_ANSWERED = (
    "SELECT x.day, x.unit, x.channel, x.completed_day, count(*) "
    "FROM metric_assignments x JOIN matters t ON t.id = x.matter WHERE x.replied = 1 AND {} "
    "GROUP BY x.day, x.unit, x.channel, x.completed_day"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts that may be added up; rates are made of them (None where nothing is there to be a share of)."""

    letters: int = 0
    copies: int = 0
    matters: int = 0
    answered: int = 0
    closed: int = 0
    dispatched: int = 0
    kept: int = 0
    sent: int = 0
    returned: int = 0
    owed: int = 0
    replied: int = 0
    on_time: int = 0
    overdue: int = 0
    answer_days: int = 0
    """Working days of all replies together."""

    @property
    def first_dispatch_accuracy(self) -> float | None:
        return _share(self.kept, self.dispatched)

    @property
    def return_rate(self) -> float | None:
        return _share(self.returned, self.sent)

    @property
    def reply_rate(self) -> float | None:
        return _share(self.replied, self.owed)

    @property
    def on_time_rate(self) -> float | None:
        return _share(self.on_time, self.replied + self.overdue)

    @property
    def average_days(self) -> float | None:
        return _share(self.answer_days, self.replied)


_FIELDS: Callable[[Figures], tuple[int, ...]] = attrgetter(*Figures.__slots__)


@dataclass(frozen=True, slots=True)
class Period:
    """Days since 1970-01-01 in Asia/Shanghai, both included. ``channel``, ``units``: only these."""

    first: int
    last: int
    channel: ChannelId | None = None
    units: Sequence[UnitCode] = field(default=())


def figures(
    tx: Transaction, viewer: Viewer, period: Period, now: datetime, working_days: Mapping[int, int] | None = None
) -> dict[Key, Figures]:
    """By day, unit and channel. Letters and matters stand under no unit. ``working_days``: for each day the number of working
    days up to it, for the average time to answer; a day that it lacks counts as none."""
    if not tx.sqlite:
        # How many rows a span of days holds is not foreseen: what is sorted and counted by day must not go to disk.
        tx.fetch(_PLANNING)
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    seen = visible_matters(viewer)
    whole, parts = both(seen, _within(period)), both(seen, _within(period), _own(viewer), _of_units(period))
    for day, channel, letters, copies in _asked(tx, _LETTERS, whole):
        found[day, "", channel].update(letters=letters, copies=copies)
    for day, channel, matters, answered, closed in _asked(tx, _MATTERS, whole):
        found[day, "", channel].update(matters=matters, answered=answered, closed=closed)
    for day, unit, channel, dispatched, kept in _asked(tx, _DISPATCHES, parts):
        found[day, unit, channel].update(dispatched=dispatched, kept=kept)
    for day, unit, channel, sent, returned, owed, replied, on_time, overdue in _asked(tx, _ASSIGNMENTS, parts, to_us(now)):
        given = {"sent": sent, "returned": returned, "owed": owed, "replied": replied, "on_time": on_time, "overdue": overdue}
        found[day, unit, channel].update(given)
    until = working_days or {}
    for day, unit, channel, completed, count in _asked(tx, _ANSWERED, parts):
        found[day, unit, channel]["answer_days"] += count * max(0, until.get(completed, 0) - until.get(day, 0))
    return {key: Figures(**some) for key, some in found.items()}


def total(some: Iterable[Figures]) -> Figures:
    columns = list(zip(*map(_FIELDS, some), strict=True))
    return Figures(*map(sum, columns))


def _asked(tx: Transaction, sql: str, condition: Condition, *before: object) -> list[Sequence[Any]]:
    """Sums come as decimals from PostgreSQL."""
    words, parameters = condition
    rows = tx.fetch(sql.format(words), (*before, *parameters))
    return [[value if isinstance(value, str | int) else int(value) for value in row] for row in rows]


def _within(period: Period) -> Condition:
    if period.channel is not None:
        return "x.day BETWEEN ? AND ? AND x.channel = ?", (period.first, period.last, period.channel)
    return "x.day BETWEEN ? AND ?", (period.first, period.last)


def _own(viewer: Viewer) -> Condition:
    """A unit is told of its own parts only."""
    return ("1 = 1", ()) if viewer.units is None else _among(viewer.units)


def _of_units(period: Period) -> Condition:
    return _among(period.units) if period.units else ("1 = 1", ())


def _among(units: Sequence[UnitCode]) -> Condition:
    return (f"x.unit IN ({', '.join('?' * len(units))})", tuple(units)) if units else ("1 = 0", ())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
