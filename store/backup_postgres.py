"""Backing up a PostgreSQL store while it is written to, and filling an empty database from a backup.

Every table is copied (COPY, binary) inside one snapshot, into the same kind of archive as SQLite's files. pg_dump is not used:
it need not be on the machine that runs fenban, and must not be older than the server.
"""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Cursor, sql

from domain.errors import HaltForPerson
from store.archive import BLOCK, ArchiveFile, OpenArchive, archive_faults, damaged, reading, write_archive
from store.engine import Transaction
from store.faults import translated
from store.migrate import upgrade
from store.schema import REVISION, SEQUENCES, metadata
from store.unit_of_work import SqlStore, is_ours

KIND = "postgresql"
TABLES = {table.name: tuple(column.name for column in table.columns) for table in metadata.sorted_tables}
"""In an order in which rows can be put back: what is referred to first."""


def backup(url: str, archive: Path, *, at: datetime) -> None:
    """Writes the whole store to ``archive`` as it stands at one moment. Raises HaltForPerson when the archive exists."""
    if archive.exists():
        raise HaltForPerson(f"{archive} exists already", remedy="name another file: a backup is never written over")
    store = SqlStore(url)
    try:
        with archive_faults(archive), tempfile.TemporaryDirectory(dir=archive.parent, prefix=".fenban-backup-") as folder:
            with store.transaction(write=False) as tx:
                files = [_copy_out(tx, table, Path(folder) / f"{table}.copy") for table in TABLES]
                entries, digest = tx.fetch("SELECT entries, hash FROM audit_head")[0]
                rows = {table: tx.fetch(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}
            tables = {table: {"columns": columns, "rows": rows[table]} for table, columns in TABLES.items()}
            head = {"entries": entries, "hash": bytes(digest).hex()}
            write_archive(archive, files, at=at, audit=head, store={"kind": KIND, "schema": REVISION, "tables": tables})
    finally:
        store.close()


def restore(archive: Path, url: str) -> None:
    """Fills the empty database from the archive, all of it or nothing, and brings it to this program's schema.

    Raises HaltForPerson when the database holds rows, or the archive is damaged, newer, or another kind of store's.
    """
    with archive_faults(archive), reading(archive) as opened:
        tables, revision = _described(opened, archive)
        _check_empty(url)
        upgrade(url, revision)
        with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".fenban-restore-") as folder:
            for table in tables:
                opened.extract(f"{table}.copy", Path(folder) / table)
            _fill(url, tables, Path(folder), archive)
        upgrade(url)


def _copy_out(tx: Transaction, table: str, path: Path) -> ArchiveFile:
    names = sql.SQL(", ").join(map(sql.Identifier, TABLES[table]))
    query = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT binary)").format(sql.Identifier(table), names)
    cursor: Cursor[Any] = tx.cursor
    with path.open("wb") as file:
        try:
            with cursor.copy(query) as rows:
                for block in rows:
                    file.write(block)
        except OSError:
            raise
        except Exception as error:
            raise translated(error) from error
    return ArchiveFile(f"{table}.copy", path)


def _described(opened: OpenArchive, archive: Path) -> tuple[dict[str, Mapping[str, Any]], str]:
    described = opened.manifest.get("store")
    if not isinstance(described, dict) or described.get("kind") != KIND:
        raise HaltForPerson(f"{archive} holds no PostgreSQL store", remedy="use a backup of this kind of store")
    tables, revision = described.get("tables"), described.get("schema")
    if not isinstance(tables, dict) or not isinstance(revision, str) or not is_ours(revision):
        raise damaged(archive)
    if revision > REVISION:
        raise HaltForPerson(f"{archive} has format {revision}", remedy="restore it with the newer fenban that made it")
    if not all(set(TABLES.get(table, ())) >= set(described["columns"]) for table, described in tables.items()):
        raise damaged(archive)
    return tables, revision


def _check_empty(url: str) -> None:
    store = SqlStore(url)
    try:
        if store.revision() is None:
            return
        with store.transaction(write=False) as tx:
            taken = [table for table in TABLES if table != "audit_head" and tx.fetch(f"SELECT 1 FROM {table} LIMIT 1")]
        if taken:
            what = "the database of store.url holds a store already"
            raise HaltForPerson(what, remedy="restore into an empty database: make a new one, or drop the old one's tables")
    finally:
        store.close()


def _fill(url: str, tables: Mapping[str, Mapping[str, Any]], folder: Path, archive: Path) -> None:
    store = SqlStore(url, any_schema=True)
    try:
        with store.transaction(write=True) as tx:
            tx.run("DELETE FROM audit_head")
            for table, described in tables.items():
                _copy_in(tx, table, described["columns"], folder / table)
                if tx.fetch(f"SELECT count(*) FROM {table}")[0][0] != described["rows"]:
                    raise damaged(archive)
            for table, column in SEQUENCES.items():
                top = f"SELECT setval('{table}_{column}_seq', coalesce(max({column}), 0) + 1, false) FROM {table}"
                tx.fetch(top)
            tx.commit()
    finally:
        store.close()


def _copy_in(tx: Transaction, table: str, columns: list[str], path: Path) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table), names)
    cursor: Cursor[Any] = tx.cursor
    with path.open("rb") as file:
        try:
            with cursor.copy(query) as rows:
                while block := file.read(BLOCK):
                    rows.write(block)
        except OSError:
            raise
        except Exception as error:
            raise translated(error) from error
