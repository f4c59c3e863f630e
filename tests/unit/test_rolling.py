"""What is certain enough today, from the letters answered lately."""

import random
from datetime import UTC, datetime, timedelta

from classify.rolling import LATELY, LEAST_JUDGED, Judged, rolling
from domain.ids import UnitCode

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
A, B = UnitCode("a"), UnitCode("b")


def judged(count: int, seed: int, *, kept: float = 1.0, unit: UnitCode = A, start: int = 0) -> list[Judged]:
    """Letters that are right ``kept`` times as often as their confidence promises, one an hour."""
    draw = random.Random(seed)
    made = []
    for at in range(start, start + count):
        confidence = 1 - 0.6 * draw.random() ** 2
        made.append(Judged(unit, confidence, draw.random() < confidence * kept, START + timedelta(hours=at)))
    return made


def test_few_answers_leave_the_model_its_own_threshold() -> None:
    chosen = rolling(judged(40, 1), 0.95, 0.8)
    assert chosen.least == 0.8
    assert not rolling([], 0.95, None).automatic(A, 1.0)
    assert rolling([], 0.95, 0.8).automatic(A, 0.81)


def test_a_promise_that_is_kept_is_enough_where_it_promises_the_target() -> None:
    chosen = rolling(judged(LATELY, 2), 0.9, None)
    assert chosen.least is not None
    above = [one for one in judged(LATELY, 3) if chosen.automatic(A, one.confidence)]
    assert len(above) > 0.2 * LATELY
    assert sum(one.right for one in above) / len(above) > 0.87


def test_a_higher_target_asks_for_more() -> None:
    least = [rolling(judged(LATELY, 2), target, None).least for target in (0.8, 0.9)]
    assert least[0] is not None
    assert least[1] is not None
    assert least[0] < least[1]


def test_confidence_that_broke_its_word_is_enough_for_nothing() -> None:
    assert rolling(judged(LATELY, 3, kept=0.5), 0.95, 0.5).least is None


def test_only_what_was_answered_lately_counts_in_whatever_order_it_comes() -> None:
    good, bad = judged(LATELY, 4), judged(LATELY, 5, kept=0.5, start=LATELY)
    assert rolling(good, 0.9, None).least is not None
    assert rolling(good + bad, 0.9, None).least is None
    assert rolling(bad + good, 0.9, None) == rolling(good + bad, 0.9, None)


def test_a_unit_that_lately_breaks_its_word_is_trusted_less_and_the_others_are_not() -> None:
    others, moved = judged(400, 6), judged(60, 7, kept=0.6, unit=B, start=340)
    chosen = rolling(others + moved, 0.9, None)
    assert chosen.shifts[B] < -0.5
    assert chosen.confidence(B, 0.95) < 0.9
    assert abs(chosen.confidence(A, 0.95) - 0.95) < 0.03
    assert chosen.confidence(UnitCode("never-seen"), 0.95) == rolling([], 0.9, None).confidence(A, 0.95)


def test_a_stopped_unit_keeps_nobody_elses_letters_back() -> None:
    others, moved = judged(500, 8), judged(400, 9, kept=0.3, unit=B)
    heeded, left_out = rolling(others + moved, 0.9, None), rolling(others + moved, 0.9, None, stopped={B})
    assert left_out.least is not None
    assert heeded.least is None or left_out.least <= heeded.least
    assert rolling(moved + others[: LEAST_JUDGED - 1], 0.9, 0.7, stopped={B}).least == 0.7
