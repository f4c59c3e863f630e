"""What times where: the place chooses among territories, the function among city departments."""

import random

import pytest

from domain.decisions import Evidence, Suggestion
from domain.ids import UnitCode
from route.axes import ELSEWHERE, by_place
from store.codes import get_suggestions, put_suggestions
from tests.support.small_city import small_city

CITY = small_city()


def offered(**likely: float) -> tuple[Suggestion, ...]:
    word = (Evidence("word", "占道", 2.0),)
    return tuple(Suggestion(UnitCode(unit.replace("_", "-")), p, word) for unit, p in likely.items())


def placed(text: str, **likely: float) -> list[tuple[str, float]]:
    found = by_place(offered(**likely), CITY.places_in(text), CITY)
    return [(one.unit, round(one.probability, 4)) for one in found]


def test_without_a_place_or_with_a_doubtful_one_nothing_changes() -> None:
    likely = {"qingshan": 0.6, "urban": 0.3}
    assert placed("门口很脏", **likely) == placed("和平村的路", **likely) == [("qingshan", 0.6), ("urban", 0.3)]


def test_city_departments_go_by_the_function_alone() -> None:
    assert placed("青山区的路灯", urban=0.6, housing=0.3) == [("urban", 0.6), ("housing", 0.3)]


def test_what_was_learned_for_another_county_speaks_for_the_places_own() -> None:
    found = by_place(offered(qingshan=0.8, urban=0.1), CITY.places_in("临河县的事"), CITY)
    assert [(one.unit, round(one.probability, 4)) for one in found] == [("linhe", 0.72), ("urban", 0.1), ("qingshan", 0.08)]
    assert found[0].evidence == (Evidence("word", "占道", 2.0), Evidence("place", "临河县", 1.0))
    assert found[1].evidence == (Evidence("word", "占道", 2.0),)


def test_a_unit_in_one_line_with_the_place_keeps_its_own_and_shows_the_place() -> None:
    found = by_place(offered(qingshan_urban=0.7, qingshan=0.2), CITY.places_in("师范路街道桃园社区"), CITY)
    assert [(one.unit, one.probability) for one in found] == [("qingshan-urban", 0.7), ("qingshan", 0.2)]
    assert found[0].evidence[-1] == Evidence("place", "师范路街道", 1.0)
    above = by_place(offered(qingshan=0.7), CITY.places_in("桃园社区"), CITY)
    assert [(one.unit, one.probability) for one in above] == [("qingshan", 0.7)]


def test_a_department_of_another_county_has_no_counterpart_where_the_place_has_no_such_office() -> None:
    assert placed("临河县的摊贩", qingshan_urban=0.7) == [("qingshan-urban", 0.07)]


@pytest.mark.parametrize("seed", range(20))
def test_probabilities_never_grow_in_sum_and_stay_in_order(seed: int) -> None:
    print("seed", seed)
    chance = random.Random(seed)
    units = chance.sample(sorted(CITY.units), 5)
    shares = sorted((chance.random() / 5 for _ in units), reverse=True)
    before = tuple(Suggestion(UnitCode(unit), share) for unit, share in zip(units, shares, strict=True))
    for text in ("青山区", "永安镇", "师范路街道", "临河县新华乡", "无"):
        after = by_place(before, CITY.places_in(text), CITY)
        assert sum(one.probability for one in after) <= sum(shares) + 1e-9
        assert [one.probability for one in after] == sorted((one.probability for one in after), reverse=True)
        assert len({one.unit for one in after}) == len(after)
        assert all(one.function * one.where == pytest.approx(one.probability) for one in after)
        assert all(0 <= one.function <= 1 and 0 <= one.where <= 1 for one in after)
        assert all(one.unit in CITY.units for one in after)
        assert 0 < ELSEWHERE < 1


def test_a_place_that_the_directory_had_told_already_is_told_once() -> None:
    told = (Evidence("word", "占道", 2.0), Evidence("name", "师范路街道", 0.5))
    found = by_place((Suggestion(UnitCode("qingshan-urban"), 0.7, told),), CITY.places_in("师范路街道"), CITY)
    assert found[0].evidence == (Evidence("word", "占道", 2.0), Evidence("place", "师范路街道", 1.0))


def test_each_axis_says_its_part() -> None:
    found = {one.unit: one for one in by_place(offered(qingshan=0.6, linhe=0.2, urban=0.1), CITY.places_in("临河县的事"), CITY)}
    here, elsewhere, city = (found[UnitCode(unit)] for unit in ("linhe", "qingshan", "urban"))
    assert (round(here.function, 4), here.place) == (0.8, "临河县")
    assert round(here.where, 4) == round((0.2 + 0.6 * (1 - ELSEWHERE)) / 0.8, 4)
    assert (elsewhere.function, round(elsewhere.where, 4), elsewhere.place) == (0.6, ELSEWHERE, "临河县")
    assert (city.function, city.where, city.place) == (0.1, 1.0, "")
    assert get_suggestions(put_suggestions(tuple(found.values()))) == tuple(found.values())


def test_what_was_stored_before_the_axes_were_is_read_as_the_function_alone() -> None:
    (one,) = get_suggestions('[["water",0.9,[["word","停水",1.5]]]]')
    assert (one.function, one.where, one.place) == (0.9, 1.0, "")
