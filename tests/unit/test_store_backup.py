"""A backup is one moment of store and topics, taken while both are written; what is damaged is not restored."""

import json
import sqlite3
import stat
import tarfile
import threading
from pathlib import Path

import pytest

from domain.errors import HaltForPerson
from domain.messages import MessageState
from domain.records import AuditEntry
from route.embedded import EmbeddedTopics
from store.backup import backup, restore
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, new_message, register, sqlite_url


@pytest.fixture
def place(tmp_path: Path) -> dict[str, Path]:
    store = SqlStore(sqlite_url(tmp_path))
    register(store, "a", "b")
    with store.unit_of_work() as uow:
        uow.audit.append([AuditEntry(NOW, "clerk", "released", "n-1")])
        uow.commit()
    store.close()
    topics = EmbeddedTopics(tmp_path / "topics.db")
    topics.append("fenban.unit.water", "m1", (("id", "e1"),), "{}", NOW)
    topics.close()
    return {"store": tmp_path / "store.db", "topics": tmp_path / "topics.db"}


@pytest.fixture
def empty(tmp_path: Path) -> dict[str, Path]:
    return {"store": tmp_path / "new" / "store.db", "topics": tmp_path / "new" / "topics.db"}


def numbers(store: Path) -> list[str]:
    opened = SqlStore(f"sqlite:///{store}")
    with opened.unit_of_work(write=False) as uow:
        assert uow.audit.verify() == ""
        found = [message.number for message in uow.reads.in_state([MessageState.NEW], limit=100_000)]
    opened.close()
    return [str(number) for number in found]


def test_what_is_backed_up_comes_back(place: dict[str, Path], empty: dict[str, Path], tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    backup(place, archive, at=NOW)
    restore(archive, empty)
    assert numbers(empty["store"]) == ["20261120-board-000001", "20261120-board-000002"]
    assert len(EmbeddedTopics(empty["topics"]).read("fenban.unit.water", 0, 9)) == 1
    assert stat.S_IMODE(archive.stat().st_mode) == stat.S_IMODE(empty["store"].stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".part", ".restoring") or path.name[0] == ".") == []


def test_the_manifest_names_hashes_and_the_audit_logs_head(place: dict[str, Path], tmp_path: Path) -> None:
    backup(place, tmp_path / "backup.tar", at=NOW)
    with tarfile.open(tmp_path / "backup.tar") as tar:
        member = tar.extractfile("manifest.json")
        assert member is not None
        manifest = json.loads(member.read())
    assert (manifest["format"], manifest["at"], manifest["audit"]["entries"]) == (1, NOW.isoformat(), 1)
    assert set(manifest["files"]) == {"store.db", "topics.db"}


def test_a_backup_under_writing_is_one_moment(place: dict[str, Path], empty: dict[str, Path], tmp_path: Path) -> None:
    store, stop = SqlStore(f"sqlite:///{place['store']}"), threading.Event()
    written: list[str] = []

    def write() -> None:
        while not stop.is_set():
            with store.unit_of_work() as uow:
                (number,) = uow.messages.register([new_message(f"w{len(written)}")])
                uow.audit.append([AuditEntry(NOW, "clerk", "registered", number)])
                uow.commit()
            written.append(number)

    thread = threading.Thread(target=write)
    thread.start()
    while len(written) < 20:
        pass
    before = len(written)
    backup(place, tmp_path / "backup.tar", at=NOW)
    after = len(written)
    stop.set()
    thread.join()
    restore(tmp_path / "backup.tar", empty)
    found = numbers(empty["store"])
    assert found == [f"20261120-board-{n:06d}" for n in range(1, len(found) + 1)]
    assert before + 2 <= len(found) <= after + 3
    with sqlite3.connect(empty["store"]) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (len(found) - 1,)


def test_nothing_is_overwritten(place: dict[str, Path], tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    backup(place, archive, at=NOW)
    with pytest.raises(HaltForPerson, match="exists already"):
        backup(place, archive, at=NOW)
    with pytest.raises(HaltForPerson, match="restore into an empty place"):
        restore(archive, place)
    left_over = tmp_path / "new.db-wal"
    left_over.touch()
    with pytest.raises(HaltForPerson, match=r"new\.db-wal"):
        restore(archive, {"store": tmp_path / "new.db"})


def test_a_damaged_archive_restores_nothing(place: dict[str, Path], empty: dict[str, Path], tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    backup(place, archive, at=NOW)
    content = bytearray(archive.read_bytes())
    for damage in (content[: len(content) // 2], content[:600], b"no archive", b""):
        archive.write_bytes(bytes(damage))
        with pytest.raises(HaltForPerson, match="use a"):
            restore(archive, empty)
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    archive.write_bytes(bytes(flipped))
    with pytest.raises(HaltForPerson, match="damaged"):
        restore(archive, empty)
    assert [path.name for path in empty["store"].parent.iterdir()] == []


def test_what_is_missing_is_named(place: dict[str, Path], empty: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(HaltForPerson, match="there is no file"):
        backup({**place, "more": tmp_path / "nowhere.db"}, tmp_path / "backup.tar", at=NOW)
    with pytest.raises(HaltForPerson, match=r"nowhere\.tar"):
        restore(tmp_path / "nowhere.tar", empty)
    backup({"store": place["store"]}, tmp_path / "half.tar", at=NOW)
    with pytest.raises(HaltForPerson, match=r"holds no topics\.db"):
        restore(tmp_path / "half.tar", empty)
    assert list(empty["store"].parent.iterdir()) == []
