"""The first day: suggestions from the directory alone."""

from classify.retrieval import DirectoryRetrieval
from domain.ids import UnitCode
from domain.units import Unit, UnitLevel


def unit(code: str, name: str, duties: tuple[str, ...], places: tuple[str, ...] = ()) -> Unit:
    return Unit(UnitCode(code), name, (), UnitLevel.CITY, "990100", None, duties, places)


UNITS = (
    unit("heat", "暖阳供热办", ("供热温度监督", "暖气检修")),
    unit("bus", "青云公交公司", ("公交线路", "公交车司机服务")),
    unit("dongli", "东篱区政府", (), ("东篱区", "百合街道")),
)


def test_duties_names_and_places_speak() -> None:
    found = DirectoryRetrieval(UNITS).suggest(
        [("暖气不热", "家里供热很差"), ("请问公交车几点", ""), ("", "百合街道的路坏了"), ("", "无关")]
    )
    assert [suggestions[0].unit if suggestions else None for suggestions in found] == ["heat", "bus", "dongli", None]
    assert found[0][0].evidence[0].text == "暖气"
    assert found[2][0].evidence[0].kind == "place"


def test_odds_stay_low_and_nothing_is_automatic() -> None:
    retrieval = DirectoryRetrieval(UNITS)
    (found,) = retrieval.suggest([("暖阳供热办供热温度监督", "暖气检修" * 50)])
    assert 0 < found[0].probability <= 0.5
    assert not retrieval.automatic(found)
    assert retrieval.threshold(0.9) is None
    assert retrieval.version == ""


def test_an_empty_directory_suggests_nothing() -> None:
    assert DirectoryRetrieval(()).suggest([("暖气", "不热")]) == [()]
