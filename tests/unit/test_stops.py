"""The sequential test per unit: it stops in time, seldom by mistake, and lets a unit run again."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from classify.stops import FORGIVEN, PATIENCE, RUNNING, Outcome, Stops, UnitState, heard, restored
from domain.ids import UnitCode

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
STREETS = UnitCode("streets")


def outcomes(flags: list[bool], unit: UnitCode = STREETS) -> list[Outcome]:
    return [Outcome(unit, right, START + timedelta(hours=at)) for at, right in enumerate(flags)]


def until_stopped(precision: float, target: float, seed: int, most: int = 4000) -> int:
    draw = random.Random(seed)
    state = RUNNING
    for count in range(1, most + 1):
        state = heard(state, Outcome(STREETS, draw.random() < precision, START), target)
        if state.stopped:
            return count
    return most


def until_running(precision: float, target: float, seed: int, most: int = 4000) -> int:
    draw = random.Random(seed)
    state = UnitState(True, (1.0,))
    for count in range(1, most + 1):
        state = heard(state, Outcome(STREETS, draw.random() < precision, START), target)
        if not state.stopped:
            return count
    return most


@pytest.mark.parametrize("target", [0.90, 0.95, 0.98])
def test_a_unit_at_its_target_is_seldom_stopped_and_one_far_below_soon(target: float) -> None:
    seeds = range(60)
    at_target = [until_stopped(target, target, seed) for seed in seeds]
    below = [until_stopped(1 - 5 * (1 - target), target, seed) for seed in seeds]
    assert sum(at_target) / len(seeds) >= PATIENCE, f"seeds {seeds}"
    assert sum(below) / len(seeds) <= 1.2 / (1 - target), f"seeds {seeds}"
    assert sum(below) * 4 < sum(at_target), f"seeds {seeds}"


@pytest.mark.parametrize("target", [0.90, 0.95, 0.98])
def test_a_stopped_unit_recovers_when_right_again_and_not_while_as_bad_as_before(target: float) -> None:
    seeds = range(60)
    well = [until_running(1 - (1 - target) / 2, target, seed) for seed in seeds]
    badly = [until_running(1 - 4 * (1 - target), target, seed) for seed in seeds]
    assert sum(badly) / len(seeds) >= PATIENCE, f"seeds {seeds}"
    assert sum(well) * 4 < sum(badly), f"seeds {seeds}"


def test_work_that_moved_away_stops_its_unit_alone() -> None:
    stops = Stops(0.95)
    assert stops.hear_all(outcomes([True] * 50) + outcomes([True] * 50, UnitCode("water"))) == set()
    assert stops.hear_all(outcomes([True, False, False, True, False])) == {STREETS}
    assert stops.stopped == {STREETS}
    assert stops.runs(UnitCode("water"))
    assert stops.runs(UnitCode("never-heard-of"))


def test_a_long_good_past_does_not_buy_errors() -> None:
    spoiled = Stops(0.95)
    spoiled.hear_all(outcomes([True] * 500))
    fresh = Stops(0.95)
    errors = outcomes([False, False])
    assert spoiled.hear_all(errors) == fresh.hear_all(errors) == {STREETS}


def test_it_runs_again_with_its_test_begun_afresh() -> None:
    stops = Stops(0.95)
    stops.hear_all(outcomes([False, False]))
    assert stops.states[STREETS].since == START + timedelta(hours=1)
    stops.hear_all(outcomes([True] * 15))
    assert not stops.runs(STREETS)
    stops.hear_all(outcomes([True] * 15))
    assert stops.runs(STREETS)
    assert stops.states[STREETS].evidence[0] <= 1.0
    assert stops.states[STREETS].wrong == 0


def rights_until_running(stops: Stops) -> int:
    for count in range(1, 200):
        stops.hear(Outcome(STREETS, True, START))
        if stops.runs(STREETS):
            return count
    raise AssertionError("it never runs again")


def test_a_unit_stopped_again_must_show_more_and_is_forgiven_in_time() -> None:
    stops = Stops(0.95)
    needed = []
    for _ in range(3):
        stops.hear_all(outcomes([False, False]))
        needed.append(rights_until_running(stops))
    assert needed[0] < needed[1] < needed[2] < 40
    stops.hear_all(outcomes([True] * FORGIVEN))
    stops.hear_all(outcomes([False, False]))
    assert rights_until_running(stops) == needed[0]


def test_a_source_believed_less_weighs_less() -> None:
    full, half = Stops(0.95), Stops(0.95)
    full.hear(Outcome(STREETS, False, START))
    half.hear(Outcome(STREETS, False, START, weight=0.5))
    assert 1 < sum(half.states[STREETS].evidence) / 3 < sum(full.states[STREETS].evidence) / 3


@pytest.mark.parametrize(("target", "weight"), [(1.0, 1.0), (0.0, 1.0), (0.95, 0.0), (0.95, 1.5)])
def test_what_is_no_target_and_no_weight_is_refused(target: float, weight: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        heard(RUNNING, Outcome(STREETS, True, START, weight=weight), target)


def test_the_state_survives_a_document() -> None:
    stops = Stops(0.95)
    stops.hear_all(outcomes([True, False, True, False, False]) + outcomes([True, False], UnitCode("water")))
    again = restored(json.loads(json.dumps(stops.document())))
    assert again == stops
    for each in (stops, again):
        each.hear_all(outcomes([True] * 30))
    assert again == stops


def test_a_foreign_document_is_refused() -> None:
    stops = Stops(0.95)
    stops.hear(Outcome(STREETS, True, START))
    document = stops.document()
    document["units"][STREETS]["stopped"] = True
    with pytest.raises(ValueError, match="another length"):
        restored(document)
