"""A city with letters in every state, its console, and a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import chromium
from tests.support.console import ConsoleCity, console_city
from tests.support.desk import Desk
from tests.support.morning import fill


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    """One for a file: tests work on letters of their own."""
    desk = Desk(tmp_path_factory.mktemp("morning") / "city")
    fill(desk)
    with console_city(desk) as city:
        yield city
    desk.system.close()
