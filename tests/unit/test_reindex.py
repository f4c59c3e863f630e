"""A new index key: the same person stays the same before, while and after the marks are made anew."""

from pathlib import Path

import pytest

from app.reindex import reindex
from app.settings import load_settings
from domain.errors import BadSettings
from domain.ids import Number
from store.keys import new_key_file
from store.reindex import Reindexed
from store.vault import FieldVault
from tests.support.desk import Desk
from tests.unit.test_way_of_a_message import ROADS, UNCLEAR, WATER

PHONE = "13900001234"


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


def with_keys(desk: Desk, marks_from: int = 0) -> None:
    """As after a restart with a second index key in the settings."""
    path = desk.folder / "fenban.toml"
    if not (desk.folder / "keys" / "index-2.key").exists():
        new_key_file(desk.folder / "keys" / "index-2.key")
    before = path.read_text(encoding="utf-8").partition("[vault]")[0]
    keys = 'index_keys = { "1" = "file:keys/index-1.key", "2" = "file:keys/index-2.key" }'
    path.write_text(f"{before}[vault]\n{keys}\nmarks_from = {marks_from}\n", encoding="utf-8")
    desk.settings = load_settings(path)
    desk.system.close()
    desk._open()


def run(desk: Desk) -> Reindexed:
    return reindex(desk.system.store, desk.system.vault, desk.clock)


def versions(desk: Desk, number: str) -> set[int]:
    return {mark.key_version for mark in desk.message(number).marks}


def test_copies_are_joined_before_while_and_after(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=[PHONE])
    desk.work()
    with_keys(desk)
    second = desk.letter("2", WATER, phones=[PHONE])
    desk.work()
    assert run(desk) == Reindexed(added=1)
    assert run(desk) == Reindexed()
    third = desk.letter("3", WATER, phones=[PHONE])
    desk.work()
    with_keys(desk, marks_from=2)
    fourth = desk.letter("4", WATER, phones=[PHONE])
    desk.work()
    assert run(desk) == Reindexed(dropped=3)
    fifth = desk.letter("5", WATER, phones=[PHONE])
    desk.work()
    assert [desk.message(number).matter for number in (second, third, fourth, fifth)] == [first] * 4
    assert desk.poll(desk.capture("1", WATER, phones=[PHONE])).unchanged == 1
    assert desk.balanced()


def test_nothing_of_a_retired_key_stays(desk: Desk) -> None:
    number = desk.letter("1", WATER, phones=[PHONE])
    desk.work()
    old = {mark.hash for mark in desk.message(number).marks}
    with_keys(desk)
    run(desk)
    assert versions(desk, number) == {1, 2}
    with_keys(desk, marks_from=2)
    run(desk)
    assert versions(desk, number) == {2}
    with desk.system.store.transaction(write=False) as tx:
        stored = {bytes(row[0]) for row in tx.fetch("SELECT hash FROM marks UNION SELECT person FROM text_claims")}
    assert len(stored) == 1
    assert not stored & old


def test_an_exact_copy_is_held_under_the_new_key_too(desk: Desk) -> None:
    desk.letter("1", WATER, phones=[PHONE])
    desk.work()
    with_keys(desk)
    run(desk)
    with desk.system.store.transaction(write=False) as tx:
        assert len(tx.fetch("SELECT DISTINCT person FROM text_claims")) == 2


def test_killed_midway_everything_is_found_and_it_goes_on(desk: Desk) -> None:
    numbers = [desk.letter(str(n), f"{UNCLEAR}{ROADS[n : n + 9]}", phones=[f"1390000{n:04}"]) for n in range(6)]
    desk.work()
    with_keys(desk)

    def killed(looked: int) -> None:
        if looked >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(desk.system.store, desk.system.vault, desk.clock, batch=2, progress=killed)
    assert [len(versions(desk, number)) for number in numbers] == [2, 2, 2, 2, 1, 1]
    again = [desk.letter(f"b{n}", f"{UNCLEAR}{ROADS[n : n + 9]}", phones=[f"1390000{n:04}"]) for n in range(6)]
    desk.work()
    assert [desk.message(number).matter for number in again] == numbers
    assert run(desk) == Reindexed(added=2)


def test_what_was_shredded_or_cannot_be_opened_is_left(desk: Desk) -> None:
    shredded = Number(desk.letter("1", WATER, phones=[PHONE]))
    closed = Number(desk.letter("2", ROADS, phones=["13900009999"]))
    desk.work()
    with desk.system.store.unit_of_work() as uow:
        uow.vault.shred(desk.message(shredded).owner)
        uow.commit()
    with_keys(desk)
    index = {version: desk.system._key(f"file:keys/index-{version}.key", "key") for version in (1, 2)}
    other = FieldVault({1: bytes(32)}, index)
    assert reindex(desk.system.store, other, desk.clock) == Reindexed(left=1)
    assert (versions(desk, shredded), versions(desk, closed)) == (set(), {1})


def test_marks_need_a_key() -> None:
    with pytest.raises(BadSettings):
        FieldVault({1: bytes(32)}, {1: bytes(32)}, marks_from=2)
