"""A PostgreSQL that crashes again and again under load: what was acknowledged is stored, and only once."""

import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.retry import transact
from domain.clock import SystemClock
from domain.errors import RetryLater
from domain.records import AuditEntry
from store.migrate import upgrade
from store.queries import ledger
from store.unit_of_work import SqlStore
from tests.support.outbox_load import in_threads
from tests.support.private_postgresql import PrivatePostgresql, private_postgresql
from tests.support.stores import NOW, new_message

WRITERS = 4
WRITES_BETWEEN = 11
WRITE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Survived:
    restarts: int
    acknowledged: int
    missing: int
    stored_twice: int
    refused: int
    balanced: bool
    audit: str


class Load:
    """Writers that register and audit, each step retried as the program retries it; ``acknowledged`` keeps what was told."""

    def __init__(self, url: str) -> None:
        self._store = SqlStore(url)
        self._clock = SystemClock()
        self.stop = threading.Event()
        self.acknowledged: list[tuple[str, str]] = []
        self.refused = 0

    def write(self, writer: int) -> None:
        turn = 0
        while not self.stop.is_set():
            turn += 1
            name = f"{writer}-{turn}"
            try:
                number = transact(self._clock, partial(self._step, name))
            except RetryLater:
                self.refused += 1
                continue
            self.acknowledged.append((name, number))

    def go_on(self, seconds: float) -> None:
        """For so long, and on a busy machine until enough was acknowledged to be worth a crash."""
        wanted = len(self.acknowledged) + WRITES_BETWEEN
        time.sleep(seconds)
        end = time.monotonic() + WRITE_SECONDS
        while len(self.acknowledged) < wanted and time.monotonic() < end:
            time.sleep(0.05)

    def _step(self, name: str) -> str:
        with self._store.unit_of_work() as uow:
            number = uow.messages.register([new_message(name)])[0]
            uow.audit.append([AuditEntry(NOW, "writer", "registered", name)])
            uow.commit()
        # Without a number it was registered by an earlier try whose outcome could not be asked for.
        return number

    def judged(self, restarts: int) -> Survived:
        with self._store.transaction(write=False) as tx:
            stored: dict[str, str] = {row[0]: row[1] for row in tx.fetch("SELECT external_id, number FROM messages")}
            audited = tx.fetch("SELECT subject, count(*) FROM audit GROUP BY subject HAVING count(*) > 1")
            balanced = all(line.difference == 0 for line in ledger(tx))
        with self._store.unit_of_work(write=False) as uow:
            broken = uow.audit.verify()
        self._store.close()
        return Survived(
            restarts=restarts,
            acknowledged=len(self.acknowledged),
            missing=sum(stored.get(name) != (number or stored.get(name, "")) for name, number in self.acknowledged),
            stored_twice=len(audited),
            refused=self.refused,
            balanced=balanced,
            audit=broken,
        )


def crash_again_and_again(server: PrivatePostgresql, times: int, *, between: float) -> Survived:
    upgrade(server.url)
    load = Load(server.url)

    def crash() -> None:
        try:
            for _ in range(times):
                load.go_on(between)
                server.crash()
                server.start()
            load.go_on(between)
        finally:
            load.stop.set()

    in_threads(crash, *(partial(load.write, writer) for writer in range(WRITERS)))
    return load.judged(times)


def assert_everything_survived(outcome: Survived) -> None:
    assert outcome.acknowledged > 10 * outcome.restarts, outcome
    assert (outcome.missing, outcome.stored_twice) == (0, 0), outcome
    assert outcome.balanced, outcome
    assert outcome.audit == "", outcome


def restarts_in(folder: Path, times: int, *, between: float) -> Survived:
    with private_postgresql(folder) as server:
        return crash_again_and_again(server, times, between=between)
