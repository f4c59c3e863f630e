"""What holds for all tests: property tests print how to run a failure again, and are never judged by a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("fenban", deadline=None, print_blob=True)
settings.load_profile("fenban")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store of each kind, ready for use."""
    from tests.support.stores import MAKERS, discard

    url = MAKERS[request.param](tmp_path)
    yield url
    discard(url)
