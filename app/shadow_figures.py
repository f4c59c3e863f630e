"""A shadow's opinions beside what was decided, on the letters whose right unit is known by now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.outcomes import judged_since
from app.paired import paired_document
from app.transactions import reading
from app.wiring import System
from classify.compare import Paired, paired
from domain.ids import UnitCode
from domain.models import ModelRow
from domain.outcomes import Judged
from store.opinions import SqlOpinions

DAYS = 90
MOST = 50_000
"""Letters looked at: the latest."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One letter: whose it was, what was suggested when it was decided, and what the shadow thinks."""

    judged: Judged
    right: UnitCode
    shadow: UnitCode
    probability: float

    @property
    def by_person(self) -> bool:
        """A person decided it, so that nobody kept it merely for having got it."""
        return not self.judged.automatic


def pairs(system: System, version: str) -> list[Pair]:
    """Of the letters decided within DAYS, newest first, those of which the model said something and the right unit is known."""
    since = system.clock.now() - timedelta(days=DAYS)
    known = {one.number: one for one in judged_since(system, since, limit=MOST) if one.answered is not None}
    said = reading(system.store, lambda tx: SqlOpinions(tx).of(version, list(known)))
    return [
        Pair(one, one.answered, said[number].unit, said[number].probability)
        for number, one in known.items()
        if number in said and one.answered is not None
    ]


def first_right(found: Sequence[Pair]) -> Paired:
    """What was suggested when the letter was decided against the shadow."""
    return paired([pair.judged.unit == pair.right for pair in found], [pair.shadow == pair.right for pair in found])


def shadow_document(system: System, row: ModelRow) -> dict[str, Any]:
    """What ``fenban shadow --json`` prints. Raises HaltForPerson when the model's file is not on this machine."""
    return shadow_told(system, row, system.registry.load(row).threshold(system.settings.decide.target_precision))


def shadow_told(system: System, row: ModelRow, least: float | None) -> dict[str, Any]:
    """The same for what loads no model: ``least`` is its threshold."""
    found = pairs(system, row.version)
    target = system.settings.decide.target_precision
    sure = [pair for pair in found if least is not None and pair.probability >= least]
    right = sum(pair.shadow == pair.right for pair in sure)
    return {
        "shadow": row.version,
        "opinions": reading(system.store, lambda tx: SqlOpinions(tx).count(row.version)),
        "known": len(found),
        "decided_by": dict(Counter(pair.judged.model for pair in found)),
        "top1": paired_document(first_right(found)),
        "top1_of_persons": paired_document(first_right([pair for pair in found if pair.by_person])),
        "automatic": {
            "target_precision": target,
            "threshold": least,
            "coverage": round(len(sure) / len(found), 4) if found else 0.0,
            "precision": round(right / len(sure), 4) if sure else None,
        },
        "units": [
            {"unit": unit, **paired_document(first_right([pair for pair in found if pair.right == unit]))}
            for unit in sorted({pair.right for pair in found})
        ],
    }
