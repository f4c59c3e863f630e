"""Finding unit names and place names in text: one Aho-Corasick pass each, the longest name from the left wins."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from domain.ids import UnitCode
from domain.units import Unit, UnitLevel

GOVERNMENT_SUFFIXES = (
    "街道办事处",
    "人民政府",
    "管理委员会",
    "管委会",
    "办事处",
    "政府",
)
TERRITORY_ENDINGS = ("区", "县", "市", "旗", "镇", "乡", "街道", "苏木", "农场", "林场")
SPECIFICITY = {UnitLevel.CITY: 0, UnitLevel.COUNTY: 1, UnitLevel.TOWNSHIP: 2}


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place found in text. ``units`` has one code, or several where the name is shared or several places are named alike.

    ``text`` is the place's name as it stands in the directory; ``level`` the level of the units.
    """

    units: tuple[UnitCode, ...]
    text: str
    level: UnitLevel

    @property
    def ambiguous(self) -> bool:
        return len(self.units) > 1

    @property
    def unit(self) -> UnitCode | None:
        """The one unit, None when ambiguous."""
        return self.units[0] if len(self.units) == 1 else None


class NameFinder:
    """Finds names in text; each name means one or more values."""

    def __init__(self, names: Mapping[str, Sequence[UnitCode]]) -> None:
        self._names = tuple(names)
        self._values = tuple(tuple(values) for values in names.values())
        self._automaton = (
            AhoCorasick(self._names, MatchKind.LeftmostLongest, implementation=Implementation.DFA) if self._names else None
        )

    def find(self, text: str) -> list[tuple[str, tuple[UnitCode, ...]]]:
        """(name, units) of each hit, from the left, without overlaps."""
        if self._automaton is None or not text:
            return []
        return [
            (self._names[index], self._values[index]) for index, _start, _end in self._automaton.find_matches_as_indexes(text)
        ]

    def spans(self, text: str) -> list[tuple[int, int, tuple[UnitCode, ...]]]:
        """(start, end, units) of each hit."""
        if self._automaton is None or not text:
            return []
        return [(start, end, self._values[index]) for index, start, end in self._automaton.find_matches_as_indexes(text)]


def territory_name(name: str) -> str:
    """``永安镇人民政府`` → ``永安镇``; empty when the name is not that of a territory's government."""
    for suffix in GOVERNMENT_SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            stem = name.removesuffix(suffix)
            return stem + "街道" if suffix == "街道办事处" else stem
    return name if len(name) > 2 and name.endswith(TERRITORY_ENDINGS) else ""


def place_names(unit: Unit) -> tuple[str, ...]:
    """The names that mean this unit's territory: its ``places`` and, for a territory's government, its own names."""
    if unit.level is UnitLevel.CITY:
        return ()
    own = [territory_name(name) for name in (unit.name, *unit.aliases)]
    return tuple(dict.fromkeys(name for name in (*unit.places, *own) if name))


def most_specific(hits: Iterable[tuple[str, tuple[UnitCode, ...]]], units: Mapping[UnitCode, Unit]) -> PlaceHit | None:
    """The most specific place; a place named elsewhere in the text settles which of several units of one name is meant."""
    found: dict[UnitCode, str] = {}
    for name, codes in hits:
        for code in codes:
            if len(name) > len(found.get(code, "")):
                found[code] = name
    if not found:
        return None
    sure = {codes[0] for _, codes in hits if len(codes) == 1}
    rank = max(SPECIFICITY[units[code].level] for code in found)
    finest = [code for code in found if SPECIFICITY[units[code].level] == rank]
    if len(finest) > 1:
        finest = _settle(finest, sure, units)
    first = finest[0]
    return PlaceHit(tuple(finest), found[first], units[first].level)


def _settle(finest: list[UnitCode], sure: set[UnitCode], units: Mapping[UnitCode, Unit]) -> list[UnitCode]:
    own = [code for code in finest if code in sure]
    if len(own) == 1:
        return own
    below = [code for code in finest if any(above in sure for above in _ancestors(code, units))]
    return below if len(below) == 1 else finest


def _ancestors(code: UnitCode, units: Mapping[UnitCode, Unit]) -> Iterable[UnitCode]:
    parent = units[code].parent
    while parent is not None:
        yield parent
        parent = units[parent].parent
