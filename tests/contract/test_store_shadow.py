"""A shadow says what it thinks of decided letters, once each, and nothing of sealed ones; on every implementation of the store."""

import threading
from pathlib import Path

import pytest

from app.office import Choice
from app.runner import Parts, Runner
from app.shadow import Shadow
from app.shadow_figures import pairs, shadow_document
from app.training import keep_model
from domain.ids import Number
from domain.models import ModelState
from store.models import SqlModels
from store.opinions import SqlOpinions
from tests.support.desk import Desk
from tests.support.many_models import trained


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    """The live model is the desk's own; a trained one watches."""
    desk = Desk(tmp_path / "city", store=any_store)
    keep_model(desk.system, trained(1), promote=False)
    desk.system.registry.shadow(trained(1).version, "li")
    return desk


def opinions(desk: Desk, *numbers: str) -> dict[str, str]:
    with desk.system.store.transaction(write=False) as tx:
        return {
            number: said.unit for number, said in SqlOpinions(tx).of(trained(1).version, [Number(n) for n in numbers]).items()
        }


def told(desk: Desk) -> int:
    shadow, said = Shadow(desk.system), 0
    while done := shadow.look():
        said += done
    shadow.close()
    return said


def test_each_decided_letter_gets_one_opinion(desk: Desk) -> None:
    one, two = desk.letter("1", "小区停水三天了"), desk.letter("2", "路面坑洼，公交难行")
    waiting = desk.letter("3", "举报交通局科长收受好处", kind="accusation")
    assert told(desk) == 0, "before they are decided nothing is said"
    desk.work()
    before = [desk.state(number) for number in (one, two, waiting)]
    assert told(desk) == 2
    assert told(desk) == 0
    assert opinions(desk, one, two, waiting) == {one: "water", two: "roads"}
    assert [desk.state(number) for number in (one, two, waiting)] == before
    desk.clock.forward(hours=1)
    three = desk.letter("4", "自来水停水")
    desk.work()
    assert told(desk) == 1
    with desk.system.store.transaction(write=False) as tx:
        row = SqlModels(tx).get(trained(1).version)
        assert row is not None
        assert (row.seen, SqlOpinions(tx).count(row.version)) == (0, 3), "what was decided just now may not be all there is"
    desk.clock.forward(hours=1)
    assert told(desk) == 0
    assert opinions(desk, three) == {three: "water"}


def test_a_letter_sealed_since_is_not_looked_at_nor_counted(desk: Desk) -> None:
    one, two = desk.letter("1", "停水三天"), desk.letter("2", "停水五天，请尽快")
    desk.work()
    desk.office.seal(Number(one), "是举报")
    assert told(desk) == 1
    assert opinions(desk, one, two) == {two: "water"}
    desk.office.seal(Number(two), "也是")
    assert pairs(desk.system, trained(1).version) == []


def test_only_the_holder_of_the_lease_looks(desk: Desk) -> None:
    desk.letter("1", "停水三天")
    desk.work()
    one, other = Shadow(desk.system), Shadow(desk.system)
    assert one.look() == 1
    desk.letter("2", "停水五天，快修")
    desk.work()
    assert other.look() == 0
    one.close()
    desk.clock.forward(seconds=20)
    assert other.look() == 1
    other.close()


def test_no_shadow_no_opinions(desk: Desk) -> None:
    desk.system.registry.stop_shadow("li")
    desk.letter("1", "停水三天")
    desk.work()
    assert told(desk) == 0
    assert desk.system.registry.placed(ModelState.SHADOW) == ""


def test_opinions_are_held_against_what_became_known(desk: Desk) -> None:
    one, two, three = desk.letter("1", "停水三天"), desk.letter("2", "水压不够，路灯不亮"), desk.letter("3", "公交坑洼")
    desk.work()
    assert told(desk) == 3
    desk.office.decide(Number(two), Choice("water"))
    desk.office.decide(Number(three), Choice("water"))
    found = {
        pair.judged.number: (pair.right, pair.judged.unit, pair.shadow, pair.by_person)
        for pair in pairs(desk.system, trained(1).version)
    }
    assert found[Number(three)] == ("water", "water", "roads", True)
    document = shadow_document(desk.system, desk.system.registry.row("shadow"))
    assert (document["opinions"], document["known"]) == (3, 2)
    assert document["decided_by"] == {"words-1": 2}
    assert document["top1"]["only_a"] == 1
    assert one not in found


def test_a_runner_lets_the_shadow_speak_after_the_letters(desk: Desk) -> None:
    runner = Runner(desk.system, Parts(collect=False, relay=False, feed=False, remind=False, notify=False, link=False))
    number = desk.letter("1", "停水三天")
    runner.until_idle(threading.Event(), lambda *_: None)
    runner.close()
    assert opinions(desk, number) == {number: "water"}
