"""Accusations and ordinary letters that nothing was built on, each with its place's directory, rules and decider."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from domain.ids import UnitCode
from domain.messages import Message, MessageKind
from domain.units import Unit, UnitLevel
from route.calendar import WorkingCalendar
from route.decide import Decider, DecideSettings
from route.directory import Directory
from route.rules_file import load_rules
from tests.support.routing import letter
from tests.support.stories import CORPUS

KINDS = {
    "咨询": MessageKind.CONSULT,
    "求助": MessageKind.HELP,
    "投诉": MessageKind.COMPLAINT,
    "建议": MessageKind.SUGGESTION,
    "感谢": MessageKind.THANKS,
}


@dataclass(frozen=True, slots=True)
class HeldOut:
    """``unit``: whom an accusation accuses, or whom an ordinary letter concerns."""

    unit: UnitCode
    kind: str
    subject: str
    body: str

    def message(self, **changes: Any) -> Message:
        """Without the kind of an accusation, which seals by itself."""
        return letter(self.subject, self.body, kind=KINDS.get(self.kind), **changes)


def accusations(group: str) -> list[HeldOut]:
    """``named``: told with accusing words; ``stories``: without."""
    return _letters("heldout_accusations.toml", group)


def ordinary() -> list[HeldOut]:
    return _letters("heldout_ordinary.toml", "letters")


@cache
def decider_of(unit: UnitCode) -> Decider:
    """Decides by the directory of the unit's place."""
    prefix = unit.partition("-")[0]
    if prefix not in _deciders():
        raise KeyError(unit)
    return _deciders()[prefix]


@cache
def _deciders() -> dict[str, Decider]:
    document = tomllib.loads((CORPUS / "heldout_units.toml").read_text(encoding="utf-8"))
    return {city["units"][0][0].partition("-")[0]: _decider(city["units"]) for city in document["city"]}


def _decider(rows: Sequence[Sequence[str]]) -> Decider:
    units = [
        Unit(UnitCode(code), name, (alias,), _level(name), _region(name, at), UnitCode(parent) if parent else None, ())
        for at, (code, name, alias, parent) in enumerate(rows)
    ]
    directory = Directory(units)
    return Decider(directory, load_rules([], directory), WorkingCalendar(), DecideSettings())


def _level(name: str) -> UnitLevel:
    return UnitLevel.TOWNSHIP if name.endswith(("镇人民政府", "乡人民政府", "街道办事处")) else UnitLevel.CITY


def _region(name: str, at: int) -> str:
    return f"990100{at:03}" if _level(name) is UnitLevel.TOWNSHIP else "990100"


def _letters(file: str, group: str) -> list[HeldOut]:
    document = tomllib.loads((CORPUS / file).read_text(encoding="utf-8"))
    return [HeldOut(UnitCode(unit), kind, subject, body) for unit, kind, subject, body in document[group]]
