"""How often an address may try to sign in."""

import threading
from datetime import datetime, timedelta

from domain.errors import Refused

TRIES_PER_ADDRESS, ADDRESS_MINUTES = 20, 5
LATER = "wait a quarter of an hour, or ask an administrator"
AGAIN = "try again; after several wrong ones wait a quarter of an hour, or ask an administrator for a log-in link"


class Throttle:
    """How many tries an address had lately. In memory: a restart forgets them, the accounts' lock-out stays."""

    def __init__(self) -> None:
        self._tries: dict[str, list[datetime]] = {}
        self._lock = threading.Lock()

    def check(self, address: str, now: datetime) -> None:
        """Counts a try. Raises Refused when there were too many."""
        since = now - timedelta(minutes=ADDRESS_MINUTES)
        with self._lock:
            for known in [known for known, tries in self._tries.items() if tries[-1] < since]:
                del self._tries[known]
            tries = [at for at in self._tries.get(address, []) if at >= since]
            self._tries[address] = [*tries, now]
        if len(tries) >= TRIES_PER_ADDRESS:
            raise Refused("too many tries to sign in from this address", remedy=LATER)
