"""A model's file goes through the store to machines that lack it: the one that trained it puts it there, the others fetch it by hash.

The store keeps those that may be asked for: what serves, what served before it, the shadow, and the latest.
"""

import hashlib
import os
import threading
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from app.transactions import reading, writing
from domain.errors import HaltForPerson
from domain.models import ModelRow
from store.engine import Transaction
from store.model_files import SqlModelFiles
from store.models import SqlModels, served_before

if TYPE_CHECKING:
    from app.wiring import System

PART = 1 << 20
"""Bytes of a part: each is a transaction of its own, so that nobody waits for a whole file."""
LARGEST = 128 << 20
"""A larger file is copied by hand."""
LATEST = 2

log = structlog.get_logger("fenban")


def share(system: "System", row: ModelRow, path: Path) -> None:
    """Puts the registered file into the store, where it is not yet. Raises RetryLater; a file that cannot be read, or is another, is
    left alone."""
    try:
        file = path.open("rb")
    except OSError:
        return
    with file:
        size = file.seek(0, os.SEEK_END)
        parts = -(-size // PART)
        if size > LARGEST or reading(system.store, lambda tx: SqlModelFiles(tx).held()).get(row.version) == parts:
            return
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() != row.sha256:
            return
        file.seek(0)
        for part in range(parts):
            writing(system.store, system.clock, partial(_add, row.version, part, file.read(PART)))
    writing(system.store, system.clock, lambda tx, _: SqlModelFiles(tx).keep(_wanted(SqlModels(tx), row.version)))


def _add(version: str, part: int, data: bytes, tx: Transaction, _: datetime) -> None:
    SqlModelFiles(tx).add(version, part, data)


def _wanted(known: SqlModels, version: str) -> set[str]:
    latest = [row.version for row in known.all()[:LATEST]]
    return {version, *latest, *known.placed().values(), served_before(known.moves())} - {""}


def fetch(system: "System", row: ModelRow, path: Path) -> bool:
    """Writes the file from the store into this machine's folder; False where the store has it not, or not whole. Raises
    HaltForPerson when the folder cannot be written, RetryLater."""
    waiting = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with waiting.open("wb") as file:
            digest = hashlib.sha256()
            with system.store.transaction(write=False) as tx:
                for data in SqlModelFiles(tx).read(row.version):
                    digest.update(data)
                    file.write(data)
            file.flush()
            os.fsync(file.fileno())
        whole = digest.hexdigest() == row.sha256
        if whole:
            waiting.replace(path)
            log.info("model_fetched", model=row.version, text="its file came from the store")
    except OSError as error:
        raise HaltForPerson(f"{path} cannot be written ({error.strerror})", remedy="free space or mend its rights") from None
    finally:
        with suppress(OSError):
            waiting.unlink()
    return whole
