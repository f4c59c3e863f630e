"""Training a model from labelled letters. Never imported where a model serves."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from classify.artefact import ModelData, with_version
from classify.calibrate import Held, calibrate, name_weights, raised
from classify.confidence import OUT_OF_FOLD
from classify.features import FeatureSpace, FloatArray, Vectorizer, build_space
from classify.labelled import LabelledText
from classify.linear import NOISY, Firmness, firmness_for, fit_scores, quantised
from classify.model import Model
from classify.names import NameFinder, NamePattern, patterns_of, unit_names
from classify.replies import learned_unit, own_words
from classify.tokens import best_tokenizer, readable
from domain.errors import HaltForPerson
from domain.ids import UnitCode
from domain.units import Unit

Progress = Callable[[str, float], None]

FOLDS = 5
BLOCKS = 5
FOLDS_TO_CHOOSE = 2
LEAST_TO_CHOOSE = 200
"""With fewer letters labels are taken for noisy."""
LEAST_FOR_BLOCKS = 200
"""With fewer letters, or with times on fewer than four in five of them, later letters are not held out."""
MOST_TO_TRY = 12_000
"""Machines that only judge held-out letters learn from so many: more make them little better and training long."""
MOST_FOR_REPLIES = 8_000
"""Where there are more letters no replies are learned beside them: units have letters enough, and training would take twice as long."""
MOST_HELD = 4_000
"""Of the letters of one split so many are judged."""
MOST_WORDS = 60_000
MOST_GRAMS = 200_000
MOST_WEIGHTS = 30_000_000
"""Columns times units: 30 MB on disk and 120 MB in memory; with many units the rarest features go first."""


@dataclass(frozen=True, slots=True)
class _Corpus:
    """``labels`` are what is learned (a reply that names another unit labels for that one), ``answered`` who answered. Of rows
    that are ``partial`` no other unit but the one that answered learns that they are not its own."""

    rows: tuple[LabelledText, ...]
    codes: tuple[UnitCode, ...]
    labels: npt.NDArray[Any]
    answered: npt.NDArray[Any]
    partial: npt.NDArray[Any]
    matters: tuple[bytes, ...]

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(readable(row.subject), readable(row.body)) for row in self.rows]


def train(
    rows: Sequence[LabelledText],
    *,
    units: Sequence[Unit] | None,
    target: float = 0.95,
    seed: int,
    trained_at: datetime,
    progress: Progress | None = None,
) -> Model:
    """A calibrated model of these letters: the same rows, in any order, give the same model.

    With ``units`` only units of that directory are learned; without, the labels are the units' names. Raises HaltForPerson
    when no labelled letter is left.
    """
    tell = progress or (lambda _stage, _share: None)
    tell("features", 0.0)
    corpus = _corpus(rows, units)
    trial = _trial(corpus, units, seed)
    tell("folds", 0.1)
    folds = _folds(corpus, seed)
    firmness = _firmness(trial, folds[:FOLDS_TO_CHOOSE], lambda share: tell("folds", 0.1 + 0.2 * share))
    out_of_fold = trial.held(folds, firmness, lambda share: tell("folds", 0.3 + 0.25 * share))
    tell("later", 0.55)
    later = trial.held(_later(corpus), firmness, lambda share: tell("later", 0.55 + 0.3 * share))
    steepness, weights_of_names = name_weights(out_of_fold)
    calibration = calibrate(out_of_fold, later if len(later.labels) else None, steepness, weights_of_names)
    tell("fit", 0.85)
    weights, bias = trial.fitted(np.arange(len(corpus.rows)), firmness)
    small, scales = quantised(weights)
    data = ModelData(
        units=corpus.codes,
        space=trial.space,
        weights=small,
        scales=scales,
        bias=bias,
        patterns=trial.patterns,
        name_weights=weights_of_names,
        calibration=calibration,
        target=target,
        trained_at=trained_at,
        n_rows=len(corpus.rows),
        version="",
    )
    tell("done", 1.0)
    return Model(with_version(data))


@dataclass(frozen=True, slots=True)
class Disputed:
    """What machines that saw none of a letter's matter say of it: ``scores`` rows × units, ``labels`` the units learned."""

    rows: tuple[LabelledText, ...]
    codes: tuple[UnitCode, ...]
    labels: npt.NDArray[Any]
    scores: npt.NDArray[Any]
    steepness: float


def out_of_fold(
    rows: Sequence[LabelledText], *, units: Sequence[Unit] | None, seed: int, progress: Progress | None = None
) -> Disputed:
    """Every letter judged by a model trained without its matter. Raises HaltForPerson when no labelled letter is left."""
    tell = progress or (lambda _stage, _share: None)
    tell("features", 0.0)
    corpus = _corpus(rows, units)
    folds = _folds(corpus, seed)
    held = _trial(corpus, units, seed).held(folds, NOISY, lambda share: tell("folds", 0.1 + 0.9 * share))
    steepness, weights = name_weights(held)
    order = np.concatenate([judged for learn, judged, _ in folds if len(learn) and len(judged)] or [np.zeros(0, dtype=int)])
    rows_held = tuple(corpus.rows[at] for at in order.tolist())
    return Disputed(rows_held, corpus.codes, corpus.labels[order], raised(held, weights), steepness)


def _corpus(rows: Sequence[LabelledText], units: Sequence[Unit] | None) -> _Corpus:
    known = None if units is None else {unit.code for unit in units}
    kept = sorted((row for row in rows if row.unit and (known is None or row.unit in known)), key=canonical)
    if not kept:
        raise HaltForPerson("there is no labelled letter to train from", remedy="give letters whose unit is in the directory")
    names = unit_names(units, sorted({row.unit for row in kept}))
    learned = [learned_unit(row, names) for row in kept]
    codes = tuple(sorted({row.unit for row in kept} | set(learned)))
    number = {code: at for at, code in enumerate(codes)}
    return _Corpus(
        rows=tuple(kept),
        codes=codes,
        labels=np.array([number[code] for code in learned], dtype=np.int64),
        answered=np.array([number[row.unit] for row in kept], dtype=np.int64),
        partial=np.array([row.partial or unit != row.unit for row, unit in zip(kept, learned, strict=True)], dtype=bool),
        matters=tuple(matter_hash(row) for row in kept),
    )


def canonical(row: LabelledText) -> tuple[float, str, str, str]:
    """Letters in the order of this, that of time first, are the same whatever order they came in."""
    return (row.at.timestamp() if row.at else 0.0, row.unit, row.subject, row.body)


def matter_hash(row: LabelledText) -> bytes:
    """What must not straddle a split: the group, or where none is given the text."""
    return hashlib.sha256((row.group or f"{row.subject}\n{row.body}").encode("utf-8", "surrogatepass")).digest()


def most_grams(n_units: int) -> int:
    """How many n-grams may have a column where there are so many units."""
    return max(10_000, min(MOST_GRAMS, (MOST_WEIGHTS // n_units - MOST_WORDS) // 2))


Split = tuple[npt.NDArray[Any], npt.NDArray[Any], int]
"""(rows to learn from, rows held out, their block)."""


def _folds(corpus: _Corpus, seed: int) -> list[Split]:
    """A fold for each matter, by its hash."""
    salt = str(seed).encode()
    fold = np.array([hashlib.sha256(salt + matter).digest()[0] % FOLDS for matter in corpus.matters])
    parts = [(np.flatnonzero(fold != at), np.flatnonzero(fold == at)) for at in range(FOLDS)]
    return [(_evenly(learn, MOST_TO_TRY), _evenly(held, MOST_HELD), OUT_OF_FOLD) for learn, held in parts]


def _later(corpus: _Corpus) -> list[Split]:
    """The later half in blocks, each to be judged by what lies before it, matters that reach into it left out."""
    timed = np.array([at for at, row in enumerate(corpus.rows) if row.at is not None], dtype=np.int64)
    if len(corpus.rows) < LEAST_FOR_BLOCKS or len(timed) < 0.8 * len(corpus.rows):
        return []
    edges = np.linspace(len(timed) // 2, len(timed), BLOCKS + 1).astype(int)
    splits = []
    for block in range(BLOCKS):
        held = timed[edges[block] : edges[block + 1]]
        inside = {corpus.matters[at] for at in held}
        before = np.array([at for at in timed[: edges[block]] if corpus.matters[at] not in inside], dtype=np.int64)
        splits.append((before[-MOST_TO_TRY:], _evenly(held, MOST_HELD), block))
    return splits


def _evenly(rows: npt.NDArray[Any], most: int) -> npt.NDArray[Any]:
    """At most so many of them, from all over."""
    return rows[:: -(-len(rows) // most)] if len(rows) > most else rows


@dataclass(frozen=True, slots=True)
class _Trial:
    """What is asked of letters that were not fitted on. ``replies``: features of what units answered; None where they are not
    learned."""

    corpus: _Corpus
    space: FeatureSpace
    features: Any
    replies: Any
    patterns: tuple[NamePattern, ...]
    named: Any
    seed: int

    def fitted(self, learn: npt.NDArray[Any], firmness: Firmness) -> tuple[FloatArray, FloatArray]:
        """(weights, bias) of machines that saw these rows and no others."""
        return fit_scores(
            self.features[learn],
            self.corpus.labels[learn],
            len(self.corpus.codes),
            self.space.voices,
            seed=self.seed,
            firmness=firmness,
            partial=self.corpus.partial[learn],
            declined=self.corpus.answered[learn],
            replies=None if self.replies is None else self.replies[learn],
        )

    def held(self, splits: list[Split], firmness: Firmness, tell: Callable[[float], None]) -> Held:
        """Scores of the held-out rows of every split from machines that saw only its other rows."""
        scores, rows, blocks = [], [], []
        n_units = len(self.corpus.codes)
        for at, (learn, held, block) in enumerate(splits):
            if not len(learn) or not len(held):
                continue
            weights, bias = self.fitted(learn, firmness)
            scores.append((self.features[held] @ weights + bias).astype(np.float32))
            rows.append(held)
            blocks.append(np.full(len(held), block))
            tell((at + 1) / len(splits))
        if not rows:
            nothing = np.zeros(0, dtype=np.int64)
            return Held(np.zeros((0, n_units)), self.named[nothing], nothing, nothing)
        order = np.concatenate(rows)
        return Held(np.concatenate(scores), self.named[order], self.corpus.answered[order], np.concatenate(blocks))


def _trial(corpus: _Corpus, units: Sequence[Unit] | None, seed: int) -> _Trial:
    texts, n_units = corpus.texts, len(corpus.codes)
    space = build_space(texts, best_tokenizer(), most_words=MOST_WORDS, most_grams=most_grams(n_units))
    patterns = patterns_of(units, corpus.codes, texts)
    named = NameFinder(patterns).matrix(texts, n_units)
    vectorizer = Vectorizer(space)
    features, replies = vectorizer.transform(texts), None
    if len(texts) <= MOST_FOR_REPLIES:
        learned = [corpus.codes[label] for label in corpus.labels.tolist()]
        replies = vectorizer.transform([own_words(row, unit) for row, unit in zip(corpus.rows, learned, strict=True)])
    return _Trial(corpus, space, features, replies, patterns, named, seed)


def _firmness(trial: _Trial, splits: list[Split], tell: Callable[[float], None]) -> Firmness:
    if len(trial.corpus.rows) < LEAST_TO_CHOOSE:
        return NOISY
    held = trial.held(splits, NOISY, tell)
    return firmness_for(float((held.scores.argmax(axis=1) == held.labels).mean())) if len(held.labels) else NOISY
