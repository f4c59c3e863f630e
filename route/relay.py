"""From the outbox to the topics: at least once, in order per topic and key, one failing key stopping only itself."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.errors import LeaseLost
from domain.events import Delivery, DeliveryStatus, Fate, OutboxRecord
from domain.ports import Clock, Publisher, Store
from domain.records import Lease
from route.dead_letters import DeadLetters


@dataclass(frozen=True, slots=True)
class RelayResult:
    """How many records were acknowledged, will be tried again, and were parked."""

    delivered: int = 0
    retried: int = 0
    parked: int = 0

    @property
    def idle(self) -> bool:
        return not (self.delivered or self.retried or self.parked)


class Relay:
    """Reads, publishes and settles in three steps; nothing is published inside a transaction.

    Killed between publishing and settling, or by a power cut soon after, it publishes the same event ids again. ``failpoint``
    is called with ``relay.read``, ``relay.published`` and ``relay.settled``. What is refused is told by ``dead_letters`` when they are given.
    """

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        clock: Clock,
        *,
        dead_letters: DeadLetters | None = None,
        failpoint: Callable[[str], None] | None = None,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._dead_letters = dead_letters
        self._failpoint = failpoint or _pass

    def run_once(self, shards: Sequence[int], limit: int, *, leases: Sequence[Lease] = ()) -> RelayResult:
        """Moves up to ``limit`` records of these shards, held by these leases where several relays share the outbox.

        Raises RetryLater when the store or every topic is out of reach; what was acknowledged before that is settled.
        Raises LeaseLost when another relay took a lease over: it sends again what this one could not settle.
        """
        with self._store.unit_of_work(write=False) as work:
            waiting = work.outbox.pending(shards, limit, self._clock.now())
        self._failpoint("relay.read")
        counts: Counter[DeliveryStatus] = Counter()
        while waiting:
            wave, waiting = _first_of_each_key(waiting)
            if leases and self._clock.now() >= min(lease.until for lease in leases):
                raise LeaseLost("the lease on a part of the outbox ran out", remedy="it is taken again")
            deliveries = self._publisher.publish(wave)
            self._failpoint("relay.published")
            self._settle(wave, deliveries, leases)
            counts.update(delivery.status for delivery in deliveries)
            stopped = _stopped_keys(wave, deliveries)
            waiting = [record for record in waiting if (record.topic, record.key) not in stopped]
        return RelayResult(counts[DeliveryStatus.DELIVERED], counts[DeliveryStatus.RETRY], counts[DeliveryStatus.REFUSED])

    def _settle(self, wave: Sequence[OutboxRecord], deliveries: Sequence[Delivery], leases: Sequence[Lease]) -> None:
        refused = {item.record_id: item.reason for item in deliveries if item.status is DeliveryStatus.REFUSED}
        now = self._clock.now()
        with self._store.unit_of_work(lasting=bool(refused)) as work:
            if leases:
                work.shards.check(leases)
            # Matters before their records, in the order that everybody locks in.
            matters = work.matters.lock(sorted({record.key for record in wave if record.id in refused})) if refused else {}
            parked = set(work.outbox.settle(deliveries, now))
            if parked and self._dead_letters is not None:
                told = [(record, refused[record.id]) for record in wave if record.id in parked]
                self._dead_letters.tell(work, matters, told, Fate.PARKED, now)
            work.commit()
        self._failpoint("relay.settled")


def _first_of_each_key(records: Sequence[OutboxRecord]) -> tuple[list[OutboxRecord], list[OutboxRecord]]:
    """The first record of each (topic, key), and the rest: a later one is sent only when the earlier is acknowledged."""
    seen: set[tuple[str, str]] = set()
    wave: list[OutboxRecord] = []
    rest: list[OutboxRecord] = []
    for record in records:
        place = (record.topic, record.key)
        if place in seen:
            rest.append(record)
        else:
            seen.add(place)
            wave.append(record)
    return wave, rest


def _stopped_keys(wave: Sequence[OutboxRecord], deliveries: Sequence[Delivery]) -> set[tuple[str, str]]:
    delivered = {delivery.record_id for delivery in deliveries if delivery.status is DeliveryStatus.DELIVERED}
    return {(record.topic, record.key) for record in wave if record.id not in delivered}


def _pass(_name: str) -> None:
    return None
