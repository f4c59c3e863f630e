"""Bringing a store's schema to what this program needs, by alembic, from inside the package."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from domain.errors import HaltForPerson
from store.engine import make_engine
from store.faults import OWN_DATABASE, store_faults
from store.schema import REVISION, metadata
from store.unit_of_work import is_ours

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x66656E62616E
"""The advisory lock under which a PostgreSQL database is migrated."""


def upgrade(url: str | URL, revision: str = "head") -> None:
    """Makes the store, or brings it up to date; safe to repeat and to run in two processes at once.

    Raises RetryLater when the store is locked or cannot be written, HaltForPerson when it is damaged.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str | URL, revision: str) -> None:
    """Back to an earlier revision (``base``: nothing left). The data of what is taken away is lost."""
    _run(url, lambda config: command.downgrade(config, revision))


def current(url: str | URL) -> str | None:
    """The revision the store is at, None for an empty one."""
    engine = make_engine(url)
    try:
        with store_faults(), engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def _run(url: str | URL, step: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = make_engine(url)
    try:
        # One writing transaction for all of it: a second process waits, then finds the work done.
        with store_faults(), engine.connect().execution_options(writing=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
            _check_ours(connection)
            config.attributes["connection"] = connection
            step(config)
    finally:
        engine.dispose()


def _check_ours(connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        taken = set(inspect(connection).get_table_names()) & set(metadata.tables)
        if taken:
            raise HaltForPerson(f"the database holds tables of another program ({min(taken)})", remedy=OWN_DATABASE)
    elif not is_ours(found):
        raise HaltForPerson("the database holds tables of another program", remedy=OWN_DATABASE)
    elif found > REVISION:
        what = f"the store's schema is {found}, this program knows {REVISION} at most"
        raise HaltForPerson(what, remedy="install the newer fenban that made it")
