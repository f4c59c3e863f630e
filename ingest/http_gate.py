"""Politeness: one request at a time per host, a pause between two, and longer pauses where a host asks for them."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from domain.errors import RetryLater
from domain.ports import Clock

_JITTER = 0.3
_FIRST_BACKOFF = 30.0
_LONGEST_BACKOFF = 1800.0


@dataclass(slots=True)
class _Host:
    turn: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0
    closed_until: float = 0.0
    failures: int = 0


class HostGate:
    """Shared by all channels of a process, so that two channels on one host take turns. Times are monotonic seconds."""

    def __init__(self, clock: Clock, rng: random.Random, stop: threading.Event | None = None) -> None:
        self.clock = clock
        self.stop = stop or threading.Event()
        self._rng = rng
        self._hosts: dict[str, _Host] = {}
        self._guard = threading.Lock()

    @contextmanager
    def turn(self, host: str, min_interval: float) -> Iterator[None]:
        """Waits for this host's turn and holds it. Raises RetryLater while the host asked to be left alone, or on a stop."""
        state = self._state(host)
        with state.turn:
            closed = state.closed_until - self.clock.monotonic()
            if closed > 0:
                raise RetryLater(f"{host} asked to be left alone for a while", remedy="wait; it goes on by itself", after=closed)
            pause = state.free_at - self.clock.monotonic()
            if self.stop.is_set() or (pause > 0 and self.clock.wait(pause, self.stop)):
                raise RetryLater("stopping", after=0.0)
            try:
                yield
            finally:
                state.free_at = self.clock.monotonic() + min_interval * (1 + _JITTER * self._rng.random())

    def close_host(self, host: str, seconds: float) -> None:
        """Nobody asks this host anything for that long."""
        state = self._state(host)
        state.closed_until = max(state.closed_until, self.clock.monotonic() + seconds)

    def succeeded(self, host: str) -> None:
        self._state(host).failures = 0

    def failed(self, host: str) -> int:
        """How many requests to this host failed in a row, this one included."""
        state = self._state(host)
        state.failures += 1
        return state.failures

    def backoff(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row: doubling, bounded, with jitter so that clients do not march."""
        longest = min(_FIRST_BACKOFF * 2.0 ** min(failures - 1, 10), _LONGEST_BACKOFF)
        return longest * (1 - _JITTER * self._rng.random())

    def _state(self, host: str) -> _Host:
        with self._guard:
            return self._hosts.setdefault(host, _Host())
