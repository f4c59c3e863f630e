"""A made-up city of few units for tests of routing."""

from domain.ids import UnitCode
from domain.units import Unit, UnitLevel
from route.directory import Directory

CITY, COUNTY, TOWNSHIP = UnitLevel.CITY, UnitLevel.COUNTY, UnitLevel.TOWNSHIP


def unit(
    code: str,
    name: str,
    aliases: tuple[str, ...] = (),
    *,
    level: UnitLevel = CITY,
    region: str = "990100",
    parent: str | None = None,
    duties: tuple[str, ...] = (),
    places: tuple[str, ...] = (),
    catch_all: bool = False,
) -> Unit:
    above = UnitCode(parent) if parent is not None else None
    return Unit(UnitCode(code), name, aliases, level, region, above, duties, places, catch_all)


UNITS = (
    unit("police", "公安局", ("市公安局",), duties=("治安", "户籍")),
    unit("traffic-police", "公安局交通警察支队", ("交警支队",), parent="police", duties=("交通秩序",)),
    unit("education", "教育局", ("教委",), duties=("学校", "招生")),
    unit("health", "卫生健康委员会", ("卫健委", "卫生局"), duties=("医院",)),
    unit("housing", "住房和城乡建设局", ("住建局", "房管局"), duties=("物业", "供热")),
    unit("urban", "城市管理局", ("城管局", "城管执法局"), duties=("占道经营", "市容")),
    unit("civil", "民政局", duties=("低保", "养老")),
    unit("labour", "人力资源和社会保障局", ("人社局", "社保局"), duties=("社保", "欠薪")),
    unit("environment", "生态环境局", ("环保局",), duties=("污染",)),
    unit("water", "水务局", ("自来水公司",), duties=("供水",)),
    unit("market", "市场监督管理局", ("工商局",), duties=("食品",)),
    unit("discipline", "纪委监委", ("纪委",), duties=("监督",)),
    unit("qingshan", "青山区人民政府", ("青山区",), level=COUNTY, region="990102", places=("青山",), catch_all=True),
    unit(
        "qingshan-urban",
        "青山区城市管理局",
        ("青山区城管局",),
        level=COUNTY,
        region="990102",
        parent="qingshan",
        duties=("占道经营",),
    ),
    unit("linhe", "临河县人民政府", ("临河县", "临河县政府"), level=COUNTY, region="990121", places=("临河",), catch_all=True),
    unit(
        "linhe-yongan",
        "永安镇人民政府",
        ("永安镇", "永安镇政府"),
        level=TOWNSHIP,
        region="990121101",
        parent="linhe",
        places=("永安镇", "柳树村", "三合屯村"),
        catch_all=True,
    ),
    unit(
        "linhe-xinhua",
        "新华乡人民政府",
        ("新华乡",),
        level=TOWNSHIP,
        region="990121102",
        parent="linhe",
        places=("新华乡", "和平村"),
        catch_all=True,
    ),
    unit(
        "qingshan-shifan",
        "师范路街道办事处",
        ("师范路街道",),
        level=TOWNSHIP,
        region="990102001",
        parent="qingshan",
        places=("师范路街道", "桃园社区", "和平村"),
        catch_all=True,
    ),
)


def small_city() -> Directory:
    return Directory(UNITS, city_names=("云泽市", "云泽"))
