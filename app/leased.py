"""A part that one of all processes does: which one, a lease in the store says."""

import secrets
import socket
from contextlib import suppress
from datetime import timedelta

from app.transactions import writing
from domain.errors import RetryLater
from domain.ports import Clock
from domain.records import Lease
from store.channels import SqlChannels
from store.unit_of_work import SqlStore


class Leased:
    """``name`` of the lease, which runs out ``lasts`` after it was last asked for: once half of that is over, or later."""

    def __init__(self, store: SqlStore, clock: Clock, name: str, lasts: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._name = name
        self._lasts = lasts
        self._owner = f"{socket.gethostname()}/{name}-{secrets.token_hex(4)}"
        self._lease: Lease | None = None
        self._ask_at = clock.now()

    def mine(self) -> Lease | None:
        """The lease; None while another process holds it. Raises RetryLater."""
        now = self._clock.now()
        if now >= self._ask_at:
            until = now + self._lasts
            # A power cut may take it with it: then it is free, and whoever held it asks again.
            self._lease = writing(
                self._store,
                self._clock,
                lambda tx, _: SqlChannels(tx).acquire(self._name, self._owner, now, until),
                lasting=False,
            )
            self._ask_at = now + self._lasts / 2
        return self._lease

    def forget(self) -> None:
        """Another process took it over: the next time it is asked for anew."""
        self._lease, self._ask_at = None, self._clock.now()

    def close(self) -> None:
        """Gives the lease back; where the store is away it runs out by itself."""
        lease = self._lease
        self.forget()
        if lease is not None:
            with suppress(RetryLater), self._store.transaction(write=True) as tx:
                SqlChannels(tx).release(lease)
                tx.commit()
