"""A relay's part of the outbox: held by leases, renewed while it works, given back when it ends."""

from contextlib import suppress
from datetime import datetime, timedelta

from app.retry import transact
from domain.errors import RetryLater
from domain.ports import Clock, Store
from domain.records import Lease


class OutboxShare:
    """``owner`` is this process's slot name, ``seconds`` how long the leases last when it is not heard of."""

    def __init__(self, store: Store, clock: Clock, owner: str, seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._lasts = timedelta(seconds=seconds)
        self._renew_at: datetime | None = None
        self._leases: tuple[Lease, ...] = ()
        self._begun = False

    def leases(self, *, look: bool = False) -> tuple[Lease, ...]:
        """The leases held now: renewed after a third of their time, or at once to ``look`` whether others left theirs."""
        now = self._clock.now()
        if look or self._renew_at is None or not self._renew_at - self._lasts / 3 <= now < self._renew_at:
            self._leases = transact(self._clock, self._share)
            self._begun = True
            self._renew_at = self._clock.now() + self._lasts / 3
        return self._leases

    def forget(self) -> None:
        """A lease was lost: what is held is asked for anew."""
        self._renew_at = None

    def close(self) -> None:
        """Gives everything back; where the store is away it runs out by itself."""
        if not self._begun:
            return
        with suppress(RetryLater), self._store.unit_of_work() as uow:
            uow.shards.leave(self._owner, self._leases)
            uow.commit()

    def _share(self) -> tuple[Lease, ...]:
        now = self._clock.now()
        with self._store.unit_of_work() as uow:
            leases = uow.shards.share(self._owner, now, now + self._lasts, begin=not self._begun)
            uow.commit()
        return tuple(leases)
