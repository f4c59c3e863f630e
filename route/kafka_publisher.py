"""Records to Kafka (``domain.ports.Publisher``): acknowledged by every in-sync replica, one failing topic stopping only itself."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from kafka import KafkaProducer
from kafka import errors as kafka_errors
from kafka.future import Future
from kafka.partitioner.default import DefaultPartitioner

from domain.errors import HaltForPerson
from domain.events import Delivery, DeliveryStatus, OutboxRecord
from domain.ports import Clock
from route.kafka_link import APPLY, KafkaLink, TopicInfo, TopicState, name_of
from route.kafka_wire import to_headers, to_milliseconds

LINGER_MS = 100
"""Nobody waits for it: what is given at once is sent at once. It keeps what is given together in few, large batches."""
BATCH_BYTES = 256 * 1024
KNOWN_SECONDS = 300.0
"""A topic that was found there is believed in for so long; the brokers' own refusal ends it earlier."""
ASK_AGAIN_SECONDS = 0.5
LOOK_SECONDS = 0.5
PAUSE_SECONDS = 0.01
CLOSE_SECONDS = 1.0
_TOO_LARGE = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)
_REFUSED = (
    *_TOO_LARGE,
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.UnknownTopicOrPartitionError,
    kafka_errors.InvalidTopicError,
    kafka_errors.InvalidRecordError,
    kafka_errors.PolicyViolationError,
)


Attributes: TypeAlias = Sequence[tuple[str, str]]
Outgoing: TypeAlias = tuple[str, str, Attributes, str, datetime]
Outcome: TypeAlias = int | str | Exception
"""The offset of a record that was acknowledged, why its topic takes none, or what went wrong."""


class KafkaPublisher:
    """An idempotent producer, made when the first record comes. Safe to share between threads: they take turns.

    What a relay sends again after it was killed may stand in a topic twice, with the same event id; readers drop it.
    Records of one (topic, key) given in one call are sent in their order; so that a later one never passes one that failed,
    the relay gives one at a time.
    """

    def __init__(self, link: KafkaLink, clock: Clock, stop: threading.Event | None = None) -> None:
        """``stop``, once set, ends waiting: what is not acknowledged by then is to be sent again."""
        self._link = link
        self._clock = clock
        self._lock = threading.Lock()
        self._stop = stop or threading.Event()
        self._producer: KafkaProducer | None = None
        self._known: dict[str, float] = {}
        self._doubtful = False

    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        """One Delivery per record, in order. Refused are records that are too large, and those of a topic that is not there
        or not allowed. Raises RetryLater when no broker can be reached and HaltForPerson when none lets this user in."""
        if not records:
            return []
        at = self._clock.now()
        with self._lock:
            sent = self._sent([(one.topic, one.key, one.headers, one.value, at) for one in records])
            deliveries = [self._delivery(record, outcome) for record, outcome in zip(records, sent, strict=True)]
            self._learn(sent)
            return deliveries

    def append(self, topic: str, key: str, headers: Attributes, value: str, at: datetime) -> int:
        """Sends one record and returns its offset. Raises RetryLater or HaltForPerson when it is not taken."""
        with self._lock:
            (outcome,) = self._sent([(topic, key, headers, value, at)])
            self._learn([outcome])
        if isinstance(outcome, str):
            raise HaltForPerson(f"{topic}: {outcome}", remedy=APPLY)
        if isinstance(outcome, Exception):
            raise self._link.told(outcome)
        return outcome

    def close(self) -> None:
        """Ends within a second or two, also when no broker is there and another thread still waits for one."""
        held = self._lock.acquire(timeout=CLOSE_SECONDS)
        try:
            self._drop()
        finally:
            if held:
                self._lock.release()

    def _ready(self) -> KafkaProducer:
        if self._producer is None:
            self._link.probe()
            config = self._link.config
            delivery_ms = int(config.delivery_timeout * 1000)
            options = self._link.options(
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                partitioner=_OneOrByKey(),
                linger_ms=LINGER_MS,
                batch_size=BATCH_BYTES,
                max_request_size=config.max_record_bytes,
                delivery_timeout_ms=delivery_ms,
                max_block_ms=int(config.timeout * 1000),
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
            options["request_timeout_ms"] = min(options["request_timeout_ms"], delivery_ms - LINGER_MS)
            try:
                self._producer = KafkaProducer(**options)
            except kafka_errors.KafkaError as error:
                raise self._link.told(error) from None
        return self._producer

    def _refused_topics(self, topics: set[str]) -> dict[str, str]:
        """Topic → why nothing can be sent to it. A topic that seems to be missing is asked for twice: brokers that have just
        started, or have just made it, may not know it yet."""
        now = self._clock.monotonic()
        unsure = sorted(topic for topic in topics if self._known.get(topic, 0.0) <= now)
        found = self._link.topics(unsure)
        missing = [topic for topic, info in found.items() if info.state is TopicState.MISSING]
        if missing:
            self._clock.wait(ASK_AGAIN_SECONDS, self._stop)
            found.update(self._link.topics(missing))
        refused = {topic: why for topic, info in found.items() if (why := _why_not(info, self._link.config.username))}
        self._known.update(
            {
                topic: now + KNOWN_SECONDS
                for topic, info in found.items()
                if topic not in refused and info.state is TopicState.THERE
            }
        )
        return refused

    def _sent(self, records: Sequence[Outgoing]) -> list[Outcome]:
        """Sends the records and waits for all of them."""
        if self._doubtful:
            self._link.probe()
        refused = self._refused_topics({record[0] for record in records})
        producer = self._ready()
        sent = [refused[record[0]] if record[0] in refused else self._send(producer, *record) for record in records]
        self._wait(producer, [one for one in sent if isinstance(one, Future)])
        outcomes = [_outcome(one) if isinstance(one, Future) else one for one in sent]
        blamed = [place for place, one in enumerate(sent) if isinstance(one, Future) and isinstance(outcomes[place], _REFUSED)]
        if blamed:
            self._drop()
        if len(blamed) > 1:
            for place in blamed:
                outcomes[place] = self._by_itself(records[place])
        return outcomes

    def _by_itself(self, record: Outgoing) -> Outcome:
        """A broker refuses a whole batch for one record that is too large for its topic, and after any refusal the client
        answers for everything else with the same: so each is sent once more alone, and the guilty one alone is refused."""
        why = self._refused_topics({record[0]}).get(record[0])
        if why:
            return why
        producer = self._ready()
        future = self._send(producer, *record)
        if not isinstance(future, Future):
            return future
        self._wait(producer, [future])
        outcome = _outcome(future)
        if isinstance(outcome, _REFUSED):
            self._drop()
        return outcome

    def _send(
        self, producer: KafkaProducer, topic: str, key: str, headers: Attributes, value: str, at: datetime
    ) -> Future | Exception:
        try:
            return producer.send(
                topic,
                value=value.encode("utf-8", "replace"),
                key=key.encode(),
                headers=to_headers(headers),
                timestamp_ms=to_milliseconds(at),
            )
        except kafka_errors.KafkaError as error:
            return error

    def _wait(self, producer: KafkaProducer, futures: Sequence[Future]) -> None:
        """Until every record is acknowledged or has failed. The producer itself fails what waits longer than it may; the wait
        is a little longer than that, so that only a defect ends it. A batch that was too large and is sent in halves ends a
        flush early: the rest is waited for again."""
        config = self._link.config
        until = self._clock.monotonic() + config.delivery_timeout + config.timeout
        while not all(future.is_done for future in futures):
            if self._clock.monotonic() >= until or self._stop.is_set():
                return
            try:
                producer.flush(timeout=LOOK_SECONDS)
            except kafka_errors.KafkaError:
                self._clock.wait(PAUSE_SECONDS, self._stop)

    def _delivery(self, record: OutboxRecord, outcome: Outcome) -> Delivery:
        if isinstance(outcome, int):
            return Delivery(record.id, DeliveryStatus.DELIVERED)
        if isinstance(outcome, str):
            return Delivery(record.id, DeliveryStatus.REFUSED, outcome)
        # Whatever went wrong, the topic may be gone: it is asked for again before the next record.
        self._known.pop(record.topic, None)
        if isinstance(outcome, _REFUSED):
            return Delivery(record.id, DeliveryStatus.REFUSED, self._told(record, outcome))
        return Delivery(record.id, DeliveryStatus.RETRY, f"not acknowledged ({name_of(outcome)})")

    def _told(self, record: OutboxRecord, error: Exception) -> str:
        if isinstance(error, _TOO_LARGE):
            return f"too large: {len(record.value.encode('utf-8', 'replace'))} bytes"
        if isinstance(error, kafka_errors.TopicAuthorizationFailedError):
            return f"user {self._link.config.username!r} may not write to this topic"
        if isinstance(error, kafka_errors.UnknownTopicOrPartitionError):
            return "there is no such topic"
        return f"Kafka refused the record ({name_of(error)})"

    def _learn(self, sent: Sequence[Outcome]) -> None:
        """After a round in which nothing got through the next one first asks whether anybody is there. A producer that gave
        a record up is made anew: it goes on asking for a topic that is gone, and holds up all others meanwhile."""
        failed = [one for one in sent if isinstance(one, Exception) and not isinstance(one, _REFUSED)]
        self._doubtful = bool(failed) and not any(isinstance(one, int) for one in sent)
        if failed:
            self._drop()
        for error in failed:
            if isinstance(error, kafka_errors.ClusterAuthorizationFailedError):
                raise self._link.told(error)

    def _drop(self) -> None:
        producer, self._producer = self._producer, None
        self._known.clear()
        if producer is not None:
            try:
                producer.close(timeout=CLOSE_SECONDS)
            except kafka_errors.KafkaError:
                # It gives up closing when something is left unsent, and would go on for ever; that is sent anew by another.
                producer._sender.force_close()
                producer._closed = True


class _OneOrByKey(DefaultPartitioner):  # type: ignore[misc]
    """Where the client itself would put a key; it hashes the key, byte by byte in Python, also where there is no choice."""

    def partition(self, topic: str, key: Any, key_bytes: Any, value: Any, value_bytes: Any, cluster: Any) -> int:
        there = cluster.partitions_for_topic(topic)
        if there and len(there) == 1:
            (only,) = there
            return int(only)
        return int(super().partition(topic, key, key_bytes, value, value_bytes, cluster))


def _outcome(future: Future) -> Outcome:
    if future.succeeded():
        return int(future.value.offset)
    error: Exception = future.exception or kafka_errors.KafkaTimeoutError()
    return error


def _why_not(info: TopicInfo, user: str) -> str:
    """Why nothing can be sent to the topic, or "". What is unclear is tried: its records wait if it stays so."""
    if info.state is TopicState.MISSING:
        return "there is no such topic"
    if info.state is TopicState.FORBIDDEN or (info.allowed and "WRITE" not in info.allowed):
        return f"user {user!r} may not write to this topic"
    return ""
