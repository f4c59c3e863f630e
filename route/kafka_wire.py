"""Records as Kafka holds them: CloudEvents in binary mode, the attributes as headers."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.events import TopicRecord

ATTRIBUTE = "ce_"
MEDIA_HEADER, MEDIA_ATTRIBUTE = "content-type", "datacontenttype"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def to_headers(attributes: Iterable[tuple[str, str]]) -> list[tuple[str, bytes]]:
    """CloudEvents attributes as the headers of a record in binary mode."""
    return [
        (MEDIA_HEADER if name == MEDIA_ATTRIBUTE else f"{ATTRIBUTE}{name}", value.encode("utf-8", "replace"))
        for name, value in attributes
    ]


def to_milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def from_consumed(record: Any) -> TopicRecord:
    """One of kafka-python's consumed records. Whatever a department wrote becomes text, so that reading never stops at it."""
    return TopicRecord(
        record.topic,
        record.offset,
        _text(record.key),
        _attributes(record.headers or ()),
        _text(record.value),
        EPOCH + MILLISECOND * max(0, record.timestamp or 0),
        record.partition,
    )


def _attributes(headers: Sequence[tuple[str, bytes | None]]) -> tuple[tuple[str, str], ...]:
    """Without their prefix. The content type is an attribute of a CloudEvent in binary mode alone: in structured mode the
    record's value holds them all."""
    binary = any(name.startswith(ATTRIBUTE) for name, _ in headers)
    return tuple(
        (MEDIA_ATTRIBUTE if binary and name == MEDIA_HEADER else name.removeprefix(ATTRIBUTE), _text(value))
        for name, value in headers
    )


def _text(value: bytes | None) -> str:
    return "" if value is None else bytes(value).decode("utf-8", "replace")
