"""The live page and the monitors run through no big table: every query stands on an index, a key or a window."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.volumes import Volumes
from domain.accounts import Viewer
from store import desk_operations as desk
from store.engine import Transaction
from store.recent import COUNTED, delivered_since, since
from store.times import to_us
from tests.support.desk import Desk

BOUNDED = ("ix_outbox_pending", "ix_outbox_waiting", "ix_assignments_owed", "ix_quarantine_waiting")
"""Partial indexes that hold only what waits: going through all of one is what counting means."""


class Explained:
    """A transaction that notes every query's plan."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.plans: list[tuple[str, str]] = []

    def fetch(self, query: str, parameters: Any = ()) -> Any:
        for row in self._tx.fetch(f"EXPLAIN QUERY PLAN {query}", parameters):
            self.plans.append((query, str(row[3])))
        return self._tx.fetch(query, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


def test_no_query_runs_through_a_big_table(tmp_path: Path) -> None:
    store = Desk(tmp_path / "city")
    store.letter("1", "我家小区停水三天了。")
    store.work()
    now = store.clock.now()
    with store.system.store.transaction(write=False) as tx:
        explained: Any = Explained(tx)
        desk.stages(explained, now)
        desk.lags(explained)
        desk.owed(explained, now, now + timedelta(days=1))
        desk.faults(explained)
        desk.poll_times(explained)
        desk.leases(explained, now)
        desk.claims(explained, now)
        desk.parked(explained, Viewer(reads=False))
        desk.parked_count(explained)
        desk.parked_since(explained)
        desk.quarantined_since(explained)
        Volumes().read(explained, now, ["portal"])
    whole = [(query, plan) for query, plan in explained.plans if plan.startswith("SCAN") and bad(plan)]
    assert not whole


def bad(plan: str) -> bool:
    if any(index in plan for index in BOUNDED):
        return False
    table = plan.split()[1]
    return table not in {"channel_faults", "channel_polls", "leases", "channel_controls", "x", "(subquery-1)", "CONSTANT"}


@pytest.mark.parametrize("gap", [0, 7])
def test_what_came_lately_is_found_by_its_id(tmp_path: Path, any_store: str, gap: int) -> None:
    """Against counting, with and without gaps in the ids."""
    store = Desk(tmp_path / "city", store=any_store)
    now = store.clock.now()
    rows = [(1 + index * (gap + 1), to_us(now - timedelta(seconds=30 * (300 - index)))) for index in range(300)]
    with store.system.store.transaction(write=True) as tx:
        tx.many("INSERT INTO polls (id, channel, at, listed, unchanged, captured, fence) VALUES (?, 'p', ?, 0, 0, 0, 0)", rows)
        tx.commit()
    with store.system.store.transaction(write=False) as tx:
        for moments in ([0], [5, 60], [200, 400], [149, 150]):
            at = [to_us(now - timedelta(minutes=minutes)) for minutes in moments]
            expected = [sum(1 for _, moment in rows if moment >= one) for one in at]
            assert since(tx, "polls", "at", at) == expected, moments
        assert delivered_since(tx, [to_us(now)]) == [0]
    assert len(rows) < COUNTED
