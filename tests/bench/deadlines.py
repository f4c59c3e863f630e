"""Counting deadlines: fenban's calendar beside a plain loop over chinese_calendar."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import chinese_calendar

from route.calendar import WorkingCalendar
from tests.bench.messages import CHINA
from tests.bench.world import seconds


def run(count: int) -> dict[str, Any]:
    """Deadlines a second of each; both must agree on every one."""
    rng = random.Random(3)
    first = datetime(2019, 1, 1, 9, tzinfo=CHINA)
    asked = [(first + timedelta(minutes=rng.randrange(7 * 365 * 1440)), rng.choice((5, 15))) for _ in range(count)]
    calendar = WorkingCalendar()
    calendar.deadline(*asked[0])
    began = seconds()
    ours = [calendar.deadline(moment, days).due for moment, days in asked]
    took = seconds() - began
    began = seconds()
    plain = [_plain(moment.date(), days) for moment, days in asked]
    plain_took = seconds() - began
    if ours != plain:
        raise SystemExit("the calendar and the plain loop disagree")
    return {"ours": count / took, "plain": count / plain_took}


def _plain(day: date, days: int) -> datetime:
    while days:
        day += timedelta(days=1)
        days -= chinese_calendar.is_workday(day)
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=CHINA)
