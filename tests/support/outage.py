"""A city that goes on writing events while its Kafka breaks, and what every topic must hold afterwards."""

import random
import threading
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from app.queries import Queries
from app.runner import Parts, Runner
from app.settings import load_settings
from app.wiring import System
from domain.ids import Number
from domain.records import NewOutbox
from tests.support.desk import UNITS
from tests.support.kafka import Broker
from tests.support.stores import outbox_record, register

UNIT_TOPICS = ("fenban.unit.water", "fenban.unit.roads")
MATTERS = 60
AT_ONCE = 10
PAUSE = 0.02

_SETTINGS = """
[city]
id = "demo"
name = "示例市"
region = "999900"

[kafka]
bootstrap_servers = "{servers}"
username = "{user}"
password = "file:{password}"
ca_file = "{ca}"
timeout_seconds = {timeout}
delivery_seconds = {delivery}

[log]
level = "error"
"""


class WritingCity:
    """Writes ten events at a time, relays them by the program's own runner, and counts. To be used in a ``with`` statement."""

    def __init__(self, folder: Path, broker: Broker, *, seed: int, timeout: float = 10.0, delivery: float = 30.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "units.toml").write_text(UNITS, encoding="utf-8")
        values = {
            "servers": broker.told["KAFKA_BOOTSTRAP"],
            "user": broker.told["KAFKA_ADMIN_USERNAME"],
            "password": broker.told["KAFKA_ADMIN_PASSWORD_FILE"],
            "ca": broker.told["KAFKA_CA"],
        }
        (folder / "fenban.toml").write_text(_SETTINGS.format(**values, timeout=timeout, delivery=delivery), encoding="utf-8")
        self._system = System(load_settings(folder / "fenban.toml"), may_make_store=True)
        self._random = random.Random(seed)
        self._matters = register(self._system.store, *(f"letter {number}" for number in range(MATTERS)))
        self._sequences: Counter[Number] = Counter()
        self.written: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.count = 0
        self.slowest = 0.0
        self._stop_writing, self._stop_relaying = threading.Event(), threading.Event()
        self._runner = Runner(self._system, Parts(collect=False, work=False, feed=False, remind=False))
        self._threads = [
            threading.Thread(target=self._write, name="writes"),
            threading.Thread(target=self._runner.run, args=(self._stop_relaying,), name="relays"),
        ]

    def __enter__(self) -> "WritingCity":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_writing.set()
        self._stop_relaying.set()
        for thread in self._threads:
            thread.join(timeout=60)
        self._runner.close()
        self._system.close()

    def until_written(self, more: int) -> None:
        """Until so many more events are written: what breaks must not keep them."""
        wanted = self.count + more
        Broker.until(lambda: self.count >= wanted, 120)

    def drained(self, within: float) -> float:
        """Ends the writing; how many seconds it takes until nothing waits any more."""
        self._stop_writing.set()
        self._threads[0].join(timeout=60)
        began = time.monotonic()
        Broker.until(lambda: not self._waiting(), within)
        return time.monotonic() - began

    def lost_or_disordered(self, broker: Broker) -> tuple[list[str], int]:
        """What is missing or out of order for a reader that drops a sequence not above the last of the same topic and matter;
        and how many records it dropped."""
        wrong: list[str] = []
        dropped = 0
        with closing(broker.topics()) as topics:
            for topic in UNIT_TOPICS:
                taken: dict[str, list[int]] = defaultdict(list)
                with closing(topics.reader(topic)) as reader:
                    while records := reader.read(1000):
                        for record in records:
                            sequence = int(dict(record.headers)["sequence"])
                            if taken[record.key] and sequence <= taken[record.key][-1]:
                                dropped += 1
                            else:
                                taken[record.key].append(sequence)
                wrong += [
                    f"{topic} {key}: {len(taken[key])} of {len(sequences)} in order"
                    for (name, key), sequences in self.written.items()
                    if name == topic and taken[key] != sequences
                ]
        return wrong, dropped

    def _write(self) -> None:
        while not self._stop_writing.wait(PAUSE):
            some = [(self._random.choice(self._matters), self._random.choice(UNIT_TOPICS)) for _ in range(AT_ONCE)]
            records = []
            for number, topic in some:
                self._sequences[number] += 1
                sequence = self._sequences[number]
                records.append(_numbered(number, sequence, topic))
                self.written[topic, number].append(sequence)
            began = time.monotonic()
            with self._system.store.unit_of_work() as uow:
                uow.outbox.add(records)
                uow.commit()
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.count += AT_ONCE

    def _waiting(self) -> int:
        with self._system.store.unit_of_work(write=False) as uow:
            parked = uow.outbox.parked(10)
        assert not parked, f"parked: {parked[0][1]}"
        return int(Queries(self._system.store).status(self._system.clock.now())["outbox"]["pending"])


def _numbered(number: Number, sequence: int, topic: str) -> NewOutbox:
    made = outbox_record(number, sequence, topic)
    return replace(made, headers=(*made.headers, ("sequence", f"{sequence:020d}")))
