"""What the model may do without a person, as its outcomes say: how sure it must be, and which units are stopped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.ids import UnitCode

ALL = UnitCode("")
"""Stands for all units together."""


@dataclass(frozen=True, slots=True)
class Standing:
    """As it was changed to. ``stopped``: nothing goes to the unit (of ALL: to any) without a person. ``threshold``: the least
    probability of a first suggestion of it, above or below that of all; None: that of all, and for ALL the model's own. ``reason`` says
    why in numbers. ``since``: of one that is stopped, when it was; the store's word, never written."""

    at: datetime
    unit: UnitCode
    stopped: bool = False
    threshold: float | None = None
    reason: str = ""
    since: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Standings:
    """The last of each unit."""

    of: Mapping[UnitCode, Standing] = field(default_factory=dict)

    @classmethod
    def last(cls, listed: Iterable[Standing]) -> "Standings":
        return cls({one.unit: one for one in listed})

    @property
    def stopped(self) -> frozenset[UnitCode]:
        """Units that are stopped, each by itself."""
        return frozenset(unit for unit, one in self.of.items() if one.stopped and unit != ALL)

    def enough(self, own: float | None) -> float | None:
        """The least probability for any unit; ``own`` is the model's. None: none is enough."""
        every = self.of.get(ALL)
        if every is None:
            return own
        if every.stopped:
            return None
        return own if every.threshold is None else every.threshold

    def threshold(self, unit: UnitCode, own: float | None) -> float | None:
        """The least probability for a first suggestion of this unit; None: none is enough."""
        least, its_own = self.enough(own), self.of.get(unit)
        if least is None or its_own is None or its_own.threshold is None:
            return least
        return its_own.threshold


NONE_YET = Standings()
