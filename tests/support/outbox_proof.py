"""12 writers, a tenth of their transactions rolled back, two relays: nothing lost, each matter's order kept."""

import threading
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from domain.ids import Number
from tests.support.outbox_load import Arrived, in_threads, matters_for, relay_by_id, relay_until, write_outbox

PROCESSES = 4
THREADS = 3
MATTERS = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """``missed`` counts events that did not arrive in their matter's order; ``repeated`` those that arrived more than once."""

    committed: int
    lost: int
    missed: int
    repeated: int
    lost_by_id: int
    never_committed: int


def prove(url: str, rows: int, *, naive: bool) -> Outcome:
    numbers = matters_for(url, MATTERS)
    done, arrived, by_id = threading.Event(), Arrived(), Arrived()
    relays = [threading.Thread(target=relay_until, args=(url, f"relay-{n}", arrived, done)) for n in range(2)]
    if naive:
        relays.append(threading.Thread(target=relay_by_id, args=(url, by_id, done)))
    for relay in relays:
        relay.start()
    try:
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            parts = pool.map(partial(_writers, url, numbers, rows // (PROCESSES * THREADS)), range(PROCESSES))
            committed = {event for part in parts for event in part}
    finally:
        done.set()
        for relay in relays:
            relay.join()
    ids = arrived.ids()
    return Outcome(
        committed=len(committed),
        lost=len(committed - ids),
        missed=arrived.out_of_order(),
        repeated=len(arrived.events) - len(ids),
        lost_by_id=len(committed - by_id.ids()) if naive else 0,
        never_committed=len(ids - committed),
    )


def _writers(url: str, numbers: list[Number], rows: int, process: int) -> list[str]:
    found: list[str] = []

    def write(seed: int) -> None:
        found.extend(write_outbox(url, seed, rows, numbers))

    in_threads(*(partial(write, process * THREADS + thread) for thread in range(THREADS)))
    return found
