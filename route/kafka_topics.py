"""Topics on Apache Kafka (``domain.ports.Topics``), as one user."""

import threading
from collections.abc import Sequence
from datetime import datetime

from domain.events import Delivery, OutboxRecord
from domain.ports import Clock
from route.kafka_feed import KafkaFeed
from route.kafka_link import KafkaLink
from route.kafka_probe import KafkaConfig
from route.kafka_publisher import KafkaPublisher
from route.kafka_reader import KafkaReader


class KafkaTopics:
    """Nothing is connected before it is used. Publishing is safe between threads; a feed and a reader belong to one each.

    An event that is published again is kept again: Kafka drops only what its own client sends twice. Readers drop repeats by
    event id, and what is older by ``sequence``.
    """

    def __init__(self, config: KafkaConfig, clock: Clock, stop: threading.Event | None = None) -> None:
        """``stop``, once set, ends waiting: for acknowledgements, and for a group to share its topics."""
        self.link = KafkaLink(config)
        self._clock = clock
        self._stop = stop
        self._publisher = KafkaPublisher(self.link, clock, stop)

    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        return self._publisher.publish(records)

    def append(self, topic: str, key: str, headers: Sequence[tuple[str, str]], value: str, at: datetime) -> int:
        return self._publisher.append(topic, key, headers, value, at)

    def reader(self, topic: str, group: str = "") -> KafkaReader:
        return KafkaReader(self.link, self._clock, topic, group, self._stop)

    def feed(self, group: str) -> KafkaFeed:
        return KafkaFeed(self.link, self._clock, group, self._stop)

    def close(self) -> None:
        self._publisher.close()
        self.link.close()
