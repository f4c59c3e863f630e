"""Many writers of events and the relays that move them: what is committed, and what arrives in which order."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from app.retry import transact
from app.shares import OutboxShare
from domain.clock import SystemClock
from domain.errors import LeaseLost
from domain.events import Delivery, DeliveryStatus, OutboxRecord
from domain.ids import MatterId, Number
from domain.records import MatterRow
from route.relay import Relay
from store.outbox import RECORDS, to_record
from store.shards import shard_in
from store.unit_of_work import SqlStore
from tests.support.stores import outbox_record, register


@dataclass
class Arrived:
    """A publisher that keeps what it was given, in order."""

    events: list[tuple[str, str, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        with self.lock:
            self.events += [(record.event_id, record.key, record.sequence) for record in records]
        return [Delivery(record.id, DeliveryStatus.DELIVERED) for record in records]

    def close(self) -> None:
        return None

    def ids(self) -> set[str]:
        return {event for event, _, _ in self.events}

    def out_of_order(self) -> int:
        """Events that a consumer which drops what is not above the last of its matter would have missed."""
        last: dict[str, int] = defaultdict(int)
        missed = 0
        for _, key, sequence in self.events:
            if sequence > last[key] + 1:
                missed += sequence - last[key] - 1
            last[key] = max(last[key], sequence)
        return missed


def write_outbox(url: str, seed: int, rows: int, numbers: Sequence[Number]) -> list[str]:
    """Writes events of random matters until ``rows`` are committed, one transaction in ten rolled back; their ids."""
    chance, store, clock = random.Random(seed), SqlStore(url), SystemClock()
    committed: list[str] = []
    while len(committed) < rows:
        wanted = sorted(chance.sample(list(numbers), 3))
        ids: list[str] = []
        rolled_back = chance.random() < 0.1

        def step(wanted: list[Number] = wanted, ids: list[str] = ids, rolled_back: bool = rolled_back) -> None:
            ids.clear()
            with store.unit_of_work() as uow:
                held = uow.matters.lock([MatterId(number) for number in wanted])
                new = [outbox_record(number, held[MatterId(number)].sequence + 1) for number in wanted]
                uow.outbox.add(new)
                raised = [_raised(held[MatterId(number)]) for number in wanted]
                uow.matters.update(raised)
                # Ids are given, others overtake: the moment in which a reader by id loses this transaction.
                time.sleep(chance.random() * 0.004)
                if not rolled_back:
                    uow.commit()
                    ids += [record.event_id for record in new]

        transact(clock, step)
        committed += ids
    store.close()
    return committed


def _raised(row: MatterRow) -> MatterRow:
    return replace(row, sequence=row.sequence + 1)


def relay_until(url: str, name: str, arrived: Arrived, done: threading.Event, *, seconds: float = 5.0) -> None:
    """A relay as the program runs it, until nothing is pending after ``done``."""
    store, clock = SqlStore(url), SystemClock()
    relay, share = Relay(store, arrived, clock), OutboxShare(store, clock, name, seconds)
    while True:
        ending = done.is_set()
        leases = transact(clock, partial(share.leases, look=ending))
        try:
            moved = relay.run_once([shard_in(lease) for lease in leases], 200, leases=leases) if leases else None
        except LeaseLost:
            share.forget()
            continue
        if moved is None or moved.idle:
            with store.unit_of_work(write=False) as uow:
                left = bool(uow.outbox.pending(range(64), 1, datetime.now(UTC)))
            if ending and not left:
                break
            time.sleep(0.01)
    share.close()
    store.close()


def relay_by_id(url: str, arrived: Arrived, done: threading.Event) -> None:
    """What must not be done: reading on from the last id seen."""
    store, last = SqlStore(url), 0
    while True:
        ending = done.is_set()
        with store.transaction(write=False) as tx:
            found = [to_record(row) for row in tx.fetch(f"{RECORDS} WHERE o.id > ? ORDER BY o.id LIMIT 200", (last,))]
        arrived.publish(found)
        last = found[-1].id if found else last
        if ending and not found:
            break
        time.sleep(0.001)
    store.close()


def matters_for(url: str, count: int) -> list[Number]:
    store = SqlStore(url)
    numbers = register(store, *(f"matter-{n}" for n in range(count)))
    store.close()
    return numbers


def in_threads(*works: Callable[[], object]) -> None:
    """Runs them all; raises what the first that failed raised."""
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
