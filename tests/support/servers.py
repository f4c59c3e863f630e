"""Real servers for tests: started by ``make services``, which leaves their addresses in ``.services/NAME.env``.

A server that is missing skips its tests on a laptop, saying how to get it, and fails them where ``CI=true``.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = Path(os.environ.get("FENBAN_SERVICES") or ROOT / ".services")
REMEDY = "start it: make services"


def server(name: str) -> Mapping[str, str]:
    """What the server's script said of it (``POSTGRESQL_URL``, …). Skips the test, or fails it in CI, when it is not there."""
    found = known(name)
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} does not run → {REMEDY}")
    pytest.skip(f"{name} does not run → {REMEDY}")


def known(name: str) -> dict[str, str]:
    """The same, empty when the server was not started or its process is gone."""
    file = SERVICES / f"{name}.env"
    if not file.exists() or not _alive(SERVICES / name / "pid"):
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _alive(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
    except (OSError, ValueError, IndexError):
        return False
    return True
