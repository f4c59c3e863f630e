"""The stability index against known values, and what the watch counts."""

import math
import random
from pathlib import Path

import pytest

from app.drift import DriftWatch, latest_drift
from app.learning import learn
from app.promoting import let_serve
from classify.drift import histogram, psi
from tests.support.desk import Desk
from tests.support.many_models import letters


def test_a_known_value() -> None:
    # Shares 0.5, 0.3, 0.2 that become 0.3, 0.3, 0.4: 0.2·ln(5/3) + 0.2·ln 2.
    expected = 0.2 * math.log(5 / 3) + 0.2 * math.log(2)
    assert psi({"a": 5e6, "b": 3e6, "c": 2e6}, {"a": 3e6, "b": 3e6, "c": 4e6}) == pytest.approx(expected, abs=1e-4)


def test_what_chance_makes_of_many_units_is_no_drift() -> None:
    seed = 20
    print("seed", seed)
    draw = random.Random(seed)
    kinds = [f"u{at}" for at in range(60)]
    weights = [1 / (1 + at) for at in range(60)]

    def drawn(count: int) -> dict[str, float]:
        found = dict.fromkeys(kinds, 0.0)
        for kind in draw.choices(kinds, weights, k=count):
            found[kind] += 1
        return found

    assert max(psi(drawn(2000), drawn(100)) for _ in range(50)) < 0.25
    assert psi(drawn(2000), {"u0": 20.0, "u30": 80.0}) > 0.25


def test_edges() -> None:
    assert psi({}, {"a": 3}) == psi({"a": 3}, {}) == 0.0
    assert psi({"a": 50}, {"a": 90}) == 0.0
    assert psi({"a": 100}, {"new": 100}) > 1
    assert histogram([0.0, 0.05, 0.999, 1.0]) == {"0": 2.0, **{str(at): 0.0 for at in range(1, 9)}, "9": 2.0}


def test_the_watch_counts_letters_of_late(tmp_path: Path, any_store: str) -> None:
    desk = Desk(tmp_path / "city", store=any_store)
    row = learn(desk.system, letters(1, 260), by="wang", progress=lambda *_: None).row
    assert latest_drift(desk.system) == {}
    let_serve(desk.system, row, "wang")
    for at in range(60):
        desk.letter(str(at), f"公园的树第{at}棵该剪了，请问归谁管")
    desk.work()
    watch = DriftWatch(desk.system)
    assert watch.look() == 1
    watch.close()
    found = latest_drift(desk.system)
    assert (found["letters"], found["abstention"], found["returns"]) == (60, 1.0, {})
    assert found["drift"]["words"] > 0.25
    assert found["drift"]["confidence"] > 0.25
    assert "labels" not in found["drift"], "nobody has answered yet"
    other = DriftWatch(desk.system)
    assert watch.look() == 1
    assert other.look() == 0, "one process counts"
    assert set(row.metrics["reference"]["words"]) <= {"", *system_words(desk)}


def system_words(desk: Desk) -> set[str]:
    model = desk.system.registry.load(desk.system.registry.row("live"))
    return set(model.data.space.words)
