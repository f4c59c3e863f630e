"""What is odd about units, settings and model together, without being wrong: ``fenban check`` and the settings page say it."""

from collections.abc import Iterator

from app.wiring import System
from route.directory import check


def odd_units(system: System) -> Iterator[str]:
    """All that ``fenban check`` finds odd about the units, a line each."""
    yield from check(system.directory)
    elsewhere = units_elsewhere(system)
    if elsewhere:
        yield elsewhere
    yield from model_notes(system)


def units_elsewhere(system: System) -> str:
    """What is odd when units' regions lie outside the city's: an example directory left as it was, mostly."""
    city = system.settings.city.region[:4]
    strangers = [unit.code for unit in system.directory.units.values() if unit.region and not unit.region.startswith(city)]
    if not strangers or set(city) == {"0"}:
        return ""
    listed = ", ".join(strangers[:5])
    return f"{len(strangers)} units have a region outside the city's {city}xx ({listed}) → correct region in the unit directory"


def model_notes(system: System) -> list[str]:
    """What is worth knowing about the model, without being wrong."""
    if system.model is None:
        return ["no model yet: every letter waits in review with suggestions from the directory → fenban train --csv FILE"]
    units = set(system.model.units)
    strangers = sorted(units - set(system.directory.units))
    if strangers:
        listed = ", ".join(strangers[:5])
        return [f"the model knows {len(strangers)} units that are not in the directory ({listed}): they are never suggested"]
    return []
