"""A promotion reaches a running process between two batches; a model that cannot be taken up changes nothing."""

import threading
from pathlib import Path

from app.models import Registry
from app.readiness import readiness
from app.runner import Parts, Runner
from app.training import keep_model
from app.wiring import System
from domain.models import ModelState
from store.model_files import SqlModelFiles
from tests.support.desk import Desk
from tests.support.many_models import trained


def running(tmp_path: Path) -> tuple[Desk, System]:
    """A desk, and another process on its store that has the live model loaded."""
    desk = Desk(tmp_path / "city")
    for seed in (1, 2):
        keep_model(desk.system, trained(seed), promote=seed == 1)
    return desk, System(desk.settings, clock=desk.clock)


def test_a_promotion_is_taken_up_and_taken_back(tmp_path: Path) -> None:
    desk, other = running(tmp_path)
    first, second = trained(1).version, trained(2).version
    worker = other.worker("other/worker-1")
    assert worker._classifier.version == first
    before = other.refresh()
    desk.system.registry.promote(second, "li")
    desk.clock.forward(seconds=3)
    assert other.refresh() > before
    assert other.worker("other/worker-1")._classifier.version == second
    desk.system.registry.rollback("li")
    desk.clock.forward(seconds=3)
    other.refresh()
    assert other.classifier.version == first
    other.close()


def test_a_model_that_is_not_here_changes_nothing_until_it_is(tmp_path: Path) -> None:
    desk, other = running(tmp_path)
    assert other.classifier.version == trained(1).version
    desk.system.registry.promote(trained(2).version, "li")
    file = desk.system.registry.path(trained(2).version)
    elsewhere = file.rename(file.with_suffix(".away"))
    with desk.system.store.transaction(write=True) as tx:
        SqlModelFiles(tx).keep([])
        tx.commit()
    desk.clock.forward(seconds=3)
    other.refresh()
    assert other.classifier.version == trained(1).version
    assert "not on this machine" in other.model_watch.trouble[0]
    assert any("the earlier model stays in use" in line for line in readiness(other)[1]["what"])
    other.operations.forget()
    assert other.operations.live()["model"] == {"behind": True}
    elsewhere.rename(file)
    desk.clock.forward(seconds=3)
    other.refresh()
    assert (other.classifier.version, other.model_watch.trouble) == (trained(2).version, ())
    other.operations.forget()
    assert other.operations.live()["model"] == {"behind": False}
    other.close()


def test_who_could_not_take_up_a_model_is_behind_no_more_once_it_is_rolled_back(tmp_path: Path) -> None:
    desk, other = running(tmp_path)
    assert other.classifier.version == trained(1).version
    desk.system.registry.promote(trained(2).version, "li")
    desk.system.registry.path(trained(2).version).unlink()
    with desk.system.store.transaction(write=True) as tx:
        SqlModelFiles(tx).keep([])
        tx.commit()
    desk.clock.forward(seconds=3)
    other.refresh()
    assert other.operations.live()["model"] == {"behind": True}
    desk.system.registry.rollback("li")
    desk.clock.forward(seconds=3)
    other.refresh()
    other.operations.forget()
    assert (other.classifier.version, other.model_watch.trouble) == (trained(1).version, ())
    assert other.operations.live()["model"] == {"behind": False}
    other.close()


def test_another_machine_takes_up_a_model_whose_file_it_lacks(tmp_path: Path) -> None:
    desk, other = running(tmp_path)
    assert other.classifier.version == trained(1).version
    desk.system.registry.promote(trained(2).version, "li")
    desk.system.registry.path(trained(2).version).unlink()
    desk.clock.forward(seconds=3)
    other.refresh()
    assert (other.classifier.version, other.model_watch.trouble) == (trained(2).version, ())
    other.close()


def test_a_runner_decides_with_the_promoted_model(tmp_path: Path) -> None:
    desk, other = running(tmp_path)
    runner = Runner(other, Parts(collect=False, relay=False, feed=False, remind=False, notify=False))
    first = desk.letter("1", "自来水停水三天")
    runner.until_idle(threading.Event(), lambda *_: None)
    desk.system.registry.promote(trained(2).version, "li")
    desk.clock.forward(seconds=3)
    second = desk.letter("2", "水压不够")
    runner.until_idle(threading.Event(), lambda *_: None)
    runner.close()
    with other.store.transaction(write=False) as tx:
        decided = {row[0]: row[1] for row in tx.fetch("SELECT number, model FROM decisions")}
    assert decided == {first: trained(1).version, second: trained(2).version}
    other.close()


def test_without_a_store_the_model_last_seen_serves(tmp_path: Path) -> None:
    desk, other = running(tmp_path)
    other.close()
    desk.system.close()
    for file in (tmp_path / "city").rglob("*.db*"):
        file.unlink()
    asking = System(desk.settings, clock=desk.clock, may_make_store=False)
    assert asking.classifier.version == trained(1).version
    assert asking.problems() == []
    asking.close()


def test_what_the_watch_takes_up_is_the_registrys(tmp_path: Path) -> None:
    desk, other = running(tmp_path)
    assert Registry(other).placed(ModelState.LIVE) == trained(1).version
    assert other.serving == ""
    assert other.model is not None
    assert other.serving == trained(1).version
    other.close()
    desk.system.close()
