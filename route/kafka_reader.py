"""One topic from Kafka, for ``fenban consume`` (``domain.ports.Reader``)."""

import threading
from typing import Any

from kafka import ConsumerRebalanceListener

from domain.errors import HaltForPerson, RetryLater
from domain.events import TopicRecord
from domain.ports import Clock
from route.kafka_consumer import SESSION_SECONDS, Consumer, partitions_of
from route.kafka_link import APPLY, KafkaLink, TopicState


class KafkaReader:
    """Without a group from the start, committing nothing; in a group from where it stopped, sharing with its other members.

    ``read`` says in one line when the topic is missing or not allowed; kafka-python would show nothing.
    """

    def __init__(self, link: KafkaLink, clock: Clock, topic: str, group: str, stop: threading.Event | None = None) -> None:
        """``stop``, once set, ends waiting for the group to share its topic."""
        self._link = link
        self._clock = clock
        self._topic = topic
        self._group = group
        self._stop = stop
        self._consumer: Consumer | None = None
        self._given: list[TopicRecord] = []
        self._opened_at = 0.0
        self.joined = not group

    def read(self, limit: int) -> list[TopicRecord]:
        """The next records, oldest first within a partition; none when nothing more is there."""
        consumer = self._opened()
        self._given = consumer.fetch_or_end(limit, ready=lambda: self._settled(consumer))
        return self._given

    def commit(self) -> None:
        """The group is done with what was read last; without a group nothing is kept."""
        if self._group and self._given and self._consumer is not None:
            self._consumer.commit(self._given)
        self._given = []

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _settled(self, consumer: Consumer) -> bool:
        """Whether the group has shared its topic out. Who gets nothing waits until a member that died is surely forgotten."""
        waited = self._clock.monotonic() - self._opened_at > SESSION_SECONDS + 1.0
        return self.joined and (waited or bool(consumer.kafka.assignment()))

    def _opened(self) -> Consumer:
        if self._consumer is None:
            partitions = self._readable()
            consumer = Consumer(self._link, self._clock, group=self._group or None, stop=self._stop)
            if self._group:
                consumer.kafka.subscribe([self._topic], listener=_Joined(self))
            else:
                consumer.kafka.assign(partitions_of(self._topic, partitions))
            self._opened_at = self._clock.monotonic()
            self._consumer = consumer
        return self._consumer

    def _readable(self) -> tuple[int, ...]:
        info = self._link.topics([self._topic])[self._topic]
        user = self._link.config.username
        if info.state is TopicState.MISSING:
            raise HaltForPerson(f"there is no topic {self._topic} on the Kafka cluster", remedy=APPLY)
        if info.state is TopicState.FORBIDDEN or (info.allowed and "READ" not in info.allowed):
            what = f"user {user!r} may not read the topic {self._topic}"
            raise HaltForPerson(what, remedy="read it as the unit's own user, or let the administrator run: fenban topics apply")
        if info.state is TopicState.UNCLEAR:
            raise RetryLater(f"the topic {self._topic} has no leader just now", remedy="it is tried again")
        return info.partitions


class _Joined(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, reader: KafkaReader) -> None:
        self._reader = reader

    def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002
        self._reader.joined = False

    def on_partitions_assigned(self, assigned: Any) -> None:  # noqa: ARG002
        self._reader.joined = True
