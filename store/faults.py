"""What a database driver's error means for the caller, in one line with its remedy and without any value of a row."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import FenbanError, HaltForPerson, OutOfReach, RetryLater

FULL = "free disk space (or raise the quota) where the store lies; nothing was lost, work goes on by itself"
BUSY = "another process is writing; it is tried again. If it lasts, look for a hung fenban process"
UPGRADE = "run `fenban upgrade`"
RESTORE = "stop fenban, keep the files, and restore the last backup with `fenban restore`"
OWN_DATABASE = "give fenban a database of its own, and name it in store.url"
OWNER = "make store.url's user the owner of its database: ALTER DATABASE … OWNER TO …"
DEFECT = "this is a defect in fenban: report the line"

_PASSING = {"53100": "its disk is full", "53200": "it is out of memory", "53300": "it has too many connections"}
_OF_VALUES = frozenset({"DataError", "ProgrammingError", "NotSupportedError"})


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
    if not state:
        return _without_state(error)
    if state in _PASSING:
        return RetryLater(f"the database cannot write: {_PASSING[state]}", remedy=FULL if state == "53100" else "")
    if state in ("40001", "40P01", "55P03"):
        return locked()
    if state == "23505":
        return RetryLater("another process stored the same first", remedy="the step is tried again")
    if state in ("42P01", "42703"):
        return HaltForPerson("the database's schema is not this program's", remedy=UPGRADE)
    if state in ("42P07", "42710"):
        return HaltForPerson("the database holds tables of another program", remedy=OWN_DATABASE)
    if state == "42501":
        return HaltForPerson("the database's user may not do this there", remedy=OWNER)
    if state.startswith("28"):
        return _refused()
    if state == "3D000":
        return _no_database()
    if state.startswith(("08", "57P")):
        return away()
    if state == "25P03":
        return OutOfReach("the database ended a transaction that stood still too long", remedy="it is tried again")
    return HaltForPerson(f"the database failed (SQLSTATE {state})", remedy=DEFECT)


def away() -> OutOfReach:
    return OutOfReach("the database cannot be reached", remedy="check that it runs and store.url names it; it is tried again")


def _refused() -> HaltForPerson:
    return HaltForPerson(
        "the database refuses this user or password", remedy="check the user in store.url and store.password, then pg_hba.conf"
    )


def _no_database() -> HaltForPerson:
    return HaltForPerson(
        "the server has no database of this name", remedy="correct store.url, or: CREATE DATABASE fenban OWNER (store.url's user)"
    )


def _without_state(error: Exception) -> FenbanError:
    """The driver's own faults. One from connecting has no SQLSTATE: only its words say what the server found wrong, in the
    server's language (English and Chinese are known here)."""
    if any(kind.__name__ in _OF_VALUES for kind in type(error).__mro__):
        return HaltForPerson(f"the database's driver refused a value ({type(error).__name__})", remedy=DEFECT)
    words = str(error)
    if any(known in words for known in ("authentication failed", "认证失败", "pg_hba.conf", "no password supplied")):
        return _refused()
    if "FATAL" in words and any(known in words for known in ("does not exist", "不存在")):
        return _no_database()
    return away()


def translated(error: Exception) -> FenbanError:
    """The domain's error for a driver's or SQLAlchemy's."""
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause)
    if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
        return RetryLater("the disk is full: the store cannot write", remedy=FULL)
    if isinstance(cause, Exception) and hasattr(cause, "sqlstate"):
        return _postgres(cause)
    if isinstance(cause, UnicodeError):
        return HaltForPerson("a text holds what no database stores (a lone surrogate)", remedy=DEFECT)
    return RetryLater(f"the store cannot be reached ({type(error).__name__})", remedy="it is tried again")


@contextmanager
def store_faults() -> Iterator[None]:
    """Turns errors of the driver and of SQLAlchemy into the domain's. The cause is kept, its text never shown."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise translated(error) from error
