"""Databases on the development PostgreSQL, one for each test that wants one."""

import atexit
import os
import secrets
from functools import cache

import psycopg
from psycopg import sql

from store.migrate import upgrade
from tests.support.servers import server

PREFIX = "fenban_test"


def new_store() -> str:
    """The URL of a new database with this program's schema."""
    return new(template=_template())


def new(*, template: str = "template0") -> str:
    """The URL of a new database."""
    name = f"{PREFIX}_{os.getpid()}_{secrets.token_hex(4)}"
    with _admin() as admin:
        making = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(making.format(sql.Identifier(name), sql.Identifier(template)))
    return url_of(name)


def drop(url: str) -> None:
    with _admin() as admin:
        name = url.rpartition("/")[2].partition("?")[0]
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def cut(url: str) -> int:
    """Ends every connection to the database, as a server that goes down does; how many there were."""
    name = url.rpartition("/")[2].partition("?")[0]
    with _admin() as admin:
        ended = admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        return len(ended.fetchall())


def url_of(name: str) -> str:
    return server("postgresql")["POSTGRESQL_URL"].rpartition("/")[0] + f"/{name}"


def _admin() -> psycopg.Connection:
    return psycopg.connect(server("postgresql")["POSTGRESQL_URL"], autocommit=True)


@cache
def _template() -> str:
    url = new()
    atexit.register(drop, url)
    upgrade(url)
    return url.rpartition("/")[2]
