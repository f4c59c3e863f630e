"""Time as the program sees it: one clock, passed in. China's time is UTC+8 without daylight saving."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class SystemClock:
    """The machine's clock (``domain.ports.Clock``)."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        return stop.wait(seconds)


def require_aware(moment: datetime, name: str) -> datetime:
    """The moment itself. Raises ValueError when it carries no time zone."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{name} has no time zone")
    return moment
