"""What the model may do without a person, worked out from outcomes."""

from datetime import datetime, timedelta

from app.standings import Change, Led, changed
from domain.ids import Number, UnitCode
from domain.outcomes import Judged, Source
from domain.standings import ALL, NONE_YET, Standing, Standings
from tests.support.desk import START

A, B = UnitCode("a"), UnitCode("b")


def judged(at: int, unit: UnitCode, confidence: float, *, right: bool | None = True, sure: bool = True) -> Judged:
    moment = START + timedelta(hours=at)
    known = None if right is None else moment + timedelta(days=1)
    return Judged(
        Number(f"n{at}"),
        moment,
        "m",
        unit,
        confidence,
        automatic=sure,
        drawn=False,
        sure=sure,
        known_at=known,
        source=Source.COMPLETED if known else None,
        right=right,
    )


def work_out(
    letters: list[Judged], stand: Standings = NONE_YET, now: datetime = START, own: float | None = 0.9
) -> dict[str, Standing]:
    return {one.standing.unit: one.standing for one in turned(letters, stand, now, own)}


def turned(letters: list[Judged], stand: Standings = NONE_YET, now: datetime = START, own: float | None = 0.9) -> list[Change]:
    return changed(letters, stand, target=0.95, own=own, now=now)


def test_few_letters_change_nothing_but_a_unit_that_goes_wrong() -> None:
    assert not any(one.stopped or one.unit == ALL for one in work_out([judged(at, A, 0.97) for at in range(9)]).values())
    found = work_out([judged(at, A, 0.97, right=False) for at in range(3)] + [judged(at, B, 0.97) for at in range(9)])
    assert ALL not in found
    assert (found[A].stopped, B in found and found[B].stopped) == (True, False)


def test_what_nobody_judged_or_was_not_sure_stops_nobody() -> None:
    unknown = [judged(at, A, 0.97, right=None) for at in range(9)]
    unsure = [judged(at, A, 0.4, right=False, sure=False) for at in range(9)]
    assert not any(one.stopped for one in work_out(unknown + unsure).values())


def test_the_threshold_rolls_with_the_letters_answered_lately() -> None:
    sure = [judged(at, A if at % 2 else B, 0.92 + at % 7 / 100) for at in range(160)]
    unsure = [judged(at, A, 0.7, right=bool(at % 2), sure=False) for at in range(60)]
    found = work_out(sure + unsure)
    least = Standings.last(found.values()).enough(0.9)
    assert least is not None
    assert 0.7 < least < 0.97
    # B was always right, A not: less is enough for B.
    of_a, of_b = (Standings.last(found.values()).threshold(unit, 0.9) for unit in (A, B))
    assert of_a is not None
    assert of_b is not None
    assert of_a > of_b
    # The same again is no change, and a little more neither.
    stand = Standings.last(found.values())
    assert ALL not in work_out(sure + unsure, stand)
    assert ALL not in work_out([*sure, *unsure, judged(500, A, 0.921)], stand)


def test_nothing_goes_out_where_no_threshold_keeps_the_target_and_then_the_models_own_again() -> None:
    bad = [judged(at, UnitCode(f"u{at}"), 0.9 + at % 10 / 100, right=bool(at % 3)) for at in range(200)]
    found = work_out(bad)
    assert found[ALL].stopped
    later = work_out([], Standings.last(found.values()))
    assert (later[ALL].stopped, later[ALL].threshold) == (False, None)


def test_a_unit_that_was_stopped_long_ago_stays_so_until_it_is_right_again() -> None:
    now = START + timedelta(days=400)
    stand = Standings.last([Standing(START, A, stopped=True)])
    assert work_out([], stand, now) == {}
    assert not work_out([judged(at, A, 0.97) for at in range(20)], stand, now)[A].stopped


def test_a_unit_whose_errors_the_window_no_longer_shows_runs_again_by_what_became_known_since_alone() -> None:
    """A full window holds weeks in a busy city: what is right in it may have been right before the unit was stopped."""
    stopped_at = START + timedelta(days=30)
    stand = Standings.last([Standing(stopped_at + timedelta(days=2), A, stopped=True, threshold=0.9, since=stopped_at)])
    before = [judged(at, A, 0.97) for at in range(40)]
    assert not any(one.unit == A for one in work_out(before, stand, stopped_at).values() if not one.stopped)
    since = [judged(24 * 30 + at, A, 0.97) for at in range(20)]
    (change,) = [one for one in turned(before + since, stand, stopped_at) if one.standing.unit == A]
    assert (change.standing.stopped, change.led and change.led.wrong) == (False, 0)


def test_what_led_to_a_stop_begins_where_the_test_had_nothing_against_the_unit() -> None:
    good = [judged(at, A, 0.97) for at in range(60)]
    bad = [judged(60 + at, A, 0.97, right=at == 2) for at in range(5)]
    (change,) = [one for one in turned(good + bad) if one.standing.unit == A]
    assert change.standing.stopped
    assert change.led == Led(2, 2, bad[0].known_at)


def test_a_threshold_that_moves_is_no_stop() -> None:
    sure = [judged(at, A, 0.92 + at % 7 / 100) for at in range(160)]
    changes = turned(sure)
    assert [one.standing.unit for one in changes if one.standing.threshold is not None]
    assert {one.led for one in changes} == {None}
