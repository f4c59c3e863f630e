"""A clock whose hands are moved by the test, and by whoever waits on it."""

import threading
from datetime import UTC, datetime, timedelta


class HandClock:
    """``domain.ports.Clock``. ``waited`` logs every pause asked for; nothing really waits."""

    def __init__(self, at: datetime = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)) -> None:
        self._at = at
        self._monotonic = 1000.0
        self.waited: list[float] = []

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._monotonic

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        self.waited.append(seconds)
        self.advance(max(seconds, 0.0))
        return stop.is_set()

    def advance(self, seconds: float) -> None:
        self._monotonic += seconds
        self._at += timedelta(seconds=seconds)
