"""What the publisher answers where a topic, a record or this user is refused, on a real broker: only that stops."""

import random
import string
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from domain.clock import SystemClock
from domain.errors import HaltForPerson, RetryLater
from domain.events import DeliveryStatus, EventType, OutboxRecord, TopicRecord
from domain.ids import EventId, MatterId
from domain.ports import Reader
from route.relay import Relay
from store.unit_of_work import SqlStore
from tests.support.kafka import Broker, shared_broker
from tests.support.stores import MAKERS, register
from tests.support.stores import outbox_record as stored_record

WATER, ROADS, NOWHERE = "fenban.unit.water", "fenban.unit.roads", "fenban.unit.nowhere"
QUICK_SECONDS = 15.0
"""Far below the minute that the client would wait for a topic that is not there, on a slow machine too."""


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    found = shared_broker()
    found.user("stranger", "secret-of-stranger")
    yield found
    found.clear()
    found.link.close()


@pytest.fixture
def fresh(broker: Broker) -> Broker:
    broker.fresh([WATER, ROADS])
    return broker


def record(number: int, topic: str = WATER, size: int = 10) -> OutboxRecord:
    event, matter = EventId(f"e{number}"), MatterId(f"m{number}")
    return OutboxRecord(number, event, EventType.ASSIGNED, topic, matter, 1, (("id", event),), "x" * size, SystemClock().now())


def test_only_what_cannot_be_taken_is_refused_and_each_says_why(fresh: Broker) -> None:
    began = time.monotonic()
    with closing(fresh.topics(max_record_bytes=100_000)) as topics:
        first = topics.publish([record(1), record(2, size=200_000), record(3, NOWHERE), record(4, ROADS)])
    assert [one.status for one in first] == [
        DeliveryStatus.DELIVERED,
        DeliveryStatus.REFUSED,
        DeliveryStatus.REFUSED,
        DeliveryStatus.DELIVERED,
    ]
    assert first[1].reason == "too large: 200000 bytes"
    assert first[2].reason == "there is no such topic"
    assert time.monotonic() - began < QUICK_SECONDS


def test_a_limit_lowered_at_the_broker_refuses_one_record_of_a_batch(fresh: Broker) -> None:
    """The broker refuses whole batches; sent in halves, all but the one are taken."""
    from kafka.admin import ConfigResource, ConfigResourceType

    lower = [ConfigResource(ConfigResourceType.TOPIC, WATER, {"max.message.bytes": "3000"})]
    fresh.link.ask(lambda admin: admin.alter_configs(lower))
    noise = "".join(random.Random(7).choices(string.printable, k=50_000))
    large = OutboxRecord(5, EventId("e5"), EventType.ASSIGNED, WATER, MatterId("m5"), 1, (), noise, SystemClock().now())
    with closing(fresh.topics()) as topics:
        answers = topics.publish(
            [*(record(number) for number in range(1, 5)), large, *(record(number) for number in range(6, 9))]
        )
    assert {one.record_id: one.reason for one in answers if one.reason} == {5: "too large: 50000 bytes"}
    assert {one.status for one in answers if one.record_id != 5} == {DeliveryStatus.DELIVERED}


def test_a_topic_that_may_not_be_written_is_refused(fresh: Broker) -> None:
    with closing(fresh.topics("stranger", "secret-of-stranger")) as topics:
        began = time.monotonic()
        (answer,) = topics.publish([record(1)])
        assert (answer.status, answer.reason) == (DeliveryStatus.REFUSED, "user 'stranger' may not write to this topic")
        assert time.monotonic() - began < QUICK_SECONDS


def test_a_topic_that_is_made_later_takes_what_is_sent_again(fresh: Broker) -> None:
    with closing(fresh.topics()) as topics:
        assert topics.publish([record(1, NOWHERE)])[0].status is DeliveryStatus.REFUSED
        fresh.link.ask(lambda admin: admin.create_topics([NOWHERE], wait_for_metadata=True))
        assert topics.publish([record(1, NOWHERE)])[0].status is DeliveryStatus.DELIVERED


def test_a_topic_that_is_deleted_holds_up_the_others_once(fresh: Broker) -> None:
    with closing(fresh.topics(timeout=2.0, delivery_timeout=3.0)) as topics:
        assert {one.status for one in topics.publish([record(1), record(2, ROADS)])} == {DeliveryStatus.DELIVERED}
        fresh.link.ask(lambda admin: admin.delete_topics([ROADS]))
        fresh.until(lambda: ROADS not in fresh.link.ask(lambda admin: admin.list_topics()))
        first = topics.publish([record(3), record(4, ROADS)])
        assert first[0].status is DeliveryStatus.DELIVERED
        assert first[1].status in {DeliveryStatus.RETRY, DeliveryStatus.REFUSED}
        again = topics.publish([record(5), record(4, ROADS)])
        assert [one.status for one in again] == [DeliveryStatus.DELIVERED, DeliveryStatus.REFUSED]


def test_a_wrong_password_and_an_absent_broker_are_told_apart(fresh: Broker) -> None:
    with closing(fresh.topics("stranger", "wrong")) as topics, pytest.raises(HaltForPerson, match="wrong name or password"):
        topics.publish([record(1)])
    with closing(fresh.topics(servers=("127.0.0.1:1",))) as topics, pytest.raises(RetryLater, match="no Kafka broker answers"):
        topics.publish([record(1)])
    with closing(fresh.topics(ca_file=None)) as topics, pytest.raises(HaltForPerson, match="not trusted"):
        topics.publish([record(1)])


def test_a_relay_parks_the_one_matter_and_delivers_the_others(fresh: Broker, tmp_path: Path) -> None:
    """A record that is too large stops its (topic, key), what follows it there too, and nothing else."""
    with closing(SqlStore(MAKERS["sqlite"](tmp_path))) as store, closing(fresh.topics(max_record_bytes=20_000)) as topics:
        numbers = register(store, *(f"letter {number}" for number in range(20)))
        large, others = numbers[7], [number for number in numbers if number != numbers[7]]
        with store.unit_of_work() as uow:
            uow.outbox.add([replace(stored_record(large, 1, WATER), value="x" * 30_000)])
            uow.outbox.add([stored_record(number, sequence, WATER) for sequence in (2, 3) for number in numbers])
            uow.outbox.add([stored_record(large, 4, ROADS)])
            uow.commit()
        relay = Relay(store, topics, SystemClock())
        while not relay.run_once(range(64), 100).idle:
            pass
        with store.unit_of_work(write=False) as uow:
            parked = uow.outbox.parked(10)
        assert [(str(one.key), one.sequence, why) for one, why in parked] == [(str(large), 1, "too large: 30000 bytes")]
        with closing(topics.reader(WATER)) as reader:
            delivered = list(iter_all(reader))
        assert [one.key for one in delivered if one.key == large] == []
        assert Counter(one.key for one in delivered) == dict.fromkeys(others, 2)
        with closing(topics.reader(ROADS)) as reader:
            assert [one.key for one in iter_all(reader)] == [large]


def iter_all(reader: Reader) -> Iterator[TopicRecord]:
    while records := reader.read(100):
        yield from records
