"""Who must never see an accusation: the accused units and all under them (信访工作条例 art. 30, 46(5); Pingliang art. 18).

It fails closed: what is named at all counts as accused, whether it is accused, addressed or only mentioned, and where
nothing can be identified the answer is not certain, so that only the sealed review decides.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from domain.ids import UnitCode
from domain.messages import Message
from route.directory import Directory
from route.lexicon import scanned_text


@dataclass(frozen=True, slots=True)
class Accused:
    """``units`` may be accused; ``certain`` only when every officer the text speaks of belongs to one of them."""

    units: frozenset[UnitCode]
    certain: bool


def accused_units(message: Message, directory: Directory) -> Accused:
    """The units an accusation may concern."""
    named = directory.named_in(scanned_text(message.subject, message.body))
    return Accused(frozenset(named), bool(named))


def excluded(units: Iterable[UnitCode], directory: Directory) -> frozenset[UnitCode]:
    """These units and all under them."""
    return frozenset(code for unit in units for code in (unit, *directory.under(unit)))


def may_see(unit: UnitCode, excluded_units: Collection[UnitCode]) -> bool:
    """Whether the unit may be given, shown or told of a matter with these exclusions."""
    return unit not in excluded_units
