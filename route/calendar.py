"""Working days of mainland China with make-up days (调休), and the deadlines counted in them.

Where a day's standing comes from, first answer wins:

1. a day listed in the local calendar file (a local festival, an arrangement newer than this program);
2. ``chinesecalendar`` for the years it knows (the State Council's published arrangements);
3. a year of the local calendar file that is past those: its weekends, as changed by its lists;
4. ``holidays``: the festivals are known, the make-up days are not: **provisional**;
5. weekends alone: **provisional**.

The local calendar file::

    [[year]]
    year = 2027
    source = "国办发明电〔2026〕0号"
    holidays = ["2027-01-01..2027-01-03", "2027-02-05..2027-02-11"]
    workdays = ["2027-02-20"]
"""

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import chinese_calendar
import holidays

from domain.clock import SHANGHAI, require_aware
from domain.decisions import Deadline
from domain.errors import BadSettings

FIRST_PUBLISHED_YEAR = 2004
MAX_WORKING_DAYS = 10_000
LAST_SECOND = time(23, 59, 59, tzinfo=SHANGHAI)
CACHED_DEADLINES = 4096


@dataclass(frozen=True, slots=True)
class LocalYear:
    """One year's table of the local calendar file."""

    year: int
    holidays: frozenset[date]
    workdays: frozenset[date]


@dataclass(frozen=True, slots=True)
class _Year:
    working: tuple[int, ...]
    provisional: bool
    source: str


class WorkingCalendar:
    """Raises BadSettings when the local calendar file is wrong; counting itself never fails for want of knowledge."""

    def __init__(self, local: Path | None = None) -> None:
        self._local = _load_local(local) if local is not None else {}
        self._years: dict[int, _Year] = {}
        self._deadlines: dict[tuple[date, int], Deadline] = {}

    @property
    def known_until(self) -> date:
        """The last day of the last year whose arrangement is known without a gap before it."""
        year = FIRST_PUBLISHED_YEAR
        while not self._year(year + 1).provisional:
            year += 1
        return date(year, 12, 31)

    def is_working_day(self, day: date) -> bool:
        working = self._year(day.year).working
        position = bisect_left(working, day.toordinal())
        return position < len(working) and working[position] == day.toordinal()

    def is_provisional(self, day: date) -> bool:
        """Whether the arrangement of the day's year is not known yet."""
        return self._year(day.year).provisional

    def source(self, day: date) -> str:
        """Where the standing of the day's year comes from: the library and its version, ``local``, or ``weekends``."""
        return self._year(day.year).source

    def deadline(self, start: datetime, working_days: int) -> Deadline:
        """Due at 23:59:59 Asia/Shanghai of the ``working_days``-th working day after the day of ``start``.

        The day of dispatch (in Asia/Shanghai) is not counted. 0 means that day itself, or the next working day when it is
        none. Raises ValueError for a naive start, for working_days outside 0…10,000, and past the year 9999.
        """
        if not 0 <= working_days <= MAX_WORKING_DAYS:
            raise ValueError(f"working days are 0 to {MAX_WORKING_DAYS}, not {working_days}")
        try:
            day = require_aware(start, "the start").astimezone(SHANGHAI).date()
        except OverflowError:
            raise ValueError("the start lies outside the years 1 to 9999") from None
        known = self._deadlines.get((day, working_days))
        if known is None:
            if len(self._deadlines) >= CACHED_DEADLINES:
                self._deadlines.clear()
            known = self._deadlines[(day, working_days)] = self._count(day, working_days)
        return known

    def recount(self, standing: Deadline, start: datetime) -> Deadline:
        """The deadline again with what is known now, never earlier than ``standing``: a promise is not silently shortened."""
        fresh = self.deadline(start, standing.working_days)
        if fresh.due >= standing.due:
            return fresh
        return Deadline(standing.due, standing.working_days, fresh.provisional, fresh.calendar)

    def _count(self, day: date, working_days: int) -> Deadline:
        year = day.year
        sources: dict[str, None] = {}
        provisional = False
        left = working_days or 1
        after = day.toordinal() if working_days else day.toordinal() - 1
        while True:
            known = self._year(year)
            sources[known.source] = None
            provisional = provisional or known.provisional
            first = bisect_right(known.working, after)
            if first + left <= len(known.working):
                last = date.fromordinal(known.working[first + left - 1])
                return Deadline(datetime.combine(last, LAST_SECOND), working_days, provisional, "+".join(sources))
            left -= len(known.working) - first
            year += 1
            if year > date.max.year:
                raise ValueError("the deadline lies past the year 9999")

    def _year(self, year: int) -> _Year:
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._read(year)
        return known

    def _read(self, year: int) -> _Year:
        local = self._local.get(year)
        published = _published(year)
        if published is not None:
            days, source, provisional = published, _name("chinesecalendar"), False
        elif local is not None:
            days, source, provisional = _weekdays(year), "local", False
        else:
            days, source, provisional = _festivals(year)
        if local is not None:
            days = (days - local.holidays) | local.workdays
            source = source if source == "local" else f"local+{source}"
        return _Year(tuple(sorted(day.toordinal() for day in days)), provisional, source)


def _days_of(year: int) -> Iterator[date]:
    first = date(year, 1, 1).toordinal()
    return map(date.fromordinal, range(first, date(year, 12, 31).toordinal() + 1))


def _weekdays(year: int) -> set[date]:
    return {day for day in _days_of(year) if day.weekday() < 5}


def _published(year: int) -> set[date] | None:
    try:
        return {day for day in _days_of(year) if chinese_calendar.is_workday(day)}
    except NotImplementedError:
        return None


def _festivals(year: int) -> tuple[set[date], str, bool]:
    try:
        china = holidays.country_holidays("CN", years=year)
        festivals = {day for day in china if day.year == year}
        extra = {day for day in china.weekend_workdays if day.year == year}
    except Exception:
        # Whatever a library does with a year it never thought of, a deadline must come out.
        festivals, extra = set(), set()
    if not festivals:
        return _weekdays(year), "weekends", True
    return (_weekdays(year) - festivals) | extra, _name("holidays"), True


def _name(library: str) -> str:
    return f"{library}-{version(library)}"


def _load_local(path: Path) -> Mapping[int, LocalYear]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadSettings([f"{path}: cannot be read ({error.strerror}) → name an existing file"]) from None
    except UnicodeDecodeError:
        raise BadSettings([f"{path}: is not in UTF-8 → save it as UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([f"{path}: is not TOML in UTF-8 ({error}) → mend that line"]) from None
    problems = [f"{path}: unknown key {key!r} → only [[year]] may stand here" for key in document.keys() - {"year"}]
    years: dict[int, LocalYear] = {}
    for table in document.get("year", []):
        try:
            read = _local_year(table)
            if read.year in years:
                raise ValueError(f"year {read.year} is given twice → join the two tables")
            years[read.year] = read
        except ValueError as error:
            problems.append(f"{path}: {error}")
    if problems:
        raise BadSettings(problems)
    return years


def _local_year(table: Any) -> LocalYear:
    year = table.get("year") if isinstance(table, dict) else None
    if not isinstance(year, int) or not 1 <= year <= 9999:
        raise ValueError("a [[year]] has no year → write year = 2027")
    for key in table.keys() - {"year", "source", "holidays", "workdays"}:
        raise ValueError(f"year {year}: unknown key {key!r} → year, source, holidays or workdays")
    free, busy = (frozenset(_listed(table.get(key, []), year, key)) for key in ("holidays", "workdays"))
    for day in sorted(free & busy):
        raise ValueError(f"year {year}: {day} is a holiday and a working day → decide for one")
    return LocalYear(year, free, busy)


def _listed(entries: Any, year: int, key: str) -> Iterator[date]:
    if not isinstance(entries, list):
        raise ValueError(f'year {year}: {key} is not a list → write {key} = ["{year}-01-01"]')
    for entry in entries:
        first, _, last = str(entry).partition("..")
        try:
            start, end = date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
        except ValueError:
            raise ValueError(f"year {year}: {key} has {str(entry)!r}, which is no day → write {year}-01-01 or a..b") from None
        if start.year != year or end.year != year or end < start:
            raise ValueError(f"year {year}: {key} has {str(entry)!r}, which is not inside this year → put it into its own year")
        yield from (start + timedelta(days=n) for n in range((end - start).days + 1))
