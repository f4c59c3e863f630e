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
        ("我们县县长收钱", {"linhe", "qingshan"}, False),
        ("柳树村的地，县长收了老板的钱", {"linhe-yongan", "linhe"}, False),
        ("青山区区长受贿", {"qingshan"}, True),
        ("永安的干部收钱", {"linhe-yongan"}, False),
        ("社区几个人把救济米分了", {"linhe-yongan", "linhe-xinhua", "qingshan-shifan"}, False),
        ("纪检组的人收钱", {"discipline"}, False),
        ("治安大队收赌场的钱", {"police", "traffic-police"}, False),
        ("火葬场收红包", {"civil"}, False),
        ("我打市长热线反映过，水务局的人收钱", {"water"}, True),
        ("水务局的人常到超市长期赊账", {"water"}, True),
    ],
)
def test_who_is_accused(body: str, units: set[str], certain: bool) -> None:
    accused = accused_units(letter("", body), CITY)
    assert accused.units >= units
    assert accused.certain is certain


@pytest.mark.parametrize(
    "subject", ["举报副市长受贿", "市里一把手的秘书收钱", "市府大院分管城建的领导收钱", "云泽市的书记受贿", "市里主要领导收钱"]
)
def test_an_officer_above_all_excludes_all(subject: str) -> None:
    accused = accused_units(letter(subject), CITY)
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
