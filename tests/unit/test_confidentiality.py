"""Who is accused: by name, trade and place; who is only asked to act; when the answer is certain."""

import pytest

from domain.ids import UnitCode
from route.confidentiality import accused_units, excluded, may_see
from tests.support.routing import letter
from tests.support.small_city import small_city

CITY = small_city()


@pytest.mark.parametrize(
    ("body", "units", "certain"),
    [
        ("水务局张某收钱", {"water"}, True),
        ("自来水公司的人收钱", {"water"}, True),
        ("云泽市水务局的人收钱", {"water"}, True),
        ("水务部门的人收钱", {"water"}, False),
        ("民政干部优亲厚友", {"civil"}, False),
        ("派出所民警收钱", {"police", "traffic-police"}, False),
        ("交警支队民警收钱，公安局包庇", {"police", "traffic-police"}, True),
        ("小学校长收钱", {"education"}, False),
        ("医生收红包", {"health"}, False),
        ("城管队员收钱", {"urban", "qingshan-urban"}, False),
        ("柳树村村支书贪污", {"linhe-yongan"}, False),
        ("临河县县长受贿", {"linhe"}, True),
        ("和平村村主任贪污", {"linhe-xinhua", "qingshan-shifan"}, False),
        ("某局领导收钱，水务局也知道", {"water"}, False),
        ("青山区水务局的人收钱", {"water", "qingshan"}, False),
        ("有人收钱", set(), False),
        ("水务局的人收钱，请纪委严查", {"water"}, True),
        ("水务局的人收钱，纪委也收了", {"water", "discipline"}, True),
        ("尊敬的纪委领导：水务局的人收钱", {"water"}, True),
        ("请城管局查处城管局的队员收钱", {"urban", "qingshan-urban"}, False),
    ],
)
def test_who_is_accused(body: str, units: set[str], certain: bool) -> None:
    accused = accused_units(letter("", body), CITY)
    assert accused.units >= units
    assert accused.certain is certain


def test_an_officer_above_all_excludes_all() -> None:
    accused = accused_units(letter("举报副市长受贿"), CITY)
    assert accused.units == set(CITY.units)
    assert not accused.certain


def test_the_mayor_may_still_be_addressed() -> None:
    accused = accused_units(letter("举报", "尊敬的市长：您好！水务局的人收钱，望市长严查。"), CITY)
    assert accused.units == {"water"}
    assert accused.certain


def test_the_place_the_channel_gave_counts_too() -> None:
    assert "linhe-yongan" in accused_units(letter("村支书贪污", place="永安镇"), CITY).units


def test_exclusion_reaches_all_under() -> None:
    closed = excluded([UnitCode("linhe"), UnitCode("gone")], CITY)
    assert closed == {"linhe", "linhe-yongan", "linhe-xinhua", "gone"}
    assert not may_see(UnitCode("linhe-yongan"), closed)
    assert may_see(UnitCode("qingshan"), closed)
