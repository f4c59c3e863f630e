"""What is likelier wrong than right is never automatic, however well the letters seen so far were told apart."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from classify.confidence import MORE_THAN_EVEN, OUT_OF_FOLD, Calibration, threshold
from classify.rolling import Judged, rolling
from domain.ids import UnitCode

UNIT = UnitCode("water")


def calibration(confidence: list[float], right: list[bool]) -> Calibration:
    given: dict[str, Any] = {
        "held_confidence": np.array(confidence),
        "held_right": np.array(right),
        "held_block": np.full(len(right), OUT_OF_FOLD),
    }
    others: dict[str, Any] = {one.name: None for one in fields(Calibration) if one.name not in given}
    return Calibration(**(others | given))


@pytest.mark.parametrize("target", [0.9, 0.95, 0.98])
def test_letters_that_were_all_right_do_not_let_a_guess_go_out(target: float) -> None:
    easy = calibration([0.13 + 0.002 * number for number in range(400)], [True] * 400)
    assert threshold(easy, target) == MORE_THAN_EVEN


def test_a_threshold_above_stays_as_it_is() -> None:
    hard = calibration([0.6 + 0.001 * number for number in range(400)], [number > 100 for number in range(400)])
    least = threshold(hard, 0.95)
    assert least is not None
    assert least > MORE_THAN_EVEN


def test_nor_do_letters_answered_lately() -> None:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    judged = [Judged(UNIT, 0.02 if number % 50 == 0 else 0.99, True, now - timedelta(hours=number)) for number in range(400)]
    assert rolling(judged, 0.9, None).least == MORE_THAN_EVEN
