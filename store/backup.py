"""Backing up SQLite files while they are written to, and putting them back. Keys are not in a backup: without them it gives
nothing away, and without a copy of them it gives nothing back.
"""

import os
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from domain.errors import HaltForPerson
from store.archive import ArchiveFile, archive_faults, reading, sync, write_archive

BUSY_SECONDS = 60.0


def backup(databases: Mapping[str, Path], archive: Path, *, at: datetime) -> None:
    """Writes the databases (name to file, e.g. ``store``, ``topics``) to ``archive`` as they stand at one moment.

    That moment is taken under the write lock of the first, which must be the store: what the other files hold is then
    never behind what the store says of them. Raises HaltForPerson when a file is missing or the archive exists.
    """
    for name, path in databases.items():
        if not path.exists():
            raise HaltForPerson(f"{name}: there is no file {path}", remedy="check store.url and topics.path")
    with archive_faults(archive), tempfile.TemporaryDirectory(dir=archive.parent, prefix=".fenban-backup-") as folder:
        copies = _copies(databases, Path(folder))
        write_archive(archive, [ArchiveFile(path.name, path) for path in copies.values()], at=at, audit=_audit_head(copies))


def _copies(databases: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    copies = {name: folder / f"{name}.db" for name in databases}
    with ExitStack() as stack:
        sources: dict[str, sqlite3.Connection] = {}
        first = next(iter(databases.values()))
        with closing(_open(first)) as gate:
            gate.execute("BEGIN IMMEDIATE")
            # A read transaction keeps its view while others go on writing: the lock is held for a moment only.
            for name, path in databases.items():
                source = sources[name] = stack.enter_context(closing(_open(path)))
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            gate.execute("ROLLBACK")
        for name, source in sources.items():
            with closing(sqlite3.connect(copies[name])) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
    return copies


def _audit_head(copies: Mapping[str, Path]) -> dict[str, object] | None:
    """The audit log's length and last hash, so that a later log can be held against it."""
    for path in copies.values():
        with closing(sqlite3.connect(path)) as connection:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit_head'").fetchone()
            if known:
                entries, digest = connection.execute("SELECT entries, hash FROM audit_head").fetchone()
                return {"entries": entries, "hash": digest.hex()}
    return None


def restore(archive: Path, databases: Mapping[str, Path]) -> None:
    """Puts the archive's databases in place. Nothing is written before every file is there and its SHA-256 is right.

    Raises HaltForPerson when a target exists, or the archive is damaged or lacks one of the databases.
    """
    for path in databases.values():
        for taken in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            if taken.exists():
                raise HaltForPerson(
                    f"{taken} exists already", remedy="restore into an empty place: move the old files away first"
                )
    new: dict[Path, Path] = {}
    try:
        with archive_faults(archive), reading(archive) as opened:
            for name, path in databases.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                part = new[path] = path.with_name(path.name + ".restoring")
                opened.extract(f"{name}.db", part)
            for path, part in new.items():
                os.replace(part, path)
                sync(path.parent)
    finally:
        for part in new.values():
            part.unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
