"""What a unit directory must not contain, and what it should rather not."""

from collections.abc import Iterator, Mapping, Sequence

from domain.ids import OFFICE, UnitCode
from domain.units import Moved, Unit, UnitLevel
from route.places import place_names

CODE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
LEVELS = tuple(UnitLevel)
REGION_DIGITS = {UnitLevel.CITY: (4, 6), UnitLevel.COUNTY: (6,), UnitLevel.TOWNSHIP: (9,)}


def contradictions(units: Sequence[Unit], source: str) -> list[str]:
    """One line for each thing that cannot be: bad or repeated codes, shared names, wrong parents, regions of wrong length."""
    problems: list[str] = []
    codes: set[str] = set()
    for unit in units:
        label = f"{source}: unit {unit.code!r}"
        if not unit.code or not set(unit.code) <= CODE_CHARACTERS or unit.code[0] == "-":
            problems.append(f"{label}: the code is not made of a-z, 0-9 and - → rename it")
        if unit.code == OFFICE:
            problems.append(f"{label}: this code is reserved for the office that runs fenban → choose another")
        if unit.code in codes:
            problems.append(f"{label}: the code is given twice → each unit has its own")
        codes.add(unit.code)
        if not unit.name:
            problems.append(f"{label}: has no name → give it one")
        if unit.region and (not unit.region.isdigit() or len(unit.region) not in REGION_DIGITS[unit.level]):
            digits = " or ".join(map(str, REGION_DIGITS[unit.level]))
            problems.append(
                f"{label}: region {unit.region!r} of a {unit.level} unit has not {digits} digits → see GB/T 2260, GB/T 10114"
            )
    return problems + _name_clashes(units, source) + _parent_problems(units, source)


def succession_problems(units: Sequence[Unit], moved: Sequence[Moved], source: str) -> list[str]:
    """What is said of units that are gone and of work that moved must lead to one unit that is there."""
    codes = {unit.code for unit in units}
    problems: list[str] = []
    heirs: dict[str, UnitCode] = {}
    for unit in units:
        for gone in unit.succeeds:
            if gone in codes:
                problems.append(
                    f"{source}: unit {unit.code!r}: succeeds {gone!r}, which is still there → take one of the two out"
                )
            if heirs.setdefault(gone, unit.code) != unit.code:
                problems.append(
                    f"{source}: unit {unit.code!r}: {gone!r} has another successor, {heirs[gone]!r} → one has its work"
                )
    for position, one in enumerate(moved, 1):
        label = f"{source}: [[moved]] {position}"
        problems += [
            f"{label}: there is no unit {code!r} → name units of the directory"
            for code in (one.source, one.target)
            if code not in codes
        ]
        if not one.words or any(len(word) < 2 for word in one.words):
            problems.append(f"{label}: has no words of two characters or more → say which letters went")
        if one.source == one.target:
            problems.append(f"{label}: from and to are one unit → name two")
    return problems


def _name_clashes(units: Sequence[Unit], source: str) -> list[str]:
    owners: dict[str, UnitCode] = {}
    problems: list[str] = []
    for unit in units:
        for name in (unit.code, unit.name, *unit.aliases):
            owner = owners.setdefault(name, unit.code)
            if owner != unit.code:
                problems.append(f"{source}: unit {unit.code!r}: the name {name!r} is {owner!r}'s too → keep it in one of them")
    return problems


def _parent_problems(units: Sequence[Unit], source: str) -> list[str]:
    parents = {unit.code: unit.parent for unit in units}
    problems: list[str] = []
    for unit in units:
        if unit.parent is not None and unit.parent not in parents:
            problems.append(
                f"{source}: unit {unit.code!r}: its parent {unit.parent!r} is not in the directory → add or correct it"
            )
        seen = {unit.code}
        above = unit.parent
        while above is not None and above in parents:
            if above == unit.code:
                problems.append(f"{source}: unit {unit.code!r}: stands under itself → break the circle of parents")
            if above in seen:
                break
            seen.add(above)
            above = parents[above]
    return problems


def doubts(units: Mapping[UnitCode, Unit], places: Mapping[str, Sequence[UnitCode]]) -> list[str]:
    """Nothing wrong enough to refuse, but likely not what was meant."""
    warnings = [line for unit in units.values() for line in _doubts_of(unit, units)]
    warnings += [
        f"the place {name!r} means {' and '.join(codes)} → letters that name only it go to review"
        for name, codes in places.items()
        if len(codes) > 1
    ]
    covered = {code for unit in units.values() if unit.catch_all for code in (unit.code, unit.parent)}
    warnings += [
        f"{unit.code}: nothing in its territory is catch_all → letters no department answers wait in review"
        for unit in units.values()
        if unit.level is UnitLevel.COUNTY and place_names(unit) and unit.code not in covered
    ]
    return warnings


def _doubts_of(unit: Unit, units: Mapping[UnitCode, Unit]) -> Iterator[str]:
    parent = units.get(unit.parent) if unit.parent else None
    if not unit.region:
        yield f"{unit.code}: has no region → give its GB/T 2260 or GB/T 10114 code"
    if unit.level is UnitLevel.TOWNSHIP and parent is None:
        yield f"{unit.code}: a township without a parent → name its county's unit"
    if parent is not None and LEVELS.index(parent.level) > LEVELS.index(unit.level):
        yield f"{unit.code}: stands under {parent.code}, which is of a lower level → check parent and level"
    if parent is not None and parent.level is not UnitLevel.CITY and not unit.region.startswith(parent.region):
        yield f"{unit.code}: its region {unit.region} lies outside its parent's {parent.region} → check both"
    if unit.level is UnitLevel.CITY and not unit.duties:
        yield f"{unit.code}: has no duties → say what it answers for"
    if unit.catch_all and not place_names(unit):
        yield f"{unit.code}: catches all of a territory that no place names → list its places"
    for name in (unit.name, *unit.aliases, *unit.places):
        if len(name) < 2:
            yield f"{unit.code}: the name {name!r} is so short that it will be found in other words → write it out"
