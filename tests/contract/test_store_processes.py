"""Two real processes on one store: one effect for each piece of work, on every implementation."""

from pathlib import Path

import pytest

from domain.messages import MessageState
from store.unit_of_work import SqlStore
from tests.support.store_process import claim_all, claim_texts, first_use, in_processes, register_all, take_leases
from tests.support.stores import EMPTY, discard, register


def test_each_message_is_claimed_and_settled_by_one(store: SqlStore, store_url: str) -> None:
    numbers = register(store, *(f"{n}" for n in range(200)))
    first, second = in_processes(claim_all, store_url)
    assert sorted(first + second) == numbers
    with store.unit_of_work(write=False) as uow:
        assert len(uow.reads.in_state([MessageState.DISPATCHED])) == 200


def test_numbers_have_no_gap_and_no_item_has_two(store: SqlStore, store_url: str) -> None:
    first, second = in_processes(register_all, store_url)
    assert sorted(first + second) == [f"20261120-board-{n:06d}" for n in range(1, 121)]
    with store.unit_of_work(write=False) as uow:
        registered = uow.reads.in_state([MessageState.NEW])
    assert len({message.external_id for message in registered}) == 120


def test_an_exact_copy_is_held_by_one(store: SqlStore, store_url: str) -> None:
    register(store, "a", "b")
    first, second = in_processes(claim_texts, store_url)
    assert first == second
    assert len(first) == 50


def test_a_lease_has_one_owner_and_no_token_comes_twice(store: SqlStore, store_url: str) -> None:
    tokens = [int(token) for part in in_processes(take_leases, store_url) for token in part]
    assert len(tokens) == len(set(tokens)) > 0


@pytest.mark.parametrize("kind", sorted(EMPTY))
def test_two_processes_may_make_the_store_at_once(kind: str, tmp_path: Path) -> None:
    url = EMPTY[kind](tmp_path)
    assert list(in_processes(first_use, url)) == [["0"], ["0"]]
    discard(url)
