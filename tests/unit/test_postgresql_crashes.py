"""PostgreSQL crashes under load, and disks fill up; the long runs are in tests/soak."""

from pathlib import Path

import pytest

from tests.support.disk_full import prove_disk_full
from tests.support.restarts import assert_everything_survived, restarts_in


@pytest.mark.server("postgresql")
def test_every_acknowledged_write_survives_a_crash(tmp_path: Path) -> None:
    assert_everything_survived(restarts_in(tmp_path / "services", 2, between=1.5))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_on_a_full_disk_polling_stops_and_goes_on_by_itself(kind: str, tmp_path: Path) -> None:
    prove_disk_full(kind, tmp_path)
