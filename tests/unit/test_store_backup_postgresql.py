"""A PostgreSQL store comes back from its backup whole, as it stood at one moment, and goes on from there."""

import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import keep
from domain.errors import HaltForPerson
from domain.messages import MessageState
from store.backup_postgres import backup, restore
from store.queries import ledger
from store.unit_of_work import SqlStore
from tests.support import databases
from tests.support.desk import Desk
from tests.support.stores import NOW, new_message, register
from tests.unit.test_commit_outcomes import story, told

pytestmark = pytest.mark.server("postgresql")


@pytest.fixture
def url() -> Iterator[str]:
    made = databases.new_store()
    yield made
    databases.drop(made)


@pytest.fixture
def empty() -> Iterator[str]:
    made = databases.new()
    yield made
    databases.drop(made)


def test_the_restored_store_is_the_same_and_goes_on(url: str, empty: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city", store=url)
    story(desk)
    archive = tmp_path / "backup.tar"
    keep.backup(archive, by="clerk", settings=desk.folder / "fenban.toml")
    before = told(desk)
    desk.system.close()

    again = Desk(tmp_path / "city", store=empty, open=False)
    keep.restore(archive, settings=again.folder / "fenban.toml")
    again = Desk(tmp_path / "city", store=empty)
    assert told(again) == before
    with again.system.store.unit_of_work(write=False) as uow:
        assert uow.audit.verify() == ""
    number = again.letter("later", "路面塌了")
    again.work()
    assert (again.state(number), again.balanced()) == ("dispatched", True)
    assert again.office.reveal(again.message(number).number, "回访")["version"] == 1
    again.system.close()


def test_a_backup_under_writing_is_one_moment(url: str, empty: str, tmp_path: Path) -> None:
    store, stop = SqlStore(url), threading.Event()
    register(store, "first")

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            with store.unit_of_work() as uow:
                uow.messages.register([new_message(f"{n}-{part}") for part in range(3)])
                uow.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup(url, tmp_path / "backup.tar", at=NOW)
    finally:
        stop.set()
        writer.join()
        store.close()
    restore(tmp_path / "backup.tar", empty)
    found = SqlStore(empty)
    with found.transaction(write=False) as tx:
        assert all(line.difference == 0 for line in ledger(tx))
    with found.unit_of_work(write=False) as uow:
        assert len(uow.reads.in_state([MessageState.NEW], limit=100_000)) % 3 == 1
    found.close()


def test_it_is_restored_into_an_empty_database_only(url: str, tmp_path: Path) -> None:
    register(SqlStore(url), "a")
    backup(url, tmp_path / "backup.tar", at=NOW)
    with pytest.raises(HaltForPerson, match="holds a store already"):
        restore(tmp_path / "backup.tar", url)
    with pytest.raises(HaltForPerson, match="exists already"):
        backup(url, tmp_path / "backup.tar", at=NOW)


def test_a_damaged_archive_leaves_the_database_empty(url: str, empty: str, tmp_path: Path) -> None:
    register(SqlStore(url), "a", "b")
    archive = tmp_path / "backup.tar"
    backup(url, archive, at=NOW)
    with tarfile.open(archive) as tar:
        place = tar.getmember("messages.copy").offset_data + 40
    data = bytearray(archive.read_bytes())
    data[place] ^= 1
    archive.write_bytes(data)
    with pytest.raises(HaltForPerson, match="is damaged"):
        restore(archive, empty)
    found = SqlStore(empty)
    with found.unit_of_work(write=False) as uow:
        assert uow.reads.in_state([MessageState.NEW]) == []
    found.close()
    archive.write_bytes(b"no tar")
    with pytest.raises(HaltForPerson, match="no fenban backup"):
        restore(archive, empty)
