"""Retraining from every label: the first model serves, the timer comes round, one process at a time."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.retrain_timer import FIRST_LOOK, LOOK_SECONDS, Retrainer, due, retrain_apart
from app.retraining import LEASE_TIME, retrain
from app.transactions import writing
from domain.errors import HaltForPerson, Refused
from domain.ids import UnitCode
from domain.models import ModelState
from store.channels import SqlChannels
from store.labels import PastLabel, SqlLabels
from tests.support.desk import Desk


def quiet(stage: str, share: float) -> None: ...


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "city")


def labelled(desk: Desk, count: int) -> None:
    rows = [PastLabel(UnitCode("water"), f"停水{at}", f"第{at}栋停水三天没人管") for at in range(count)]
    rows += [PastLabel(UnitCode("roads"), f"路面{at}", f"第{at}段路面坑洼不平") for at in range(count)]
    writing(desk.system.store, desk.clock, lambda tx, at: SqlLabels(tx).add(rows, at))


def test_the_model_of_all_labels_serves_and_the_timer_waits_its_days(desk: Desk) -> None:
    assert not due(desk.system), "there is nothing to learn from"
    with pytest.raises(HaltForPerson, match="there is no labelled letter to train from"):
        retrain(desk.system, by="li", progress=quiet)
    labelled(desk, 15)
    assert due(desk.system)
    done = retrain(desk.system, by="li", progress=quiet)
    assert (done.serves, done.letters, done.units, done.objections) == (True, 30, 2, ())
    assert desk.system.registry.placed(ModelState.LIVE) == done.version
    assert not due(desk.system)
    desk.clock.forward(days=6)
    assert not due(desk.system)
    desk.clock.forward(days=2)
    assert due(desk.system)


def test_two_never_retrain_at_once(desk: Desk) -> None:
    labelled(desk, 5)
    writing(desk.system.store, desk.clock, lambda tx, at: SqlChannels(tx).acquire("retrain", "another", at, at + LEASE_TIME))
    with pytest.raises(Refused, match="another process retrains"):
        retrain(desk.system, by="li", progress=quiet)
    desk.clock.forward(seconds=LEASE_TIME.total_seconds() + 1)
    assert retrain(desk.system, by="li", progress=quiet).serves


def test_the_timer_leaves_a_process_that_was_just_started_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = threading.Event()
    monkeypatch.setattr("app.retrain_timer.retrain_apart", lambda _: ran.set())
    labelled(desk, 15)
    timer = Retrainer(desk.system)
    assert timer.step() == FIRST_LOOK
    assert not ran.is_set()
    assert timer.step() == LOOK_SECONDS
    assert ran.is_set()
    assert timedelta(seconds=LOOK_SECONDS) < timedelta(days=1)


def test_the_log_says_what_became_of_the_model(desk: Desk) -> None:
    labelled(desk, 15)
    with capture_logs() as logged:
        assert retrain_apart(desk.system) == 0
    live = desk.system.registry.placed(ModelState.LIVE)
    note = "there is no letter to test the model on that it did not learn from"
    said = {"event": "retrained", "code": 0, "version": live, "serves": True, "what": [note], "log_level": "warning"}
    assert logged == [said]
