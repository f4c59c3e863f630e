"""The figures of the statistics page, read sparingly: many open the same page in the morning, and its charts ask again."""

import threading
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

from app.sparing import Sparing
from app.wiring import System
from domain.accounts import Viewer
from domain.clock import SHANGHAI
from route.calendar import WorkingCalendar
from store.desk_statistics import DAYS, UNITS, Figures, Key, Period, figures

BELIEVED_SECONDS = 60.0
MOST_KEPT = 32
EPOCH = date(1970, 1, 1)


class Statistics:
    """One for a process, safe to share between threads."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._lock = threading.Lock()
        self._kept: dict[tuple[Viewer, Period], Sparing[Mapping[Key, Figures]]] = {}

    def figures(self, viewer: Viewer, period: Period) -> Mapping[Key, Figures]:
        """By day and channel, and by unit (``store.desk_statistics.figures``), at most a minute old.

        What one reader was counted is told to those only who may see exactly the same: the viewer is part of the question.
        """
        asked = (viewer, period)
        with self._lock:
            kept = self._kept.pop(asked, None) or Sparing(
                self._system.clock, partial(self._read, viewer, period), least=BELIEVED_SECONDS, share=1.0
            )
            self._kept[asked] = kept
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return kept()

    def _read(self, viewer: Viewer, period: Period) -> Mapping[Key, Figures]:
        now = self._system.clock.now()
        working = _working_days(self._system.calendar, period.first, number_of(now.astimezone(SHANGHAI).date()))
        with self._system.store.transaction(write=False) as tx:
            return figures(tx, viewer, period, now, working, (DAYS, UNITS))


def number_of(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def date_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def _working_days(calendar: WorkingCalendar, first: int, last: int) -> dict[int, int]:
    """For each day how many working days lie between the first and it, the first not counted."""
    found, count = {}, 0
    for day in range(first, last + 1):
        count += day > first and calendar.is_working_day(date_of(day))
        found[day] = count
    return found
