"""A city's units, the model trained once on older letters and asked about newer ones."""

from collections.abc import Sequence
from pathlib import Path

from classify.rows import LetterRow
from classify.train import train
from tests.accuracy.figures import Figure, beside, to_reach
from tests.accuracy.letters import is_own, labelled, units
from tests.accuracy.plain import NAME, PlainModel
from tests.accuracy.settings import SEED, TRAINED_AT

PARTS = (
    ("60 → 80 %", 0.6, 0.8, (0.63, 0.87), None),
    ("80 → 100 %", 0.8, 1.0, (0.68, 0.86), (0.71, 0.87)),
)
"""(name, trained up to, tested up to, top-1 and top-3 to reach, the same among letters that were the unit's own)."""


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    rows = units(data)
    found: list[Figure] = []
    for name, learned_to, tested_to, least, own_least in PARTS:
        learned = labelled(rows[: int(learned_to * len(rows))], replies=True)
        tested = rows[int(learned_to * len(rows)) : int(tested_to * len(rows))]
        blind = labelled(tested, replies=False)
        model = train(learned, units=None, seed=SEED, trained_at=TRAINED_AT)
        suggested = model.suggest([(row.subject, row.body) for row in blind], top=3, evidence=False)
        ours = [[str(one.unit) for one in offered] for offered in suggested]
        plain = PlainModel(learned).ranked(blind)
        found += _beside(f"units, static, {name}", ours, plain, tested, least)
        own = [at for at, row in enumerate(tested) if is_own(row)]
        found += _beside(
            f"units, static, {name}, own",
            [ours[at] for at in own],
            [plain[at] for at in own],
            [tested[at] for at in own],
            own_least,
        )
    return found


def _beside(
    name: str,
    ours: list[list[str]],
    plain: list[list[str]],
    tested: Sequence[LetterRow],
    least: tuple[float, float] | None,
) -> list[Figure]:
    found = []
    for place, top in enumerate((1, 3)):
        figure = f"{name}: top-{top} of {len(tested)}"
        value = _share(ours, tested, top)
        found.append(beside(figure, value, "of 1", NAME, _share(plain, tested, top)))
        if least is not None:
            found.append(to_reach(figure, value, "of 1", least[place]))
    return found


def _share(ranked: list[list[str]], tested: Sequence[LetterRow], top: int) -> float:
    return sum(row.unit in order[:top] for order, row in zip(ranked, tested, strict=True)) / len(tested)
