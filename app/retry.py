"""Doing a unit of work again when it met another process."""

import threading
from collections.abc import Callable
from typing import TypeVar

from domain.errors import LeaseLost, RetryLater
from domain.ports import Clock

ATTEMPTS = 5
T = TypeVar("T")


def transact(clock: Clock, work: Callable[[], T]) -> T:
    """``work()``, tried again on RetryLater with a short growing wait. Raises the last RetryLater, and LeaseLost at once."""
    never = threading.Event()
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except LeaseLost:
            raise
        except RetryLater:
            if attempt == ATTEMPTS - 1:
                raise
            clock.wait(0.05 * 2**attempt, never)
    raise AssertionError("unreachable")
