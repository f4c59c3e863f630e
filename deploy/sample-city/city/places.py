"""The fictional city's places, grouped by town, so that one letter stays in one place."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
CITY = "澄岭市"
PROVINCE = "岭东省"
COUNTY_NAMES = {
    "wangchuan": "望川区",
    "liupu": "柳浦区",
    "shixi": "石溪县",
    "tongqiu": "桐丘县",
    "hightech": "高新区",
}
# Units of a county that do there what the city's department does: (department, county) → their own unit.
LOCAL_UNITS = {
    ("urban", "wangchuan"): "wangchuan-urban",
    ("urban", "liupu"): "liupu-urban",
    ("education", "wangchuan"): "wangchuan-education",
    ("agriculture", "shixi"): "shixi-agriculture",
    ("transport", "tongqiu"): "tongqiu-transport",
}


@dataclass(frozen=True, slots=True)
class Town:
    """A street or town with all that stands in it. ``code`` is its unit's, empty for a town of another city."""

    code: str
    name: str
    county: str
    county_name: str
    city: str
    communities: tuple[str, ...]
    quarters: tuple[str, ...]
    villages: tuple[str, ...]
    roads: tuple[str, ...]
    schools: tuple[str, ...]
    hospitals: tuple[str, ...]
    rivers: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names that tell which town is meant."""
        return (self.name, *self.communities, *self.quarters, *self.villages)


@dataclass(frozen=True, slots=True)
class Places:
    towns: tuple[Town, ...]
    elsewhere: tuple[Town, ...]
    bus_routes: tuple[str, ...]
    firms: tuple[str, ...]


def load_places() -> Places:
    table = read_toml(HERE / "places.toml")
    special = read_toml(HERE / "phrases" / "special.toml")
    return Places(
        tuple(_town(entry, CITY) for entry in table["town"]),
        tuple(_town(entry, entry["city"]) for entry in special["elsewhere"]),
        tuple(table["bus_routes"]),
        tuple(table["firms"]),
    )


def read_toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _town(entry: dict[str, Any], city: str) -> Town:
    lists = ("communities", "quarters", "villages", "roads", "schools", "hospitals", "rivers")
    county = entry["county"]
    return Town(
        entry.get("code", ""),
        entry["name"],
        county,
        COUNTY_NAMES.get(county, county),
        city,
        *(tuple(entry[name]) for name in lists),
    )
