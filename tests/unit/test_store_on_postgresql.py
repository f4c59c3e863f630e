"""A PostgreSQL that cannot be used is said in one line with its remedy; what is passing is told from what is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.wiring import System
from domain.errors import FenbanError, HaltForPerson, OutOfReach
from domain.messages import MessageState
from store.engine import make_engine
from store.export import export_matters
from store.migrate import upgrade
from store.unit_of_work import SqlStore
from tests.support import databases
from tests.support.desk import Desk
from tests.support.stores import register

pytestmark = pytest.mark.server("postgresql")


@pytest.fixture
def empty() -> Iterator[str]:
    url = databases.new()
    yield url
    databases.drop(url)


def replaced(url: str, *, user: str = "", password: str = "", port: str = "", name: str = "") -> str:
    account, _, place = url.removeprefix("postgresql://").partition("@")
    old_user, _, old_password = account.partition(":")
    host, _, old_name = place.partition("/")
    address = f"{host.partition(':')[0]}:{port or host.partition(':')[2]}"
    return f"postgresql://{user or old_user}:{password or old_password}@{address}/{name or old_name}"


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"password": "wrong"}, HaltForPerson, r"refuses this user or password → .*store\.password"),
        ({"user": "nobody"}, HaltForPerson, r"refuses this user or password → .*store\.url"),
        ({"name": "nowhere"}, HaltForPerson, r"no database of this name → .*CREATE DATABASE"),
        ({"port": "1"}, OutOfReach, r"cannot be reached → check that it runs"),
    ],
)
def test_a_server_that_is_away_is_told_from_one_that_refuses(
    empty: str, change: dict[str, str], kind: type[FenbanError], words: str
) -> None:
    url = replaced(empty, **change)
    for use in (lambda: SqlStore(url).unit_of_work().__enter__(), lambda: upgrade(url)):
        with pytest.raises(kind, match=words) as caught:
            use()
        assert type(caught.value) is kind
        assert "\n" not in str(caught.value)


def test_a_database_of_another_program_is_left_alone(empty: str) -> None:
    with make_engine(empty).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE messages (anything text)")
    with pytest.raises(HaltForPerson, match=r"tables of another program .*database of its own"):
        upgrade(empty)
    with make_engine(empty).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num varchar(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('8f2a61c03b7d')")
    for use in (lambda: SqlStore(empty).unit_of_work().__enter__(), lambda: upgrade(empty)):
        with pytest.raises(HaltForPerson, match="tables of another program"):
            use()


def test_a_user_that_may_make_no_tables_is_told_so(empty: str) -> None:
    role = empty.rpartition("/")[2] + "_role"
    with make_engine(empty).begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'sesame'")
    try:
        with pytest.raises(HaltForPerson, match=r"may not do this there → .*OWNER"):
            upgrade(replaced(empty, user=role, password="sesame"))
    finally:
        with make_engine(empty).begin() as connection:
            connection.exec_driver_sql(f"DROP ROLE {role}")


def test_the_first_run_makes_the_store_and_a_report_does_not(empty: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city", store=empty, open=False)
    with pytest.raises(HaltForPerson, match=r"database of store\.url is empty → `fenban run` or `fenban upgrade`"):
        _ = System(desk.settings, may_make_store=False).store
    for _ in range(2):
        with System(desk.settings).store.unit_of_work(write=False) as uow:
            assert uow.reads.in_state([MessageState.NEW]) == []


def test_without_kafka_it_is_refused(empty: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city", store=empty, open=False)
    assert any("PostgreSQL needs Kafka" in problem for problem in System(desk.settings).problems())


def test_a_connection_that_was_cut_is_a_passing_fault(empty: str) -> None:
    upgrade(empty)
    store = SqlStore(empty)
    with pytest.raises(OutOfReach), store.unit_of_work() as uow:  # noqa: PT012
        databases.cut(empty)
        uow.channels.status()
    assert register(store, "a") == ["20261120-board-000001"]


def test_what_is_read_slowly_is_not_cut_off(empty: str) -> None:
    """A writer that stands still loses its locks; a report that somebody pages through goes on."""
    upgrade(empty)
    store = SqlStore(empty)
    timeout = "SELECT current_setting('idle_in_transaction_session_timeout')"
    with store.transaction(write=True) as tx:
        assert tx.fetch(timeout) == [("1min",)]
    with store.transaction(write=False) as tx:
        assert list(export_matters(tx)) == []
        assert tx.fetch(timeout) == [("0",)]
    with store.transaction(write=False) as tx:
        assert tx.fetch(timeout) == [("1min",)]
    store.close()
