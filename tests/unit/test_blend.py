"""A model of few letters beside the directory: the less it has learned, the more the directory says."""

from classify.blend import Blended, directory_share, served
from classify.labelled import LabelledText
from classify.retrieval import DirectoryRetrieval
from classify.train import train
from domain.ids import UnitCode
from domain.units import Unit, UnitLevel
from tests.support.desk import START


def unit(code: str, name: str, *duties: str) -> Unit:
    return Unit(UnitCode(code), name, (), UnitLevel.CITY, "", None, duties)


UNITS = (unit("water", "水务局", "停水", "水压"), unit("roads", "交通局", "路面", "公交"), unit("heat", "供热办", "暖气", "供热"))
DIRECTORY = DirectoryRetrieval(UNITS)


def learned(count: int) -> Blended:
    rows = [LabelledText(f"第{at}件", f"自来水没有了第{at}次", UnitCode("water")) for at in range(count)]
    rows += [LabelledText(f"第{at}件", f"门前的坑没人填第{at}次", UnitCode("roads")) for at in range(count)]
    return Blended(train(rows, units=UNITS, seed=1, trained_at=START), DIRECTORY)


def test_the_share_of_the_directory_falls_as_letters_come() -> None:
    shares = [directory_share(letters, 50) for letters in (0, 50, 100, 1000, 10_000)]
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert directory_share(100, 50) == 0.5
    assert directory_share(0, 0) == 0.0


def test_a_unit_without_a_letter_is_suggested_by_its_duties_and_the_others_by_what_was_learned() -> None:
    both = learned(2)
    heat, holes = both.suggest([("", "暖气不热，供热太差"), ("", "门前的坑没人填")])
    assert (heat[0].unit, holes[0].unit) == ("heat", "roads")
    assert any(why.text == "暖气" for why in heat[0].evidence)
    assert both.version == both._model.version
    assert all(0 <= one.probability <= 1 for one in (*heat, *holes))


def test_where_both_agree_the_models_own_confidence_stands() -> None:
    both = learned(40)
    text = ("", "自来水没有了，停水")
    assert both.suggest([text])[0][0].unit == "water"
    assert both.suggest([text])[0][0].probability == both._model.suggest([text])[0][0].probability
    assert sum(one.probability for one in both.suggest([("", "停水，暖气不热")])[0]) <= 1 + 1e-9


def test_without_a_model_the_directory_speaks_and_a_model_of_many_letters_alone() -> None:
    assert served(None, DIRECTORY) is DIRECTORY
    model = learned(200)._model
    assert served(model, DIRECTORY) is model
    assert isinstance(served(learned(4)._model, DIRECTORY), Blended)
