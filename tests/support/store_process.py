"""What a second process does to a store; started by ``multiprocessing`` with the spawn method."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any

from domain.ids import Number
from domain.messages import MessageState
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, new_message, settled

PROCESSES = 2
UNTIL = NOW + timedelta(minutes=5)


def claim_all(url: str, name: str, ready: Barrier) -> list[str]:
    """Claims by threes and settles until nothing is left; the numbers this process settled."""
    store = SqlStore(url)
    mine: list[str] = []
    ready.wait(60)
    while True:
        with store.unit_of_work() as uow:
            claimed = uow.messages.claim(name, 3, NOW, UNTIL)
            uow.commit()
        if not claimed:
            return mine
        with store.unit_of_work() as uow:
            left = uow.messages.settle([settled(one.number, MessageState.DISPATCHED, worker=name) for one in claimed])
            uow.commit()
        mine += [one.number for one in claimed if one.number not in left]


def register_all(url: str, name: str, ready: Barrier) -> list[str]:
    """Registers items of its own and items that the other process registers too; rolls every fifth batch back first."""
    store = SqlStore(url)
    given: list[str] = []
    ready.wait(60)
    for turn in range(40):
        batch = [new_message(f"{name}-{turn}"), new_message(f"shared-{turn}")]
        if turn % 5 == 0:
            with store.unit_of_work() as uow:
                uow.messages.register(batch)
        with store.unit_of_work() as uow:
            numbers = uow.messages.register(batch)
            uow.commit()
        given += [number for number in numbers if number]
    return given


def claim_texts(url: str, name: str, ready: Barrier) -> list[str]:
    """Claims fifty texts for a message of its own; who holds each."""
    store = SqlStore(url)
    number = Number(f"20261120-board-{int(name) + 1:06d}")
    ready.wait(60)
    holders = []
    for turn in range(50):
        with store.unit_of_work() as uow:
            holders.append(uow.sameness.claim_text(b"person", b"text %d" % turn, number, NOW, 24))
            uow.commit()
    return [str(holder) for holder in holders]


def take_leases(url: str, name: str, ready: Barrier) -> list[str]:
    """Takes and gives back one lease a hundred times; the tokens it had."""
    store = SqlStore(url)
    tokens = []
    ready.wait(60)
    for _ in range(100):
        with store.unit_of_work() as uow:
            lease = uow.channels.acquire("relay", name, NOW, UNTIL)
            uow.commit()
        if lease is not None:
            tokens.append(str(lease.token))
            with store.unit_of_work() as uow:
                uow.channels.release(lease)
                uow.commit()
    return tokens


def first_use(url: str, name: str, ready: Barrier) -> list[str]:
    """Makes the store while the other process does the same."""
    from store.migrate import upgrade

    ready.wait(60)
    upgrade(url)
    with SqlStore(url).unit_of_work(write=False) as uow:
        return [str(len(uow.channels.status()))]


Work = Callable[[str, str, Barrier], list[str]]


def in_processes(work: Work, url: str) -> Sequence[list[str]]:
    """Runs ``work`` in two processes that begin together; what each returned."""
    context = get_context("spawn")
    with context.Manager() as manager:
        ready: Any = manager.Barrier(PROCESSES)
        with context.Pool(PROCESSES) as pool:
            return pool.starmap(work, [(url, str(n), ready) for n in range(PROCESSES)], chunksize=1)
