"""Finding a unit by what people type: name, alias, code, pinyin in full or by initials."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from domain.ids import UnitCode
from domain.units import Unit
from route.directory import Directory


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """``excluded``: it must not get the matter at hand."""

    code: UnitCode
    name: str
    said: str
    excluded: bool


class UnitFinder:
    """Built once for a directory; a few hundred units take a fraction of a second."""

    def __init__(self, directory: Directory) -> None:
        self._keys = [(unit, tuple(_keys(unit))) for unit in directory.units.values()]

    def find(self, said: str, limit: int, excluded: Collection[UnitCode] = ()) -> list[FoundUnit]:
        """The best first: the whole of a name, then its beginning, then its inside; names before aliases before pinyin."""
        wanted = "".join(said.lower().split())
        ranked = []
        for place, (unit, keys) in enumerate(self._keys):
            best = min((rank for kind, key in keys if (rank := _rank(wanted, key, kind)) is not None), default=None)
            if best is not None:
                ranked.append((unit.code in excluded, best, len(unit.name), place, unit))
        return [FoundUnit(unit.code, unit.name, "、".join(unit.aliases), shut) for shut, *_, unit in sorted(ranked)[:limit]]


@lru_cache(maxsize=4)
def finder(directory: Directory) -> UnitFinder:
    return UnitFinder(directory)


def _keys(unit: Unit) -> Iterator[tuple[int, str]]:
    """(how well it counts, 0 best; what is compared)."""
    yield 0, unit.name.lower()
    yield 0, unit.code
    for alias in unit.aliases:
        yield 1, alias.lower()
    for name in (unit.name, *unit.aliases):
        yield 2, "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()
        yield 3, "".join(lazy_pinyin(name)).lower()


def _rank(wanted: str, key: str, kind: int) -> tuple[int, int] | None:
    """None: it does not fit. Pinyin in full must fit from its beginning."""
    if not wanted or key == wanted:
        return (0, kind)
    if key.startswith(wanted):
        return (1, kind)
    if wanted in key and (kind < 2 or (kind == 2 and len(wanted) > 1)):
        return (2, kind)
    return None
