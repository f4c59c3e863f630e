"""What reading from Kafka needs everywhere: a consumer, its errors in our words, whether it has come to the end."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from kafka import KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import OffsetAndMetadata

from domain.errors import RetryLater
from domain.events import TopicRecord
from domain.ports import Clock
from route.kafka_link import KafkaLink
from route.kafka_wire import from_consumed

SESSION_SECONDS = 10.0
"""A reader that died gives its topics free after so long."""
SLICE_MS = 200
CLOSE_MS = 2000
_MOVED_ON = (
    kafka_errors.CommitFailedError,
    kafka_errors.RebalanceInProgressError,
    kafka_errors.IllegalGenerationError,
    kafka_errors.UnknownMemberIdError,
)
_Result = TypeVar("_Result")


class Consumer:
    """A kafka-python consumer that never hangs and says why it reads nothing. Not to be shared between threads."""

    def __init__(
        self,
        link: KafkaLink,
        clock: Clock,
        *,
        group: str | None,
        between_polls: float = 300.0,
        stop: threading.Event | None = None,
    ) -> None:
        """``between_polls``: a member that does not ask for so many seconds loses its topics to the others. ``stop``, once set,
        ends waiting."""
        self._link = link
        self._clock = clock
        self._stop = stop or threading.Event()
        link.probe()
        options = link.options(
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=int(SESSION_SECONDS * 1000),
            max_poll_interval_ms=int(between_polls * 1000),
            heartbeat_interval_ms=int(SESSION_SECONDS * 1000 / 4),
            allow_auto_create_topics=False,
            metadata_max_age_ms=30_000,
            metrics_enabled=False,
        )
        self.kafka: KafkaConsumer = self.asked(lambda: KafkaConsumer(**options))

    def asked(self, question: Callable[[], _Result]) -> _Result:
        """The answer. Raises RetryLater or HaltForPerson."""
        try:
            return question()
        except kafka_errors.KafkaError as error:
            raise self._link.told(error) from None

    def fetch(self, limit: int, milliseconds: int = SLICE_MS) -> list[TopicRecord]:
        """What is there, at most ``limit``, waiting a moment for it; a longer one where the group is to be joined first."""
        if self._joining():
            milliseconds = max(milliseconds, SLICE_MS)
        found = self.asked(lambda: self.kafka.poll(timeout_ms=milliseconds, max_records=limit))
        return [from_consumed(record) for records in found.values() for record in records]

    def fetch_or_end(self, limit: int, *, ready: Callable[[], bool]) -> list[TopicRecord]:
        """What is there; nothing only when the consumer stands at the end of all it reads, or was told to stop. Raises
        RetryLater when it comes to neither within the time allowed. ``ready`` says whether the group has given it its topics."""
        until = self._clock.monotonic() + self._link.config.timeout + SESSION_SECONDS
        while self._clock.monotonic() < until:
            records = self.fetch(limit)
            if records or self._stop.is_set() or (not self._joining() and ready() and self.at_end()):
                return records
        self._link.probe()
        raise RetryLater("Kafka gives no records and does not say that there are none", remedy="it is tried again")

    def at_end(self) -> bool:
        """Whether nothing is left in the partitions that this consumer reads."""
        assigned = list(self.kafka.assignment())
        if not assigned:
            return True
        timeout = int(self._link.config.timeout * 1000)
        ends = self.asked(lambda: self.kafka.end_offsets(assigned, timeout_ms=timeout))
        return all(self._position(partition) >= ends[partition] for partition in assigned)

    def commit(self, done: Iterable[TopicRecord]) -> None:
        """The group is done with these. What another member reads by now is left to it: those records come again there."""
        offsets: dict[Any, Any] = {}
        for record in done:
            partition = TopicPartition(record.topic, record.partition)
            following = max(record.offset + 1, offsets[partition].offset if partition in offsets else 0)
            offsets[partition] = OffsetAndMetadata(following, "", -1)
        mine = self.kafka.assignment()
        offsets = {partition: offset for partition, offset in offsets.items() if partition in mine}
        if not offsets:
            return
        try:
            self.kafka.commit(offsets, timeout_ms=int(self._link.config.timeout * 1000))
        except _MOVED_ON:
            return
        except kafka_errors.KafkaError as error:
            raise self._link.told(error) from None

    def close(self) -> None:
        self.kafka.close(autocommit=False, timeout_ms=CLOSE_MS)

    def _joining(self) -> bool:
        """kafka-python forgets a join for the sake of changed topics when a poll ends in its midst: it would never read again, nor
        be heard of by the group, without a word (as Java's client once did, KAFKA-9815)."""
        coordinator = self.kafka._coordinator
        if coordinator.rejoining:
            coordinator.request_rejoin()
        return bool(coordinator.need_rejoin())

    def _position(self, partition: Any) -> int:
        timeout = int(self._link.config.timeout * 1000)
        return int(self.asked(lambda: self.kafka.position(partition, timeout_ms=timeout)) or 0)


def partitions_of(topic: str, numbers: Sequence[int]) -> list[Any]:
    return [TopicPartition(topic, number) for number in numbers]
