"""Archives of backups: an uncompressed tar of files and ``manifest.json`` with their SHA-256, written whole or not at all."""

import hashlib
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from domain.errors import FenbanError, HaltForPerson, RetryLater
from store.faults import translated

FORMAT = 1
MANIFEST = "manifest.json"
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    name: str
    path: Path


class OpenArchive:
    """An archive being read; ``manifest`` as it was written."""

    def __init__(self, tar: tarfile.TarFile, archive: Path) -> None:
        self._tar = tar
        self._archive = archive
        self.manifest = _manifest(tar, archive)

    def extract(self, name: str, target: Path) -> None:
        """Writes one file, readable by this user alone. Raises HaltForPerson when it is missing or not what it should be."""
        files: Mapping[str, Mapping[str, object]] = self.manifest["files"]
        if name not in files:
            raise HaltForPerson(f"{self._archive} holds no {name}", remedy="use a backup of this kind of store")
        try:
            member = self._tar.extractfile(name)
        except KeyError as error:
            raise damaged(self._archive) from error
        if member is None:
            raise damaged(self._archive)
        digest = hashlib.sha256()
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            while block := member.read(BLOCK):
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != files[name].get("sha256"):
            raise damaged(self._archive)


def write_archive(
    archive: Path, files: Sequence[ArchiveFile], *, at: datetime, audit: dict[str, object] | None, **more: object
) -> None:
    """``audit``: the audit log's length and last hash, so that a later log can be held against it. Raises HaltForPerson when
    the archive exists."""
    if archive.exists():
        raise HaltForPerson(f"{archive} exists already", remedy="name another file: a backup is never written over")
    listed = {file.name: {"sha256": _sha256(file.path), "bytes": file.path.stat().st_size} for file in files}
    manifest = {"format": FORMAT, "at": at.isoformat(), "files": listed, "audit": audit, **more}
    part = archive.with_name(archive.name + ".part")
    try:
        _write(part, files, json.dumps(manifest, indent=1).encode(), int(at.timestamp()))
        os.replace(part, archive)
        sync(archive.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reading(archive: Path) -> Iterator[OpenArchive]:
    with tarfile.open(archive, mode="r:") as tar:
        yield OpenArchive(tar, archive)


@contextmanager
def archive_faults(archive: Path) -> Iterator[None]:
    """Says what went wrong with the archive, or with a database while it was read, in one line with its remedy."""
    try:
        yield
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        raise _fault(error, archive) from error


def sync(folder: Path) -> None:
    """Makes a renaming last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def damaged(archive: Path) -> HaltForPerson:
    return HaltForPerson(f"{archive} is damaged: a file is missing or not what its manifest says", remedy="use another backup")


def _write(part: Path, files: Sequence[ArchiveFile], manifest: bytes, mtime: int) -> None:
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            entry = tarfile.TarInfo(MANIFEST)
            entry.size, entry.mode, entry.mtime = len(manifest), 0o600, mtime
            tar.addfile(entry, BytesIO(manifest))
            for one in files:
                info = tar.gettarinfo(one.path, arcname=one.name)
                info.mode, info.uid, info.gid, info.uname, info.gname = 0o600, 0, 0, "", ""
                with one.path.open("rb") as content:
                    tar.addfile(info, content)
        file.flush()
        os.fsync(file.fileno())


def _manifest(tar: tarfile.TarFile, archive: Path) -> dict[str, Any]:
    try:
        member = tar.extractfile(MANIFEST)
        manifest: dict[str, Any] = json.loads(member.read()) if member is not None else {}
        if manifest["format"] != FORMAT:
            raise HaltForPerson(
                f"{archive} has format {manifest['format']}", remedy="restore it with the newer fenban that made it"
            )
        if not isinstance(manifest["files"], dict):
            raise damaged(archive)
    except (KeyError, ValueError, TypeError) as error:
        raise damaged(archive) from error
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fault(error: Exception, archive: Path) -> FenbanError:
    if isinstance(error, sqlite3.Error):
        return translated(error)
    if isinstance(error, tarfile.TarError):
        return HaltForPerson(f"{archive} is no fenban backup, or damaged", remedy="use another backup")
    if isinstance(error, OSError) and error.errno == 28:
        return RetryLater("the disk is full: the backup cannot be written", remedy="free space where it is to lie")
    words = error.strerror if isinstance(error, OSError) else type(error).__name__
    return HaltForPerson(f"{archive}: {words}", remedy="check that the file and its folder are there and may be used")
