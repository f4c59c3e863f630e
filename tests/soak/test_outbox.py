"""The outbox under load, whole: 50,000 rows."""

import pytest

from tests.support.outbox_proof import prove
from tests.support.stores import discard, postgresql_url

ROWS = 50_000


@pytest.mark.soak
@pytest.mark.server("postgresql")
def test_fifty_thousand_rows_of_twelve_writers(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = postgresql_url(tmp_path_factory.getbasetemp())
    try:
        outcome = prove(url, ROWS, naive=True)
    finally:
        discard(url)
    print(outcome)
    assert outcome.committed >= ROWS - 100
    assert (outcome.lost, outcome.missed, outcome.never_committed) == (0, 0, 0)
    assert outcome.lost_by_id > 0
