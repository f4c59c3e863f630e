"""Suggestions follow the directory: what a model learned of units that are gone, or of work that moved, goes at once to the unit
that has it today, without training."""

from collections.abc import Sequence
from dataclasses import replace

from domain.decisions import Suggestion, together
from domain.ids import UnitCode
from domain.ports import Classifier
from route.directory import Directory


class Following:
    """``domain.ports.Classifier`` over another: never a unit that is not in the directory today."""

    def __init__(self, inner: Classifier, directory: Directory) -> None:
        self._inner = inner
        self._directory = directory

    @property
    def version(self) -> str:
        return self._inner.version

    def suggest(self, texts: Sequence[tuple[str, str]], top: int = 5) -> list[tuple[Suggestion, ...]]:
        """Suggestions for one unit of today add up; units that are gone without a successor are left out."""
        found = self._inner.suggest(texts, top)
        return [self._today(subject, body, offered) for (subject, body), offered in zip(texts, found, strict=True)]

    def _today(self, subject: str, body: str, offered: tuple[Suggestion, ...]) -> tuple[Suggestion, ...]:
        merged: dict[UnitCode, Suggestion] = {}
        for one in offered:
            unit = self._directory.today(one.unit, subject, body)
            if unit is None:
                continue
            before = merged.get(unit)
            if before is not None:
                likely = min(1.0, before.probability + one.probability)
                merged[unit] = replace(before, probability=likely, evidence=together((*before.evidence, *one.evidence)))
            else:
                merged[unit] = one if unit == one.unit else replace(one, unit=unit)
        return tuple(sorted(merged.values(), key=lambda one: -one.probability))


def following(inner: Classifier, directory: Directory) -> Classifier:
    """The classifier itself where the directory has moved nothing and all that it knows is there."""
    known: Sequence[UnitCode] = getattr(inner, "units", ())
    if not directory.changed and all(unit in directory for unit in known):
        return inner
    return Following(inner, directory)
