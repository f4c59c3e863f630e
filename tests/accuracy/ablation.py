"""What each idea gave, on letters that no other figure is measured on: a city's older 60 %, later ones asked about by machines of the
earlier ones (three times) and a third by the rest, and three folds of topics among themselves."""

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from classify.features import Vectorizer, build_space
from classify.labelled import LabelledText
from classify.linear import CLEAN
from classify.names import KINDS, NameFinder, patterns_of, unit_names
from classify.replies import learned_unit, own_words
from classify.tokens import best_tokenizer
from classify.train import MOST_WORDS, most_grams
from tests.accuracy.figures import Figure
from tests.accuracy.ideas import IDEAS, Array, Part, Turned, scores
from tests.accuracy.letters import labelled, topics, units

OLDER = 0.6
CUTS = (0.3, 0.4, 0.5, 0.6)
FOLDS = ("0", "1", "2")


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    city = labelled(units(data), replies=True)
    cuts = [int(cut * len(city)) for cut in CUTS]
    later = [_part(city[:begin], city[begin:end]) for begin, end in pairwise(cuts)]
    older = city[: int(OLDER * len(city))]
    third = np.random.default_rng(5).integers(0, 3, len(older))
    thirds = [
        _part(
            [row for row, its in zip(older, third, strict=True) if its != at],
            [row for row, its in zip(older, third, strict=True) if its == at],
        )
        for at in range(3)
    ]
    rows = [row for row in topics(data) if row.group in FOLDS]
    folds = [
        _part(
            *(labelled([r for r in rows if (r.group == fold) is asked], replies=False, groups=False) for asked in (False, True))
        )
        for fold in FOLDS
    ]
    found = []
    for name, parts, turned in (
        ("units, later letters", later, Turned()),
        ("units, a third", thirds, Turned()),
        ("topics", folds, Turned(CLEAN.cost, CLEAN.damping, CLEAN.loudness, names=0.0, balance=CLEAN.balance)),
    ):
        as_it_is = _hits(parts, scores, turned)
        for idea, tried in IDEAS.items():
            print(f"{name}: {idea} …", file=sys.stderr, flush=True)
            hits = _hits(parts, tried, turned)
            found += [
                Figure(f"{name}: {idea}: top-{top}", hits[top], "of 1", "as it is", as_it_is[top])
                for top in (1, 3)
                if name[0] == "u" or top == 1
            ]
    return found


def _part(learned: Sequence[LabelledText], tested: Sequence[LabelledText]) -> Part:
    names = unit_names(None, sorted({row.unit for row in learned}))
    labels = [learned_unit(row, names) for row in learned]
    codes = tuple(sorted({row.unit for row in learned} | set(labels)))
    number = {code: at for at, code in enumerate(codes)}
    texts = [(row.subject, row.body) for row in learned]
    answers = [own_words(row, label) for row, label in zip(learned, labels, strict=True)]
    asked = [(row.subject, row.body) for row in tested]
    space = build_space(texts, best_tokenizer(), most_words=MOST_WORDS, most_grams=most_grams(len(codes)))
    vectorizer = Vectorizer(space)
    finder = NameFinder(patterns_of(None, codes, texts))
    named = finder.matrix(asked, len(codes)).toarray().reshape(len(asked), len(KINDS), len(codes)).sum(axis=1)
    return Part(
        rows=tuple(learned),
        tested=tuple(tested),
        space=space,
        features=vectorizer.transform(texts),
        replies=vectorizer.transform(answers),
        answers=tuple(answers),
        asked=vectorizer.transform(asked),
        labels=np.array([number[label] for label in labels]),
        answered=np.array([number[row.unit] for row in learned]),
        named=named,
        codes=codes,
    )


def _hits(parts: Sequence[Part], tried: Any, turned: Turned) -> dict[int, float]:
    """Top-1 and top-3 over all the parts' asked letters."""
    among: dict[int, list[Array]] = {1: [], 3: []}
    for part in parts:
        number = {code: at for at, code in enumerate(part.codes)}
        truth = np.array([number.get(row.unit, -1) for row in part.tested])
        best = np.argsort(-tried(part, turned), axis=1, kind="stable")
        for top, hits in among.items():
            hits.append((best[:, :top] == truth[:, None]).any(axis=1))
    return {top: float(np.concatenate(hits).mean()) for top, hits in among.items()}
