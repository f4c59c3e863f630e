"""Twenty immediate restarts of PostgreSQL under load."""

from pathlib import Path

import pytest

from tests.support.restarts import assert_everything_survived, restarts_in

RESTARTS = 20


@pytest.mark.soak
@pytest.mark.server("postgresql")
def test_twenty_immediate_restarts(tmp_path: Path) -> None:
    outcome = restarts_in(tmp_path / "services", RESTARTS, between=3.0)
    print(outcome)
    assert_everything_survived(outcome)
