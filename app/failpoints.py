"""Named points where a test may kill the process: ``FENBAN_FAILPOINT=NAME:N`` dies at the N-th passing of NAME."""

import os
import signal
from collections.abc import Callable

VARIABLE = "FENBAN_FAILPOINT"

Failpoint = Callable[[str], None]


def no_failpoint(name: str) -> None:
    """Passes."""


def failpoint_from_environment() -> Failpoint:
    """``no_failpoint`` unless the variable is set; then a function that ends this process with SIGKILL at that point."""
    setting = os.environ.get(VARIABLE, "")
    if not setting:
        return no_failpoint
    wanted, _, count = setting.partition(":")
    left = int(count or "1")

    def failpoint(name: str) -> None:
        nonlocal left
        if name != wanted:
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return failpoint
