"""What goes wrong under a store is said in one line with its remedy, and nothing is half written."""

import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from domain.errors import FenbanError, HaltForPerson, OutOfReach, RetryLater
from domain.messages import MessageState
from route.embedded import EmbeddedTopics
from store.engine import make_engine
from store.faults import translated
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, new_message, register, sqlite_url


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


def test_a_locked_store_is_tried_again_later(url: str, tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store = SqlStore(url, busy_timeout=0.05)
    with pytest.raises(RetryLater, match="locked by another process"):
        store.unit_of_work().__enter__()
    with store.unit_of_work(write=False) as uow:
        assert uow.reads.in_state([MessageState.NEW]) == []
    holder.execute("ROLLBACK")
    assert register(store, "a")


def test_another_thread_of_the_process_is_waited_for(url: str) -> None:
    store = SqlStore(url, busy_timeout=0.05)
    with store.unit_of_work(), pytest.raises(RetryLater, match="another thread"):
        store.unit_of_work().__enter__()
    patient, threads = SqlStore(url), []
    for name in "abcdefgh":
        threads.append(threading.Thread(target=register, args=(patient, name)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    with patient.unit_of_work(write=False) as uow:
        assert len(uow.reads.in_state([MessageState.NEW])) == 8


def test_a_full_disk_is_said_so_and_work_goes_on_afterwards(url: str) -> None:
    store = SqlStore(url)
    register(store, "a")
    with store.transaction(write=True) as tx:
        pages = tx.fetch("PRAGMA page_count")[0][0]
        tx.fetch(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(RetryLater, match="disk is full") as caught, store.unit_of_work() as uow:  # noqa: PT012
        uow.messages.register([new_message(str(n), body="长" * 9000) for n in range(50)])
        uow.commit()
    assert "free disk space" in caught.value.remedy
    with store.transaction(write=True) as tx:
        tx.fetch("PRAGMA max_page_count = 1000000")
    assert register(store, "b") == ["20261120-board-000002"]


LIMITED = """
import sys
from domain.errors import RetryLater
from store.unit_of_work import SqlStore
from tests.support.stores import new_message
store = SqlStore(sys.argv[1])
try:
    with store.unit_of_work() as uow:
        uow.messages.register([new_message(str(n), body="长" * 90000) for n in range(50)])
        uow.commit()
except RetryLater as error:
    print(error)
"""


def test_a_reached_quota_is_a_passing_fault(url: str) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    done = subprocess.run(
        [sys.executable, "-c", LIMITED, url],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=limit,
        cwd=Path(__file__).parents[2],
    )
    assert "disk full, quota reached or disk failing → free disk space" in done.stdout
    assert register(SqlStore(url), "a") == ["20261120-board-000001"]


def test_a_damaged_file_needs_a_person(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"this is no database" * 200)
    with pytest.raises(HaltForPerson, match=r"damaged or no fenban store → .*fenban restore"):
        SqlStore(f"sqlite:///{tmp_path / 'store.db'}").unit_of_work().__enter__()


def test_a_folder_that_is_not_there_needs_a_person(tmp_path: Path) -> None:
    with pytest.raises(HaltForPerson, match="cannot be opened"):
        SqlStore(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}").unit_of_work().__enter__()


def test_only_what_is_done_again_harmlessly_does_not_wait_for_the_disk(url: str) -> None:
    store = SqlStore(url)
    said = []
    for lasting in (True, False, True):
        with store.transaction(write=True, lasting=lasting) as tx:
            said.append(tx.fetch("PRAGMA synchronous")[0][0])
            tx.commit()
    full, normal = 2, 1
    assert said == [full, normal, full]


def test_leaving_by_an_error_rolls_back_and_frees_the_store(url: str) -> None:
    store = SqlStore(url, busy_timeout=0.05)
    with pytest.raises(ZeroDivisionError), store.unit_of_work() as uow:  # noqa: PT012
        uow.messages.register([new_message("a")])
        _ = 1 // 0
    assert register(store, "b") == ["20261120-board-000001"]


class PostgresError(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("Key (owner)=(19900001234) already exists")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "kind", "words"),
    [
        (None, RetryLater, "cannot be reached"),
        ("57P01", RetryLater, "cannot be reached"),
        ("53100", RetryLater, "its disk is full"),
        ("40P01", RetryLater, "locked"),
        ("23505", RetryLater, "stored the same first"),
        ("42P01", HaltForPerson, "fenban upgrade"),
        ("28P01", HaltForPerson, r"store\.url"),
        ("3D000", HaltForPerson, "CREATE DATABASE"),
        ("42501", HaltForPerson, "OWNER"),
        ("25P03", OutOfReach, "stood still too long"),
        ("22001", HaltForPerson, "SQLSTATE 22001"),
    ],
)
def test_postgresqls_errors_are_named_too(sqlstate: str | None, kind: type[FenbanError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        raise translated(OperationalError("INSERT …", {"owner": "19900001234"}, PostgresError(sqlstate)))
    assert "19900001234" not in str(caught.value)


def test_many_openers_of_a_new_file_do_not_fail() -> None:
    """SQLite answers "locked" at once to whoever switches a file to WAL while another does; seen in 3 of 800 openings."""
    faults: list[Exception] = []

    def first_use(folder: str, ready: threading.Barrier) -> None:
        ready.wait()
        try:
            EmbeddedTopics(f"{folder}/topics.db").append("a", "k", (), "v", NOW)
            with make_engine(f"sqlite:///{folder}/store.db").connect() as connection:
                connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (a)")
        except Exception as error:
            faults.append(error)

    for _ in range(40):
        with tempfile.TemporaryDirectory() as folder:
            ready = threading.Barrier(4)
            threads = [threading.Thread(target=first_use, args=(folder, ready)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert faults == []
