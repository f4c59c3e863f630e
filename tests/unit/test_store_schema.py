"""Migrations make what the code declares; a store of another version is refused with its remedy."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from domain.errors import BadSettings, HaltForPerson
from store.engine import insert_sql, make_engine
from store.migrate import MIGRATIONS, current, downgrade, upgrade
from store.schema import DERIVED, REVISION, messages, metadata
from store.unit_of_work import SqlStore


def definitions(connection: sqlite3.Connection) -> dict[str, str]:
    """Of what ``store.schema`` declares: views and the search index are made by migrations alone."""
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'view' AND name NOT LIKE 'alembic%'"
    )
    return {name: " ".join(sql.split()) for name, sql in rows if not name.startswith(DERIVED)}


def is_declared(name: str | None, kind: str, parents: object) -> bool:
    return kind != "table" or not (name or "").startswith(DERIVED)


def test_the_migrated_schema_is_the_declared_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    upgrade(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"include_name": is_declared}), metadata) == []
    declared = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(declared)
    with sqlite3.connect(tmp_path / "migrated.db") as one, sqlite3.connect(tmp_path / "declared.db") as other:
        assert definitions(one) == definitions(other)


def test_up_down_and_up_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    assert current(url) is None
    upgrade(url)
    upgrade(url)
    assert current(url) == REVISION
    downgrade(url, "base")
    assert current(url) is None
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert definitions(connection) == {}
        assert connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE '%alembic%'").fetchall() == []
    upgrade(url)
    assert current(url) == REVISION


def test_the_code_names_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == REVISION


def test_a_store_of_another_version_is_refused_with_its_remedy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with pytest.raises(HaltForPerson, match=r"empty or no fenban store → .*fenban upgrade"):
        SqlStore(url).unit_of_work().__enter__()
    upgrade(url)
    for version, remedy in (("0000", "fenban upgrade"), ("9999", "install the newer fenban")):
        with sqlite3.connect(tmp_path / "store.db") as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        with pytest.raises(HaltForPerson, match=remedy):
            SqlStore(url).unit_of_work().__enter__()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(BadSettings, match=r"store\.url"):
        make_engine(url)


def test_an_unknown_column_is_a_mistake_found_at_once() -> None:
    with pytest.raises(KeyError):
        insert_sql(messages, "number", "nonsense")
