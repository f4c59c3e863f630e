"""Working days and deadlines: every known day against both libraries, and the hard cases by hand."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest

from domain.clock import SHANGHAI
from domain.errors import BadSettings
from route.calendar import MAX_WORKING_DAYS, WorkingCalendar

CALENDAR = WorkingCalendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_every_day_of_2019_to_2026_agrees_with_both_libraries() -> None:
    china = holidays.country_holidays("CN", years=range(2019, 2027))
    day, days = date(2019, 1, 1), 0
    while day <= date(2026, 12, 31):
        works = CALENDAR.is_working_day(day)
        assert works == chinese_calendar.is_workday(day), day
        assert works == china.is_working_day(day), day
        assert not CALENDAR.is_provisional(day)
        day += timedelta(days=1)
        days += 1
    assert days == 2922


@pytest.mark.parametrize(
    ("start", "days", "due", "provisional"),
    [
        pytest.param("2026-03-02T09:00", 5, "2026-03-09", False, id="a plain week"),
        pytest.param("2026-03-06T23:59", 1, "2026-03-09", False, id="dispatched in the last minute of a Friday"),
        pytest.param("2026-03-07T00:00", 1, "2026-03-09", False, id="dispatched on a Saturday"),
        pytest.param("2024-09-30T17:00", 5, "2024-10-12", False, id="National Day with its make-up Saturday"),
        pytest.param("2025-09-30T10:00", 1, "2025-10-09", False, id="National Day and Mid-Autumn joined, eight days"),
        pytest.param("2025-09-30T10:00", 3, "2025-10-11", False, id="the make-up Saturday after it is a working day"),
        pytest.param("2026-02-13T16:00", 1, "2026-02-14", False, id="the make-up Saturday before Spring Festival"),
        pytest.param("2026-02-14T16:00", 1, "2026-02-24", False, id="Spring Festival 2026, nine days"),
        pytest.param("2026-02-14T16:00", 5, "2026-02-28", False, id="… and the make-up Saturday at its end"),
        pytest.param("2020-01-23T12:00", 1, "2020-02-03", False, id="Spring Festival 2020, prolonged by decree"),
        pytest.param("2026-01-01T12:00", 1, "2026-01-04", False, id="the make-up Sunday after New Year"),
        pytest.param("2021-12-31T12:00", 1, "2022-01-04", False, id="over a year's end that is known"),
        pytest.param("2018-12-28T12:00", 2, "2019-01-02", False, id="a December arranged by the next year's notice"),
        pytest.param("2026-09-30T18:00", 15, "2026-10-27", False, id="a complex matter over National Day"),
        pytest.param("2026-12-24T09:00", 5, "2026-12-31", False, id="ends on the last known day"),
        pytest.param("2026-12-25T09:00", 5, "2027-01-04", True, id="reaches into the year nobody has arranged"),
        pytest.param("2027-02-04T09:00", 1, "2027-02-11", True, id="Spring Festival 2027 by its festivals alone"),
        pytest.param("2060-02-01T09:00", 1, "2060-02-06", True, id="a far year with its festivals"),
        pytest.param("2300-06-01T09:00", 5, "2300-06-08", True, id="a year nothing knows: weekends alone"),
        pytest.param("1990-05-01T09:00", 1, "1990-05-02", True, id="long before the published arrangements"),
        pytest.param("2026-03-02T09:00", 0, "2026-03-02", False, id="no days: the day itself"),
        pytest.param("2026-03-07T09:00", 0, "2026-03-09", False, id="no days on a Saturday: the next working day"),
    ],
)
def test_hard_cases(start: str, days: int, due: str, provisional: bool) -> None:
    deadline = CALENDAR.deadline(at(start), days)
    assert deadline.due == at(f"{due}T23:59:59")
    assert deadline.due.isoformat().endswith("+08:00")
    assert deadline.provisional is provisional
    assert deadline.working_days == days
    assert deadline.calendar


def test_the_day_is_that_of_shanghai() -> None:
    late_utc = datetime(2026, 3, 5, 16, 30, tzinfo=UTC)
    assert CALENDAR.deadline(late_utc, 1).due == at("2026-03-09T23:59:59")
    assert CALENDAR.deadline(late_utc - timedelta(hours=1), 1).due == at("2026-03-06T23:59:59")


def test_known_until_the_last_published_year() -> None:
    known = CALENDAR.known_until
    assert known >= date(2026, 12, 31)
    assert not CALENDAR.is_provisional(known)
    assert CALENDAR.is_provisional(known + timedelta(days=1))


@pytest.mark.parametrize("days", [-1, MAX_WORKING_DAYS + 1])
def test_days_outside_the_range_are_refused(days: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        CALENDAR.deadline(at("2026-03-02T09:00"), days)


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.deadline(at("2026-03-02").replace(tzinfo=None), 5)


def test_only_the_end_of_time_ends_the_count() -> None:
    with pytest.raises(ValueError, match="9999"):
        CALENDAR.deadline(at("9999-12-30T09:00"), 5)
    assert CALENDAR.deadline(at("9998-01-01T09:00"), 250).provisional


def local(folder: Path, text: str) -> WorkingCalendar:
    path = folder / "calendar.toml"
    path.write_text(text, encoding="utf-8")
    return WorkingCalendar(path)


def test_a_local_file_settles_a_year_past_the_libraries(tmp_path: Path) -> None:
    calendar = local(
        tmp_path,
        '[[year]]\nyear = 2027\nholidays = ["2027-01-01..2027-01-03", "2027-02-05..2027-02-11"]\nworkdays = ["2027-02-20"]\n',
    )
    deadline = calendar.deadline(at("2027-02-04T09:00"), 7)
    assert (deadline.due, deadline.provisional, deadline.calendar) == (at("2027-02-20T23:59:59"), False, "local")
    assert calendar.known_until == date(2027, 12, 31)
    assert calendar.deadline(at("2026-12-31T09:00"), 1).calendar.endswith("+local")


def test_a_local_day_goes_before_the_libraries(tmp_path: Path) -> None:
    calendar = local(tmp_path, '[[year]]\nyear = 2026\nholidays = ["2026-04-20"]\nworkdays = ["2026-04-18"]\n')
    assert not calendar.is_working_day(date(2026, 4, 20))
    assert calendar.is_working_day(date(2026, 4, 18))
    assert not calendar.is_working_day(date(2026, 5, 1))
    assert not calendar.deadline(at("2026-04-16T09:00"), 2).provisional


def test_a_promise_is_not_shortened_when_the_year_becomes_known(tmp_path: Path) -> None:
    start = at("2027-02-04T09:00")
    standing = CALENDAR.deadline(start, 5)
    earlier = local(tmp_path, '[[year]]\nyear = 2027\nholidays = ["2027-02-06"]\n')
    assert earlier.deadline(start, 5).due < standing.due
    kept = earlier.recount(standing, start)
    assert (kept.due, kept.provisional) == (standing.due, False)
    later = local(tmp_path, '[[year]]\nyear = 2027\nholidays = ["2027-02-05..2027-02-14"]\n')
    assert later.recount(standing, start).due > standing.due


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[year]]\n", "has no year"),
        ('[[year]]\nyear = 2027\nholidays = ["2027-02-30"]\n', "is no day"),
        ('[[year]]\nyear = 2027\nholidays = ["2026-01-01"]\n', "not inside this year"),
        ('[[year]]\nyear = 2027\nholidays = "2027-01-01"\n', "not a list"),
        ('[[year]]\nyear = 2027\nholidays = ["2027-01-01"]\nworkdays = ["2027-01-01"]\n', "holiday and a working day"),
        ("[[year]]\nyear = 2027\n[[year]]\nyear = 2027\n", "given twice"),
        ("[[year]]\nyear = 2027\nfree = []\n", "unknown key 'free'"),
        ("[day]\n", "unknown key 'day'"),
        ("year = [\n", "not TOML"),
    ],
)
def test_a_wrong_local_file_is_named_with_its_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadSettings, match=said) as raised:
        local(tmp_path, text)
    assert all("calendar.toml" in problem and "→" in problem for problem in raised.value.problems)


def test_a_missing_local_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        WorkingCalendar(tmp_path / "none.toml")
