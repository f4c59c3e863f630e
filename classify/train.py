"""Training a model from labelled letters. Never imported where a model serves."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from classify.artefact import ModelData, with_version
from classify.calibrate import calibrate
from classify.features import Vectorizer, build_space
from classify.linear import fit_scores, quantised
from classify.model import Model
from classify.tokens import best_tokenizer
from domain.errors import HaltForPerson
from domain.ids import UnitCode
from domain.units import Unit

Progress = Callable[[str, float], None]

FOLDS = 5
MAX_WORDS = 60_000
MAX_GRAMS = 200_000


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A masked letter and the unit that answered it. ``reply``: that unit's answer, read in training only. ``group``: the
    matter it belongs to; letters of one group never stand on both sides of a split."""

    subject: str
    body: str
    unit: UnitCode
    at: datetime | None = None
    reply: str = ""
    group: str = ""


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

    With ``units`` only units of that directory are learned. Raises HaltForPerson when no labelled letter is left.
    """
    tell = progress or (lambda _stage, _share: None)
    known = None if units is None else {unit.code for unit in units}
    rows = sorted((row for row in rows if row.unit and (known is None or row.unit in known)), key=_canonical)
    if not rows:
        raise HaltForPerson("there is no labelled letter to train from", remedy="give letters whose unit is in the directory")
    codes = tuple(sorted({row.unit for row in rows}))
    number = {code: at for at, code in enumerate(codes)}
    labels = np.array([number[row.unit] for row in rows], dtype=np.int64)
    texts = [(row.subject, row.body) for row in rows]
    tell("features", 0.0)
    space = build_space(texts, best_tokenizer(), max_words=MAX_WORDS, max_grams=MAX_GRAMS)
    features = Vectorizer(space).transform(texts)
    tell("folds", 0.2)
    scores = _out_of_fold(features, labels, len(codes), folds_of(rows, seed), seed, tell)
    calibration = calibrate(scores, labels, len(codes))
    tell("fit", 0.8)
    weights, bias = fit_scores(features, labels, len(codes), seed=seed)
    small, scales = quantised(weights)
    data = ModelData(codes, space, small, scales, bias, calibration, target, trained_at, len(rows), "")
    tell("done", 1.0)
    return Model(with_version(data))


def folds_of(rows: Sequence[LabelledText], seed: int) -> npt.NDArray[Any]:
    """A fold for each row, by the hash of its group (or of its text, so that equal letters stay together)."""
    keys = [f"{seed}|{row.group or row.subject + row.body}" for row in rows]
    return np.array([int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:4]) % FOLDS for key in keys])


def _out_of_fold(
    features: Any, labels: npt.NDArray[Any], n_units: int, folds: npt.NDArray[Any], seed: int, tell: Progress
) -> npt.NDArray[Any]:
    """Scores of every row from machines that did not see its fold."""
    scores = np.zeros((len(labels), n_units))
    for fold in range(FOLDS):
        out = folds == fold
        if out.any() and not out.all():
            weights, bias = fit_scores(features[~out], labels[~out], n_units, seed=seed)
            scores[out] = features[out] @ weights + bias
        tell("folds", 0.2 + 0.6 * (fold + 1) / FOLDS)
    return scores


def _canonical(row: LabelledText) -> tuple[str, str, str, str]:
    at = row.at.isoformat() if row.at else ""
    return (at, row.unit, row.subject, row.body)
