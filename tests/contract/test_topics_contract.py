"""Publisher, feed and reading by offset, on the embedded topics and on the fake in memory."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pytest

from domain.errors import HaltForPerson
from domain.events import DeliveryStatus, EventType, OutboxRecord, TopicRecord
from domain.ids import EventId, MatterId
from domain.ports import Feed, Publisher
from route.embedded import EmbeddedTopics
from tests.support.memory_topics import MemoryTopics

AT = datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)
Topics = EmbeddedTopics | MemoryTopics
WATER, ROADS = "fenban.unit.water", "fenban.unit.roads"


@pytest.fixture(params=["embedded", "memory"])
def topics(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Topics]:
    opened: Topics = EmbeddedTopics(tmp_path / "topics.db") if request.param == "embedded" else MemoryTopics()
    yield opened
    opened.close()


def record(number: int, topic: str = WATER, event: str = "", value: str = '{"n": 1}') -> OutboxRecord:
    event_id = EventId(event or f"e{number}")
    headers = (("id", event_id), ("type", "assigned"), ("subject", "事项"))
    return OutboxRecord(number, event_id, EventType.ASSIGNED, topic, MatterId(f"m{number}"), number, headers, value, AT)


def values(records: list[TopicRecord]) -> list[str]:
    return [record.value for record in records]


def test_each_record_has_its_delivery_in_order(topics: Topics) -> None:
    publisher: Publisher = topics
    deliveries = publisher.publish([record(7), record(3, ROADS)])
    assert [(delivery.record_id, delivery.status) for delivery in deliveries] == [
        (7, DeliveryStatus.DELIVERED),
        (3, DeliveryStatus.DELIVERED),
    ]
    assert publisher.publish([]) == []


def test_a_topic_is_read_by_offset(topics: Topics) -> None:
    topics.publish([record(1), record(2, ROADS), record(3, value="正文 𠮷\n")])
    first, second = topics.read(WATER, 0, 9)
    assert first.offset < second.offset
    assert (second.topic, second.key, second.headers, second.value) == (WATER, "m3", record(3).headers, "正文 𠮷\n")
    assert topics.read(WATER, first.offset, 9) == [second]
    assert topics.read(WATER, 0, 1) == [first]
    assert topics.read(WATER, second.offset, 9) == []
    assert topics.read("fenban.unit.nobody", 0, 9) == []
    assert topics.topics() == [ROADS, WATER]


def test_an_event_is_kept_once_a_topic(topics: Topics) -> None:
    topics.publish([record(1, event="same")])
    again = topics.publish([record(1, event="same", value="other"), record(2, ROADS, event="same"), record(3)])
    assert {delivery.status for delivery in again} == {DeliveryStatus.DELIVERED}
    assert values(topics.read(WATER, 0, 9)) == ['{"n": 1}', '{"n": 1}']
    assert len(topics.read(ROADS, 0, 9)) == 1


def test_appending_answers_the_offset_also_the_second_time(topics: Topics) -> None:
    first = topics.append("fenban.feedback.water", "m1", (("id", "f1"),), "{}", AT)
    second = topics.append("fenban.feedback.water", "m1", (("id", "f2"),), "{}", AT)
    assert topics.append("fenban.feedback.water", "m1", (("id", "f1"),), "{}", AT) == first < second
    (kept, _) = topics.read("fenban.feedback.water", 0, 9)
    assert (kept.offset, kept.published_at) == (first, AT)


def test_records_without_an_event_id_are_all_kept(topics: Topics) -> None:
    offsets = {topics.append(WATER, "m1", (), "{}", AT) for _ in range(3)}
    assert len(offsets) == len(topics.read(WATER, 0, 9)) == 3


def test_a_group_remembers_what_it_is_done_with(topics: Topics) -> None:
    topics.publish([record(1), record(2)])
    offset = topics.read(WATER, 0, 9)[-1].offset
    assert topics.committed("desk", WATER) == 0
    topics.commit("desk", WATER, offset)
    topics.commit("desk", WATER, 1)
    topics.commit("desk", "fenban.unit.nobody", 9)
    assert (topics.committed("desk", WATER), topics.committed("other", WATER)) == (offset, 0)


def test_a_feed_gives_the_same_until_commit_oldest_first(topics: Topics) -> None:
    for number, unit in enumerate(("water", "roads", "water"), start=1):
        topics.append(f"fenban.feedback.{unit}", f"m{number}", (("id", f"f{number}"),), str(number), AT)
    topics.publish([record(9), record(10, "fenban.feedbacks.water")])
    feed: Feed = topics.feed("desk")
    assert values(feed.poll(2)) == ["1", "2"]
    assert values(feed.poll(9)) == ["1", "2", "3"]
    assert values(feed.poll(2)) == ["1", "2"]
    feed.commit()
    assert values(feed.poll(9)) == ["3"]
    with topics.feed("desk") as other:
        assert values(other.poll(9)) == ["3"]
        other.commit()
        assert other.poll(9) == []
    assert values(topics.feed("another").poll(9)) == ["1", "2", "3"]


def test_nothing_polled_nothing_committed(topics: Topics) -> None:
    topics.append("fenban.feedback.water", "m1", (("id", "f1"),), "1", AT)
    topics.feed("desk").commit()
    assert len(topics.feed("desk").poll(9)) == 1


def publish_many(path: str, name: str) -> None:
    topics = EmbeddedTopics(path)
    for turn in range(30):
        topics.publish([record(turn, event=f"{name}-{turn}"), record(turn, event=f"shared-{turn}")])
    topics.close()


def test_two_processes_publish_and_a_reader_by_offset_misses_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "topics.db")
    context = get_context("spawn")
    processes = [context.Process(target=publish_many, args=(path, name)) for name in ("one", "two")]
    for process in processes:
        process.start()
    topics, seen, after = EmbeddedTopics(path), [], 0
    while any(process.is_alive() for process in processes) or topics.read(WATER, after, 1):
        for one in topics.read(WATER, after, 7):
            seen.append(dict(one.headers)["id"])
            after = one.offset
    for process in processes:
        process.join()
        assert process.exitcode == 0
    expected = {f"{name}-{turn}" for name in ("one", "two", "shared") for turn in range(30)}
    assert len(seen) == len(expected)
    assert set(seen) == expected


def test_threads_share_embedded_topics(tmp_path: Path) -> None:
    topics = EmbeddedTopics(tmp_path / "topics.db")
    threads = [
        threading.Thread(target=lambda n=n: [topics.publish([record(1, event=f"{n}-{turn}")]) for turn in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(topics.read(WATER, 0, 999)) == 80
    topics.close()


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
