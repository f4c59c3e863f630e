"""A moment comes back from the store to the microsecond."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from domain.clock import SHANGHAI
from store.times import from_us, to_us


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(SHANGHAI)))  # noqa: DTZ001
@example(datetime(2026, 11, 20, 23, 59, 59, 999999, tzinfo=SHANGHAI))
@example(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
def test_to_the_microsecond(moment: datetime) -> None:
    stored = to_us(moment)
    assert from_us(stored) == moment
    assert from_us(stored).tzinfo is UTC
    assert to_us(from_us(stored)) == stored
