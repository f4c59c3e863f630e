"""Backing up SQLite files while they are written to, and putting them back.

The archive is an uncompressed tar: the files as they were at one moment, and ``manifest.json`` with their SHA-256. Keys
are not in it: without them a backup gives nothing away, and without a copy of them it gives nothing back.
"""

import hashlib
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from io import BytesIO
from pathlib import Path

from domain.errors import FenbanError, HaltForPerson, RetryLater
from store.faults import translated

FORMAT = 1
MANIFEST = "manifest.json"
BUSY_SECONDS = 60.0
BLOCK = 1 << 20


def backup(databases: Mapping[str, Path], archive: Path, *, at: datetime) -> None:
    """Writes the databases (name to file, e.g. ``store``, ``topics``) to ``archive`` as they stand at one moment.

    That moment is taken under the write lock of the first, which must be the store: what the other files hold is then
    never behind what the store says of them. Raises HaltForPerson when a file is missing or the archive exists.
    """
    if archive.exists():
        raise HaltForPerson(f"{archive} exists already", remedy="name another file: a backup is never written over")
    for name, path in databases.items():
        if not path.exists():
            raise HaltForPerson(f"{name}: there is no file {path}", remedy="check store.url and topics.path")
    part = archive.with_name(archive.name + ".part")
    try:
        with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".fenban-backup-") as folder:
            copies = _copies(databases, Path(folder))
            _write(copies, part, at)
        os.replace(part, archive)
        _sync(archive.parent)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise _fault(error, archive) from error


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


def _write(copies: Mapping[str, Path], part: Path, at: datetime) -> None:
    files = {path.name: {"sha256": _sha256(path), "bytes": path.stat().st_size} for path in copies.values()}
    manifest = {"format": FORMAT, "at": at.isoformat(), "files": files, "audit": _audit_head(copies)}
    text = json.dumps(manifest, indent=1).encode()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            entry = tarfile.TarInfo(MANIFEST)
            entry.size, entry.mode, entry.mtime = len(text), 0o600, int(at.timestamp())
            tar.addfile(entry, BytesIO(text))
            for path in copies.values():
                info = tar.gettarinfo(path, arcname=path.name)
                info.mode, info.uid, info.gid, info.uname, info.gname = 0o600, 0, 0, "", ""
                with path.open("rb") as content:
                    tar.addfile(info, content)
        file.flush()
        os.fsync(file.fileno())


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
        with tarfile.open(archive, mode="r:") as tar:
            files = _manifest(tar, archive)
            for name, path in databases.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                part = new[path] = path.with_name(path.name + ".restoring")
                _extract(tar, f"{name}.db", files, part, archive)
        for path, part in new.items():
            os.replace(part, path)
            _sync(path.parent)
    except (OSError, tarfile.TarError) as error:
        raise _fault(error, archive) from error
    finally:
        for part in new.values():
            part.unlink(missing_ok=True)


def _manifest(tar: tarfile.TarFile, archive: Path) -> dict[str, dict[str, object]]:
    try:
        member = tar.extractfile(MANIFEST)
        manifest = json.loads(member.read()) if member is not None else {}
        if manifest["format"] != FORMAT:
            raise HaltForPerson(
                f"{archive} has format {manifest['format']}", remedy="restore it with the newer fenban that made it"
            )
        files: dict[str, dict[str, object]] = manifest["files"]
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(archive) from error
    return files


def _extract(tar: tarfile.TarFile, name: str, files: Mapping[str, Mapping[str, object]], part: Path, archive: Path) -> None:
    if name not in files:
        raise HaltForPerson(f"{archive} holds no {name}", remedy="use a backup of this kind of store")
    try:
        member = tar.extractfile(name)
    except KeyError as error:
        raise _damaged(archive) from error
    if member is None:
        raise _damaged(archive)
    digest = hashlib.sha256()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        while block := member.read(BLOCK):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != files[name].get("sha256"):
        raise _damaged(archive)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    """Makes a renaming last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(archive: Path) -> HaltForPerson:
    return HaltForPerson(f"{archive} is damaged: a file is missing or not what its manifest says", remedy="use another backup")


def _fault(error: Exception, archive: Path) -> FenbanError:
    if isinstance(error, sqlite3.Error):
        return translated(error)
    if isinstance(error, tarfile.TarError):
        return HaltForPerson(f"{archive} is no fenban backup, or damaged", remedy="use another backup")
    if isinstance(error, OSError) and error.errno == 28:
        return RetryLater("the disk is full: the backup cannot be written", remedy="free space where it is to lie")
    words = error.strerror if isinstance(error, OSError) else type(error).__name__
    return HaltForPerson(f"{archive}: {words}", remedy="check that the file and its folder are there and may be used")
