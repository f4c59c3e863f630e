"""Units and rules that are saved while processes run are taken up between batches; wrong ones change nothing."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.readiness import readiness
from app.runner import Parts, Runner
from tests.support.desk import UNITS, Desk

RULE = '[[rule]]\nname = "lamps"\nany = ["路灯"]\nlead = "{}"\n'
NEW_UNIT = '\n[[unit]]\ncode = "lamps"\nname = "路灯管理所"\nlevel = "city"\nregion = "999900"\nduties = ["路灯"]\n'


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "city", rules=RULE.format("roads"))


@pytest.fixture
def ran(desk: Desk) -> Callable[[], None]:
    runner = Runner(desk.system, Parts(collect=False))

    def run() -> None:
        assert runner.until_idle(threading.Event(), lambda _stage, _n: None) == []

    return run


def saved(desk: Desk, **texts: str) -> None:
    for name, text in texts.items():
        new = desk.folder / f"{name}.new"
        new.write_text(text, encoding="utf-8")
        new.replace(desk.folder / f"{name}.toml")


def leads(desk: Desk, number: str) -> list[str]:
    with desk.system.store.unit_of_work(write=False) as uow:
        return [part.unit for part in uow.assignments.of_matters([desk.message(number).matter])[desk.message(number).matter]]


def test_a_running_worker_takes_up_units_and_rules_together(desk: Desk, ran: Callable[[], None]) -> None:
    first = desk.letter("1", "门前路灯不亮")
    ran()
    saved(desk, units=UNITS + NEW_UNIT, rules=RULE.format("lamps"))
    second = desk.letter("2", "巷口路灯又坏了")
    ran()
    assert (leads(desk, first), leads(desk, second)) == (["roads"], ["lamps"])
    assert desk.system.city_files.generation == 1
    assert desk.balanced()


def test_a_wrong_file_is_said_and_the_earlier_one_stays(desk: Desk, ran: Callable[[], None]) -> None:
    ran()
    saved(desk, rules=RULE.format("nobody"))
    number = desk.letter("1", "门前路灯不亮")
    ran()
    assert leads(desk, number) == ["roads"]
    told = readiness(desk.system)[1]
    assert told["status"] == "degraded"
    assert "rules.toml" in told["what"][0]
    saved(desk, rules=RULE.format("water"))
    number = desk.letter("2", "另一处路灯也坏了")
    ran()
    assert leads(desk, number) == ["water"]
    assert readiness(desk.system)[1]["status"] == "ok"


def test_a_file_that_is_gone_for_a_moment_changes_nothing(desk: Desk) -> None:
    before = desk.system.decider
    text = (desk.folder / "units.toml").read_text(encoding="utf-8")
    (desk.folder / "units.toml").unlink()
    assert desk.system.refresh() == 0
    assert desk.system.city_files.trouble
    saved(desk, units=text)
    assert desk.system.refresh() == 1
    assert not desk.system.city_files.trouble
    assert desk.system.decider is not before


def test_feedback_and_office_go_by_the_new_directory(desk: Desk) -> None:
    assert desk.system.directory.resolve("路灯管理所") is None
    saved(desk, units=UNITS + NEW_UNIT)
    desk.system.refresh()
    assert desk.system.directory.resolve("路灯管理所") == "lamps"
    assert desk.system.office("clerk")._decider.directory is desk.system.directory
