"""What is certain enough today: learned from the letters answered lately, whatever was thought when the model was trained.

Pure: no clock, no store. ``fenban evaluate --history`` and the live program use the same code, so that the one measures what
the other does. What is chosen is chosen from letters whose answers are known, before the letters that it is applied to.

Two things roll. Each unit's *shift*: by how much its first suggestions were lately right more or less often than the model
promised, in log-odds, drawn to none where its letters are few (the most probable value under a normal prior), older answers
fading. And the *least* confidence, so shifted, above which the letters answered lately keep the target: counted over all units
together, as a unit alone has too few, beside what the confidence itself promises, which counts like PROMISED letters more but
never for more than were counted. Units that are stopped have no part in it: they keep nobody else's letters back. Numbers here
were chosen on the oldest 60 % of one city's letters (``docs/accuracy.md``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from classify.confidence import MORE_THAN_EVEN, wilson_lower
from domain.ids import UnitCode

LATELY = 1000
"""Letters looked back upon."""
LEAST_JUDGED = 150
"""With fewer letters answered, the model's own threshold stands."""
LEAST_ABOVE = 20
PROMISED = 100
CAUTION = 0.25
"""In standard errors: a little, as there are few letters and choosing the least of many values chooses luck too."""
HALF_LIFE_DAYS = 60.0
SPREAD = 0.7
"""How far units' shifts lie apart, in log-odds, before anything is known of them."""

_DAY = 86_400.0
_STEPS = 15
_LEAST_ODDS = 1e-6


@dataclass(frozen=True, slots=True)
class Judged:
    """A letter suggested earlier, whoever decided it: its first suggestion, the probability which the model gave that, and
    whether the unit that answered was that one. ``known``: when the answer came."""

    unit: UnitCode
    confidence: float
    right: bool
    known: datetime


@dataclass(frozen=True, slots=True)
class Rolling:
    """Chosen for the letters to come. ``least``: the shifted confidence that is enough; None: none is. ``shifts``: log-odds."""

    least: float | None
    shifts: Mapping[UnitCode, float] = field(default_factory=dict)

    def confidence(self, unit: UnitCode, probability: float) -> float:
        """How likely a first suggestion of this unit is right, given what the model says and what came true lately."""
        return float(_shifted(np.array([probability]), np.array([self.shifts.get(unit, 0.0)]))[0])

    def automatic(self, unit: UnitCode, probability: float) -> bool:
        """Whether a first suggestion of this unit, with the model's ``probability``, is certain enough to need no person.
        Whether the unit is stopped is another question (``classify.stops``)."""
        return self.least is not None and self.confidence(unit, probability) >= self.least


def rolling(
    judged: Sequence[Judged], target: float, fallback: float | None, stopped: Collection[UnitCode] = frozenset()
) -> Rolling:
    """The choice for the letters to come, from all that is known now; the order of ``judged`` does not matter.

    ``fallback``: the model's own threshold, used while few are judged. ``stopped``: the units stopped now.
    """
    lately = sorted(judged, key=lambda one: (one.known, one.unit, one.confidence, one.right))[-LATELY:]
    if not lately:
        return Rolling(fallback)
    shifts = _shifts(lately)
    running = [one for one in lately if one.unit not in stopped]
    if len(running) < LEAST_JUDGED:
        return Rolling(fallback, shifts)
    promised = np.array([one.confidence for one in running])
    confidence = _shifted(promised, np.array([shifts[one.unit] for one in running]))
    return Rolling(_least(confidence, np.array([one.right for one in running]), target), shifts)


def _shifts(judged: Sequence[Judged]) -> dict[UnitCode, float]:
    units = sorted({one.unit for one in judged})
    number = {unit: at for at, unit in enumerate(units)}
    unit = np.array([number[one.unit] for one in judged])
    right = np.array([one.right for one in judged], dtype=float)
    promised = _log_odds(np.array([one.confidence for one in judged]))
    known = np.array([one.known.timestamp() for one in judged])
    weight = 0.5 ** ((known.max() - known) / (_DAY * HALF_LIFE_DAYS))
    shift = np.zeros(len(units))
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-(promised + shift[unit])))
        slope = np.bincount(unit, weight * (right - likely), minlength=len(units)) - shift / SPREAD**2
        bend = np.bincount(unit, weight * likely * (1 - likely), minlength=len(units)) + 1 / SPREAD**2
        shift += np.clip(slope / bend, -1.0, 1.0)
    return dict(zip(units, shift.tolist(), strict=True))


def _least(confidence: npt.NDArray[Any], right: npt.NDArray[Any], target: float) -> float | None:
    order = np.argsort(-confidence, kind="stable")
    values, hits = confidence[order], np.cumsum(right[order])
    counts = np.arange(1, len(values) + 1)
    promise = np.cumsum(values) / counts
    beside = np.minimum(PROMISED, counts)
    lower = wilson_lower(hits + beside * promise, counts + beside, CAUTION)
    ends = np.append(values[:-1] > values[1:], True)
    good = np.flatnonzero((lower >= target) & (counts >= LEAST_ABOVE) & ends)
    return max(MORE_THAN_EVEN, float(values[good[-1]])) if len(good) else None


def _log_odds(share: npt.NDArray[Any]) -> npt.NDArray[Any]:
    inside = np.clip(share, _LEAST_ODDS, 1 - _LEAST_ODDS)
    odds: npt.NDArray[Any] = np.log(inside / (1 - inside))
    return odds


def _shifted(share: npt.NDArray[Any], shift: npt.NDArray[Any]) -> npt.NDArray[Any]:
    moved: npt.NDArray[Any] = 1 / (1 + np.exp(-(_log_odds(share) + shift)))
    return moved
