"""Looking without getting in the way: what is read is believed for a while, the longer the more reading it costs."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from domain.ports import Clock

T = TypeVar("T")

SHARE = 0.01


class Sparing(Generic[T]):
    """``read()``, kept for ``least`` seconds and for a hundred times as long as it took, so that it takes a hundredth of one
    core's time at most, however many ask. Safe to share between threads: one reads, the others wait for it."""

    def __init__(self, clock: Clock, read: Callable[[], T], *, least: float = 2.0, share: float = SHARE) -> None:
        self._clock = clock
        self._read = read
        self._least = least
        self._share = share
        self._lock = threading.Lock()
        self._known: tuple[T] | None = None
        self._until = 0.0

    def __call__(self) -> T:
        """Raises what reading raises; that is not kept."""
        with self._lock:
            began = self._clock.monotonic()
            if self._known is None or began >= self._until:
                self._known = (self._read(),)
                ended = self._clock.monotonic()
                self._until = ended + max(self._least, (ended - began) / self._share)
            return self._known[0]

    def forget(self) -> None:
        """Read anew the next time: something was changed from here."""
        with self._lock:
            self._known = None
