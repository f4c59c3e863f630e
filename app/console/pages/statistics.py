"""统计: counts and rates by period, unit and channel, with charts, for people and programs. Formulas: docs/metrics.md."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from app.console.endpoints import Endpoint
from app.console.sheets import sheet
from app.console.texts import said
from app.console.visit import Visit
from app.reports import unit_names
from app.statistics import date_of, number_of
from domain.accounts import Role
from domain.clock import SHANGHAI
from domain.errors import Refused
from domain.ids import ChannelId, UnitCode
from store.desk_register import known_channels
from store.desk_statistics import Figures, Key, Period, total

READS_FIGURES = frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.ANALYST, Role.HANDLER})
FIELDS = ("since", "until", "by", "channel", "unit")
BY = ("day", "week", "month")
TABLES = ("units", "periods", "channels")
DEFAULT_DAYS = 30
MOST_DAYS = 3660
COUNTS = (
    "letters",
    "copies",
    "matters",
    "answered",
    "closed",
    "dispatched",
    "kept",
    "sent",
    "returned",
    "owed",
    "replied",
    "on_time",
    "overdue",
)
RATES = ("first_dispatch_accuracy", "return_rate", "reply_rate", "on_time_rate")
BETTER_LOW = frozenset({"return_rate", "average_days"})
RANKED = ("on_time_rate", "return_rate", "average_days")
OF_UNITS = ("sent", "returned", "replied", "on_time", "overdue", *RATES, "average_days")
OF_PERIODS = ("letters", "matters", "dispatched", "replied", "overdue", *RATES, "average_days")
_TEXT = {"type": "string", "maxLength": 100}
QUERY: dict[str, Any] = {"type": "object", "properties": dict.fromkeys(FIELDS, _TEXT) | {"table": _TEXT}}

Document = dict[str, Any]


def statistics(visit: Visit) -> Document:
    """The figures of a period: in all, by period, by unit with its ranks, by channel. Only of what the reader may see."""
    by = visit.query("by") or "day"
    if by not in BY:
        raise Refused("figures are by day, week or month", remedy="choose one of the list")
    period = _period(visit)
    found = visit.system.statistics.figures(visit.viewer, period)
    names = unit_names(visit.system)
    by_unit = {unit: some for (_, unit, _), some in found.items() if unit}
    by_day = {key: some for key, some in found.items() if not key[1]}
    units = [{"unit": unit, "name": names.get(unit, unit), **_told(by_unit[unit])} for unit in sorted(by_unit)]
    return {
        "since": date_of(period.first).isoformat(),
        "until": date_of(period.last).isoformat(),
        "by": by,
        "total": _told(total(by_day.values())),
        "periods": [{"period": name, **_told(some)} for name, some in _grouped(by_day, lambda key: _bucket(key[0], by))],
        "units": _ranked(units) if visit.viewer.units is None else units,
        "channels": [{"channel": channel, **_told(some)} for channel, some in _grouped(by_day, lambda key: key[2])],
        "satisfaction": None,
    }


def statistics_page(visit: Visit) -> Response:
    document = statistics(visit)
    given = {name: visit.query(name).strip() for name in FIELDS}
    with visit.system.store.transaction(write=False) as tx:
        channels = known_channels(tx)
    return visit.page(
        "statistics.html",
        **document,
        given={**given, "since": document["since"], "until": document["until"]},
        query=urlencode({name: value for name, value in given.items() if value}),
        known_channels=channels,
        known_units=sorted(unit_names(visit.system).items()) if visit.viewer.units is None else [],
        choices=BY,
        of_units=OF_UNITS,
        of_periods=OF_PERIODS,
        rates=RATES,
        own=visit.viewer.units is not None,
    )


def statistics_json(visit: Visit) -> Response:
    return visit.json(statistics(visit))


def export(visit: Visit) -> Response:
    """One of the tables, audited."""
    table = visit.query("table") or "units"
    if table not in TABLES:
        raise Refused("there is no such table", remedy="choose one of the list")
    document = statistics(visit)
    rows = document[table]
    visit.office.note(
        "statistics.export", "statistics", table=table, rows=len(rows), since=document["since"], until=document["until"]
    )
    first = {"units": "name", "periods": "period", "channels": "channel"}[table]
    names = OF_UNITS if table == "units" else OF_PERIODS
    columns = [(said(f"statistics.{first}"), 24), *((said(f"statistics.{name}"), 14) for name in names)]
    title = said("nav.statistics")
    cells = ([row[first], *(_cell(row[name], name) for name in names)] for row in rows)
    return sheet(f"{title}-{document['since']}-{document['until']}.xlsx", title, columns, cells)


def _told(some: Figures) -> Document:
    rates = {name: getattr(some, name) for name in (*RATES, "average_days")}
    rounded = {name: round(value, 4) if value is not None else None for name, value in rates.items()}
    return {name: getattr(some, name) for name in COUNTS} | rounded


def _cell(value: float | None, name: str) -> str | float:
    if value is None:
        return ""
    return f"{value:.1%}" if name in RATES else round(value, 1)


def _grouped(found: dict[Key, Figures], name: Callable[[Key], str]) -> list[tuple[str, Figures]]:
    groups: dict[str, list[Figures]] = defaultdict(list)
    for key, some in found.items():
        groups[name(key)].append(some)
    return [(key, total(groups[key])) for key in sorted(groups)]


def _ranked(units: list[Document]) -> list[Document]:
    """With each unit's place by each rate: equal ones share it. One without the rate has none."""
    for name in RANKED:
        values = [unit[name] for unit in units if unit[name] is not None]
        for unit in units:
            own = unit[name]
            unit[f"{name}_rank"] = None if own is None else 1 + sum(_better(value, own, name) for value in values)
    return sorted(units, key=lambda unit: (unit["on_time_rate_rank"] or len(units) + 1, -unit["sent"], unit["unit"]))


def _better(value: float, own: float, name: str) -> bool:
    return value < own if name in BETTER_LOW else value > own


def _bucket(day: int, by: str) -> str:
    """The day, the Monday of its week, or its month."""
    when = date_of(day)
    if by == "week":
        return (when - timedelta(days=when.weekday())).isoformat()
    return when.isoformat()[:7] if by == "month" else when.isoformat()


def _period(visit: Visit) -> Period:
    """The last thirty days where none is given. Raises Refused."""
    today = visit.system.clock.now().astimezone(SHANGHAI).date()
    last = _given_day(visit.query("until")) or today
    first = _given_day(visit.query("since")) or last - timedelta(days=min(DEFAULT_DAYS, last.toordinal() - 1))
    if first > last:
        raise Refused("the period ends before it begins", remedy="change one of the two days")
    if (last - first).days > MOST_DAYS:
        raise Refused("the period is longer than ten years", remedy="choose a shorter one")
    channel = visit.query("channel").strip().replace("\0", "")
    unit = visit.query("unit").strip()
    return Period(
        number_of(first), number_of(last), ChannelId(channel) if channel else None, (_unit(visit, unit),) if unit else ()
    )


def _unit(visit: Visit, text: str) -> UnitCode:
    code = visit.system.directory.resolve(text)
    if code is None:
        raise Refused(f"there is no unit {text!r} in the directory", remedy="choose one of the list")
    return code


def _given_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Refused(f"{text[:20]!r} is no date", remedy="write it as 2026-11-25") from None


ENDPOINTS = (
    Endpoint("GET", "/statistics", statistics_page, READS_FIGURES, query=QUERY),
    Endpoint("GET", "/api/statistics", statistics_json, READS_FIGURES, json=True, query=QUERY),
    Endpoint("GET", "/statistics/export.xlsx", export, READS_FIGURES, query=QUERY),
)
