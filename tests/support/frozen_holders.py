"""Two processes that hold leases and are frozen past them in turn: what each does when it wakes has no second effect."""

import os
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from app.retry import transact
from app.shares import OutboxShare
from domain.clock import SystemClock
from domain.errors import LeaseLost, RetryLater
from domain.events import Delivery, DeliveryStatus, OutboxRecord
from domain.ids import ExternalId, MatterId
from domain.messages import Manifest, MessageState
from domain.records import PollRow
from route.relay import Relay
from store.queries import ledger
from store.shards import shard_in
from store.unit_of_work import SqlStore
from tests.support.stores import BOARD, new_message, outbox_record

LEASE = 0.15
FROZEN = 0.25
CHANNEL = f"channel:{BOARD}"


@dataclass(frozen=True, slots=True)
class Frozen:
    """``woke_late``: how often a process found on waking that its lease was another's; ``sent_twice``: records that a frozen
    relay sent again, which consumers drop by their sequence."""

    rounds: int
    items: int
    twice: int
    polls: int
    undelivered: int
    effects_twice: int
    effects_missing: int
    balanced: bool
    woke_late: int
    sent_twice: int


class FileTopics:
    """Appends a line for each record sent, whoever sends it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        os.write(self._file, "".join(f"{one.event_id} {one.key} {one.sequence}\n" for one in records).encode())
        return [Delivery(one.id, DeliveryStatus.DELIVERED) for one in records]

    def close(self) -> None:
        os.close(self._file)


class Holder:
    """Polls a channel that always has one more item, and relays; ``log`` gets a line for each thing committed."""

    def __init__(self, url: str, owner: str, folder: Path) -> None:
        self._store = SqlStore(url)
        self._clock = SystemClock()
        self._owner = owner
        self._share = OutboxShare(self._store, self._clock, owner, LEASE)
        self._relay = Relay(self._store, FileTopics(folder / "topics"), self._clock)
        self._log = os.open(folder / f"{owner}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._stop = folder / "stop"

    def run(self) -> None:
        while not self._stop.exists():
            for step in (self._poll, self._relay_once):
                try:
                    step()
                except LeaseLost:
                    self._share.forget()
                    self._note("late")
                except RetryLater:
                    time.sleep(0.005)
        self._share.close()

    def _poll(self) -> None:
        now = self._clock.now()
        with self._store.unit_of_work() as uow:
            lease = uow.channels.acquire(CHANNEL, self._owner, now, now + timedelta(seconds=LEASE))
            item = int(uow.channels.cursor(BOARD) or 0) + 1
            uow.commit()
        if lease is None:
            time.sleep(0.005)
            return
        with self._store.unit_of_work() as uow:
            uow.captures.seen(BOARD, [ExternalId(f"item-{item}")])
            poll = PollRow(BOARD, self._clock.now(), Manifest(1, 0, 1), str(item), lease.token)
            number = uow.messages.register([new_message(f"item-{item}", poll=uow.captures.record_poll(poll))])[0]
            row = uow.matters.lock([MatterId(number)])[MatterId(number)]
            uow.outbox.add([outbox_record(number, 1), outbox_record(number, 2)])
            uow.matters.update([replace(row, sequence=2)])
            uow.commit()
        self._note(f"item {item}")

    def _relay_once(self) -> None:
        leases = transact(self._clock, self._share.leases)
        if leases:
            self._relay.run_once([shard_in(lease) for lease in leases], 50, leases=leases)

    def _note(self, what: str) -> None:
        os.write(self._log, f"{what}\n".encode())


def hold(url: str, owner: str, folder: str) -> None:
    Holder(url, owner, Path(folder)).run()


def freeze_in_turn(url: str, folder: Path, rounds: int, seed: int) -> Frozen:
    chance, context = random.Random(seed), get_context("spawn")
    holders = [context.Process(target=hold, args=(url, f"holder-{n}", str(folder))) for n in range(2)]
    for process in holders:
        process.start()
    try:
        _wait_for_first(folder)
        # On a busy machine nobody may have woken too late by then, which would prove nothing.
        for done in range(4 * rounds):
            if done >= rounds and _somebody_woke_late(folder):
                break
            _freeze(chance.choice(holders), chance)
        (folder / "stop").touch()
        for process in holders:
            process.join(60)
    finally:
        for process in holders:
            if process.is_alive():
                process.kill()
    return _judged(url, folder, rounds)


def _somebody_woke_late(folder: Path) -> bool:
    logs = [folder / f"holder-{n}.log" for n in range(2)]
    return any("late" in log.read_text(encoding="utf-8").splitlines() for log in logs if log.exists())


def _freeze(process: BaseProcess, chance: random.Random) -> None:
    assert process.pid is not None
    assert process.is_alive(), "a holder ended by itself"
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(FROZEN)
    os.kill(process.pid, signal.SIGCONT)
    time.sleep(chance.random() * 0.05)


def _wait_for_first(folder: Path) -> None:
    until = time.monotonic() + 60
    while not all((folder / f"holder-{n}.log").exists() for n in range(2)):
        assert time.monotonic() < until, "the holders did not start"
        time.sleep(0.05)


def _judged(url: str, folder: Path, rounds: int) -> Frozen:
    store, clock = SqlStore(url), SystemClock()
    share = OutboxShare(store, clock, "last", 60.0)
    relay = Relay(store, FileTopics(folder / "topics"), clock)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        leases = share.leases(look=True)
        if len(leases) == 64 and relay.run_once([shard_in(lease) for lease in leases], 500, leases=leases).idle:
            break
    lines = [line for n in range(2) for line in (folder / f"holder-{n}.log").read_text().splitlines()]
    items = Counter(line for line in lines if line.startswith("item"))
    sent = [line.split() for line in (folder / "topics").read_text().splitlines()]
    effects, last = Counter[str](), defaultdict[str, int](int)
    for event, key, sequence in sent:
        if int(sequence) > last[key]:
            last[key] = int(sequence)
            effects[event] += 1
    with store.unit_of_work(write=False) as uow:
        stored = len(uow.reads.in_state([MessageState.NEW], limit=10_000_000))
        undelivered = len(uow.outbox.pending(range(64), 10_000_000, clock.now()))
    with store.transaction(write=False) as tx:
        polls = int(tx.fetch("SELECT count(*) FROM polls")[0][0])
        balanced = all(line.difference == 0 for line in ledger(tx))
    share.close()
    store.close()
    return Frozen(
        rounds=rounds,
        items=stored,
        twice=sum(count - 1 for count in items.values()),
        polls=polls,
        undelivered=undelivered,
        effects_twice=sum(count - 1 for count in effects.values()),
        effects_missing=2 * stored - len(effects),
        balanced=balanced,
        woke_late=lines.count("late"),
        sent_twice=len(sent) - len({event for event, *_ in sent}),
    )


def assert_no_second_effect(outcome: Frozen) -> None:
    assert outcome.items == outcome.polls > 0, outcome
    assert (outcome.twice, outcome.effects_twice, outcome.effects_missing, outcome.undelivered) == (0, 0, 0, 0), outcome
    assert outcome.balanced, outcome
    assert outcome.woke_late > 0, outcome
