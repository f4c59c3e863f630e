"""Which tests may run beside each other when pytest-xdist runs them in several processes (``make test``)."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

BROKER = (
    "tests/contract/test_topics_contract.py",
    "tests/servers/test_department_handlers.py",
    "tests/servers/test_department_handlers_with_fenban.py",
    "tests/servers/test_kafka_access.py",
    "tests/servers/test_kafka_commands.py",
    "tests/servers/test_kafka_feed.py",
    "tests/servers/test_kafka_publisher.py",
)
"""These share the broker of ``make services`` and forget each other's users and groups: one after another."""

ALONE = ("tests/system/test_system_kill.py", "tests/system/test_system_main.py")
"""Each test of these has servers of its own: none waits for another."""

LONGEST = (
    "tests/system/test_system_kill.py::test_killed_anywhere",
    "broker",
    "tests/system/test_system_kill.py",
    "tests/system/test_system_main.py",
    "tests/system/",
)
"""These are begun first, so that no process is left with one of them at the end. As each process is given the next group while it
runs one, what follows the longest is short."""


def group_of(nodeid: str) -> str:
    """The tests of a file stay together, as what they share is made once for each file."""
    path = nodeid.partition("::")[0]
    if path in ALONE:
        return nodeid
    return "broker" if path in BROKER else path


def longest_first(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first of the processes makes; the others wait for it. Nobody changes it afterwards."""
    base = factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / f"once-{name}"
    whole = shared / f"once-{name}.made"
    with (shared / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


def _place(item: pytest.Item) -> int:
    group = group_of(item.nodeid)
    return next((place for place, prefix in enumerate(LONGEST) if group.startswith(prefix)), len(LONGEST))
