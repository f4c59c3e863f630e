"""A city's units, walked through time: retrained weekly as answers come in, a label known from its answer on.

One walk over the newer 40 % of the letters; and one for "own", where a letter that its answer sends elsewhere says nothing for
thresholds and stops, measured among the letters that were the unit's own. Every quarter of the walk counts.
"""

from collections.abc import Sequence
from pathlib import Path

from classify.evaluate_history import automatic, hits, periods
from classify.evaluate_history import figures as all_figures
from classify.features import Text
from classify.history import SHOWN, PastLetter, Step, Walk, known_from, walk
from classify.labelled import LabelledText
from classify.learner import Learner, Scored
from classify.rows import LetterRow
from domain.ids import UnitCode
from domain.units import Unit
from tests.accuracy.figures import Figure, allowed, to_reach
from tests.accuracy.letters import is_own, labelled, units
from tests.accuracy.settings import SEED

START, MIDDLE = 0.6, 0.8
RETRAIN_DAYS = 7
ENOUGH = 20
"""Letters decided without a person from which on a quarter's precision is a figure."""
PARTS = (("60 → 80 %", 0.67, 0.88), ("80 → 100 %", 0.70, 0.87))


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    rows = units(data)
    learner = Recording(None, seed=SEED)
    everything = _walk(rows, [True] * len(rows), learner)
    only_own = _walk(rows, [is_own(row) for row in rows], Recorded(learner.tape))
    cut = int(MIDDLE * len(rows)) - int(START * len(rows))
    halves = (everything.steps[:cut], everything.steps[cut:])
    found = []
    for (name, top1, top3), steps in zip(PARTS, halves, strict=True):
        found += _hits(f"units, weekly, {name}", steps, top1, top3)
    found += _automatic("units, weekly, 80 → 100 %", halves[1], 0.36)
    found += _automatic("units, weekly, 60 → 80 %", halves[0], None)
    newest = [step for step in only_own.steps[cut:] if step.letter.telling]
    found += _automatic("units, weekly, 80 → 100 %, own", newest, 0.45)
    found += _quarters(everything)
    found.append(allowed("units, weekly: calibration error", all_figures(everything.steps)["calibration_error"], "of 1", 0.05))
    return found


class Recording(Learner):
    """Keeps what it said: a second walk of the same letters asks the same questions."""

    def __init__(self, units: Sequence[Unit] | None, *, seed: int) -> None:
        super().__init__(units, seed=seed)
        self.tape: list[tuple[int, list[UnitCode], Scored | None]] = []

    def teach(self, rows: Sequence[LabelledText]) -> None:
        super().teach(rows)
        self.tape.append((len(self), self.codes[:], None))

    def scores(self, texts: Sequence[Text]) -> Scored:
        scored = super().scores(texts)
        self.tape.append((len(self), self.codes[:], scored))
        return scored


class Recorded(Learner):
    """Says again what another said."""

    def __init__(self, tape: Sequence[tuple[int, list[UnitCode], Scored | None]]) -> None:
        super().__init__(None, seed=SEED)
        self._tape = iter(tape)
        self._taught = 0

    def __len__(self) -> int:
        return self._taught

    def teach(self, rows: Sequence[LabelledText]) -> None:
        self._taught, self.codes, _ = next(self._tape)

    def scores(self, texts: Sequence[Text]) -> Scored:
        self._taught, self.codes, scored = next(self._tape)
        if scored is None or len(scored.scores) != len(texts):
            raise AssertionError("the second walk went another way than the first")
        return scored


def _walk(rows: Sequence[LetterRow], telling: Sequence[bool], learner: Learner) -> Walk:
    letters = labelled(rows, replies=True)
    past = [
        PastLetter(letter, row.at, known_from(row.at, row.answered), tells)
        for letter, row, tells in zip(letters, rows, telling, strict=True)
        if row.at is not None
    ]
    return walk(past, start=START, retrain_days=RETRAIN_DAYS, seed=SEED, learner=learner)


def _hits(name: str, steps: Sequence[Step], top1: float, top3: float) -> list[Figure]:
    reached = hits(steps)
    return [
        to_reach(f"{name}: top-1 of {len(steps)}", reached["top1"], "of 1", top1),
        to_reach(f"{name}: top-3 of {len(steps)}", reached["top3"], "of 1", top3),
    ]


def _automatic(name: str, steps: Sequence[Step], least: float | None) -> list[Figure]:
    reached = automatic(steps, SHOWN)
    coverage, precision = reached["coverage"] or 0.0, reached["precision"] or 0.0
    if least is None:
        return [Figure(f"{name}: automatic", coverage, "of 1"), Figure(f"{name}: of these right", precision, "of 1")]
    return [
        to_reach(f"{name}: automatic of {len(steps)}", coverage, "of 1", least),
        to_reach(f"{name}: of these right", precision, "of 1", SHOWN),
    ]


def _quarters(walked: Walk) -> list[Figure]:
    found = []
    for period in periods(walked):
        count = round(period["coverage"] * period["n"])
        name = f"units, weekly, quarter from {period['from']}: right of {count} automatic of {period['n']}"
        precision = period["precision"] or 0.0
        found.append(to_reach(name, precision, "of 1", 0.93) if count >= ENOUGH else Figure(name, precision, "of 1"))
    return found
