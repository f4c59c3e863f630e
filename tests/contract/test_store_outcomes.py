"""What became of a model's suggestions, from decisions, answers, returns and persons' choices, on both stores."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.lots import lot
from app.office import Choice
from app.outcomes import judged_since
from app.reports import explain_document
from domain.ids import Number, UnitCode
from domain.outcomes import Judged, Source
from route.decide import LEFT
from route.feedback import parse_feedback
from store.outcomes import followed
from tests.support.desk import START, Desk
from tests.unit.test_way_of_a_message import ACCUSATION, ROADS, UNCLEAR, WATER


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Iterator[Desk]:
    desk = Desk(tmp_path / "city", store=any_store)
    yield desk
    desk.system.close()


def outcomes(desk: Desk) -> dict[str, Judged]:
    return {one.number: one for one in judged_since(desk.system, START - timedelta(days=1), limit=100)}


def say(desk: Desk, unit: str, kind: str, number: str, **more: object) -> None:
    line = json.dumps({"id": f"{unit}-{kind}-{number}", "type": kind, "assignment": f"{number}.{unit}.1", **more})
    assert desk.feedback.apply(parse_feedback(UnitCode(unit), line), actor=f"unit:{unit}").outcome == "applied"
    desk.clock.forward(hours=1)


def test_nothing_is_known_before_somebody_says_it(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    one = outcomes(desk)[number]
    assert (one.unit, one.confidence, one.model, one.automatic, one.drawn) == ("water", 0.97, "words-1", True, False)
    assert (one.known_at, one.right, one.answered) == (None, None, None)


def test_an_answer_says_right_and_one_that_refers_elsewhere_wrong(desk: Desk) -> None:
    own, others = desk.letter("1", WATER), desk.letter("2", WATER + "三栋也是。")
    desk.work()
    say(desk, "water", "complete", own, reply="已恢复供水。")
    say(desk, "water", "complete", others, reply="此事不属我局职责，请您向交通运输局咨询。")
    found = outcomes(desk)
    assert (found[own].right, found[own].source, found[own].answered) == (True, Source.COMPLETED, "water")
    assert (found[others].right, found[others].source, found[others].answered) == (False, Source.REFERRED, "roads")


def test_the_last_word_counts(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    say(desk, "water", "return", number, reason="不归我们", suggested_unit="roads")
    assert (outcomes(desk)[number].right, outcomes(desk)[number].answered) == (False, "roads")
    desk.office.decide(Number(number), Choice("river-water"))
    assert (outcomes(desk)[number].source, outcomes(desk)[number].answered) == (Source.CHOSEN, "river-water")


def test_a_return_that_names_nobody_says_whose_it_was_not(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    say(desk, "water", "return", number, reason="不归我们")
    one = outcomes(desk)[number]
    assert (one.right, one.answered, one.source) == (False, None, Source.RETURNED)


def test_a_reviewer_confirms_or_corrects_the_first_suggestion(desk: Desk) -> None:
    first, second = desk.letter("1", UNCLEAR), desk.letter("2", UNCLEAR + "等。")
    desk.work()
    desk.clock.forward(hours=1)
    desk.office.decide(Number(first), Choice("water"))
    desk.office.decide(Number(second), Choice("roads"))
    found = outcomes(desk)
    assert [(found[n].right, found[n].automatic, found[n].source) for n in (first, second)] == [
        (True, False, Source.CHOSEN),
        (False, False, Source.CHOSEN),
    ]


def test_sealed_matters_and_excluded_units_are_in_no_outcome(desk: Desk) -> None:
    sealed, later = desk.letter("1", ACCUSATION), desk.letter("2", ROADS)
    desk.work()
    assert set(outcomes(desk)) == {later}
    desk.office.seal(Number(later), "像举报")
    assert sealed not in outcomes(desk)
    assert outcomes(desk) == {}


def test_only_the_newest_within_the_span_in_batches(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.outcomes.BATCH", 2)
    numbers = []
    for at in range(5):
        numbers.append(desk.letter(str(at), f"{WATER}第{at}次。"))
        desk.work()
        desk.clock.forward(days=1)
    with desk.system.store.transaction(write=False) as tx:
        assert [one.number for one in followed(tx, START - timedelta(days=1), limit=100)] == numbers[::-1]
        assert [one.number for one in followed(tx, START + timedelta(hours=36), limit=100)] == numbers[:1:-1]
        assert [one.number for one in followed(tx, START - timedelta(days=1), limit=3)] == numbers[:1:-1]


def test_a_share_of_sure_letters_goes_to_a_person_who_is_not_told(desk: Desk) -> None:
    desk.worker._lot = lambda _: True
    sure, unsure, by_rule = desk.letter("1", WATER), desk.letter("2", UNCLEAR), desk.letter("3", ACCUSATION)
    desk.work()
    desk.clock.forward(hours=1)
    assert (desk.state(sure), desk.state(unsure), desk.state(by_rule)) == ("in_review", "in_review", "sealed_review")
    assert desk.message(sure).reason == desk.message(unsure).reason == LEFT
    before = [step for step in explain_document(desk.system, Number(sure))["steps"] if step["step"] == "decided"]
    assert not any("drawn" in step for step in before)
    desk.office.decide(Number(sure), Choice("roads"))
    after = [step for step in explain_document(desk.system, Number(sure))["steps"] if step["step"] == "decided"]
    assert [step.get("drawn") for step in after] == [True, None]
    one = outcomes(desk)[sure]
    assert (one.drawn, one.automatic, one.right, one.confidence) == (True, False, False, 0.97)
    assert not outcomes(desk)[unsure].drawn
    assert desk.balanced()


def test_the_lot_draws_its_share_and_the_same_letters_again() -> None:
    numbers = [Number(f"20261120-portal-{at:06}") for at in range(20_000)]
    drawn = [number for number in numbers if lot(0.02)(number)]
    assert drawn == [number for number in numbers if lot(0.02)(number)]
    assert 320 < len(drawn) < 480
    assert not any(map(lot(0.0), numbers))
