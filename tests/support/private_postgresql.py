"""A PostgreSQL of one test alone, which may be crashed, and a small disk that may be filled."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.servers import ROOT, server

SCRIPT = ROOT / "deploy" / "dev" / "postgresql.sh"


class PrivatePostgresql:
    """``crash`` ends it as a failing machine does; ``start`` brings it back at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def url(self) -> str:
        return (self._folder / "postgresql.env").read_text().strip().partition("=")[2]

    def start(self) -> None:
        self._script("start")

    def stop(self) -> None:
        self._script("stop")

    def crash(self) -> None:
        """``pg_ctl stop -m immediate``: no transaction is ended, nothing is flushed, the log is replayed at the start."""
        os.kill(int((self._folder / "postgresql" / "pid").read_text().split()[0]), signal.SIGQUIT)
        self._script("stop")

    def remove(self) -> None:
        """Its data, which may lie elsewhere than in the folder."""
        shutil.rmtree(Path((self._folder / "postgresql" / "data-folder").read_text().strip()).parent, ignore_errors=True)

    def _script(self, verb: str) -> None:
        environment = {**os.environ, "FENBAN_PORTS": "any", "FENBAN_SERVICES": str(self._folder)}
        subprocess.run(["bash", str(SCRIPT), verb], env=environment, check=True, capture_output=True, timeout=120)


@contextmanager
def private_postgresql(folder: Path) -> Iterator[PrivatePostgresql]:
    """Skips or fails like ``server`` where PostgreSQL is not installed."""
    server("postgresql")
    made = PrivatePostgresql(folder)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        made.remove()


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A tmpfs that every user may reach, which a test's own folder is not. Skips where this user may not mount one."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="fenban-disk-"))
    folder.chmod(0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("a small disk can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


class Ballast:
    """Fills a disk to the last byte, and empties it again."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def fill(self) -> None:
        with self._file.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def empty(self) -> None:
        self._file.unlink()
