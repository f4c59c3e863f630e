"""The city's table of places by code: read with errors a person can act on, laid onto units, held against the directory."""

from pathlib import Path

import pytest

from domain.errors import BadSettings
from domain.ids import UnitCode
from route.directory import Directory, check, load_directory
from route.places import place_names
from route.regions import Region, bare, read_regions
from tests.support.small_city import UNITS, unit

TABLE = """code,name,aliases
990100,云泽市,
990102,青山区,青山
990102001,师范路街道办事处,师范路
990102001003,桃园社区居委会,
990121000000,临河县,
990121101000,永安镇,
990121101204,柳树村村民委员会,老柳树屯；柳树沟
990121102,新华乡,
"""


def table(folder: Path, text: str = TABLE, encoding: str = "utf-8") -> Path:
    path = folder / "regions.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path, encoding: str) -> None:
    found = {one.code: one for one in read_regions(table(tmp_path, encoding=encoding))}
    assert list(found) == ["990100", "990102", "990102001", "990102001003", "990121", "990121101", "990121101204", "990121102"]
    assert found["990102001003"].names == ("桃园社区",)
    assert found["990121101204"].names == ("柳树村", "老柳树屯", "柳树沟")
    assert found["990102001"].names == ("师范路街道", "师范路")
    assert read_regions(table(tmp_path, "代码,名称\n990102,青山区\n")) == (Region("990102", "青山区"),)


def test_what_is_wrong_is_named_by_line_with_its_remedy(tmp_path: Path) -> None:
    text = "code,name\n99010,短\n990102,青山区\n990102,山青区\n,\n990103,\n"
    with pytest.raises(BadSettings) as raised:
        read_regions(table(tmp_path, text))
    assert [problem.split(": ", 2)[1] for problem in raised.value.problems] == ["line 2", "line 4", "line 6"]
    assert all("→" in problem for problem in raised.value.problems)
    with pytest.raises(BadSettings, match="no columns"):
        read_regions(table(tmp_path, "区划,地名\n990102,青山区\n"))
    with pytest.raises(BadSettings, match="cannot be read"):
        read_regions(tmp_path / "none.csv")


def test_places_belong_to_the_township_of_their_code_else_to_the_county(tmp_path: Path) -> None:
    city = Directory(UNITS, regions=read_regions(table(tmp_path)))
    plain = Directory(UNITS)
    for text, owner in (("老柳树屯停水", "linhe-yongan"), ("桃园社区的路灯", "qingshan"), ("新华乡的桥", "linhe")):
        hit = city.places_in(text)
        assert hit is not None, text
        level_of = city.units[hit.units[0]]
        assert owner in {hit.unit, *city.above(hit.units[0])}, text
        assert level_of.code in city.units
    assert plain.places_in("老柳树屯停水") is None
    assert "老柳树屯" in place_names(city.units[UnitCode("linhe-yongan")])
    assert city.units[UnitCode("qingshan-urban")].places == plain.units[UnitCode("qingshan-urban")].places


def test_the_directory_and_the_table_are_held_against_each_other() -> None:
    units = (
        unit("east", "东山区人民政府", level=UNITS[-1].level.COUNTY, region="990103", catch_all=True),
        unit("west", "西山区人民政府", level=UNITS[-1].level.COUNTY, region="990104", catch_all=True),
    )
    regions = (Region("990103", "南山区"), Region("990105001", "河口街道"), Region("990100", "云泽市"))
    told = [line for line in check(Directory(units, regions=regions)) if "table of regions" in line]
    assert [line.split(" →")[0] for line in told] == [
        "east: its region 990103 is 南山区 in the table of regions",
        "west: its region 990104 is not in the table of regions",
        "1 places of the table of regions, 河口街道 first, lie in no unit's territory",
    ]
    assert not any("table of regions" in line for line in check(Directory(units)))


def test_a_department_that_stands_under_the_citys_answers_for_no_territory() -> None:
    units = (
        unit("tax", "云泽市税务局"),
        unit("east-tax", "东山区税务局", level=UNITS[-1].level.COUNTY, region="990103", parent="tax"),
    )
    city = Directory(units, regions=(Region("990103", "东山区"), Region("990103001003", "石桥村村民委员会")))
    assert city.places_in("石桥村的路灯坏了") is None
    assert any("2 places of the table of regions" in line for line in check(city))


def test_zeros_that_fill_up() -> None:
    assert [bare(code) for code in ("990102000000", "990102000", "990102101000", "990102", "990100")] == [
        "990102",
        "990102",
        "990102101",
        "990102",
        "990100",
    ]


def test_both_files_make_one_directory(tmp_path: Path) -> None:
    units = tmp_path / "units.toml"
    units.write_text('[[unit]]\ncode = "q"\nname = "青山区人民政府"\nlevel = "county"\nregion = "990102"\ncatch_all = true\n')
    assert load_directory(units, table(tmp_path)).places_in("师范路的灯") is not None
    assert load_directory(units).places_in("师范路的灯") is None
