"""What holds for every deadline."""

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.clock import SHANGHAI
from route.calendar import WorkingCalendar

CALENDAR = WorkingCalendar()
FIRST, LAST = datetime.fromisoformat("2005-01-01"), datetime.fromisoformat("2120-12-31")
MOMENTS = st.datetimes(FIRST, LAST).map(lambda moment: moment.replace(tzinfo=SHANGHAI))
DAYS = st.integers(1, 300)


@given(MOMENTS, DAYS)
def test_never_on_a_free_day_and_always_at_the_days_end(start: datetime, days: int) -> None:
    due = CALENDAR.deadline(start, days).due
    assert CALENDAR.is_working_day(due.date())
    assert (due.hour, due.minute, due.second) == (23, 59, 59)
    assert due.date() > start.date()


@given(MOMENTS, DAYS, DAYS)
def test_counting_on_is_counting_at_once(start: datetime, first: int, then: int) -> None:
    once = CALENDAR.deadline(start, first + then)
    twice = CALENDAR.deadline(CALENDAR.deadline(start, first).due, then)
    assert once.due == twice.due


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)), st.integers(0, 60), st.integers(0, 20))
def test_later_starts_and_more_days_are_never_due_earlier(start: datetime, later: timedelta, days: int, more: int) -> None:
    due = CALENDAR.deadline(start, days).due
    assert CALENDAR.deadline(start + later, days).due >= due
    assert CALENDAR.deadline(start, days + more).due >= due


@given(MOMENTS, st.integers(1, 60))
def test_as_many_working_days_lie_between_as_were_asked_for(start: datetime, days: int) -> None:
    last = CALENDAR.deadline(start, days).due.date()
    between = range(start.date().toordinal() + 1, last.toordinal() + 1)
    assert sum(CALENDAR.is_working_day(date.fromordinal(day)) for day in between) == days


@given(MOMENTS, DAYS)
def test_provisional_exactly_when_an_unknown_year_was_reached(start: datetime, days: int) -> None:
    deadline = CALENDAR.deadline(start, days)
    assert deadline.provisional is (deadline.due.date() > CALENDAR.known_until)
