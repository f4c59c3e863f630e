"""Every migration up and down with data in the store, and the schema it makes, on both databases."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from store.engine import make_engine
from store.migrate import MIGRATIONS, current, downgrade, upgrade
from store.schema import DERIVED, REVISION, metadata
from tests.support.desk import Desk
from tests.support.stores import EMPTY, discard
from tests.unit.test_commit_outcomes import story

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
"""Newest first."""


def rows(url: str) -> dict[str, list[Any]]:
    """Every row of every table that this schema has, ordered."""
    engine = make_engine(url)
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        found = {name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")))) for name in sorted(names)}
    engine.dispose()
    return found


def test_every_migration_goes_down_and_up_with_data(any_store: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city", store=any_store)
    story(desk)
    desk.system.close()
    full = rows(any_store)
    assert sum(1 for found in full.values() if found) > 15
    for older in REVISIONS[1:]:
        downgrade(any_store, older)
        assert current(any_store) == older
        kept = rows(any_store)
        upgrade(any_store)
        assert current(any_store) == REVISION
        for name in kept.keys() & full.keys():
            assert len(rows(any_store)[name]) == len(full[name]), (older, name)
    again = Desk(tmp_path / "city", store=any_store)
    number = again.letter("later", "路面塌了")
    again.work()
    assert (again.state(number), again.balanced()) == ("dispatched", True)
    again.system.close()
    downgrade(any_store, "base")
    assert rows(any_store) == {}
    upgrade(any_store)
    assert current(any_store) == REVISION


@pytest.mark.parametrize("kind", sorted(EMPTY))
def test_the_migrated_schema_is_the_declared_one(kind: str, tmp_path: Path) -> None:
    (tmp_path / "declared").mkdir()
    migrated, declared = EMPTY[kind](tmp_path), EMPTY[kind](tmp_path / "declared")
    upgrade(migrated)
    one, other = make_engine(migrated), make_engine(declared)
    try:
        metadata.create_all(other)
        with one.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection, opts={"include_name": is_declared}), metadata) == []
        assert described(one) == described(other)
    finally:
        one.dispose()
        other.dispose()
        discard(migrated)
        discard(declared)


def is_declared(name: str | None, kind: str, parents: object) -> bool:
    """What is derived from other tables is made by migrations alone."""
    return kind != "table" or not (name or "").startswith(DERIVED)


def described(engine: Any) -> dict[str, Any]:
    """Columns with types and defaults, keys, constraints and indexes, as the database tells them."""
    seen = inspect(engine)
    return {
        name: {
            "columns": {column["name"]: (repr(column["type"]), column["nullable"], column["default"]) for column in columns},
            "key": seen.get_pk_constraint(name),
            "unique": sorted(map(repr, seen.get_unique_constraints(name))),
            "foreign": sorted(map(repr, seen.get_foreign_keys(name))),
            "indexes": sorted(map(index_told, seen.get_indexes(name))),
        }
        for name in sorted(set(seen.get_table_names()) - {"alembic_version"})
        if not name.startswith(DERIVED)
        for columns in (seen.get_columns(name),)
    }


def index_told(index: Any) -> str:
    options = {option: str(value) for option, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['column_names']} {index['unique']} {options}"
