"""One store of each implementation for each test."""

from collections.abc import Iterator

import pytest

from store.unit_of_work import SqlStore


@pytest.fixture
def store_url(any_store: str) -> str:
    return any_store


@pytest.fixture
def store(store_url: str) -> Iterator[SqlStore]:
    opened = SqlStore(store_url, busy_timeout=20.0)
    yield opened
    opened.close()
