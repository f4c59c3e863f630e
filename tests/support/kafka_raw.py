"""Requests straight to a broker, past what a client looks up and leaves out by itself: what the broker lets a user do."""

from collections.abc import Sequence

from kafka import errors as kafka_errors
from kafka.protocol.consumer import FetchRequest
from kafka.protocol.producer import ProduceRequest
from kafka.record.memory_records import MemoryRecordsBuilder

from domain.clock import SystemClock
from route.kafka_link import KafkaLink
from route.kafka_wire import to_milliseconds

NAMED = 11
"""The last version of both requests that names topics; later ones use ids that only a permitted user learns."""


def fetched(link: KafkaLink, topics: Sequence[str]) -> dict[str, int | str]:
    """Topic → bytes that a fetch from its start gave, or the error's name. One request for all."""
    wanted = [
        FetchRequest.FetchTopic(
            topic=name,
            partitions=[FetchRequest.FetchTopic.FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=10_000)],
        )
        for name in topics
    ]
    request = FetchRequest(max_wait_ms=0, min_bytes=0, max_bytes=10_000_000, isolation_level=0, topics=wanted, max_version=NAMED)
    manager = link.admin()._manager
    response = manager.run(manager.send, request)
    return {
        topic.topic: (_name(part.error_code) if part.error_code else len(part.records or b""))
        for topic in response.responses
        for part in topic.partitions
    }


def produced(link: KafkaLink, topics: Sequence[str], value: bytes) -> dict[str, str]:
    """Topic → "" where the broker took a record, or the error's name. One request for all."""
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=10_000)
    builder.append(timestamp=to_milliseconds(SystemClock().now()), key=b"k", value=value, headers=[])
    builder.close()
    topic_data = [
        ProduceRequest.TopicProduceData(
            name=name, partition_data=[ProduceRequest.TopicProduceData.PartitionProduceData(index=0, records=builder.buffer())]
        )
        for name in topics
    ]
    request = ProduceRequest(transactional_id=None, acks=-1, timeout_ms=10_000, topic_data=topic_data, max_version=NAMED)
    manager = link.admin()._manager
    response = manager.run(manager.send, request)
    return {
        topic.name: _name(part.error_code) if part.error_code else ""
        for topic in response.responses
        for part in topic.partition_responses
    }


def group_refused(link: KafkaLink, group: str, topic: str) -> bool:
    """Whether the user may not even ask where the group stands."""
    from kafka import TopicPartition

    try:
        link.admin().list_group_offsets({group: [TopicPartition(topic, 0)]})
    except kafka_errors.GroupAuthorizationFailedError:
        return True
    return False


def _name(code: int) -> str:
    return str(kafka_errors.for_code(code).__name__)
