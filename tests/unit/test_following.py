"""Suggestions of a model that was trained yesterday follow the directory of today."""

from collections.abc import Sequence

import pytest

from app.following import Following, following
from domain.decisions import Evidence, Suggestion
from domain.errors import BadSettings
from domain.ids import UnitCode
from route.directory import Directory, read_directory

UNITS = """
[[unit]]
code = "city"
name = "综合执法局"
succeeds = ["urban", "parks"]
[[unit]]
code = "north"
name = "北区"
level = "county"
region = "999902"
[[moved]]
words = ["摊贩", "占道"]
from = "city"
to = "north"
"""


class Fixed:
    version = "m-1"
    units: tuple[UnitCode, ...] = (UnitCode("urban"), UnitCode("parks"), UnitCode("north"), UnitCode("gone"))

    def suggest(self, texts: Sequence[tuple[str, str]], top: int = 5) -> list[tuple[Suggestion, ...]]:
        word = (Evidence("word", "树", 2.0),)
        offered = (("gone", 0.4), ("urban", 0.3), ("parks", 0.2), ("north", 0.1))
        return [tuple(Suggestion(UnitCode(unit), p, word) for unit, p in offered)[:top] for _ in texts]


@pytest.fixture
def directory() -> Directory:
    return read_directory(UNITS, "units.toml")


def test_what_units_that_are_gone_had_adds_up_at_their_successor(directory: Directory) -> None:
    (offered,) = following(Fixed(), directory).suggest([("树", "树枝断了")])
    assert [(one.unit, round(one.probability, 6)) for one in offered] == [("city", 0.5), ("north", 0.1)]
    assert offered[0].evidence == (Evidence("word", "树", 2.0),)


def test_work_that_moved_goes_with_its_words(directory: Directory) -> None:
    (offered,) = following(Fixed(), directory).suggest([("门口", "流动摊贩占道")])
    assert [(one.unit, round(one.probability, 6)) for one in offered] == [("north", 0.6)]


def test_where_nothing_moved_the_model_serves_itself(directory: Directory) -> None:
    plain = read_directory(UNITS.partition("[[moved]]")[0].replace('succeeds = ["urban", "parks"]', ""), "units.toml")
    model = Fixed()
    assert isinstance(following(model, plain), Following), "it knows units that are gone"
    model.units = (UnitCode("city"), UnitCode("north"))
    assert following(model, plain) is model
    assert following(model, directory).version == "m-1"


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('succeeds = ["north"]', 'succeeds = ["urban", "parks"]', "succeeds 'north', which is still there"),
        ('level = "county"\nsucceeds = ["parks"]', 'level = "county"', "'parks' has another successor, 'city'"),
        ('to = "south"', 'to = "north"', "there is no unit 'south'"),
        ('to = "city"', 'to = "north"', "from and to are one unit"),
        ('words = ["摊"]', 'words = ["摊贩", "占道"]', "no words of two characters or more"),
        ("words = 3", 'words = ["摊贩", "占道"]', "words is not a list of texts"),
        ("word = []", 'words = ["摊贩", "占道"]', "unknown key 'word'"),
    ],
)
def test_what_contradicts_itself_is_said(wrong: str, right: str, said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        read_directory(UNITS.replace(right, wrong), "units.toml")
