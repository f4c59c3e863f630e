"""Training from more letters than memory holds (training only): one look over them for units and a sample, then passes that learn.

Letters are read again for each pass and never kept. The sample, the same whatever the order, gives the feature space and how
much each feature tells units apart; hashed n-grams, weighted so, are learned by stochastic gradient descent (``partial_fit``).
A share of the matters is held out for calibration; where the letters come in the order of time, letters of the later half are
also asked about before they are learned. What comes out is a ``Model`` like any other. Other than with ``classify.train`` the
order of the letters has some influence.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import SGDClassifier

from classify.artefact import ModelData, with_version
from classify.calibrate import Held, calibrate, name_weights
from classify.confidence import OUT_OF_FOLD
from classify.features import FloatArray, Text, Vectorizer, build_space
from classify.labelled import LabelledText
from classify.linear import NOISY, log_odds, quantised
from classify.model import Model
from classify.names import NameFinder, patterns_of, unit_names
from classify.replies import learned_unit
from classify.tokens import best_tokenizer, readable
from classify.train import BLOCKS, Progress, matter_hash
from domain.errors import HaltForPerson
from domain.ids import UnitCode
from domain.units import Unit

SAMPLE = 40_000
"""So many letters give the feature space. A process that learns from a stream takes about 1.8 GB in all (docs/accuracy.md)."""
HELD = 20_000
BATCH = 2048
MOST_WORDS = 40_000
MOST_GRAMS = 80_000
MOST_WEIGHTS = 12_000_000
"""Columns times units; descent keeps them as eight bytes."""
ENOUGH_STEPS = 400_000
MOST_PASSES = 8
"""Letters fewer than ENOUGH_STEPS are gone through more than once, up to so often."""
_IN_ORDER = 0.98


@dataclass(frozen=True, slots=True)
class _Look:
    """``rising``: the share of letters not older than the one before."""

    n_rows: int
    codes: tuple[UnitCode, ...]
    sample: tuple[LabelledText, ...]
    rising: float


def train_stream(
    letters: Callable[[], Iterator[LabelledText]],
    *,
    units: Sequence[Unit] | None,
    target: float = 0.95,
    seed: int,
    trained_at: datetime,
    progress: Progress | None = None,
) -> Model:
    """A calibrated model of these letters in memory that does not grow with them. ``letters`` gives the same letters in the
    same order each time it is called. Raises HaltForPerson when no labelled letter is left."""
    tell = progress or (lambda _stage, _share: None)
    known = None if units is None else {unit.code for unit in units}

    def kept() -> Iterator[LabelledText]:
        return (row for row in letters() if row.unit and (known is None or row.unit in known))

    tell("features", 0.0)
    look = _look(kept(), seed)
    pupil = _Pupil(look, units, seed)
    passes = min(-(-ENOUGH_STEPS // look.n_rows), MOST_PASSES)
    for at in range(passes):
        for done in pupil.learn(kept(), first=at == 0):
            tell("fit", 0.2 + 0.75 * (at + done / look.n_rows) / passes)
    tell("done", 1.0)
    return Model(with_version(pupil.data(target, trained_at)))


def _look(rows: Iterator[LabelledText], seed: int) -> _Look:
    counts: Counter[UnitCode] = Counter()
    sample: list[tuple[float, int, LabelledText]] = []
    before: datetime | None = None
    rising = 0
    for at, row in enumerate(rows):
        counts[row.unit] += 1
        if row.at is not None:
            rising += before is None or row.at >= before
            before = row.at
        entry = (_drawn(row, seed, "sample"), at, row)
        if len(sample) < SAMPLE:
            heapq.heappush(sample, entry)
        elif entry > sample[0]:
            heapq.heapreplace(sample, entry)
    total = sum(counts.values())
    if not total:
        raise HaltForPerson("there is no labelled letter to train from", remedy="give letters whose unit is in the directory")
    return _Look(total, tuple(sorted(counts)), tuple(row for *_, row in sorted(sample)), rising / total)


class _Asked:
    """Letters and what they scored before they were learned."""

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.answered: list[int] = []
        self.blocks: list[int] = []
        self.scores: list[npt.NDArray[Any]] = []

    def add(self, texts: Sequence[Text], answered: Sequence[int], block: int) -> None:
        self.texts += texts
        self.answered += answered
        self.blocks += [block] * len(texts)

    def held(self, scores: npt.NDArray[Any], finder: NameFinder) -> Held:
        named = finder.matrix(self.texts, scores.shape[1])
        return Held(scores, named, np.array(self.answered, dtype=np.int64), np.array(self.blocks, dtype=np.int64))


class _Pupil:
    """What is learned so far, and what was asked of letters before they were learned or that never are."""

    def __init__(self, look: _Look, units: Sequence[Unit] | None, seed: int) -> None:
        self._look, self._seed = look, seed
        self._number = {code: at for at, code in enumerate(look.codes)}
        self._names = unit_names(units, look.codes)
        texts = [_text(row) for row in look.sample]
        most_grams = (MOST_WEIGHTS // len(look.codes) - 2 * MOST_WORDS) // 2
        self._space = build_space(
            texts, best_tokenizer(), most_words=MOST_WORDS, most_grams=max(10_000, min(MOST_GRAMS, most_grams))
        )
        self._vectorizer = Vectorizer(self._space)
        self._finder = NameFinder(patterns_of(units, look.codes, texts))
        self._loudness = self._learn_loudness(texts, np.array([self._label(row) for row in look.sample]))
        steps = min(look.n_rows, ENOUGH_STEPS)
        self._machine = SGDClassifier(loss="modified_huber", alpha=1 / (NOISY.cost * steps), random_state=seed)
        self._taught = False
        self._never, self._before = _Asked(), _Asked()

    def learn(self, rows: Iterator[LabelledText], *, first: bool) -> Iterator[int]:
        """Learns every letter but those held out; in the first pass asks some before. Gives, after each batch, the number of
        letters gone through."""
        share = min(0.2, HELD / self._look.n_rows)
        done = 0
        while batch := list(islice(rows, BATCH)):
            held = np.array([_drawn(row, self._seed, "held") < share for row in batch])
            texts = [_text(row) for row in batch]
            features = self._weighted(texts)
            if first:
                out = np.flatnonzero(held).tolist()
                self._never.add([texts[at] for at in out], [self._number[batch[at].unit] for at in out], OUT_OF_FOLD)
                self._ask(batch, texts, features, held, done)
            if not held.all() and len(self._look.codes) > 1:
                labels = np.array([self._label(row) for row in batch])
                self._machine.partial_fit(features[~held], labels[~held], classes=np.arange(len(self._look.codes)))
                self._taught = True
            done += len(batch)
            yield done

    def data(self, target: float, trained_at: datetime) -> ModelData:
        """All that was learned."""
        weights, bias = self._linear()
        raw = self._vectorizer.transform(self._never.texts)
        never = self._never.held(np.asarray(raw @ weights + bias, dtype=np.float32), self._finder)
        before = None
        if self._before.scores:
            before = self._before.held(np.concatenate(self._before.scores), self._finder)
        steepness, weights_of_names = name_weights(never)
        small, scales = quantised(weights)
        return ModelData(
            units=self._look.codes,
            space=self._space,
            weights=small,
            scales=scales,
            bias=bias,
            patterns=self._finder.patterns,
            name_weights=weights_of_names,
            calibration=calibrate(never, before, steepness, weights_of_names),
            target=target,
            trained_at=trained_at,
            n_rows=self._look.n_rows,
            version="",
        )

    def _ask(self, batch: list[LabelledText], texts: list[Text], features: Any, held: npt.NDArray[Any], done: int) -> None:
        """Some letters of the later half, before they are learned; they tell nothing where the order is not that of time, and
        too little where so few came before."""
        half = self._look.n_rows / 2
        if self._look.rising < _IN_ORDER or half < SAMPLE / 2 or done < half or not self._taught:
            return
        every = max(1, int(half / HELD))
        asked = np.flatnonzero(~held & (np.arange(done, done + len(batch)) % every == 0))
        block = min(int((done - half) / half * BLOCKS), BLOCKS - 1)
        chosen = asked.tolist()
        self._before.add([texts[at] for at in chosen], [self._number[batch[at].unit] for at in chosen], block)
        scores = self._machine.decision_function(features[asked])
        self._before.scores.append(np.column_stack([-scores, scores]) if scores.ndim == 1 else scores)

    def _linear(self) -> tuple[FloatArray, FloatArray]:
        """(weights: columns × units, bias) as the machine has them now; of two units it fits one."""
        if not self._taught:
            return np.zeros((len(self._space.idf), len(self._look.codes)), np.float32), np.zeros(
                len(self._look.codes), np.float32
            )
        coefficients, intercept = self._machine.coef_, self._machine.intercept_
        if len(self._look.codes) == 2:
            coefficients, intercept = np.vstack([-coefficients, coefficients]), np.concatenate([-intercept, intercept])
        return (coefficients.T * self._loudness[:, None]).astype(np.float32), intercept.astype(np.float32)

    def _weighted(self, texts: list[Text]) -> Any:
        features = self._vectorizer.transform(texts)
        features.data *= self._loudness[features.indices]
        return features

    def _learn_loudness(self, texts: list[Text], labels: npt.NDArray[Any]) -> FloatArray:
        """How much each column tells units apart, over all units; and how loud its voice is."""
        loudness = np.ones(len(self._space.idf), dtype=np.float32)
        features = self._vectorizer.transform(texts)
        for voice, loud_voice in zip(self._space.voices, NOISY.loudness, strict=True):
            part = features[:, voice].tocsr()
            odds = log_odds(part, labels, range(len(self._look.codes))) ** NOISY.damping
            loud = np.sqrt(np.square(odds).mean(axis=1))
            part.data *= loud[part.indices]
            size = np.sqrt(np.square(part.data).sum() / len(texts))
            loudness[voice] = loud_voice * loud / (size or 1.0)
        return loudness

    def _label(self, row: LabelledText) -> int:
        return self._number.get(learned_unit(row, self._names), self._number[row.unit])


def _drawn(row: LabelledText, seed: int, what: str) -> float:
    """A number in [0, 1) that belongs to the letter's matter."""
    digest = hashlib.sha256(f"{what}{seed}".encode() + matter_hash(row)).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)


def _text(row: LabelledText) -> Text:
    return readable(row.subject), readable(row.body)
