"""The city's own table of places by code: GB/T 2260 to the county, GB/T 10114 to the township, the statistics' 12 digits to the village.

A CSV file with the heads ``code,name,aliases`` (or ``代码,名称,别名``), UTF-8 or GB18030; aliases with ``;`` between. Codes of 6, 9 or 12
digits, those filled up with zeros too. Each name becomes a place of the unit in whose territory it lies: of the code's township where
the directory has a unit for it, else of its county.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from re import split
from unicodedata import normalize

from domain.errors import BadSettings
from domain.ids import UnitCode
from domain.units import Unit, UnitLevel
from route.places import place_names, territory_name

HEADS = {"code": "code", "代码": "code", "name": "name", "名称": "name", "aliases": "aliases", "别名": "aliases"}
LENGTHS = (6, 9, 12)
WHOLE_CITY = "00"
COMMITTEES = (
    ("村民委员会", "村"),
    ("村委会", "村"),
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("居民委员会", "社区"),
    ("居委会", "社区"),
)


@dataclass(frozen=True, slots=True)
class Region:
    """``code`` without the zeros that fill it up: 6 digits for a county, 9 for a township, 12 below."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """As letters write it: a village by its name, not by its committee's."""
        return tuple(dict.fromkeys(_as_written(name) for name in (self.name, *self.aliases)))


def read_regions(path: Path) -> tuple[Region, ...]:
    """Raises BadSettings that names file, line and remedy for each problem."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadSettings([f"{path}: cannot be read ({error.strerror}) → name an existing file"]) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    rows = csv.DictReader(text.splitlines())
    heads = {HEADS[head.strip()]: head for head in rows.fieldnames or () if head and head.strip() in HEADS}
    if not {"code", "name"} <= heads.keys():
        raise BadSettings([f"{path}: has no columns code and name → write code,name,aliases as its first line"])
    found: dict[str, Region] = {}
    problems: list[str] = []
    for row in rows:
        cells = {key: (row.get(head) or "").strip() for key, head in heads.items()}
        if not any(cells.values()):
            continue
        try:
            one = _region(cells)
            if found.setdefault(one.code, one) != one:
                raise ValueError(f"the code {one.code} is given twice → keep one of the lines")
        except ValueError as error:
            problems.append(f"{path}: line {rows.line_num}: {error}")
    if problems:
        raise BadSettings(problems)
    return tuple(found.values())


def _region(cells: Mapping[str, str]) -> Region:
    code = cells["code"]
    if not (code.isascii() and code.isdigit()) or len(code) not in LENGTHS:
        raise ValueError(f"the code {code!r} has not 6, 9 or 12 digits → see GB/T 2260, GB/T 10114")
    if len(_spaceless(cells["name"])) < 2:
        raise ValueError(f"the place {code} has no name of two characters or more → give it one")
    aliases = tuple(name for part in split("[;；、|]", cells.get("aliases", "")) if len(name := _spaceless(part)) > 1)
    return Region(bare(code), _spaceless(cells["name"]), aliases)


def bare(code: str) -> str:
    """The code without groups of zeros at its end that only fill it up: 990102000000 and 990102000 are the county 990102."""
    while len(code) > LENGTHS[0] and code.endswith("000"):
        code = code[:-3]
    return code


def with_regions(units: Sequence[Unit], regions: Sequence[Region]) -> tuple[Unit, ...]:
    """The units, each with the names of the places in its territory; what lies in no unit's is left out."""
    governments = _governments(units)
    more: dict[UnitCode, list[str]] = {}
    for region in regions:
        owner = _owner(region.code, governments)
        if owner is not None:
            more.setdefault(owner, []).extend(region.names)
    return tuple(
        replace(unit, places=tuple(dict.fromkeys((*unit.places, *more[unit.code])))) if unit.code in more else unit
        for unit in units
    )


def region_doubts(units: Sequence[Unit], regions: Sequence[Region]) -> Iterator[str]:
    """Where the directory and the table do not agree."""
    if not regions:
        return
    known, governments = {region.code: region for region in regions}, _governments(units)
    for unit in units:
        code = bare(unit.region)
        if unit.level is UnitLevel.CITY or not code:
            continue
        region = known.get(code)
        if region is None:
            yield f"{unit.code}: its region {unit.region} is not in the table of regions → check the code, or add the place there"
        elif governments.get(code) == unit.code and not _named(unit, region):
            yield f"{unit.code}: its region {unit.region} is {region.name} in the table of regions → check both"
    lost = [region for region in regions if not _of_city(region.code) and _owner(region.code, governments) is None]
    if lost:
        yield f"{len(lost)} places of the table of regions, {lost[0].name} first, lie in no unit's territory → add the unit, or take them out"


def _of_city(code: str) -> bool:
    return len(code) == LENGTHS[0] and code.endswith(WHOLE_CITY)


def _named(unit: Unit, region: Region) -> bool:
    return any(name in own for name in region.names for own in (unit.name, *unit.aliases))


def _governments(units: Sequence[Unit]) -> dict[str, UnitCode]:
    """Region → the unit that answers for all of it, by its name or as ``catch_all``; departments that work there do not, whether
    they stand under its government or under one of the city's."""
    by_code = {unit.code: unit for unit in units}
    found: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.level is not UnitLevel.CITY and unit.region and (unit.catch_all or place_names(replace(unit, places=()))):
            above = by_code.get(unit.parent) if unit.parent is not None else None
            if above is None or bare(above.region) != bare(unit.region):
                found.setdefault(bare(unit.region), []).append(unit)
    first = {code: _first(fitting) for code, fitting in found.items()}
    return {code: one.code for code, one in first.items() if one is not None}


def _first(fitting: Sequence[Unit]) -> Unit | None:
    for closer in (fitting, [one for one in fitting if one.catch_all], [one for one in fitting if territory_name(one.name)]):
        if len(closer) == 1:
            return closer[0]
    return None


def _owner(code: str, governments: Mapping[str, UnitCode]) -> UnitCode | None:
    for length in (LENGTHS[1], LENGTHS[0]):
        owner = governments.get(code[:length]) if len(code) >= length else None
        if owner is not None:
            return owner
    return None


def _as_written(name: str) -> str:
    for committee, kind in COMMITTEES:
        stem = name.removesuffix(committee)
        if stem != name and stem:
            return stem if stem.endswith(("村", "社区")) else stem + kind
    return territory_name(name) or name


def _spaceless(text: str) -> str:
    return "".join(normalize("NFKC", text).split())
