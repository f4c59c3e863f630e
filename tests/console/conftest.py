"""A small city with its console."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.console import ConsoleCity, console_city
from tests.support.desk import Desk
from tests.support.town import Town


@pytest.fixture
def city(tmp_path: Path) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path / "city")
    with console_city(desk) as made:
        yield made
    desk.system.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One for all tests of a file: each makes letters of its own."""
    desk = Desk(tmp_path_factory.mktemp("town") / "city")
    with console_city(desk) as city:
        sealed = city.person("wei", ["handler", "sealed_reviewer"], ["water"])
        yield Town(city, city.person("shui", ["handler"], ["water"]), city.person("lu", ["handler"], ["roads"]), sealed)
    desk.system.close()
