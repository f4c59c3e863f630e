"""The feedback of all departments from Kafka (``domain.ports.Feed``): oldest first, the same again until it is committed."""

import heapq
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any

from kafka import ConsumerRebalanceListener

from domain.events import TOPIC_PREFIX, TopicRecord
from domain.ports import Clock
from route.kafka_consumer import Consumer
from route.kafka_link import KafkaLink

PATTERN = rf"^{TOPIC_PREFIX}\.feedback\.[a-z0-9-]+$"
HANGING_SECONDS = 60.0
"""A process that hangs with a batch in hand keeps others from sharing for no longer than this."""
Place = tuple[str, int]


class KafkaFeed:
    """Several processes share the topics; one that dies gives its part to the others. Made when first polled, kept until
    closed; used by one thread.

    Within one department's topic the order is kept. Between departments the oldest comes first among what has been fetched,
    by the brokers' clock; more than that Kafka cannot promise.
    """

    def __init__(self, link: KafkaLink, clock: Clock, group: str, stop: threading.Event | None = None) -> None:
        """``stop``, once set, ends waiting for the group to share its topics."""
        self._link = link
        self._clock = clock
        self._group = group
        self._stop = stop
        self._consumer: Consumer | None = None
        self._waiting: dict[Place, deque[TopicRecord]] = defaultdict(deque)
        self._given: list[TopicRecord] = []
        self._again: dict[Place, int] = {}
        self._joined = False
        self._caught_up = False

    def poll(self, limit: int) -> list[TopicRecord]:
        """Raises RetryLater when no broker answers, HaltForPerson when this user may not read."""
        consumer = self._opened()
        missing = limit - sum(map(len, self._waiting.values()))
        if missing > 0:
            self._keep(
                consumer.fetch(missing, 0 if self._waiting else 200) if self._caught_up else self._first(consumer, missing)
            )
        self._given = list(self._oldest(limit))
        return self._given

    def commit(self) -> None:
        """What the last poll gave is done with. Where another process reads a topic by now, its records come again there."""
        if self._given and self._consumer is not None:
            self._consumer.commit(self._given)
            for record in self._given:
                waiting = self._waiting.get((record.topic, record.partition))
                if waiting and waiting[0].offset == record.offset:
                    waiting.popleft()
            self._given = []

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
        self._consumer = None
        self._forget(list(self._waiting))
        self._again.clear()
        self._given = []

    def _opened(self) -> Consumer:
        if self._consumer is None:
            self._joined = self._caught_up = False
            consumer = Consumer(self._link, self._clock, group=self._group, between_polls=HANGING_SECONDS, stop=self._stop)
            consumer.kafka.subscribe(pattern=PATTERN, listener=_Listener(self))
            self._consumer = consumer
        return self._consumer

    def _first(self, consumer: Consumer, limit: int) -> list[TopicRecord]:
        """Until it has once come to the end "nothing" is not believed; afterwards new records come of themselves."""
        if self._waiting:
            return consumer.fetch(limit, 0)
        records = consumer.fetch_or_end(limit, ready=lambda: self._joined)
        self._caught_up = not records
        return records

    def _keep(self, records: Iterable[TopicRecord]) -> None:
        for record in records:
            self._waiting[record.topic, record.partition].append(record)

    def _oldest(self, limit: int) -> Iterator[TopicRecord]:
        """From each partition in its order; of those at the front always the oldest."""
        partitions = {place: iter(records) for place, records in self._waiting.items()}
        fronts = [_front(place, record) for place, records in partitions.items() if (record := next(records, None))]
        heapq.heapify(fronts)
        for _ in range(limit):
            if not fronts:
                return
            *_, place, record = fronts[0]
            yield record
            following = next(partitions[place], None)
            if following is None:
                heapq.heappop(fronts)
            else:
                heapq.heapreplace(fronts, _front(place, following))

    def assigned(self, partitions: Iterable[Any]) -> None:
        """What this process had before the topics were shared anew it reads on, by kafka-python, where it had fetched to: it
        is sent back to what it had in hand and gave away then."""
        self._joined, self._caught_up = True, False
        for partition in partitions:
            first = self._again.get((partition.topic, partition.partition))
            if first is not None and self._consumer is not None:
                self._consumer.kafka.seek(partition, first)
        self._again.clear()

    def revoked(self, places: Iterable[Place]) -> None:
        """Their records come again to whoever reads them now."""
        gone = set(places)
        self._joined = False
        self._again |= {place: self._waiting[place][0].offset for place in gone if self._waiting.get(place)}
        self._forget(gone)
        self._given = [record for record in self._given if (record.topic, record.partition) not in gone]

    def _forget(self, places: Iterable[Place]) -> None:
        for place in places:
            self._waiting.pop(place, None)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, feed: KafkaFeed) -> None:
        self._feed = feed

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        self._feed.revoked([(partition.topic, partition.partition) for partition in revoked])

    def on_partitions_lost(self, lost: Iterable[Any]) -> None:
        self.on_partitions_revoked(lost)

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        self._feed.assigned(assigned)


def _front(place: Place, record: TopicRecord) -> tuple[Any, ...]:
    return record.published_at, record.topic, record.partition, record.offset, place, record
