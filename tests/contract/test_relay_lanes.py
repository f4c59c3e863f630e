"""A full outbox moved in lanes: what the relay promises holds, on every implementation of the store."""

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import LeaseLost
from domain.events import Delivery, DeliveryStatus, OutboxRecord
from domain.ids import Number
from route.relay import Relay, RelayResult
from route.relay_lanes import LANES, ROUNDS, RelayLanes
from store.shards import shard_in
from store.unit_of_work import SqlStore
from tests.support.desk import HandClock
from tests.support.stores import NOW, outbox_record

ALL = range(64)
BAD = Number("20261120-board-000007")


class Topics:
    """A Publisher that keeps what it was given and refuses one matter's; ``before`` is called as it begins."""

    def __init__(self, before: Callable[[], object] = lambda: None, refused: str = "") -> None:
        self.sent: dict[str, list[int]] = defaultdict(list)
        self.before = before
        self.refused = refused

    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        self.before()
        for record in records:
            if record.key != self.refused:
                self.sent[record.key].append(record.sequence)
        return [
            Delivery(record.id, DeliveryStatus.REFUSED if record.key == self.refused else DeliveryStatus.DELIVERED)
            for record in records
        ]

    def close(self) -> None: ...


def lanes(store: SqlStore, topics: Topics, stop: threading.Event | None = None) -> RelayLanes:
    return RelayLanes(Relay(store, topics, HandClock()), stop)


def add(store: SqlStore, numbers: Sequence[Number], each: int) -> None:
    with store.unit_of_work() as work:
        work.outbox.add([outbox_record(number, step, "fenban.unit.water") for step in range(1, each + 1) for number in numbers])
        work.commit()


def numbers(count: int) -> list[Number]:
    return [Number(f"20261120-board-{n:06d}") for n in range(1, count + 1)]


def test_everything_is_sent_once_and_in_order_and_a_bad_matter_stops_only_itself(store: SqlStore) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chosen = numbers(60)
    random.Random(seed).shuffle(chosen)
    add(store, chosen, each=5)
    topics = Topics(refused=BAD)
    relay = lanes(store, topics)
    done = RelayResult()
    while not (moved := relay.run_once(ALL, 16)).idle:
        done = RelayResult(done.delivered + moved.delivered, done.retried, done.parked + moved.parked)
    assert done == RelayResult(59 * 5, 0, 1)
    assert topics.sent == {number: [1, 2, 3, 4, 5] for number in chosen if number != BAD}


def test_while_one_lane_sends_the_other_goes_on(store: SqlStore) -> None:
    add(store, numbers(60), each=2)
    both = threading.Barrier(LANES)
    topics = Topics()
    relay = lanes(store, topics)
    assert relay.run_once(ALL, 8).delivered == 8
    first = threading.local()

    def meet() -> None:
        if not getattr(first, "met", False):
            first.met = True
            both.wait(timeout=20)

    topics.before = meet
    assert relay.run_once(ALL, 8).delivered == ROUNDS * 8


def test_a_few_records_need_no_lanes(store: SqlStore) -> None:
    add(store, numbers(60), each=1)
    threads: set[int] = set()
    topics = Topics(lambda: threads.add(threading.get_ident()))
    relay = lanes(store, topics)
    assert [relay.run_once(ALL, 100).delivered for _ in range(2)] == [60, 0]
    assert threads == {threading.get_ident()}


def test_each_lane_ends_after_its_batch_when_the_program_ends(store: SqlStore) -> None:
    add(store, numbers(60), each=2)
    stop = threading.Event()
    relay = lanes(store, Topics(), stop)
    relay.run_once(ALL, 8)
    stop.set()
    assert relay.run_once(ALL, 8).delivered == 8


def test_a_lane_whose_lease_was_taken_over_settles_nothing_and_says_so(store: SqlStore) -> None:
    add(store, numbers(60), each=2)
    with store.unit_of_work() as work:
        leases = work.shards.share("one", NOW, NOW + timedelta(seconds=30), begin=True)
        work.commit()
    shards = [shard_in(lease) for lease in leases]
    relay = lanes(store, Topics())
    assert relay.run_once(shards, 8, leases=leases).delivered == 8
    before = settled_by_second_lane(store)
    taken = [replace(lease, token=lease.token - 1) if n % LANES else lease for n, lease in enumerate(leases)]
    with pytest.raises(LeaseLost):
        relay.run_once(shards, 8, leases=taken)
    assert settled_by_second_lane(store) == before


def settled_by_second_lane(store: SqlStore) -> int:
    with store.transaction(write=False) as tx:
        return sum(row[0] % LANES for row in tx.fetch("SELECT shard FROM outbox WHERE state = 'delivered'"))
