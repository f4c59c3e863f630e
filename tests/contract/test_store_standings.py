"""Which units are stopped and how sure the model must be: appended, read, followed by workers, on both stores."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.office import Choice
from app.outcomes import judged_since
from app.reports import explain_document, status_document
from app.runner import Parts, Runner
from app.standings import LEASE_TIME, Keeper, changed
from app.wiring import SHARDS
from domain.accounts import Viewer
from domain.decisions import Suggestion
from domain.events import Delivery, DeliveryStatus, EventType, OutboxState
from domain.ids import Number, UnitCode
from domain.standings import ALL, NONE_YET, Standing
from route.decide import STOPPED
from route.feedback import parse_feedback
from store.desk_operations import parked, parked_count
from store.standings import SqlStandings
from store.unit_of_work import SqlStore
from tests.support.contract import schema
from tests.support.desk import Desk, WordClassifier
from tests.support.stores import NOW, ROADS, WATER
from tests.unit import test_way_of_a_message as letters


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Iterator[Desk]:
    desk = Desk(tmp_path / "city", store=any_store)
    yield desk
    desk.system.close()


def test_the_last_of_each_unit_stands_and_nothing_is_overwritten(store: SqlStore) -> None:
    told = [
        Standing(NOW, ALL, threshold=0.9, reason="first"),
        Standing(NOW, WATER, stopped=True),
        Standing(NOW, ROADS, threshold=0.97),
        Standing(NOW + timedelta(days=1), WATER),
        Standing(NOW + timedelta(days=2), ALL, stopped=True, reason="second"),
    ]
    with store.unit_of_work() as uow:
        assert uow.standings.now().of == {}
        uow.standings.add(told[:3])
        uow.commit()
    with store.unit_of_work() as uow:
        uow.standings.add(told[3:])
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        assert uow.standings.now().of == {ALL: told[4], WATER: told[3], ROADS: told[2]}
    with store.transaction(write=False) as tx:
        assert SqlStandings(tx).history(10) == told[::-1]


class SureClassifier(WordClassifier):
    def suggest(self, texts: Any, top: int = 5) -> list[tuple[Suggestion, ...]]:
        return [(replace(one[0], probability=0.997), *one[1:]) for one in super().suggest(texts, top)]


def returned(desk: Desk, number: str) -> None:
    line = {
        "id": f"r{number}",
        "type": "return",
        "assignment": f"{number}.water.1",
        "reason": "不归我们",
        "suggested_unit": "roads",
    }
    desk.feedback.apply(parse_feedback(UnitCode("water"), json.dumps(line)), actor="unit:water")
    desk.clock.forward(hours=1)


def letter(desk: Desk, at: int) -> str:
    number = desk.letter(str(at), f"{letters.WATER}这是第{at}次反映，{'又' * at}停了。")
    desk.work()
    return number


def test_what_the_office_hears_goes_out_in_the_run_that_found_it(desk: Desk) -> None:
    desk.worker._classifier = SureClassifier()
    for at in range(3):
        returned(desk, letter(desk, at))
    runner = Runner(desk.system, Parts(collect=False))
    runner.until_idle(threading.Event(), lambda *_: None)
    runner.close()
    with desk.system.store.unit_of_work(write=False) as uow:
        assert uow.outbox.pending(SHARDS, 100, desk.clock.now()) == []
    assert [event["type"] for event in desk.events("office", "notice")] == ["automatic"]


def test_a_unit_is_stopped_by_its_returns_and_runs_again_by_what_reviewers_decide(desk: Desk) -> None:
    desk.worker._classifier = SureClassifier()
    keeper = Keeper(desk.system, "test/worker-1")
    first = [letter(desk, at) for at in range(3)]
    assert {desk.state(number) for number in first} == {"dispatched"}
    assert keeper.look() == 0
    for number in first:
        returned(desk, number)
    assert keeper.look() == 1
    assert keeper.look() == 0
    (event,) = desk.events("office", "notice")
    jsonschema.Draft202012Validator(schema("automatic")).validate(event["data"])
    jsonschema.Draft202012Validator(schema("cloudevent-shared")).validate(event)
    assert (event["subject"], event["data"]["since"] is not None) == ("automatic:water", True)
    assert {name: event["data"][name] for name in ("change", "unit", "precision", "letters", "wrong", "target")} == {
        "change": "stopped",
        "unit": "water",
        "precision": 0.0,
        "letters": 2,
        "wrong": 2,
        "target": 0.95,
    }
    waiting = letter(desk, 3)
    assert (desk.state(waiting), desk.message(waiting).reason) == ("in_review", STOPPED)
    (decided,) = [step for step in explain_document(desk.system, Number(waiting))["steps"] if step["step"] == "decided"]
    assert decided["reason"] == STOPPED
    shown = status_document(desk.system)["automatic"]
    assert [(one["unit"], one["stopped"], one["reason"]) for one in shown["units"]] == [
        ("water", True, "3 of 3 sure suggestions were wrong")
    ]
    assert desk.system.operations.live()["automatic"] == shown
    for at in range(4, 24):
        desk.clock.forward(hours=1)
        desk.office.decide(Number(letter(desk, at)), Choice("water"))
    assert keeper.look() == 1
    assert desk.state(letter(desk, 30)) == "dispatched"
    told = desk.events("office", "notice")
    assert [one["data"]["change"] for one in told] == ["stopped", "resumed"]
    assert told[1]["data"]["precision"] >= told[1]["data"]["target"]
    assert told[0]["sequence"] < told[1]["sequence"]
    with desk.system.store.unit_of_work(write=False) as uow:
        audited = [(entry.action, dict(entry.detail)["reason"]) for _, entry in uow.audit.entries("unit:water")]
        assert uow.audit.verify() == ""
    assert audited == [
        ("model.stop", "3 of 3 sure suggestions were wrong"),
        ("model.run", "3 of 23 sure suggestions were wrong"),
    ]
    assert desk.balanced()


def test_one_process_looks_at_a_time(desk: Desk) -> None:
    for at in range(3):
        returned(desk, letter(desk, at))
    with desk.system.store.unit_of_work() as uow:
        now = desk.clock.now()
        assert uow.channels.acquire("standings", "another", now, now + LEASE_TIME)
        uow.commit()
    keeper = Keeper(desk.system, "test/worker-1")
    assert keeper.look() == 0
    desk.clock.forward(seconds=LEASE_TIME.total_seconds() + 1)
    assert keeper.look() == 1


def test_a_change_that_another_process_made_meanwhile_is_neither_made_nor_told_again(desk: Desk) -> None:
    for at in range(3):
        returned(desk, letter(desk, at))
    keeper = Keeper(desk.system, "test/worker-1")
    late = changed(
        list(judged_since(desk.system, desk.clock.now() - timedelta(days=9), limit=100)),
        NONE_YET,
        target=0.95,
        own=desk.system.threshold,
        now=desk.clock.now(),
    )
    assert late
    assert keeper.look() == 1
    with desk.system.store.transaction(write=True) as tx:
        keeper._write(tx, late, desk.clock.now())
        tx.commit()
    assert len(desk.events("office", "notice")) == 1
    assert desk.balanced()


def test_a_notice_that_its_topic_refuses_is_listed_and_replayed(desk: Desk) -> None:
    for at in range(3):
        returned(desk, letter(desk, at))
    assert Keeper(desk.system, "test/worker-1").look() == 1
    with desk.system.store.unit_of_work() as uow:
        (notice,) = [one for one in uow.outbox.pending(SHARDS, 100, desk.clock.now()) if one.type is EventType.AUTOMATIC]
        uow.outbox.settle([Delivery(notice.id, DeliveryStatus.REFUSED, "no such topic")], desk.clock.now())
        uow.commit()
    with desk.system.store.transaction(write=False) as tx:
        listed = parked(tx, Viewer(reads=True, units=None))
        assert [(one["id"], one["type"]) for one in listed] == [(notice.id, "automatic")]
        assert parked_count(tx) == 1
    assert desk.office.move_parked([notice.id], OutboxState.PENDING, "主题已建") == 1
    assert [one["type"] for one in desk.events("office", "notice")] == ["automatic"]
    assert desk.balanced()


def test_a_rolling_threshold_holds_for_all_and_a_raised_one_for_its_unit(desk: Desk) -> None:
    def stand(*changes: Standing) -> None:
        with desk.system.store.unit_of_work() as uow:
            uow.standings.add(changes)
            uow.commit()

    now = desk.clock.now()
    stand(Standing(now, ALL, threshold=0.98))
    assert desk.state(letter(desk, 1)) == "in_review"
    stand(Standing(now, ALL, threshold=0.95))
    assert desk.state(letter(desk, 2)) == "dispatched"
    stand(Standing(now, WATER, threshold=0.99))
    assert desk.state(letter(desk, 3)) == "in_review"
    stand(Standing(now, ALL, stopped=True), Standing(now, WATER))
    number = letter(desk, 4)
    assert (desk.state(number), desk.message(number).reason) == (
        "in_review",
        "the model reaches the target precision at no threshold",
    )
    stand(Standing(now, ALL))
    assert desk.state(letter(desk, 5)) == "dispatched"
