"""Frozen lease holders: a thousand rounds on each store."""

import random
from pathlib import Path

import pytest

from tests.support.frozen_holders import assert_no_second_effect, freeze_in_turn

ROUNDS = 1000


@pytest.mark.soak
def test_a_thousand_frozen_holders(any_store: str, tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    outcome = freeze_in_turn(any_store, tmp_path, ROUNDS, seed)
    print(outcome)
    assert_no_second_effect(outcome)
