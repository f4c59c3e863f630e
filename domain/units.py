"""Units and places."""

from dataclasses import dataclass
from enum import StrEnum

from domain.ids import UnitCode


class UnitLevel(StrEnum):
    """市, 县区, 乡镇."""

    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"


@dataclass(frozen=True, slots=True)
class Unit:
    """``region``: GB/T 2260 to the county (6 digits), GB/T 10114 to the township (9 digits). ``parent`` may be None.

    ``places`` are names that mean this unit's territory (its own names, streets, villages); city departments have none.
    ``succeeds``: codes of units that are gone and whose work this one has.
    ``catch_all`` marks the county or township government that answers for its territory when no department there does.
    """

    code: UnitCode
    name: str
    aliases: tuple[str, ...]
    level: UnitLevel
    region: str
    parent: UnitCode | None
    duties: tuple[str, ...]
    places: tuple[str, ...] = ()
    catch_all: bool = False
    succeeds: tuple[UnitCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """Work that went from one unit of the directory to another: letters in which one of the words stands."""

    words: tuple[str, ...]
    source: UnitCode
    target: UnitCode
