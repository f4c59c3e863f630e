"""The departments' feedback from a real broker: shared by processes, never twice in effect, never stopped by one record."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaProducer

from domain.clock import SystemClock
from domain.errors import RetryLater
from domain.events import TopicRecord
from domain.ports import Feed, Topics
from route.kafka_consumer import Consumer
from route.kafka_feed import KafkaFeed
from tests.support.desk import Desk
from tests.support.kafka import Broker, shared_broker
from tests.unit.test_way_of_a_message import WATER

UNITS = ("water", "roads", "river")
TOPICS = [f"fenban.feedback.{unit}" for unit in UNITS]
GROUP = "office.feed"
NOW = SystemClock().now()


@pytest.fixture
def broker() -> Iterator[Broker]:
    found = shared_broker()
    found.fresh(TOPICS)
    found.forget_groups([GROUP])
    yield found
    found.link.close()


@pytest.fixture
def topics(broker: Broker) -> Iterator[Topics]:
    opened = broker.topics()
    yield opened
    opened.close()


def drained(feed: Feed) -> list[TopicRecord]:
    """Everything there is, committed poll by poll."""
    found: list[TopicRecord] = []
    while records := feed.poll(7):
        found += records
        feed.commit()
    return found


def test_what_was_polled_and_not_committed_comes_again_elsewhere(topics: Topics) -> None:
    for number in range(5):
        topics.append(TOPICS[0], f"m{number}", (("id", f"f{number}"),), str(number), NOW)
    with closing(topics.feed(GROUP)) as first:
        assert len(first.poll(3)) == 3
        first.commit()
        assert len(first.poll(2)) == 2
    with closing(topics.feed(GROUP)) as second:
        assert [record.value for record in drained(second)] == ["3", "4"]


def test_two_feeds_share_the_topics_and_miss_nothing_when_one_leaves(broker: Broker, topics: Topics) -> None:
    """Each in a thread of its own, as two processes would; one leaves with what it never committed, the other takes it over."""
    seen: dict[str, list[str]] = {"stays": [], "leaves": []}
    stop, leave = threading.Event(), threading.Event()

    def take(name: str, until: threading.Event) -> None:
        with closing(topics.feed(GROUP)) as feed:
            while not until.is_set():
                try:
                    records = feed.poll(7)
                except RetryLater:
                    continue
                if name == "leaves" and records:
                    leave.wait(20)
                    return
                seen[name] += [record.value for record in records]
                feed.commit()

    threads = [threading.Thread(target=take, args=("stays", stop)), threading.Thread(target=take, args=("leaves", leave))]
    for thread in threads:
        thread.start()
    expected = {str(number) for number in range(300)}
    for number in range(300):
        topics.append(TOPICS[number % 3], f"m{number}", (("id", f"f{number}"),), str(number), NOW)
    leave.set()
    broker.until(lambda: set(seen["stays"]) == expected, 90)
    stop.set()
    for thread in threads:
        thread.join(timeout=60)
    for topic in range(3):
        of_topic = [int(value) for value in seen["stays"] if int(value) % 3 == topic]
        assert list(dict.fromkeys(of_topic)) == sorted(set(of_topic))


def learn(consumer: Consumer) -> None:
    """The cluster's topics are asked for now, not only when half a minute is over."""
    consumer.kafka._coordinator._cluster.request_update()


def test_a_member_that_joins_again_because_topics_changed_is_not_lost_when_a_poll_ends_before_the_join(broker: Broker) -> None:
    consumer = Consumer(broker.link, SystemClock(), group=GROUP)
    with closing(consumer):
        consumer.kafka.subscribe([TOPICS[0]])
        broker.until(lambda: not consumer.fetch(1) and len(consumer.kafka.assignment()) == 1)
        broker.link.ask(lambda admin: admin.create_partitions({TOPICS[0]: 2}))
        learn(consumer)
        broker.until(lambda: not consumer.fetch(1, 0) and len(consumer.kafka.assignment()) == 2, 30)


def test_a_feed_that_is_told_to_stop_waits_no_longer_for_a_member_that_is_silent(broker: Broker) -> None:
    """One that was killed holds the group up for a whole session; whoever joins meanwhile is stopped all the same."""
    stop = threading.Event()
    stop.set()
    with closing(Consumer(broker.link, SystemClock(), group=GROUP)) as silent:
        silent.kafka.subscribe(TOPICS)
        broker.until(lambda: not silent.fetch(1) and len(silent.kafka.assignment()) == len(TOPICS))
        with closing(KafkaFeed(broker.link, SystemClock(), GROUP, stop)) as feed:
            assert feed.poll(1) == []


def test_a_feed_with_records_in_hand_takes_up_the_topic_of_a_new_department(broker: Broker, topics: Topics) -> None:
    for number in range(3):
        topics.append(TOPICS[0], "m1", (("id", f"f{number}"),), str(number), NOW)
    with closing(KafkaFeed(broker.link, SystemClock(), GROUP)) as feed:
        assert [record.value for record in feed.poll(3)] == ["0", "1", "2"]
        added = "fenban.feedback.parks"
        broker.link.ask(lambda admin: admin.create_topics({added: {"num_partitions": 1, "replication_factor": -1}}))
        topics.append(added, "m2", (("id", "f9"),), "9", NOW)
        consumer = feed._consumer
        assert consumer is not None
        learn(consumer)
        broker.until(lambda: {record.value for record in feed.poll(9)} == {"0", "1", "2", "9"}, 30)


def test_no_record_whatever_it_is_stops_the_feed(broker: Broker, topics: Topics, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city")
    part = f"{desk.letter('1', WATER)}.water.1"
    desk.work()
    producer = KafkaProducer(**broker.link.options())
    odd: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]] = [
        (b"k", b"\xff\xfe not utf-8", []),
        (None, b"", []),
        (b"\xff", None, [("ce_id", b"\xff\xff"), ("ce_type", b"sign")]),
        (b"k", b'{"id": 1}' * 40_000, []),
        (b"k", b"[" * 100_000, []),
        (b"k", b'{"type": "sign"}', [("content-type", b"application/cloudevents+json")]),
    ]
    futures = [producer.send(TOPICS[0], key=key, value=value, headers=headers) for key, value, headers in odd]
    line = json.dumps({"specversion": "1.0", "id": "s1", "type": "sign", "data": {"assignment": part}})
    futures.append(producer.send(TOPICS[0], value=line.encode(), headers=[("content-type", b"application/cloudevents+json")]))
    producer.flush(30)
    assert all(future.succeeded() for future in futures)
    producer.close()
    with closing(topics.feed(GROUP)) as feed:
        taken = 0
        while done := desk.feedback.drain(feed, 3):
            taken += done
    assert taken == len(odd) + 1
    with desk.system.store.unit_of_work(write=False) as uow:
        audited = [entry for _, entry in uow.audit.entries() if entry.action == "feedback.unreadable"]
        signed = uow.assignments.get(part)  # type: ignore[arg-type]
    assert len(audited) == len(odd)
    assert signed is not None
    assert signed.state == "signed"


def test_binary_mode_is_understood(broker: Broker, topics: Topics, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city")
    part = f"{desk.letter('1', WATER)}.water.1"
    desk.work()
    headers = (("specversion", "1.0"), ("id", "b1"), ("type", "sign"), ("datacontenttype", "application/json"))
    topics.append(TOPICS[0], part, headers, json.dumps({"assignment": part}), NOW)
    with closing(topics.feed(GROUP)) as feed:
        assert desk.feedback.drain(feed, 10) == 1
        assert desk.feedback.drain(feed, 10) == 0
    with desk.system.store.unit_of_work(write=False) as uow:
        signed = uow.assignments.get(part)  # type: ignore[arg-type]
    assert signed is not None
    assert signed.state == "signed"
