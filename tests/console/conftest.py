"""A small city with its console."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.console import ConsoleCity, console_city
from tests.support.desk import Desk


@pytest.fixture
def city(tmp_path: Path) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path / "city")
    with console_city(desk) as made:
        yield made
    desk.system.close()
