"""A full outbox moved side by side: while one part of its shards waits for the store, another one is sent."""

import threading
from collections.abc import Callable, Sequence
from functools import reduce

from domain.records import Lease
from route.relay import Relay, RelayResult

LANES = 2
"""One sends while the other reads or settles; more would only wait for each other."""
ROUNDS = 4
"""How often each lane goes on by itself, so that they need not wait for each other after each batch."""


class RelayLanes:
    """What ``Relay`` promises, for stores that serve several transactions at once.

    A (topic, key) has one shard and a shard one lane, so order and parking are the relay's own; each lane settles under the
    leases of its own shards alone.
    """

    def __init__(self, relay: Relay, stop: threading.Event | None = None) -> None:
        """``stop``, once set, lets each lane end after its present batch."""
        self._relay = relay
        self._stop = stop or threading.Event()
        self._full = False

    def run_once(self, shards: Sequence[int], limit: int, *, leases: Sequence[Lease] = ()) -> RelayResult:
        """As ``Relay.run_once``; after a run that moved all it might, up to ``ROUNDS`` times ``limit`` records.

        ``leases``, where given, are those of ``shards`` in their order. When a lane raises, the others end their batch first.
        """
        if not self._full or len(shards) < LANES:
            result = self._relay.run_once(shards, limit, leases=leases)
        else:
            result = self._side_by_side(shards, limit, leases)
        self._full = result.delivered >= limit
        return result

    def _side_by_side(self, shards: Sequence[int], limit: int, leases: Sequence[Lease]) -> RelayResult:
        failed = threading.Event()

        def rounds(lane: int) -> RelayResult:
            part = RelayResult()
            for _ in range(ROUNDS):
                moved = self._relay.run_once(shards[lane::LANES], limit // LANES, leases=leases[lane::LANES])
                part = _sum(part, moved)
                if moved.delivered < limit // LANES or failed.is_set() or self._stop.is_set():
                    break
            return part

        lanes = [_Lane(rounds, lane, failed) for lane in range(LANES)]
        for lane in lanes[1:]:
            lane.start()
        lanes[0].run()
        for lane in lanes[1:]:
            lane.join()
        for lane in lanes:
            if lane.raised is not None:
                raise lane.raised
        return reduce(_sum, (lane.result for lane in lanes))


class _Lane(threading.Thread):
    """Keeps what came of it. A daemon, as the part that it belongs to: a network that hangs keeps no process from ending."""

    def __init__(self, rounds: Callable[[int], RelayResult], lane: int, failed: threading.Event) -> None:
        super().__init__(name=f"relay-{lane}", daemon=True)
        self._rounds = rounds
        self._lane = lane
        self._failed = failed
        self.result = RelayResult()
        self.raised: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self._rounds(self._lane)
        except BaseException as error:
            self.raised = error
            self._failed.set()


def _sum(one: RelayResult, other: RelayResult) -> RelayResult:
    return RelayResult(one.delivered + other.delivered, one.retried + other.retried, one.parked + other.parked)
