"""The unit directory: loading with errors a person can act on, names, places, who stands under whom."""

from pathlib import Path

import pytest

from domain.errors import BadSettings
from domain.ids import UnitCode
from domain.units import UnitLevel
from route.directory import Directory, check, load_directory
from tests.support.small_city import small_city, unit

CITY = small_city()


def written(folder: Path, text: str) -> Path:
    path = folder / "units.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
[city]
name = "云泽市"

[[unit]]
code = "water"
name = "水务局"
aliases = ["自来水公司"]
level = "city"
region = "990100"
duties = ["供水"]

[[unit]]
code = "linhe"
name = "临河县人民政府"
level = "county"
region = "990121"
parent = ""
places = ["临河"]
catch_all = true
""",
    )
    directory = load_directory(path)
    assert list(directory.units) == ["water", "linhe"]
    linhe = directory.units[UnitCode("linhe")]
    assert (linhe.level, linhe.catch_all, linhe.parent) == (UnitLevel.COUNTY, True, None)
    assert directory.resolve("云泽市水务局") == "water"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[unit]]\ncode = "a"\nname = "甲局"\nparent = "b"', "unit 'a': its parent 'b' is not in the directory"),
        (
            '[[unit]]\ncode = "a"\nname = "甲局"\nparent = "b"\n[[unit]]\ncode = "b"\nname = "乙局"\nparent = "a"',
            "stands under itself",
        ),
        ('[[unit]]\ncode = "a"\nname = "甲局"\nparent = "a"', "stands under itself"),
        ('[[unit]]\ncode = "a"\nname = "甲局"\n[[unit]]\ncode = "a"\nname = "乙局"', "the code is given twice"),
        (
            '[[unit]]\ncode = "a"\nname = "甲局"\n[[unit]]\ncode = "b"\nname = "乙局"\naliases = ["甲局"]',
            "the name '甲局' is 'a''s too",
        ),
        ('[[unit]]\ncode = "Water"\nname = "甲局"', "not made of a-z, 0-9 and -"),
        ('[[unit]]\ncode = ""\nname = "甲局"', "not made of a-z, 0-9 and -"),
        ('[[unit]]\ncode = "office"\nname = "甲局"', "reserved"),
        ('[[unit]]\ncode = "a"\nname = "甲局"\nregion = "9901"\nlevel = "county"', "has not 6 digits"),
        ('[[unit]]\ncode = "a"\nname = "甲镇"\nregion = "990121"\nlevel = "township"', "has not 9 digits"),
        ('[[unit]]\ncode = "a"\nname = "甲镇"\nlevel = "village"', "city, county or township"),
        ('[[unit]]\ncode = "a"\nname = "甲局"\nalias = ["乙"]', "unknown key 'alias'"),
        ('[[unit]]\ncode = "a"\nname = "甲局"\naliases = "乙"', "not a list of texts"),
        ('[[unit]]\ncode = "a"\nname = "甲局"\ncatch_all = "yes"', "not true or false"),
        ('[[unit]]\ncode = "a"\nname = 5', "name is not text"),
        ('[[unit]]\ncode = "a"', "has no name"),
        ("", r"has no \[\[unit\]\]"),
        ("unit = [", "not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_unit_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadSettings, match=said) as raised:
        load_directory(written(tmp_path, text))
    assert all("units.toml" in problem and "→" in problem for problem in raised.value.problems)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as raised:
        load_directory(written(tmp_path, '[[unit]]\ncode = "A"\nname = ""\nregion = "1"\nparent = "x"'))
    assert len(raised.value.problems) == 4


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        load_directory(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("water", "water"),
        ("水务局", "water"),
        ("自来水公司", "water"),
        ("云泽市水务局", "water"),
        ("云泽水务局", "water"),
        ("市水务局", "water"),
        (" 水 务 局 ", "water"),
        ("公安局", "police"),
        ("市公安局", "police"),
        ("青山区城管局", "qingshan-urban"),
        ("青山区", "qingshan"),
        ("红山区", None),
        ("", None),
    ],
)
def test_a_unit_is_resolved_by_code_name_and_alias(text: str, code: str | None) -> None:
    assert CITY.resolve(text) == code


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("青山区城管局不管", ("qingshan-urban",)),
        ("找过城管局，也找过水务局和城管局", ("urban", "water")),
        ("公安局交通警察支队", ("traffic-police",)),
        ("云泽市教育局", ("education",)),
        ("没有单位", ()),
        ("", ()),
    ],
)
def test_units_named_in_text(text: str, codes: tuple[str, ...]) -> None:
    assert CITY.named_in(text) == codes


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("我住在青山区", ("qingshan",)),
        ("青山区师范路街道桃园社区六号楼", ("qingshan-shifan",)),
        ("临河县永安镇柳树村", ("linhe-yongan",)),
        ("柳树村的路", ("linhe-yongan",)),
        ("和平村没有水", ("linhe-xinhua", "qingshan-shifan")),
        ("临河县和平村没有水", ("linhe-xinhua",)),
        ("青山区和平村没有水", ("qingshan-shifan",)),
        ("新华乡和平村", ("linhe-xinhua",)),
        ("哪里都不是", ()),
    ],
)
def test_the_most_specific_place_wins(text: str, units: tuple[str, ...]) -> None:
    hit = CITY.places_in(text)
    assert (hit.units if hit is not None else ()) == units
    if hit is not None:
        assert hit.ambiguous is (len(units) > 1)
        assert (hit.unit is None) is hit.ambiguous


def test_a_department_of_a_county_is_no_place() -> None:
    hit = CITY.places_in("青山区城市管理局")
    assert hit is not None
    assert hit.units == ("qingshan",)


def test_under_and_above() -> None:
    assert CITY.under(UnitCode("linhe")) == {"linhe", "linhe-yongan", "linhe-xinhua"}
    assert CITY.under(UnitCode("nobody")) == frozenset()
    assert CITY.above(UnitCode("linhe-yongan")) == ("linhe",)
    assert CITY.at_level(UnitCode("linhe-yongan"), UnitLevel.COUNTY) == "linhe"
    assert CITY.at_level(UnitCode("qingshan-urban"), UnitLevel.COUNTY) == "qingshan"
    assert CITY.at_level(UnitCode("water"), UnitLevel.COUNTY) is None


def test_doubts_are_told() -> None:
    assert check(CITY) == ["the place '和平村' means linhe-xinhua and qingshan-shifan → letters that name only it go to review"]
    odd = Directory(
        [
            unit("bureau", "局", region=""),
            unit("town", "甲镇", level=UnitLevel.TOWNSHIP, region="990121101"),
            unit("county", "乙河县", level=UnitLevel.COUNTY, region="990122", parent="town"),
            unit("rest", "其他单位", level=UnitLevel.COUNTY, region="990123", catch_all=True),
        ]
    )
    told = "\n".join(check(odd))
    for part in (
        "no region",
        "no duties",
        "so short",
        "without a parent",
        "lower level",
        "outside its parent's",
        "no place names",
    ):
        assert part in told
    assert "county: nothing in its territory is catch_all" in told


@pytest.mark.parametrize("city", ["name = 1", 'name = "甲市"\naliases = "甲"'])
def test_a_wrong_city_table_is_told_in_a_line(tmp_path: Path, city: str) -> None:
    text = f'[city]\n{city}\n[[unit]]\ncode = "water"\nname = "水务局"\nlevel = "city"\nregion = "990100"\n'
    with pytest.raises(BadSettings, match=r"\[city\].*→"):
        load_directory(written(tmp_path, text))
