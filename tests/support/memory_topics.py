"""Topics in memory: the fake publisher and feed, held by the same contract as the real ones."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from domain.events import Delivery, DeliveryStatus, OutboxRecord, TopicRecord


class MemoryTopics:
    """``refusing`` are topics that take nothing; ``failing`` the number of publishings that end in a retry."""

    def __init__(self) -> None:
        self.records: list[TopicRecord] = []
        self.refusing: set[str] = set()
        self.failing = 0
        self._committed: dict[tuple[str, str], int] = defaultdict(int)

    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        if self.failing:
            self.failing -= 1
            return [Delivery(record.id, DeliveryStatus.RETRY, "not now") for record in records]
        return [self._publish(record) for record in records]

    def _publish(self, record: OutboxRecord) -> Delivery:
        if record.topic in self.refusing:
            return Delivery(record.id, DeliveryStatus.REFUSED, "not authorised")
        self._append(record.topic, record.key, record.event_id, record.headers, record.value, datetime(2026, 11, 20, tzinfo=UTC))
        return Delivery(record.id, DeliveryStatus.DELIVERED)

    def append(self, topic: str, key: str, headers: Sequence[tuple[str, str]], value: str, at: datetime) -> int:
        return self._append(topic, key, dict(headers).get("id"), headers, value, at)

    def _append(
        self, topic: str, key: str, event_id: str | None, headers: Sequence[tuple[str, str]], value: str, at: datetime
    ) -> int:
        for record in self.records:
            if event_id is not None and record.topic == topic and dict(record.headers).get("id") == event_id:
                return record.offset
        self.records.append(TopicRecord(topic, len(self.records) + 1, key, tuple(headers), value, at))
        return len(self.records)

    def read(self, topic: str, after_offset: int, limit: int) -> list[TopicRecord]:
        return [record for record in self.records if record.topic == topic and record.offset > after_offset][:limit]

    def topics(self) -> list[str]:
        return sorted({record.topic for record in self.records})

    def committed(self, group: str, topic: str) -> int:
        return self._committed[group, topic]

    def commit(self, group: str, topic: str, offset: int) -> None:
        if topic in self.topics():
            self._committed[group, topic] = max(offset, self._committed[group, topic])

    def reader(self, topic: str, group: str = "") -> "MemoryReader":
        return MemoryReader(self, topic, group)

    def feed(self, group: str) -> "MemoryFeed":
        return MemoryFeed(self, group)

    def close(self) -> None:
        pass


class MemoryReader:
    def __init__(self, topics: MemoryTopics, topic: str, group: str) -> None:
        self._topics = topics
        self._topic = topic
        self._group = group
        self._after = topics.committed(group, topic) if group else 0

    def read(self, limit: int) -> list[TopicRecord]:
        records = self._topics.read(self._topic, self._after, limit)
        self._after = records[-1].offset if records else self._after
        return records

    def commit(self) -> None:
        if self._group:
            self._topics.commit(self._group, self._topic, self._after)

    def close(self) -> None:
        pass


class MemoryFeed:
    def __init__(self, topics: MemoryTopics, group: str) -> None:
        self._topics = topics
        self._group = group
        self._polled: list[TopicRecord] = []

    def poll(self, limit: int) -> list[TopicRecord]:
        self._polled = [
            record
            for record in self._topics.records
            if record.topic.startswith("fenban.feedback.") and record.offset > self._topics.committed(self._group, record.topic)
        ][:limit]
        return self._polled

    def commit(self) -> None:
        for record in self._polled:
            self._topics.commit(self._group, record.topic, record.offset)
        self._polled = []

    def close(self) -> None:
        self._polled = []
