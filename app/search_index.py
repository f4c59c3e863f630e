"""Filling the register's search index, beside the way of a letter: whatever it lacks is looked for, a batch at a time."""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from app.leased import Leased
from app.transactions import reading, writing
from domain.ports import Clock
from store.engine import Transaction
from store.search import Horizon, Unindexed, horizon, new_messages, put, revised_messages, slice_of_messages
from store.times import to_us
from store.unit_of_work import SqlStore

T = TypeVar("T")
LEASE = "search"
LASTS = timedelta(seconds=30)
BATCH = 200
SLICE = 1000
REVISED_WITHIN = timedelta(days=1)
REST_SECONDS = 2.0
SHARE = 4
"""After a batch it rests so many times as long as the batch took: letters go first."""


class SearchIndexer:
    """One of all processes does it, by a lease. Whatever it knows is in memory only: a new one looks at everything once.

    ``floor``: every message with an id up to it is in the index, whoever may still be writing.
    """

    def __init__(self, store: SqlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lease = Leased(store, clock, LEASE, LASTS)
        self.floor = 0
        self._at = 0
        self._turn = 0
        self._seen: deque[Horizon] = deque(maxlen=1000)

    def look(self) -> int:
        """Indexes one batch; how many messages, 0 when nothing is left or another process does it. Raises RetryLater."""
        if self._lease.mine() is None:
            return 0
        found, seen = self._read(self._new)
        if found:
            self._at = found[-1].id
        elif self._at > self.floor:
            # One pass is done: the next begins at the floor again, for what became visible behind it.
            self._at = self.floor
            return self.look()
        else:
            self._raise_floor(seen)
            found = self._read(self._older)
        if found:
            batch = found
            self._write(lambda tx: put(tx, batch))
        return len(found)

    def step(self) -> float:
        """One batch, as a part of the runner; how long to rest."""
        at = self._clock.monotonic()
        done = self.look()
        return SHARE * (self._clock.monotonic() - at) if done else REST_SECONDS

    def close(self) -> None:
        """Gives the lease back; where the store is away it runs out by itself."""
        self._lease.close()

    def _new(self, tx: Transaction) -> tuple[list[Unindexed], Horizon]:
        seen = horizon(tx)
        return new_messages(tx, self._at, seen.top, BATCH), seen

    def _older(self, tx: Transaction) -> list[Unindexed]:
        """Revisions of late; where there are none, the next slice of everything."""
        found = revised_messages(tx, to_us(self._clock.now() - REVISED_WITHIN), BATCH)
        if found or not self.floor:
            return found
        self._turn = self._turn if self._turn < self.floor else 0
        above, self._turn = self._turn, self._turn + SLICE
        return slice_of_messages(tx, above, self._turn)

    def _raise_floor(self, seen: Horizon) -> None:
        """Ids on PostgreSQL can be seen out of order: a floor is where everybody who took an id below it has ended."""
        self._seen.append(seen)
        while self._seen and self._seen[0].begun <= seen.ended:
            self.floor = max(self.floor, self._seen.popleft().top)
        self._at = self.floor

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return reading(self._store, work)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        # A power cut may take a batch with it: it is found lacking again.
        return writing(self._store, self._clock, lambda tx, _: work(tx), lasting=False)
