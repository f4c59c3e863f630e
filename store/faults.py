"""What a database driver's error means for the caller, in one line with its remedy and without any value of a row."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import FenbanError, HaltForPerson, RetryLater

FULL = "free disk space (or raise the quota) where the store lies; nothing was lost, work goes on by itself"
BUSY = "another process is writing; it is tried again. If it lasts, look for a hung fenban process"
UPGRADE = "run `fenban upgrade`"
RESTORE = "stop fenban, keep the files, and restore the last backup with `fenban restore`"
DEFECT = "this is a defect in fenban: report the line"


def locked(what: str = "the store is locked by another process") -> RetryLater:
    return RetryLater(what, remedy=BUSY)


def _sqlite(error: sqlite3.Error) -> FenbanError:
    code = getattr(error, "sqlite_errorcode", None)
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    primary = code & 0xFF if code is not None else None
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return locked()
    if primary == sqlite3.SQLITE_FULL:
        return RetryLater("the disk is full: the store cannot write", remedy=FULL)
    if primary == sqlite3.SQLITE_IOERR:
        return RetryLater(
            f"the store cannot read or write its file ({name}): disk full, quota reached or disk failing", remedy=FULL
        )
    if primary == sqlite3.SQLITE_CANTOPEN:
        return HaltForPerson("the store's file cannot be opened", remedy="check that its folder exists and may be written to")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return HaltForPerson(
            "the store's file may not be written to", remedy="give this user write permission on it and its folder"
        )
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return HaltForPerson("the store's file is damaged or no fenban store", remedy=RESTORE)
    if primary == sqlite3.SQLITE_CONSTRAINT:
        if name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
            # SQLite names table and columns here, never values.
            return RetryLater(f"another process stored the same first ({error})", remedy="the step is tried again")
        return HaltForPerson(f"the store refused a row ({name}: {error})", remedy=DEFECT)
    if primary == sqlite3.SQLITE_ERROR and str(error).startswith(("no such table", "no such column")):
        return HaltForPerson(f"the store's schema is not this program's ({error})", remedy=UPGRADE)
    return HaltForPerson(f"the store failed ({name})", remedy=DEFECT)


def _postgres(error: Exception) -> FenbanError:
    state = str(getattr(error, "sqlstate", None) or "")
    if state in ("53100", "53200", "53300"):
        words = {"53100": "its disk is full", "53200": "it is out of memory", "53300": "it has too many connections"}
        return RetryLater(f"the database cannot write: {words[state]}", remedy=FULL if state == "53100" else "")
    if state in ("40001", "40P01", "55P03"):
        return locked()
    if state == "23505":
        return RetryLater("another process stored the same first", remedy="the step is tried again")
    if state in ("42P01", "42703"):
        return HaltForPerson("the database's schema is not this program's", remedy=UPGRADE)
    if state.startswith(("28", "3D", "42501")):
        return HaltForPerson(f"the database refuses this user or has no such database ({state})", remedy="check store.url")
    if not state or state.startswith(("08", "57P")):
        return RetryLater("the database cannot be reached", remedy="check that it runs and store.url names it; it is tried again")
    return HaltForPerson(f"the database failed (SQLSTATE {state})", remedy=DEFECT)


def translated(error: Exception) -> FenbanError:
    """The domain's error for a driver's or SQLAlchemy's."""
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause)
    if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
        return RetryLater("the disk is full: the store cannot write", remedy=FULL)
    if isinstance(cause, Exception) and hasattr(cause, "sqlstate"):
        return _postgres(cause)
    return RetryLater(f"the store cannot be reached ({type(error).__name__})", remedy="it is tried again")


@contextmanager
def store_faults() -> Iterator[None]:
    """Turns errors of the driver and of SQLAlchemy into the domain's. The cause is kept, its text never shown."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise translated(error) from error
