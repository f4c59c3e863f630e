"""Seven topics of real letters, five folds that keep near-duplicates together."""

from pathlib import Path
from statistics import mean

from classify.evaluate import macro_f1
from classify.train import train
from tests.accuracy.figures import Figure, beside, to_reach
from tests.accuracy.letters import labelled, topics
from tests.accuracy.plain import NAME, PlainModel
from tests.accuracy.settings import SEED, TRAINED_AT

LEAST = 0.930


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    rows = topics(data)
    ours, plain = [], []
    for fold in sorted({row.group for row in rows}):
        learned = labelled([row for row in rows if row.group != fold], replies=False, groups=False)
        tested = labelled([row for row in rows if row.group == fold], replies=False, groups=False)
        truth = [row.unit for row in tested]
        model = train(learned, units=None, seed=SEED, trained_at=TRAINED_AT)
        found = model.suggest([(row.subject, row.body) for row in tested], top=1, evidence=False)
        ours.append(macro_f1([one[0].unit for one in found], truth))
        plain.append(macro_f1([one[0] for one in PlainModel(learned).ranked(tested)], truth))
    name = f"topics: macro-F1, mean of {len(ours)} folds"
    return [beside(name, mean(ours), "of 1", NAME, mean(plain)), to_reach(name, mean(ours), "of 1", LEAST)]
