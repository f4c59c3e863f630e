"""How much a channel brings, hour by hour, beside what it brought in the same hours of past weeks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from domain.clock import SHANGHAI
from store import desk_operations as desk
from store.engine import Transaction

WEEKS, KNOWN_WEEKS = 8, 4
"""So many weeks are looked at; an hour is expected of once so many of them are known."""
RECENT_HOURS = 6
WEEK_HOURS = 7 * 24

Hours = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Volume:
    """Captures by hour of today, Asia/Shanghai, as far as it has come; ``expected`` by hour of the whole day, None where too
    few weeks are known. ``recent`` and ``recent_expected``: of the last six full hours."""

    channel: str
    today: tuple[int, ...]
    expected: tuple[float | None, ...]
    recent: int
    recent_expected: float | None

    @property
    def so_far(self) -> int:
        return sum(self.today)

    @property
    def expected_so_far(self) -> float | None:
        """Of the full hours of today; None where one of them is not known."""
        known = [value for value in self.expected[: max(0, len(self.today) - 1)] if value is not None]
        return sum(known) if known and len(known) == len(self.today) - 1 else None


class Volumes:
    """Past weeks are read once a day and process; today's hours each time."""

    def __init__(self) -> None:
        self._day: datetime | None = None
        self._past: dict[tuple[str, int], int] = {}

    def read(self, tx: Transaction, now: datetime, channels: list[str]) -> list[Volume]:
        midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        begin = midnight - timedelta(hours=RECENT_HOURS)
        if self._day != midnight:
            past: dict[tuple[str, int], int] = {}
            for week in range(1, WEEKS + 1):
                back = timedelta(weeks=week)
                past |= desk.hours(tx, begin - back, midnight + timedelta(days=1) - back)
            self._past, self._day = past, midnight
        current = desk.hours(tx, begin, now)
        return [_volume(channel, current, self._past, _hour(midnight), _hour(now)) for channel in channels]


def _volume(channel: str, current: Hours, past: Hours, first: int, now: int) -> Volume:
    recent = range(now - RECENT_HOURS, now)
    expected = [_expected(past, channel, hour) for hour in recent]
    known = [value for value in expected if value is not None]
    return Volume(
        channel,
        tuple(current.get((channel, hour), 0) for hour in range(first, now + 1)),
        tuple(_expected(past, channel, hour) for hour in range(first, first + 24)),
        sum(current.get((channel, hour), 0) for hour in recent),
        sum(known) if len(known) == RECENT_HOURS else None,
    )


def _expected(past: Hours, channel: str, hour: int) -> float | None:
    weeks = (past.get((channel, hour - WEEK_HOURS * week)) for week in range(1, WEEKS + 1))
    known = [value for value in weeks if value is not None]
    return float(median(known)) if len(known) >= KNOWN_WEEKS else None


def _hour(moment: datetime) -> int:
    return int(moment.timestamp()) // 3600
