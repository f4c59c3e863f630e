"""A city's first days: suggestions with no label at all and with few, from its directory, from a model, and from both."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from classify.blend import Blended
from classify.retrieval import DirectoryRetrieval
from classify.rows import LetterRow
from classify.train import train
from domain.decisions import Suggestion
from domain.ids import UnitCode
from domain.units import Unit, UnitLevel
from tests.accuracy.figures import Figure, beside
from tests.accuracy.letters import labelled, units
from tests.accuracy.settings import SEED, TRAINED_AT

LABELS = (50, 200, 1000)
TESTED = (0.6, 0.8)
DIRECTORY = Path(__file__).with_name("cold_start_units.toml")


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    rows = units(data)
    begin, end = (int(share * len(rows)) for share in TESTED)
    tested = rows[begin:end]
    texts = [(row.subject, row.body) for row in labelled(tested, replies=False)]
    directory = DirectoryRetrieval(listed_units())
    alone = directory.suggest(texts, 3, evidence=False)
    found = [Figure(f"cold start, no label: top-{top} of {len(tested)}", _share(alone, tested, top), "of 1") for top in (1, 3)]
    for count in LABELS:
        model = train(labelled(rows[begin - count : begin], replies=True), units=None, seed=SEED, trained_at=TRAINED_AT)
        learned = model.suggest(texts, 3, evidence=False)
        both = Blended(model, directory).suggest(texts, 3, evidence=False)
        for top in (1, 3):
            name = f"cold start, {count} labels: top-{top} of {len(tested)}"
            found.append(beside(name, _share(both, tested, top), "of 1", "the model alone", _share(learned, tested, top)))
    return found


def listed_units() -> tuple[Unit, ...]:
    """The city's units by name, with the duties that such units have everywhere."""
    listed = tomllib.loads(DIRECTORY.read_text(encoding="utf-8"))["unit"]
    return tuple(Unit(UnitCode(name), name, (), UnitLevel.CITY, "", None, tuple(duties)) for name, duties in listed.items())


def _share(offered: Sequence[Sequence[Suggestion]], tested: Sequence[LetterRow], top: int) -> float:
    right = sum(row.unit in {one.unit for one in few[:top]} for row, few in zip(tested, offered, strict=True))
    return right / len(tested)
