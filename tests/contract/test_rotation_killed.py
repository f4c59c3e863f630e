"""Key rotation killed in the middle of a batch while values are written: all of it is readable, on every store."""

import os
import signal
import time
from multiprocessing import get_context
from pathlib import Path

from domain.ids import VaultOwner
from store.rotation import rewrap_all
from store.unit_of_work import SqlStore
from store.vault import FieldVault

OLD, NEW, INDEX = b"o" * 32, b"n" * 32, b"i" * 32
OWNERS = 400


def rotate(url: str, done: Path) -> None:
    """Rotates by small batches and says in a file how far it is."""

    def told(count: int) -> None:
        done.write_text(str(count))

    rewrap_all(SqlStore(url), FieldVault({1: OLD, 2: NEW}, {1: INDEX}), batch=7, progress=told)


def write(store: SqlStore, vault: FieldVault, first: int, count: int) -> None:
    with store.unit_of_work() as uow:
        for n in range(first, first + count):
            uow.vault.put(vault.seal(VaultOwner(str(n)), [("original", b"words of %d" % n)]))
        uow.commit()


def readable(store: SqlStore, vault: FieldVault, count: int) -> int:
    with store.unit_of_work(write=False) as uow:
        return sum(vault.open(uow.vault.get(VaultOwner(str(n)))[0]) == b"words of %d" % n for n in range(count))


def test_a_rotation_killed_midway_leaves_everything_readable(store: SqlStore, store_url: str, tmp_path: Path) -> None:
    write(store, FieldVault({1: OLD}, {1: INDEX}), 0, OWNERS)
    both = FieldVault({1: OLD, 2: NEW}, {1: INDEX})
    written, told = OWNERS, tmp_path / "done"
    for kill_after in (1, 60, 150):
        process = get_context("spawn").Process(target=rotate, args=(store_url, told))
        process.start()
        until = time.monotonic() + 60
        while process.is_alive() and not (told.exists() and int(told.read_text() or 0) >= kill_after):
            assert time.monotonic() < until
            time.sleep(0.001)
        assert process.pid is not None
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        told.unlink()
        write(store, both, written, 5)
        written += 5
        assert readable(store, both, written) == written
    rewrap_all(store, both)
    assert readable(store, FieldVault({2: NEW}, {1: INDEX}), written) == written
