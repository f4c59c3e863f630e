"""One store of each implementation for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.unit_of_work import SqlStore
from tests.support.stores import MAKERS, discard


@pytest.fixture(params=sorted(MAKERS))
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = MAKERS[request.param](tmp_path)
    yield url
    discard(url)


@pytest.fixture
def store(store_url: str) -> Iterator[SqlStore]:
    opened = SqlStore(store_url, busy_timeout=20.0)
    yield opened
    opened.close()
