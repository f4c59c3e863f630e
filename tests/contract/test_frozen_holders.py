"""A process frozen past its leases, on every implementation of the store; a thousand rounds are in tests/soak."""

import random
from pathlib import Path

from tests.support.frozen_holders import assert_no_second_effect, freeze_in_turn

ROUNDS = 20


def test_a_frozen_holder_that_wakes_has_no_second_effect(store_url: str, tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    assert_no_second_effect(freeze_in_turn(store_url, tmp_path, ROUNDS, seed))
