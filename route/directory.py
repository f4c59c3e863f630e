"""The unit directory: who there is, who stands under whom, and who is meant by a name or a place.

``units.toml`` has one table per unit::

    [city]                      # optional: names that may stand before a unit's name
    name = "临江市"
    aliases = ["临江"]

    [[unit]]
    code = "water"              # [a-z0-9-]+, never `office`
    name = "水务局"
    aliases = ["自来水公司"]
    level = "city"              # city | county | township
    region = "990100"           # GB/T 2260, six digits; a township's is GB/T 10114, nine digits
    parent = ""                 # a code, or nothing
    duties = ["供水", "排水"]
    places = []                 # names that mean this unit's territory
    catch_all = false           # answers for its territory when no department there does
    succeeds = []               # codes of units that are gone and whose work this one has now

    [[moved]]                   # work that went from one unit to another
    words = ["流动摊贩"]          # the letters in which one of them stands
    from = "urban"
    to = "qingshan"
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unicodedata import normalize

from domain.errors import BadSettings
from domain.ids import UnitCode
from domain.units import Moved, Unit, UnitLevel
from route.directory_checks import contradictions, doubts, succession_problems
from route.places import NameFinder, PlaceHit, most_specific, place_names
from route.regions import Region, read_regions, region_doubts, with_regions

MOVED_KEYS = frozenset({"words", "from", "to"})
UNIT_KEYS = frozenset({"code", "name", "aliases", "level", "region", "parent", "duties", "places", "catch_all", "succeeds"})


class Directory:
    """Units by code. Raises BadSettings when ``units`` contradict each other; every problem is named, not only the first."""

    def __init__(
        self,
        units: Iterable[Unit],
        *,
        city_names: Sequence[str] = (),
        source: str = "units",
        moved: Sequence[Moved] = (),
        regions: Sequence[Region] = (),
    ) -> None:
        listed = tuple(units)
        problems = contradictions(listed, source) + succession_problems(listed, moved, source)
        if problems:
            raise BadSettings(problems)
        self.regions = tuple(regions)
        listed = with_regions(listed, self.regions)
        self.units: Mapping[UnitCode, Unit] = {unit.code: unit for unit in listed}
        self.city_names = tuple(city_names) or _common_city_names(listed)
        self._by_name = {name: unit.code for unit in listed for name in (unit.code, unit.name, *unit.aliases)}
        self.moved = tuple(moved)
        self._successor = {gone: unit.code for unit in listed for gone in unit.succeeds}
        self._children: dict[UnitCode, list[UnitCode]] = {}
        for unit in listed:
            if unit.parent is not None:
                self._children.setdefault(unit.parent, []).append(unit.code)
        self._under = {unit.code: self._collect(unit.code) for unit in listed}
        self._names = NameFinder({name: (code,) for name, code in self._by_name.items() if name != code})
        places: dict[str, list[UnitCode]] = {}
        for unit in listed:
            for name in place_names(unit):
                places.setdefault(name, []).append(unit.code)
        self.place_names: Mapping[str, tuple[UnitCode, ...]] = {name: tuple(codes) for name, codes in places.items()}
        self._places = NameFinder(self.place_names)

    def __contains__(self, code: object) -> bool:
        return code in self.units

    def __len__(self) -> int:
        return len(self.units)

    def get(self, code: UnitCode) -> Unit | None:
        return self.units.get(code)

    @property
    def changed(self) -> bool:
        """Whether it says of units or of work where they went."""
        return bool(self._successor or self.moved)

    def today(self, code: UnitCode, subject: str = "", body: str = "") -> UnitCode | None:
        """The unit that has today what ``code`` had, of a letter with this text; None when the unit is gone without a successor."""
        now = self._successor.get(code, code)
        if now not in self.units:
            return None
        text = f"{subject}\n{body}" if self.moved else ""
        return next((one.target for one in self.moved if one.source == now and any(word in text for word in one.words)), now)

    def under(self, code: UnitCode) -> frozenset[UnitCode]:
        """The unit and all below it; empty for a unit that is not in the directory."""
        return self._under.get(code, frozenset())

    def above(self, code: UnitCode) -> tuple[UnitCode, ...]:
        """The units this one stands under, nearest first."""
        found: list[UnitCode] = []
        unit = self.units.get(code)
        while unit is not None and unit.parent is not None:
            found.append(unit.parent)
            unit = self.units.get(unit.parent)
        return tuple(found)

    def at_level(self, code: UnitCode, level: UnitLevel) -> UnitCode | None:
        """The territory's government that ``code`` stands in: itself or the topmost unit of ``level`` above it."""
        chain = (code, *self.above(code))
        fitting = [unit for unit in chain if unit in self.units and self.units[unit].level is level]
        return fitting[-1] if fitting else None

    def resolve(self, text: str) -> UnitCode | None:
        """The unit meant by a code, a name or an alias, also with the city's name (or just ``市``) in front; else None."""
        name = "".join(normalize("NFKC", text).split())
        found = self._by_name.get(name)
        if found is not None:
            return found
        for prefix in (*self.city_names, "市"):
            rest = name.removeprefix(prefix)
            if rest != name and rest in self._by_name:
                return self._by_name[rest]
            if prefix + name in self._by_name:
                return self._by_name[prefix + name]
        return None

    def named_in(self, text: str) -> tuple[UnitCode, ...]:
        """Units that the text names, each once, in the order of the text; the longest name from the left wins."""
        return tuple(dict.fromkeys(codes[0] for _, codes in self._names.find(text)))

    def names_in(self, text: str) -> list[tuple[str, UnitCode]]:
        """(name, unit) for each name in the text, from the left."""
        return [(name, codes[0]) for name, codes in self._names.find(text)]

    def name_spans(self, text: str) -> list[tuple[int, int, tuple[UnitCode, ...]]]:
        """(start, end, unit) of each name in the text."""
        return self._names.spans(text)

    def place_hits(self, text: str) -> list[tuple[str, tuple[UnitCode, ...]]]:
        """(place, units) for each place in the text, from the left."""
        return self._places.find(text)

    def places_in(self, text: str) -> PlaceHit | None:
        """The most specific place of a county or township that the text names; ambiguous when several fit equally."""
        hits = self._places.find(text)
        return most_specific(hits, self.units) if hits else None

    def _collect(self, code: UnitCode) -> frozenset[UnitCode]:
        found: set[UnitCode] = set()
        waiting = [code]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self._children.get(current, ()))
        return frozenset(found)


def load_directory(path: Path, regions: Path | None = None) -> Directory:
    """Reads ``units.toml``, and the table of regions where there is one. Raises BadSettings that names file, unit and remedy
    for each problem."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSettings([f"{path}: cannot be read ({error.strerror}) → name an existing file"]) from None
    except UnicodeDecodeError:
        raise BadSettings([f"{path}: is not in UTF-8 → save it as UTF-8"]) from None
    return read_directory(text, str(path), read_regions(regions) if regions is not None else ())


def read_directory(text: str, source: str, regions: Sequence[Region] = ()) -> Directory:
    """``units.toml`` as a text. Raises BadSettings as ``load_directory`` does."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSettings([f"{source}: is not TOML in UTF-8 ({error}) → mend that line"]) from None
    entries = document.get("unit", [])
    problems = [
        f"{source}: unknown key {key!r} → only [city], [[unit]] and [[moved]] may stand here"
        for key in document.keys() - {"unit", "city", "moved"}
    ]
    if not isinstance(entries, list) or not entries:
        raise BadSettings([*problems, f"{source}: has no [[unit]] → list at least one"])
    units: list[Unit] = []
    for position, entry in enumerate(entries, 1):
        try:
            units.append(_unit(entry, position))
        except ValueError as error:
            problems.append(f"{source}: {error}")
    moved: list[Moved] = []
    for position, entry in enumerate(document.get("moved", []), 1):
        try:
            moved.append(_moved(entry, position))
        except ValueError as error:
            problems.append(f"{source}: {error}")
    city_names: tuple[str, ...] = ()
    try:
        city_names = _city_names(document.get("city"))
    except ValueError as error:
        problems.append(f"{source}: {error}")
    if problems:
        raise BadSettings(problems)
    return Directory(units, city_names=city_names, source=source, moved=moved, regions=regions)


def _unit(entry: Any, position: int) -> Unit:
    if not isinstance(entry, dict):
        raise ValueError(f"unit {position} is not a table → write [[unit]]")
    code = entry.get("code", "")
    label = f"unit {code!r}" if isinstance(code, str) and code else f"unit {position}"
    for key in entry.keys() - UNIT_KEYS:
        raise ValueError(f"{label}: unknown key {key!r} → one of {', '.join(sorted(UNIT_KEYS))}")
    try:
        level = UnitLevel(entry.get("level", "city"))
    except ValueError:
        raise ValueError(f"{label}: level {entry.get('level')!r} → city, county or township") from None
    catch_all = entry.get("catch_all", False)
    if not isinstance(catch_all, bool):
        raise ValueError(f"{label}: catch_all is not true or false → write it without quotes")
    return Unit(
        code=UnitCode(_text(entry, "code", label)),
        name=_name(_text(entry, "name", label)),
        aliases=tuple(_name(alias) for alias in _texts(entry, "aliases", label)),
        level=level,
        region=_text(entry, "region", label),
        parent=UnitCode(_text(entry, "parent", label)) or None,
        duties=_texts(entry, "duties", label),
        places=tuple(_name(place) for place in _texts(entry, "places", label)),
        catch_all=catch_all,
        succeeds=tuple(UnitCode(code) for code in _texts(entry, "succeeds", label)),
    )


def _moved(entry: Any, position: int) -> Moved:
    label = f"[[moved]] {position}"
    if not isinstance(entry, dict):
        raise ValueError(f"{label} is not a table → write [[moved]]")
    for key in entry.keys() - MOVED_KEYS:
        raise ValueError(f"{label}: unknown key {key!r} → one of {', '.join(sorted(MOVED_KEYS))}")
    return Moved(
        words=_texts(entry, "words", label),
        source=UnitCode(_text(entry, "from", label)),
        target=UnitCode(_text(entry, "to", label)),
    )


def _name(text: str) -> str:
    return "".join(normalize("NFKC", text).split())


def _text(entry: Mapping[str, Any], key: str, label: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{label}: {key} is not text → put it in quotes")
    return value.strip()


def _texts(entry: Mapping[str, Any], key: str, label: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ValueError(f'{label}: {key} is not a list of texts → write {key} = ["…", "…"]')
    return tuple(dict.fromkeys(item.strip() for item in value))


def _city_names(table: Any) -> tuple[str, ...]:
    if table is None:
        return ()
    if isinstance(table, str):
        table = {"name": table}
    if not isinstance(table, dict) or not isinstance(table.get("name"), str) or not table["name"]:
        raise ValueError('[city] has no name → write name = "…"')
    names = [table["name"], *_texts(table, "aliases", "[city]")]
    return tuple(dict.fromkeys(sorted((*names, *(name.removesuffix("市") for name in names)), key=len, reverse=True)))


def _common_city_names(units: Sequence[Unit]) -> tuple[str, ...]:
    """Where no city is named: what stands before ``市`` in most names of city units that have it."""
    heads = [
        unit.name[: unit.name.index("市") + 1]
        for unit in units
        if unit.level is UnitLevel.CITY and 2 <= unit.name.find("市") <= 5
    ]
    if not heads:
        return ()
    head = max(set(heads), key=heads.count)
    return (head, head.removesuffix("市")) if heads.count(head) > 1 else ()


def check(directory: Directory) -> list[str]:
    """Warnings for ``fenban units check``: nothing wrong enough to refuse, but likely not what was meant."""
    return [*doubts(directory.units, directory.place_names), *region_doubts(tuple(directory.units.values()), directory.regions)]
