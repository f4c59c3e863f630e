"""Writers and relays at once, on every implementation of the store; the whole of it is in tests/soak."""

from tests.support.outbox_proof import prove

ROWS = 1_200


def test_nothing_is_lost_and_each_matters_order_is_kept(store_url: str) -> None:
    """A relay that reads on from the last id fails the same test where several may write at once."""
    several = store_url.startswith("postgresql")
    outcome = prove(store_url, ROWS, naive=several)
    assert outcome.committed >= ROWS
    assert (outcome.lost, outcome.missed, outcome.never_committed) == (0, 0, 0)
    assert (outcome.lost_by_id > 0) is several
