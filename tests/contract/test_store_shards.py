"""Relays share the outbox by leases with rising tokens, on every implementation of the store."""

from datetime import datetime, timedelta

import pytest

from domain.errors import LeaseLost
from domain.records import Lease
from store.shards import shard_in
from store.unit_of_work import SqlStore
from tests.support.stores import NOW

LASTS = timedelta(seconds=30)


def share(store: SqlStore, owner: str, now: datetime = NOW, *, begin: bool = False) -> list[Lease]:
    with store.unit_of_work() as uow:
        leases = uow.shards.share(owner, now, now + LASTS, begin=begin)
        uow.commit()
    return leases


def holds(store: SqlStore, leases: list[Lease]) -> bool:
    with store.unit_of_work() as uow:
        try:
            uow.shards.check(leases)
        except LeaseLost:
            return False
    return True


def shards(leases: list[Lease]) -> set[int]:
    return {shard_in(lease) for lease in leases}


def test_one_relay_has_all_and_keeps_its_tokens(store: SqlStore) -> None:
    first = share(store, "one", begin=True)
    assert shards(first) == set(range(64))
    again = share(store, "one", NOW + LASTS / 3)
    assert [lease.token for lease in again] == [lease.token for lease in first]
    assert {lease.until for lease in again} == {NOW + LASTS / 3 + LASTS}
    assert holds(store, first)


@pytest.mark.parametrize("count", [2, 3, 5, 70])
def test_relays_come_to_equal_parts(store: SqlStore, count: int) -> None:
    names = [f"relay-{n}" for n in range(count)]
    for _ in range(3):
        held = [share(store, name) for name in names]
    parts = [shards(leases) for leases in held]
    assert sum(map(len, parts)) == 64
    assert set().union(*parts) == set(range(64))
    assert max(map(len, parts)) <= -(-64 // count)
    assert all(holds(store, leases) for leases in held if leases)


def test_what_a_silent_relay_held_goes_to_the_others_with_new_tokens(store: SqlStore) -> None:
    for _ in range(2):
        silent, other = share(store, "silent"), share(store, "other")
    assert len(silent) == len(other) == 32
    later = NOW + LASTS
    taken = share(store, "other", later)
    assert shards(taken) == set(range(64))
    assert not holds(store, silent)
    tokens = {lease.name: lease.token for lease in taken}
    assert all(tokens[lease.name] > lease.token for lease in silent)


def test_a_process_that_begins_ends_what_its_name_held_before(store: SqlStore) -> None:
    before = share(store, "one", begin=True)
    after = share(store, "one", NOW + LASTS / 3, begin=True)
    assert shards(after) == shards(before)
    assert not holds(store, before)
    assert holds(store, after)


def test_what_is_given_back_is_free_at_once(store: SqlStore) -> None:
    first = share(store, "one")
    assert share(store, "two") == []
    with store.unit_of_work() as uow:
        uow.shards.leave("one", first)
        uow.commit()
    assert shards(share(store, "two")) == set(range(64))
    assert not holds(store, first)
