"""The relay on a real store: at least once, in order per topic and key, one failing key stopping only itself."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import jsonschema
import pytest

from domain.errors import RetryLater
from domain.events import Delivery, DeliveryStatus, OutboxRecord
from domain.ids import MatterId, Number
from route.dead_letters import DeadLetters
from route.relay import Relay, RelayResult
from route.wire import structured
from store.queries import ledger
from store.unit_of_work import SqlStore
from tests.support.contract import schema
from tests.support.memory_topics import MemoryTopics
from tests.support.stores import MAKERS, NOW, outbox_record, register

ALL = range(64)
A, B = Number("20261120-board-000001"), Number("20261120-board-000002")


class Killed(BaseException):
    """Stands for SIGKILL at a failpoint."""


class StoppedClock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float, stop: Event) -> bool:
        return stop.is_set()


class ScriptedTopics:
    """A Publisher that keeps what it was given; ``answers`` holds what happens to an event's next tries."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.answers: dict[str, list[DeliveryStatus]] = {}
        self.unreachable = False

    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        if self.unreachable:
            raise RetryLater("no broker")
        deliveries = []
        for record in records:
            script = self.answers.get(record.event_id[-3:], [])
            status = script.pop(0) if script else DeliveryStatus.DELIVERED
            if status is DeliveryStatus.DELIVERED:
                self.sent.append(record.event_id[-3:])
            deliveries.append(Delivery(record.id, status, "" if status is DeliveryStatus.DELIVERED else "scripted"))
        return deliveries

    def close(self) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(MAKERS["sqlite"](tmp_path), busy_timeout=20.0)
    yield opened
    opened.close()


@pytest.fixture
def topics() -> ScriptedTopics:
    return ScriptedTopics()


def relay(store: SqlStore, topics: ScriptedTopics, clock: StoppedClock | None = None, die_at: str = "") -> Relay:
    def failpoint(name: str) -> None:
        if name == die_at:
            raise Killed

    return Relay(store, topics, clock or StoppedClock(), failpoint=failpoint)


def add(store: SqlStore, *records: tuple[Number, int, str]) -> None:
    with store.unit_of_work() as work:
        work.outbox.add([outbox_record(number, sequence, f"fenban.unit.{unit}") for number, sequence, unit in records])
        work.commit()


def names(*records: tuple[Number, int, str]) -> list[str]:
    return [outbox_record(number, sequence, f"fenban.unit.{unit}").event_id[-3:] for number, sequence, unit in records]


def test_everything_is_delivered_once_in_order(store: SqlStore, topics: ScriptedTopics) -> None:
    add(store, (A, 1, "water"), (A, 2, "water"), (A, 3, "water"))
    assert relay(store, topics).run_once(ALL, 100) == RelayResult(delivered=3)
    assert topics.sent == names((A, 1, "water"), (A, 2, "water"), (A, 3, "water"))
    assert relay(store, topics).run_once(ALL, 100).idle


def test_after_a_failure_nothing_later_of_the_same_key_is_sent_first(store: SqlStore, topics: ScriptedTopics) -> None:
    add(store, (A, 1, "water"), (A, 2, "water"), (A, 3, "roads"))
    topics.answers = {names((A, 1, "water"))[0]: [DeliveryStatus.RETRY]}
    clock = StoppedClock()
    assert relay(store, topics, clock).run_once(ALL, 100) == RelayResult(delivered=1, retried=1)
    assert topics.sent == names((A, 3, "roads"))
    assert relay(store, topics, clock).run_once(ALL, 100).idle
    clock.moment += timedelta(minutes=10)
    assert relay(store, topics, clock).run_once(ALL, 100) == RelayResult(delivered=2)
    assert topics.sent[1:] == names((A, 1, "water"), (A, 2, "water"))


def test_a_refused_key_is_parked_alone(store: SqlStore, topics: ScriptedTopics) -> None:
    add(store, (A, 1, "water"), (A, 2, "water"), (B, 3, "water"))
    topics.answers = {names((A, 1, "water"))[0]: [DeliveryStatus.REFUSED]}
    assert relay(store, topics).run_once(ALL, 100) == RelayResult(delivered=1, parked=1)
    assert topics.sent == names((B, 3, "water"))
    with store.unit_of_work(write=False) as work:
        assert [reason for _, reason in work.outbox.parked(9)] == ["scripted"]
    assert relay(store, topics).run_once(ALL, 100).idle


def test_an_unreachable_broker_changes_nothing(store: SqlStore, topics: ScriptedTopics) -> None:
    add(store, (A, 1, "water"))
    topics.unreachable = True
    with pytest.raises(RetryLater):
        relay(store, topics).run_once(ALL, 100)
    topics.unreachable = False
    assert relay(store, topics).run_once(ALL, 100).delivered == 1


@pytest.mark.parametrize(
    ("point", "copies"), [("relay.read", 1), ("relay.published", 2), ("relay.settled", 1)], ids=lambda value: str(value)
)
def test_killed_at_any_point_it_repeats_the_same_event_id_or_nothing(
    store: SqlStore, topics: ScriptedTopics, point: str, copies: int
) -> None:
    add(store, (A, 1, "water"))
    with pytest.raises(Killed):
        relay(store, topics, die_at=point).run_once(ALL, 100)
    relay(store, topics).run_once(ALL, 100)
    assert topics.sent == names((A, 1, "water")) * copies
    assert relay(store, topics).run_once(ALL, 100).idle


def test_only_its_own_shards_and_no_more_than_the_limit(store: SqlStore, topics: ScriptedTopics) -> None:
    add(store, (A, 1, "water"), (B, 2, "water"))
    assert relay(store, topics).run_once([], 100).idle
    assert relay(store, topics).run_once(ALL, 1).delivered == 1
    assert relay(store, topics).run_once(ALL, 1).delivered == 1


class TestDeadLetters:
    """What is refused is told on ``fenban.dead``, each time once, and never of a dead letter."""

    @pytest.fixture
    def number(self, store: SqlStore) -> Number:
        (number,) = register(store, "a")
        with store.unit_of_work() as work:
            row = work.matters.lock([MatterId(number)])[MatterId(number)]
            work.outbox.add([outbox_record(number, 1, "fenban.unit.water")])
            work.matters.update([replace(row, sequence=1)])
            work.commit()
        return number

    def told(self, store: SqlStore) -> list[OutboxRecord]:
        with store.unit_of_work(write=False) as work:
            waiting = work.outbox.pending(ALL, 99, NOW + timedelta(days=1))
        return [record for record in waiting if record.topic == "fenban.dead"]

    def relay(self, store: SqlStore, topics: MemoryTopics) -> Relay:
        return Relay(store, topics, StoppedClock(), dead_letters=DeadLetters("yunze"))

    def test_metadata_and_nothing_of_the_content(self, store: SqlStore, number: Number) -> None:
        topics = MemoryTopics()
        topics.refusing = {"fenban.unit.water"}
        assert self.relay(store, topics).run_once(ALL, 9) == RelayResult(parked=1)
        (letter,) = self.told(store)
        data = json.loads(letter.value)
        assert data == {
            "event": f"{number}.1",
            "event_type": "assigned",
            "topic": "fenban.unit.water",
            "matter": number,
            "sequence": f"{1:020d}",
            "fate": "parked",
            "reason": "not authorised",
            "attempts": 1,
            "at": "2026-11-20T09:30:00+08:00",
        }
        assert (letter.key, letter.sequence) == (MatterId(number), 2)
        jsonschema.Draft202012Validator(schema("dead-letter")).validate(data)
        assert self.relay(store, topics).run_once(ALL, 9) == RelayResult(delivered=1)
        (record,) = topics.read("fenban.dead", 0, 9)
        jsonschema.Draft202012Validator(schema("cloudevent-shared")).validate(structured(record))
        with store.transaction(write=False) as tx:
            assert all(line.difference == 0 for line in ledger(tx) if line.name == "outbox")

    def test_a_refused_dead_letter_makes_no_further_one(self, store: SqlStore, number: Number) -> None:
        topics = MemoryTopics()
        topics.refusing = {"fenban.unit.water", "fenban.dead"}
        relay = self.relay(store, topics)
        assert [relay.run_once(ALL, 9).parked for _ in range(3)] == [1, 1, 0]
        with store.unit_of_work(write=False) as work:
            assert [record.topic for record, _ in work.outbox.parked(9)] == ["fenban.unit.water", "fenban.dead"]

    def test_a_relay_that_wakes_late_tells_nothing_again(self, store: SqlStore, number: Number) -> None:
        topics = MemoryTopics()
        topics.refusing = {"fenban.unit.water"}
        other = self.relay(store, topics)

        def overtaken(name: str) -> None:
            if name == "relay.published":
                other.run_once(ALL, 9)

        slow = Relay(store, topics, StoppedClock(), dead_letters=DeadLetters("yunze"), failpoint=overtaken)
        slow.run_once(ALL, 9)
        assert len(self.told(store)) == 1
