"""Publisher, feed and reader: on the embedded topics, on a real Kafka broker, and on the fake in memory.

What Kafka does not promise, the suite says: an event that is published again is kept again (readers drop it by id and
sequence), and a record's time is to the millisecond, on feedback topics the broker's own.
"""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pytest

from app.retry import transact
from domain.clock import SystemClock
from domain.errors import HaltForPerson
from domain.events import DeliveryStatus, EventType, OutboxRecord, TopicRecord
from domain.ids import EventId, MatterId
from domain.ports import Feed, Publisher, Reader, Topics
from route.embedded import EmbeddedTopics
from route.kafka_probe import KafkaConfig
from route.kafka_topics import KafkaTopics
from tests.support.kafka import shared_broker
from tests.support.memory_topics import MemoryTopics

AT = datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)
WATER, ROADS = "fenban.unit.water", "fenban.unit.roads"
FEEDBACK = [f"fenban.feedback.{unit}" for unit in ("water", "roads")]
EVERYWHERE = ("embedded", "memory", "kafka")
KEEPING_ONCE = ("embedded", "memory")
keeping_once = pytest.mark.parametrize("topics", KEEPING_ONCE, indirect=True)


@pytest.fixture(params=EVERYWHERE)
def topics(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Topics]:
    opened: Topics
    if request.param == "kafka":
        broker = shared_broker()
        broker.fresh([WATER, ROADS, "fenban.unit.nobody", "fenban.feedbacks.water", *FEEDBACK])
        # A group of an earlier test would go on where that one stopped, in topics that are new.
        broker.forget_groups(["desk", "other", "another"])
        opened = broker.topics()
    else:
        opened = EmbeddedTopics(tmp_path / "topics.db") if request.param == "embedded" else MemoryTopics()
    yield opened
    opened.close()


def record(number: int, topic: str = WATER, event: str = "", value: str = '{"n": 1}') -> OutboxRecord:
    event_id = EventId(event or f"e{number}")
    headers = (("id", event_id), ("type", "assigned"), ("datacontenttype", "application/json"), ("subject", "事项"))
    return OutboxRecord(number, event_id, EventType.ASSIGNED, topic, MatterId(f"m{number}"), number, headers, value, AT)


def values(records: list[TopicRecord]) -> list[str]:
    return [record.value for record in records]


def taken(reader: Reader, limit: int) -> list[TopicRecord]:
    """A group's first question to a broker just started, or to a busy one, may have to be asked again."""
    return transact(SystemClock(), lambda: reader.read(limit))


def polled(feed: Feed, limit: int) -> list[TopicRecord]:
    return transact(SystemClock(), lambda: feed.poll(limit))


def read(topics: Topics, topic: str, group: str = "", *, commit: bool = True) -> list[TopicRecord]:
    """Everything there is for this group."""
    found: list[TopicRecord] = []
    with closing(topics.reader(topic, group)) as reader:
        while records := taken(reader, 3):
            found += records
            if commit:
                reader.commit()
    return found


def test_each_record_has_its_delivery_in_order(topics: Topics) -> None:
    publisher: Publisher = topics
    deliveries = publisher.publish([record(7), record(3, ROADS)])
    assert [(delivery.record_id, delivery.status) for delivery in deliveries] == [
        (7, DeliveryStatus.DELIVERED),
        (3, DeliveryStatus.DELIVERED),
    ]
    assert publisher.publish([]) == []


def test_a_topic_is_read_in_its_order(topics: Topics) -> None:
    topics.publish([record(1), record(2, ROADS), record(3, value="正文 𠮷\n")])
    with closing(topics.reader(WATER)) as reader:
        (first,) = taken(reader, 1)
        (second,) = taken(reader, 9)
        assert taken(reader, 9) == []
        topics.publish([record(4)])
        (third,) = taken(reader, 9)
    assert first.offset < second.offset < third.offset
    assert (second.topic, second.key, second.headers, second.value) == (WATER, "m3", record(3).headers, "正文 𠮷\n")
    assert read(topics, WATER) == [first, second, third]
    assert read(topics, "fenban.unit.nobody") == []


@keeping_once
def test_an_event_is_kept_once_a_topic(topics: Topics) -> None:
    topics.publish([record(1, event="same")])
    again = topics.publish([record(1, event="same", value="other"), record(2, ROADS, event="same"), record(3)])
    assert {delivery.status for delivery in again} == {DeliveryStatus.DELIVERED}
    assert values(read(topics, WATER)) == ['{"n": 1}', '{"n": 1}']
    assert len(read(topics, ROADS)) == 1


@pytest.mark.parametrize("topics", ["kafka"], indirect=True)
def test_kafka_keeps_an_event_as_often_as_it_is_published(topics: Topics) -> None:
    topics.publish([record(1, event="same")])
    topics.publish([record(1, event="same")])
    assert [dict(one.headers)["id"] for one in read(topics, WATER)] == ["same", "same"]


def test_appending_answers_the_offset(topics: Topics) -> None:
    first = topics.append(FEEDBACK[0], "m1", (("id", "f1"),), "{}", AT)
    second = topics.append(FEEDBACK[0], "m1", (("id", "f2"),), "{}", AT)
    assert [one.offset for one in read(topics, FEEDBACK[0])] == [first, second]
    assert first < second


@keeping_once
def test_appending_an_event_again_answers_its_offset(topics: Topics) -> None:
    first = topics.append(FEEDBACK[0], "m1", (("id", "f1"),), "{}", AT)
    second = topics.append(FEEDBACK[0], "m1", (("id", "f2"),), "{}", AT)
    assert topics.append(FEEDBACK[0], "m1", (("id", "f1"),), "{}", AT) == first < second
    (kept, _) = read(topics, FEEDBACK[0])
    assert (kept.offset, kept.published_at) == (first, AT)


def test_records_without_an_event_id_are_all_kept(topics: Topics) -> None:
    offsets = {topics.append(WATER, "m1", (), "{}", AT) for _ in range(3)}
    assert len(offsets) == len(read(topics, WATER)) == 3


def test_a_group_goes_on_where_it_stopped(topics: Topics) -> None:
    topics.publish([record(1), record(2)])
    with closing(topics.reader(WATER, "desk")) as reader:
        assert len(taken(reader, 1)) == 1
        reader.commit()
        assert len(taken(reader, 1)) == 1
    topics.publish([record(3)])
    assert [one.key for one in read(topics, WATER, "desk", commit=False)] == ["m2", "m3"]
    assert [one.key for one in read(topics, WATER, "desk")] == ["m2", "m3"]
    assert read(topics, WATER, "desk") == []
    assert [one.key for one in read(topics, WATER, "other")] == ["m1", "m2", "m3"]
    assert len(read(topics, WATER)) == 3


def test_a_feed_gives_the_same_until_commit_oldest_first(topics: Topics) -> None:
    for number, unit in enumerate(("water", "roads", "water"), start=1):
        topics.append(f"fenban.feedback.{unit}", f"m{number}", (("id", f"f{number}"),), str(number), AT.replace(minute=number))
    topics.publish([record(9), record(10, "fenban.feedbacks.water")])
    with closing(topics.feed("desk")) as opened:
        feed: Feed = opened
        assert values(gather(feed, 3)) == ["1", "2", "3"]
        assert values(polled(feed, 2)) == ["1", "2"]
        assert values(polled(feed, 9)) == ["1", "2", "3"]
        assert values(polled(feed, 2)) == ["1", "2"]
        feed.commit()
        assert values(polled(feed, 9)) == ["3"]
    with closing(topics.feed("desk")) as other:
        assert values(polled(other, 9)) == ["3"]
        other.commit()
        assert polled(other, 9) == []
    with closing(topics.feed("another")) as another:
        assert values(gather(another, 3)) == ["1", "2", "3"]


def gather(feed: Feed, count: int) -> list[TopicRecord]:
    """Polls until so many are there: topics of several departments may come one by one."""
    while True:
        records = polled(feed, 9)
        if len(records) >= count or not records:
            return records


def test_nothing_polled_nothing_committed(topics: Topics) -> None:
    topics.append(FEEDBACK[0], "m1", (("id", "f1"),), "1", AT)
    with closing(topics.feed("desk")) as feed:
        feed.commit()
    with closing(topics.feed("desk")) as feed:
        assert len(polled(feed, 9)) == 1


def publish_many(where: Path | KafkaConfig, name: str, shared: bool) -> None:
    topics: Topics = EmbeddedTopics(where) if isinstance(where, Path) else KafkaTopics(where, SystemClock())
    for turn in range(30):
        both = [record(turn, event=f"shared-{turn}")] if shared else []
        topics.publish([record(turn, event=f"{name}-{turn}"), *both])
    topics.close()


def publish_from_two_processes(topics: Topics, where: Path | KafkaConfig, *, shared: bool) -> list[str]:
    """The event ids that a reader sees meanwhile and afterwards."""
    context = get_context("spawn")
    processes = [context.Process(target=publish_many, args=(where, name, shared)) for name in ("one", "two")]
    for process in processes:
        process.start()
    seen: list[str] = []
    with closing(topics.reader(WATER)) as reader:
        while any(process.is_alive() for process in processes):
            seen += [dict(one.headers)["id"] for one in taken(reader, 7)]
        while records := taken(reader, 7):
            seen += [dict(one.headers)["id"] for one in records]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return seen


def test_two_processes_publish_and_a_reader_by_offset_misses_nothing(tmp_path: Path) -> None:
    with closing(EmbeddedTopics(tmp_path / "topics.db")) as topics:
        seen = publish_from_two_processes(topics, tmp_path / "topics.db", shared=True)
    expected = {f"{name}-{turn}" for name in ("one", "two", "shared") for turn in range(30)}
    assert len(seen) == len(expected)
    assert set(seen) == expected


@pytest.mark.parametrize("topics", ["kafka"], indirect=True)
def test_two_processes_publish_to_kafka_and_a_reader_misses_nothing(topics: Topics) -> None:
    seen = publish_from_two_processes(topics, shared_broker().config(), shared=False)
    assert sorted(seen) == sorted(f"{name}-{turn}" for name in ("one", "two") for turn in range(30))


@pytest.mark.parametrize("topics", ["embedded", "kafka"], indirect=True)
def test_threads_share_topics(topics: Topics) -> None:
    threads = [
        threading.Thread(target=lambda n=n: [topics.publish([record(1, event=f"{n}-{turn}")]) for turn in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(topics, WATER)) == 80


def test_embedded_topics_outlast_the_process(tmp_path: Path) -> None:
    first = EmbeddedTopics(tmp_path / "topics.db")
    first.publish([record(1)])
    first.close()
    assert len(EmbeddedTopics(tmp_path / "topics.db").read(WATER, 0, 9)) == 1


def test_a_file_that_is_none_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "topics.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(HaltForPerson, match="no topics' file"):
        EmbeddedTopics(tmp_path / "topics.db").read(WATER, 0, 9)
    with pytest.raises(HaltForPerson, match="cannot be opened"):
        EmbeddedTopics(tmp_path / "nowhere" / "topics.db").read(WATER, 0, 9)
