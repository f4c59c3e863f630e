"""The figures of the statistics page, from the views of migration 0009, each with the reader's condition.

What each figure means, with its formula: docs/metrics.md. A test counts every one of them again in plain Python.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from domain.accounts import Viewer
from domain.ids import ChannelId, UnitCode
from store.engine import Transaction
from store.times import to_us
from store.visibility import Condition, both, visible_matters

_DAY_US = 86_400_000_000
_AHEAD_US = 28_800_000_000
_PLANNING = (
    "SELECT set_config('jit', 'off', true), set_config('work_mem', '32MB', true), set_config('random_page_cost', '2', true)"
)
Key = tuple[int, str, str]
"""Day (since 1970-01-01, Asia/Shanghai), unit or "", channel."""

Grouping = tuple[str, ...]
EACH: Grouping = ("day", "unit", "channel")
DAYS: Grouping = ("day", "channel")
UNITS: Grouping = ("unit",)

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
    "facts AS (SELECT x.day AS day, x.unit AS unit, x.channel AS channel, x.kept AS kept "
    "FROM metric_dispatches x JOIN matters t ON t.id = x.matter WHERE {})"
)
# A day that ``working`` lacks counts as none.
_ASSIGNMENTS = (
    "working AS (SELECT CAST(key AS BIGINT) AS day, CAST(value AS BIGINT) AS days FROM {each}), "
    "facts AS (SELECT x.day AS day, x.unit AS unit, x.channel AS channel, x.returned AS returned, x.owed AS owed, "
    "x.replied AS replied, x.on_time AS on_time, CASE WHEN x.owed = 1 AND x.replied = 0 AND x.due < ? THEN 1 ELSE 0 END AS overdue, "
    "CASE WHEN x.replied = 1 AND done.days > coalesce(begun.days, 0) THEN done.days - coalesce(begun.days, 0) ELSE 0 END "
    "AS answer_days FROM metric_assignments x JOIN matters t ON t.id = x.matter "
    "LEFT JOIN working done ON done.day = x.completed_day LEFT JOIN working begun ON begun.day = x.day WHERE {{}})"
)
_OF_ASSIGNMENTS = ("returned", "owed", "replied", "on_time", "overdue", "answer_days")
_EACH = {True: "json_each(?)", False: "json_each_text(CAST(? AS json))"}


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
    units: tuple[UnitCode, ...] = ()


def figures(
    tx: Transaction,
    viewer: Viewer,
    period: Period,
    now: datetime,
    working_days: Mapping[int, int] | None = None,
    groupings: Sequence[Grouping] = (EACH,),
) -> dict[Key, Figures]:
    """By day, unit and channel. Letters and matters stand under no unit. ``working_days``: for each day the number of working
    days up to it, for the average time to answer; a day that it lacks counts as none.

    ``groupings`` (``DAYS``, ``UNITS``): assignments are summed up by these alone, each row read once for all of them. A key
    then has 0 or "" for what it does not tell; letters and matters are by day and channel always.
    """
    if not tx.sqlite:
        # What is sorted and counted must not go to disk; of a few weeks the rows are found sooner by their indexes.
        tx.fetch(_PLANNING)
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    seen = visible_matters(viewer)
    whole, parts = both(seen, _within(period)), both(seen, _within(period), _own(viewer), _of_units(period))
    for day, channel, letters, copies in _asked(tx, _LETTERS, whole):
        found[day, "", channel].update(letters=letters, copies=copies)
    for day, channel, matters, answered, closed in _asked(tx, _MATTERS, whole):
        found[day, "", channel].update(matters=matters, answered=answered, closed=closed)
    for day, unit, channel, dispatched, kept in _asked(tx, _summed(_DISPATCHES, ("kept",), groupings), parts):
        found[day, unit, channel].update(dispatched=dispatched, kept=kept)
    sql = _summed(_ASSIGNMENTS.format(each=_EACH[tx.sqlite]), _OF_ASSIGNMENTS, groupings)
    for day, unit, channel, sent, *sums in _asked(tx, sql, parts, json.dumps(dict(working_days or {})), to_us(now)):
        found[day, unit, channel].update(dict(zip(_OF_ASSIGNMENTS, sums, strict=True)), sent=sent)
    return {key: Figures(**some) for key, some in found.items()}


def _summed(facts: str, names: Sequence[str], groupings: Sequence[Grouping]) -> str:
    """How many facts there are and the sums of these columns, in each grouping."""
    sums = ", ".join(("count(*)", *(f"sum({name})" for name in names)))
    columns = (("day", "0"), ("unit", "''"), ("channel", "''"))
    parts = (
        f"SELECT {', '.join(name if name in by else none for name, none in columns)}, {sums} FROM facts GROUP BY {', '.join(by)}"
        for by in groupings
    )
    return f"WITH {facts} {' UNION ALL '.join(parts)}"


def total(some: Iterable[Figures]) -> Figures:
    columns = list(zip(*map(_FIELDS, some), strict=True))
    return Figures(*map(sum, columns))


def _asked(tx: Transaction, sql: str, condition: Condition, *before: object) -> list[Sequence[Any]]:
    """Sums come as decimals from PostgreSQL."""
    words, parameters = condition
    rows = tx.fetch(sql.format(words), (*before, *parameters))
    return [[value if isinstance(value, str | int) else int(value) for value in row] for row in rows]


def _within(period: Period) -> Condition:
    """By the moment: of how many rows fall on a day, which is reckoned from it, a database has no idea."""
    span = (_begin(period.first), _begin(period.last + 1))
    if period.channel is not None:
        return "x.at >= ? AND x.at < ? AND x.channel = ?", (*span, period.channel)
    return "x.at >= ? AND x.at < ?", span


def _begin(day: int) -> int:
    """The day's first microsecond in Asia/Shanghai."""
    return day * _DAY_US - _AHEAD_US


def _own(viewer: Viewer) -> Condition:
    """A unit is told of its own parts only."""
    return ("1 = 1", ()) if viewer.units is None else _among(viewer.units)


def _of_units(period: Period) -> Condition:
    return _among(period.units) if period.units else ("1 = 1", ())


def _among(units: Sequence[UnitCode]) -> Condition:
    return (f"x.unit IN ({', '.join('?' * len(units))})", tuple(units)) if units else ("1 = 0", ())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
