"""The relay on a real store: at least once, in order per topic and key, one failing key stopping only itself."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from domain.errors import RetryLater
from domain.events import Delivery, DeliveryStatus, OutboxRecord
from domain.ids import Number
from route.relay import Relay, RelayResult
from store.unit_of_work import SqlStore
from tests.support.stores import MAKERS, NOW, outbox_record

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
