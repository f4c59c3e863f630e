"""What holds for all tests: property tests print how to run a failure again, and are never judged by a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import parallel

settings.register_profile("fenban", deadline=None, print_blob=True)
settings.load_profile("fenban")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    parallel.longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from tests.support.scheduling import Groups

    return Groups(config, log)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store of each kind, ready for use."""
    from tests.support.stores import MAKERS, discard

    url = MAKERS[request.param](tmp_path)
    yield url
    discard(url)
