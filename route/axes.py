"""Two axes: what a letter is about, which the model has learned, and where, which the directory's places tell; and their product.

City departments go by the function alone. A county's or township's unit is only likely where the letter's place is its own or
lies in one line with it: what was learned for the same office elsewhere speaks for the place's own.
"""

from collections.abc import Sequence
from dataclasses import replace

from domain.decisions import Evidence, Suggestion, together
from domain.ids import UnitCode
from domain.units import UnitLevel
from route.directory import Directory
from route.places import PlaceHit

ELSEWHERE = 0.1
"""How much of its probability a unit keeps whose territory is not the place that the letter names: letters name places in
passing too."""
LOUDNESS = 1.0


def by_place(offered: Sequence[Suggestion], hit: PlaceHit | None, directory: Directory) -> tuple[Suggestion, ...]:
    """The suggestions, each probability times how well the unit fits the place; unchanged where the place is not one unit's.

    What a unit elsewhere loses goes to the place's own unit of the same kind, where there is one: both are shown with the place as
    evidence, and what each axis said. Most probable first; probabilities never add up to more than before.
    """
    place = hit.unit if hit is not None else None
    if hit is None or place is None:
        return tuple(offered)
    here = _in_line(place, directory)
    told = Evidence("place", hit.text, LOUDNESS)
    likely: dict[UnitCode, Suggestion] = {}
    for one in offered:
        unit = directory.get(one.unit)
        if unit is None or unit.level is UnitLevel.CITY:
            _add(likely, one)
            continue
        one = replace(one, what=one.probability, place=hit.text)
        if one.unit in here:
            _add(likely, _because(one, told))
        else:
            own = _counterpart(one.unit, place, directory)
            _add(likely, replace(one, probability=one.probability * ELSEWHERE))
            if own is not None:
                lost = replace(one, unit=own, probability=one.probability * (1 - ELSEWHERE))
                _add(likely, _because(lost, told))
    return tuple(sorted(likely.values(), key=lambda one: -one.probability))


def _in_line(place: UnitCode, directory: Directory) -> set[UnitCode]:
    """The place's unit, those above and below it, and the departments of its county, whose territory it lies in."""
    county = directory.at_level(place, UnitLevel.COUNTY)
    departments = (
        {code for code in directory.under(county) if directory.units[code].level is UnitLevel.COUNTY} if county else set()
    )
    return {place, *directory.above(place), *directory.under(place), *departments}


def _counterpart(elsewhere: UnitCode, place: UnitCode, directory: Directory) -> UnitCode | None:
    """The place's unit that is what ``elsewhere`` is in its own territory: its government, or its one unit of a shared duty."""
    unit = directory.units[elsewhere]
    government = directory.at_level(place, unit.level)
    if directory.at_level(elsewhere, unit.level) == elsewhere:
        return government if government != elsewhere else None
    if government is None or not unit.duties:
        return None
    among = directory.under(government) - {government}
    fitting = [code for code in among if set(unit.duties) & set(directory.units[code].duties)]
    return fitting[0] if len(fitting) == 1 else None


def _because(one: Suggestion, told: Evidence) -> Suggestion:
    return replace(one, evidence=together((*one.evidence, told)))


def _add(likely: dict[UnitCode, Suggestion], one: Suggestion) -> None:
    before = likely.get(one.unit)
    if before is None:
        likely[one.unit] = one
        return
    evidence = together((*before.evidence, *one.evidence))
    likely[one.unit] = replace(
        before,
        probability=min(1.0, before.probability + one.probability),
        evidence=evidence,
        what=min(1.0, before.function + one.function),
    )
