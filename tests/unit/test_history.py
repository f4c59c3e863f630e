"""The walk through time: a label is known from its answer on, never earlier."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from classify.evaluate_history import evaluate_history, periods
from classify.history import PastLetter, Walk, known_from, walk
from classify.labelled import LabelledText
from domain.clock import SHANGHAI
from domain.errors import HaltForPerson
from domain.ids import UnitCode
from tests.support.letters import letters

FEW = ("water", "heat", "bus", "school", "police")


def past(count: int, seed: int, *, noise: float = 0.1, codes: tuple[str, ...] = FEW) -> list[PastLetter]:
    """Letters three hours apart, answered after some hours to some days; every fortieth never."""
    draw = random.Random(seed)
    made = []
    for place, one in enumerate(letters(count, seed, codes=codes, noise=noise)):
        at = one.at + (one.at - letters_begin) * 2
        known = None if place % 40 == 39 else at + timedelta(hours=draw.choice((1, 5, 30, 100, 200)))
        made.append(PastLetter(LabelledText(one.subject, one.body, UnitCode(one.unit), at, "已办"), at, known))
    return made


letters_begin = letters(1, 0)[0].at


def walked(given: list[PastLetter]) -> Walk:
    return walk(given, start=0.5, retrain_days=3, seed=1)


@pytest.fixture(scope="module")
def given() -> list[PastLetter]:
    return past(800, 5)


@pytest.fixture(scope="module")
def plain(given: list[PastLetter]) -> Walk:
    return walked(given)


def another_unit(one: PastLetter) -> PastLetter:
    return replace(one, letter=replace(one.letter, unit=UnitCode("poison")))


def another_reply(one: PastLetter) -> PastLetter:
    return replace(one, letter=replace(one.letter, reply="不属于我办职责，请咨询water。"))


def never_answered(one: PastLetter) -> PastLetter:
    return replace(one, known=None)


def answered_much_later(one: PastLetter) -> PastLetter:
    return replace(one, known=None if one.known is None else one.known + timedelta(days=400))


@pytest.mark.parametrize("poisoned", [another_unit, another_reply, never_answered, answered_much_later])
def test_nothing_known_later_changes_what_was_said_before(
    given: list[PastLetter], plain: Walk, poisoned: Callable[[PastLetter], PastLetter]
) -> None:
    now = given[600].at
    changed = walked([poisoned(one) if one.known is None or one.known > now else one for one in given])
    before = [(one.units, one.confidence, one.automatic) for one in plain.steps if one.letter.at <= now]
    assert [(one.units, one.confidence, one.automatic) for one in changed.steps if one.letter.at <= now] == before
    assert sum(automatic[0] for _, _, automatic in before) > 10


def test_letters_that_come_later_change_nothing_either(given: list[PastLetter], plain: Walk) -> None:
    now = given[600].at
    later = [
        replace(one, letter=replace(one.letter, subject="全新的词语", body="从未写过的句子")) if one.at > now else one
        for one in given
    ]
    before = [(one.units, one.confidence) for one in plain.steps if one.letter.at <= now]
    assert [(one.units, one.confidence) for one in walked(later).steps if one.letter.at <= now] == before


def test_the_same_letters_in_any_order_give_the_same_walk(given: list[PastLetter], plain: Walk) -> None:
    shuffled = given[:]
    random.Random(3).shuffle(shuffled)
    assert walked(shuffled).steps == plain.steps


def test_answers_that_come_in_are_learned(given: list[PastLetter], plain: Walk) -> None:
    fresh = past(800, 6, codes=(*FEW, "green"))
    late = [one for one in fresh if one.letter.unit != "green" or one.at >= fresh[400].at]
    steps = [step for step in walked(late).steps if step.letter.letter.unit == "green"]
    third = len(steps) // 3
    assert sum(step.right for step in steps[-third:]) > sum(step.right for step in steps[:third])
    assert plain.n_first < 400
    assert plain.n_units == len(FEW)


def test_work_that_moves_away_stops_its_unit_and_is_then_learned() -> None:
    given = past(1500, 7, noise=0.02, codes=FEW[:3])
    moved_at = given[900].at
    moved = [
        replace(one, letter=replace(one.letter, unit=UnitCode("district")))
        if one.letter.unit == "water" and one.at >= moved_at
        else one
        for one in given
    ]
    found = walk(moved, start=0.4, retrain_days=7, seed=1)
    stops = [turn for turn in found.turns if turn.target == 0.95 and turn.stopped]
    assert [turn.unit for turn in stops][:1] == ["water"]
    assert moved_at < stops[0].at < moved_at + timedelta(days=21)
    wrong = [step for step in found.steps if step.automatic[1] and not step.right and step.letter.at > stops[0].at]
    assert all(step.units[0] != "water" or step.letter.letter.unit != "district" for step in wrong)
    assert any("water" in period["stopped_units"] for period in periods(found))


def test_what_says_nothing_is_learned_from_but_judges_nobody(given: list[PastLetter]) -> None:
    silent = walked([replace(one, telling=False) for one in given])
    assert not any(any(step.automatic) for step in silent.steps)
    assert sum(step.right for step in silent.steps) > 0.6 * len(silent.steps)


def test_periods_are_quarters_without_gap_or_overlap() -> None:
    document = evaluate_history(past(900, 8), start=0.3, retrain_days=14, seed=1, elapsed=lambda: 1.5)
    quarters = document["periods"]
    assert sum(quarter["n"] for quarter in quarters) == document["n_test"] == 630
    assert [(quarter["from"], quarter["to"]) for quarter in quarters[:1]] == [("2025-01-01", "2025-03-31")]
    assert all(isinstance(quarter["stopped_units"], list) for quarter in quarters)


@pytest.mark.parametrize(
    ("answered", "known"),
    [
        (None, None),
        (datetime(2026, 3, 5, 14, 30, tzinfo=SHANGHAI), datetime(2026, 3, 5, 14, 30, tzinfo=SHANGHAI)),
        (datetime(2026, 3, 1, 14, 30, tzinfo=SHANGHAI), datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)),
        (datetime(2026, 3, 2, tzinfo=SHANGHAI), datetime(2026, 3, 3, tzinfo=SHANGHAI)),
    ],
)
def test_an_answer_is_known_neither_before_its_letter_nor_before_its_day_is_over(
    answered: datetime | None, known: datetime | None
) -> None:
    assert known_from(datetime(2026, 3, 2, 9, tzinfo=SHANGHAI).astimezone(UTC), answered) == known


def test_nothing_to_train_from_and_nothing_to_measure_on_are_said(given: list[PastLetter]) -> None:
    with pytest.raises(HaltForPerson, match="measure on"):
        walk([], start=0.5, retrain_days=7, seed=1)
    with pytest.raises(HaltForPerson, match="train from"):
        walk([replace(one, known=None) for one in given], start=0.5, retrain_days=7, seed=1)
