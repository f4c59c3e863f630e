"""How good models are on letters set aside: one alone, and two beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.frozen import FrozenTests, unseen
from app.paired import paired_document
from app.wiring import System
from classify.compare import Paired, paired
from classify.evaluate import measure
from classify.model import Model
from domain.decisions import Suggestion
from domain.errors import Refused
from domain.models import FrozenLetter, FrozenTest, ModelRow

Suggested = Sequence[tuple[Suggestion, ...]]

PER_UNIT = ("letters", "right", "first", "automatic", "automatic_right")
"""Of each unit: letters that were its own, of these rightly suggested first; how often it was suggested first, of these surely
enough to go out without a person, of these rightly."""


def suggested(model: Model, letters: Sequence[FrozenLetter]) -> Suggested:
    return model.suggest([(letter.subject, letter.body) for letter in letters], evidence=False)


def figures(model: Model, found: Suggested, letters: Sequence[FrozenLetter], target: float) -> dict[str, Any]:
    """Those of ``fenban evaluate``, and at the target precision ``automatic_letters``, of these right ``automatic_right``, and
    ``units``: PER_UNIT of each."""
    least = model.threshold(target)
    units = per_unit(found, [letter.unit for letter in letters], least)
    return {
        "letters": len(letters),
        "threshold": least,
        **measure(model, found, [letter.unit for letter in letters]),
        "automatic_letters": sum(one["automatic"] for one in units.values()),
        "automatic_right": sum(one["automatic_right"] for one in units.values()),
        "units": units,
    }


def per_unit(found: Suggested, truth: Sequence[str], least: float | None) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for suggestions, unit in zip(found, truth, strict=True):
        own = counted.setdefault(unit, dict.fromkeys(PER_UNIT, 0))
        own["letters"] += 1
        if not suggestions:
            continue
        first = counted.setdefault(suggestions[0].unit, dict.fromkeys(PER_UNIT, 0))
        right, sure = suggestions[0].unit == unit, least is not None and suggestions[0].probability >= least
        own["right"] += right
        first["first"] += 1
        first["automatic"] += sure
        first["automatic_right"] += sure and right
    return dict(sorted(counted.items()))


@dataclass(frozen=True, slots=True)
class Beside:
    """Two models on the letters of a frozen test that neither learned from. ``left_out``: letters that one of them may have."""

    rows: tuple[ModelRow, ModelRow]
    models: tuple[Model, Model]
    test: FrozenTest
    letters: tuple[FrozenLetter, ...]
    left_out: int
    a: Suggested
    b: Suggested

    @property
    def first(self) -> Paired:
        return paired(self._right(self.a, 1), self._right(self.b, 1))

    @property
    def among_three(self) -> Paired:
        return paired(self._right(self.a, 3), self._right(self.b, 3))

    def of_unit(self, unit: str) -> Paired:
        own = [letter.unit == unit for letter in self.letters]
        a, b = self._right(self.a, 1), self._right(self.b, 1)
        return paired([x for x, mine in zip(a, own, strict=True) if mine], [x for x, mine in zip(b, own, strict=True) if mine])

    def _right(self, found: Suggested, among: int) -> list[bool]:
        return [
            letter.unit in {one.unit for one in suggestions[:among]}
            for letter, suggestions in zip(self.letters, found, strict=True)
        ]


def beside(system: System, a: ModelRow, b: ModelRow) -> Beside:
    """Raises Refused where there is no frozen test, or no letter of it that neither learned from."""
    tests = FrozenTests(system)
    test = tests.current()
    if test is None:
        raise Refused(
            "no letters are set aside to compare on", remedy="train with --hold-out 0.15: the latest letters are set aside"
        )
    everything = tests.letters(test)
    fair = unseen(unseen(everything, test, a), test, b)
    if not fair:
        what = f"{a.version} and {b.version} have no letters in common that neither learned from"
        raise Refused(what, remedy="train a new model on what is not set aside, or let one run as shadow")
    models = (system.registry.load(a), system.registry.load(b))
    one, other = (suggested(model, fair) for model in models)
    return Beside((a, b), models, test, tuple(fair), len(everything) - len(fair), one, other)


def beside_document(system: System, found: Beside) -> dict[str, Any]:
    """What ``fenban compare --json`` prints."""
    target = system.settings.decide.target_precision
    one, other = (
        figures(model, said, found.letters, target) for model, said in zip(found.models, (found.a, found.b), strict=True)
    )
    of_one, of_other = one.pop("units"), other.pop("units")
    nothing = dict.fromkeys(PER_UNIT, 0)
    return {
        "a": {"version": found.rows[0].version, **one},
        "b": {"version": found.rows[1].version, **other},
        "test_set": found.test.hash,
        "letters": len(found.letters),
        "left_out": found.left_out,
        "target_precision": target,
        "top1": paired_document(found.first),
        "top3": paired_document(found.among_three),
        "units": [
            {
                "unit": unit,
                **paired_document(found.of_unit(unit)),
                "a": of_one.get(unit, nothing),
                "b": of_other.get(unit, nothing),
            }
            for unit in sorted(set(of_one) | set(of_other))
        ],
    }
