"""The rolling threshold: from letters answered lately."""

import random
from datetime import UTC, datetime, timedelta

from classify.rolling import LATELY, Judged, rolling
from domain.ids import UnitCode

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
A, B = UnitCode("a"), UnitCode("b")


def judged(count: int, seed: int, *, honest: bool = True, unit: UnitCode = A, start: int = 0) -> list[Judged]:
    """Letters whose confidence is right as often as it says, or (not honest) half as often."""
    draw = random.Random(seed)
    made = []
    for at in range(start, start + count):
        confidence = 1 - draw.random() ** 2
        right = draw.random() < confidence * (1 if honest else 0.5)
        moment = START + timedelta(hours=at)
        made.append(Judged(unit, confidence, right, moment, moment + timedelta(days=3)))
    return made


def test_few_answers_leave_the_model_its_own_threshold() -> None:
    chosen = rolling(judged(40, 1), 0.95, 0.8)
    assert chosen.automatic(A, 0.81)
    assert not chosen.automatic(A, 0.79)
    assert not rolling([], 0.95, None).automatic(A, 1.0)


def test_a_higher_target_asks_for_more() -> None:
    known = judged(LATELY, 2)
    least = [rolling(known, target, None).least for target in (0.8, 0.9)]
    assert least[0] is not None
    assert least[1] is None or least[0] < least[1]


def test_confidence_that_broke_its_word_is_enough_for_nothing() -> None:
    assert rolling(judged(LATELY, 3, honest=False), 0.95, 0.5).least is None


def test_only_what_was_answered_lately_counts() -> None:
    good, bad = judged(3 * LATELY, 4), judged(LATELY, 5, honest=False, start=3 * LATELY)
    assert rolling(good, 0.8, None).least is not None
    assert rolling(good + bad, 0.8, None).least is None
    assert rolling(bad + good, 0.8, None) == rolling(good + bad, 0.8, None)


def test_a_unit_with_many_errors_of_its_own_asks_for_more_than_the_others() -> None:
    draw = random.Random(6)
    good = [Judged(A, 0.97, True, START, START + timedelta(hours=at)) for at in range(400)]
    bad = [Judged(B, 0.97, draw.random() < 0.8, START, START + timedelta(hours=at)) for at in range(60)]
    chosen = rolling(good + bad, 0.95, None)
    assert chosen.automatic(A, 0.97)
    assert not chosen.automatic(B, 0.97)
