"""What confidence is enough today: from the letters answered lately, whatever was thought when the model was trained.

Pure: no clock, no store. ``fenban evaluate --history`` and the live program use the same code, so that the one measures what
the other does. A threshold is chosen from letters whose answers are known, before the letters that it is applied to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from classify.confidence import wilson_lower
from domain.ids import UnitCode

LATELY = 600
"""Letters answered lately: about two quarters of a mailbox of 100 letters a month, a week of one of 100 a day."""
LEAST_JUDGED = 150
"""With fewer, the model's own threshold stands."""
LEAST_ABOVE = 20
LEAST_OWN = 40
"""A unit with as many letters above a threshold is judged by its own letters too; with fewer by everybody's."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A letter suggested earlier, whoever decided it: the first suggestion and the probability it had, and whether the unit
    that answered was that one. ``at``: when it was suggested; ``known``: when the answer came."""

    unit: UnitCode
    confidence: float
    right: bool
    at: datetime
    known: datetime


@dataclass(frozen=True, slots=True)
class Rolling:
    """Chosen for the letters to come. ``least``: the confidence that is enough; None: none is."""

    least: float | None
    own: dict[UnitCode, float]

    def automatic(self, unit: UnitCode, confidence: float) -> bool:
        """Whether a first suggestion of this unit, with this probability, is certain enough to go out without a person."""
        return self.least is not None and confidence >= max(self.least, self.own.get(unit, 0.0))


def rolling(judged: Sequence[Judged], target: float, fallback: float | None) -> Rolling:
    """The choice for now from all that is known now. ``fallback``: the model's own threshold, used while few are judged."""
    lately = sorted(judged, key=lambda one: one.known)[-LATELY:]
    if len(lately) < LEAST_JUDGED:
        return Rolling(fallback, {})
    least = _least(lately, target, LEAST_ABOVE)
    if least is None:
        return Rolling(None, {})
    own: dict[UnitCode, float] = {}
    for unit in {one.unit for one in lately}:
        among = [one for one in lately if one.unit == unit and one.confidence >= least]
        if len(among) >= LEAST_OWN:
            raised = _least(among, target, LEAST_OWN // 2)
            own[unit] = raised if raised is not None else 1.0
    return Rolling(least, own)


def _least(judged: Sequence[Judged], target: float, fewest: int) -> float | None:
    """The least confidence above which surely enough were right: the lower bound of a one-sided 80 % interval."""
    ranked = sorted(judged, key=lambda one: -one.confidence)
    values = np.array([one.confidence for one in ranked])
    counts = np.arange(1, len(values) + 1)
    lower = wilson_lower(np.cumsum([one.right for one in ranked]), counts)
    ends = np.append(values[:-1] > values[1:], True)
    good = np.flatnonzero((lower >= target) & (counts >= fewest) & ends)
    return float(values[good[-1]]) if len(good) else None
