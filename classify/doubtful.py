"""Labels that a model trained without them disputes: what a person should look at again first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classify.confidence import softmax
from classify.labelled import LabelledText
from classify.train import Progress, out_of_fold
from domain.ids import UnitCode
from domain.units import Unit


@dataclass(frozen=True, slots=True)
class Doubtful:
    """``own``: how likely the label's unit is to a model that has not seen the letter's matter, ``likely`` the ``other`` unit."""

    number: str
    unit: UnitCode
    own: float
    other: UnitCode
    likely: float


def doubtful_labels(
    rows: Sequence[LabelledText], *, units: Sequence[Unit], seed: int, progress: Progress | None = None
) -> list[Doubtful]:
    """The most firmly disputed first. By confident learning (Northcutt, Jiang and Chuang 2021): a label is disputed where another unit
    is at least as likely as that unit is on average among its own letters, and likelier than the label's. Raises HaltForPerson
    when there is no labelled letter."""
    judged = out_of_fold(rows, units=units, seed=seed, progress=progress)
    likely = softmax(judged.scores, judged.steepness)
    at = np.arange(len(judged.labels))
    usual = np.array(
        [likely[judged.labels == unit, unit].mean() if (judged.labels == unit).any() else 1.0 for unit in range(likely.shape[1])]
    )
    own = likely[at, judged.labels]
    rivals = np.where(likely >= usual, likely, 0.0)
    rivals[at, judged.labels] = 0.0
    best = rivals.argmax(axis=1)
    strength = rivals[at, best]
    order = np.argsort(own - strength, kind="stable")
    codes = judged.codes
    return [
        Doubtful(judged.rows[row].number, codes[judged.labels[row]], float(own[row]), codes[best[row]], float(strength[row]))
        for row in order.tolist()
        if strength[row] > own[row]
    ]
