"""Doing a unit of work again when it met another process."""

import threading
from collections.abc import Callable
from typing import TypeVar

from domain.errors import LeaseLost, OutOfReach, RetryLater
from domain.ports import Clock

ATTEMPTS = 5
FIRST_WAIT = 0.05
FIRST_WAIT_FOR_A_SERVER = 1.0
T = TypeVar("T")


def transact(clock: Clock, work: Callable[[], T]) -> T:
    """``work()``, tried again on RetryLater with a growing wait: short for another process, a quarter of a minute in all for a server
    that restarts. Raises the last RetryLater, and LeaseLost at once. ``work`` must be safe to repeat."""
    never = threading.Event()
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except LeaseLost:
            raise
        except RetryLater as error:
            if attempt == ATTEMPTS - 1:
                raise
            first = FIRST_WAIT_FOR_A_SERVER if isinstance(error, OutOfReach) else FIRST_WAIT
            clock.wait(first * 2**attempt, never)
    raise AssertionError("unreachable")
