"""What was tried to rank units better: the machines of ``classify.linear`` with everything about them turnable, and other ones."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from classify.confidence import softmax
from classify.features import SCALES, FeatureSpace, Text, Vectorizer
from classify.labelled import LabelledText
from classify.linear import ABSENT, HEED, NOISY, TOLERANCE
from classify.tokens import cutter, words

Array = npt.NDArray[Any]
NAMED = 0.3
STEEPNESS, DOUBTED = 2.5, 0.2
YEAR = 365 * 86400.0


@dataclass(frozen=True, slots=True)
class Part:
    """Letters to learn from and letters asked about. ``labels``: after replies that name another unit; ``answered``: who did;
    ``answers``: what the latter said of matters of their own, and ``replies`` its features."""

    rows: tuple[LabelledText, ...]
    tested: tuple[LabelledText, ...]
    space: FeatureSpace
    features: Any
    replies: Any
    answers: tuple[Text, ...]
    asked: Any
    labels: Array
    answered: Array
    named: Array
    codes: tuple[str, ...]

    @property
    def n_units(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class Turned:
    """``heed``: how much each letter counts; ``apart``: (letters × units) False where a letter says nothing to a machine;
    ``answers``: how much a reply counts."""

    cost: float = NOISY.cost
    damping: float = NOISY.damping
    loudness: tuple[float, float] = NOISY.loudness
    heed: Array | None = None
    apart: Array | None = None
    logistic: bool = False
    names: float = NAMED
    balance: float = NOISY.balance
    answers: float = HEED


def scores(part: Part, turned: Turned) -> Array:
    """Of every asked letter for every unit."""
    found = np.zeros((part.asked.shape[0], part.n_units))
    found[:, np.setdiff1d(np.arange(part.n_units), part.labels)] = ABSENT
    kept = np.flatnonzero(np.diff(part.replies.indptr)) if turned.answers else np.zeros(0, dtype=np.int64)
    labels = np.concatenate([part.labels, part.labels[kept]])
    heed = np.ones(len(part.labels)) if turned.heed is None else turned.heed
    heed = np.concatenate([heed, turned.answers * heed[kept]])
    apart = _apart(part) if turned.apart is None else turned.apart
    apart = np.concatenate([apart, np.ones((len(kept), part.n_units), dtype=bool)])
    features = sparse.vstack([part.features, part.replies[kept]], format="csr")
    for voice, loud in zip(part.space.voices, turned.loudness, strict=True):
        if loud:
            told = (features[:, voice].tocsr(), part.asked[:, voice].tocsr(), labels, heed, apart)
            found += loud * _voice(*told, part.n_units, turned)
    return found + turned.names * part.named


def _voice(features: Any, asked: Any, labels: Array, heeded: Array, apart: Array, n_units: int, turned: Turned) -> Array:
    odds = _odds(features, labels, n_units, heeded) ** turned.damping
    found = np.zeros((asked.shape[0], n_units))
    for unit in np.unique(labels).tolist():
        rows = np.flatnonzero(apart[:, unit])
        weighted = features[rows].astype(np.float64)
        weighted.data *= odds[weighted.indices, unit]
        size = np.sqrt(np.square(weighted.data).sum() / max(len(rows), 1)) or 1.0
        weighted.data /= size
        own = labels[rows] == unit
        heed = np.where(own, heeded[rows] * ((len(own) - own.sum()) / own.sum()) ** turned.balance, heeded[rows])
        if turned.logistic:
            machine = LogisticRegression(C=20 * turned.cost, solver="liblinear", dual=True, tol=TOLERANCE, random_state=1)
        else:
            machine = LinearSVC(C=turned.cost, tol=TOLERANCE, random_state=1)
        machine.fit(weighted, own, sample_weight=heed)
        found[:, unit] = asked @ (machine.coef_[0] * odds[:, unit] / size) + machine.intercept_[0]
    return found


def _apart(part: Part) -> Array:
    """A letter whose reply names another unit speaks to the machines of that unit and of the one that answered."""
    moved = np.flatnonzero(part.labels != part.answered)
    apart = np.ones((len(part.labels), part.n_units), dtype=bool)
    apart[moved] = False
    apart[moved, part.labels[moved]] = apart[moved, part.answered[moved]] = True
    return apart


def _odds(features: Any, labels: Array, n_units: int, heed: Array) -> Array:
    presence = features.copy()
    presence.data = np.ones_like(presence.data)
    inside = np.column_stack([presence[labels == unit].T @ heed[labels == unit] for unit in range(n_units)])
    outside = inside.sum(axis=1, keepdims=True) - inside + 1
    inside = inside + 1
    result: Array = np.abs(np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0)))
    return result


def _not_against(part: Part, turned: Turned) -> Array:
    """A letter whose reply names another unit says nothing to the machine of the unit that answered."""
    apart = _apart(part)
    moved = np.flatnonzero(part.labels != part.answered)
    apart[moved, part.answered[moved]] = False
    return scores(part, replace(turned, apart=apart))


def _titles_too(part: Part, turned: Turned) -> Array:
    """Titles are letters of their own that count 0.3."""
    titles = Vectorizer(part.space).transform([("", row.subject) for row in part.rows])
    count = len(part.labels)
    both = replace(
        part,
        features=sparse.vstack([part.features, titles], format="csr"),
        replies=sparse.vstack([part.replies, sparse.csr_matrix(titles.shape, dtype=np.float32)], format="csr"),
        labels=np.tile(part.labels, 2),
        answered=np.tile(part.answered, 2),
    )
    return scores(both, replace(turned, heed=np.concatenate([np.ones(count), np.full(count, 0.3)])))


def _doubted(part: Part, turned: Turned) -> Array:
    """A letter is held against a unit the less, the likelier it is that unit's to machines that did not see it."""
    fold = np.random.default_rng(3).integers(0, 4, len(part.labels))
    likely = np.zeros((len(part.labels), part.n_units))
    for at in range(4):
        seen, unseen = np.flatnonzero(fold != at), np.flatnonzero(fold == at)
        likely[unseen] = softmax(
            scores(replace(_of(part, seen), asked=part.features[unseen], named=np.zeros((1, 1))), turned), STEEPNESS
        )
    return scores(
        part, replace(turned, apart=_apart(part) & ((likely <= DOUBTED) | (part.labels[:, None] == np.arange(part.n_units))))
    )


def _neighbours(part: Part, turned: Turned) -> Array:
    """The votes of the ten letters most alike, by the cube of their likeness."""
    alike = (part.asked @ part.features.T).toarray()
    best = np.argsort(-alike, axis=1, kind="stable")[:, :10]
    votes = np.zeros((alike.shape[0], part.n_units))
    rows = np.arange(len(votes))[:, None]
    np.add.at(votes, (rows, part.answered[best]), alike[rows, best] ** 3)
    result: Array = scores(part, turned) + 0.1 * votes / max(votes.max(axis=1).mean(), 1e-9)
    return result


def _of(part: Part, rows: Array) -> Part:
    """Only these letters are learned from."""
    fewer = {"features": part.features[rows], "replies": part.replies[rows], "labels": part.labels[rows]}
    return replace(part, answered=part.answered[rows], **fewer)


def _fading(years: float) -> Callable[[Part, Turned], Array]:
    def tried(part: Part, turned: Turned) -> Array:
        times = np.array([row.at.timestamp() if row.at else 0.0 for row in part.rows])
        return scores(part, replace(turned, heed=0.5 ** ((times.max() - times) / YEAR / years)))

    return tried


def _recent_shares(part: Part, turned: Turned) -> Array:
    """The log of each unit's share lately over its share in all, a little of it added."""
    times = np.array([row.at.timestamp() if row.at else 0.0 for row in part.rows])
    all_ = np.bincount(part.labels, minlength=part.n_units) + 1.0
    lately = np.bincount(part.labels, 0.5 ** ((times.max() - times) / YEAR * 2), minlength=part.n_units) + 2 * all_ / all_.sum()
    result: Array = scores(part, turned) + 0.1 * np.log(lately / lately.sum() / (all_ / all_.sum()))
    return result


def _titles(scale: float) -> Callable[[Part, Turned], Array]:
    def tried(part: Part, turned: Turned) -> Array:
        wanted = np.array([scale, 1.0, scale, 1.0]) / np.array(SCALES)
        turn = sparse.diags(np.repeat(wanted, np.diff(part.space.starts)).astype(np.float32))
        return scores(replace(part, features=(part.features @ turn).tocsr(), asked=(part.asked @ turn).tocsr()), turned)

    return tried


def _more(**how: Any) -> Callable[[Part, Turned], Array]:
    """Another block of features, half as loud as the text's own, in the voice of n-grams."""

    def tried(part: Part, turned: Turned) -> Array:
        block = TfidfVectorizer(min_df=2, sublinear_tf=True, dtype=np.float32, lowercase=False, **how)
        learned = 0.5 * block.fit_transform([f"{row.subject}\n{row.body}" for row in part.rows])
        replied = 0.5 * block.transform([body for _, body in part.answers])
        asked = 0.5 * block.transform([f"{row.subject}\n{row.body}" for row in part.tested])
        keys = (*part.space.keys[:3], np.concatenate([part.space.keys[3], np.arange(learned.shape[1], dtype=np.int32)]))
        wider = replace(
            part,
            space=replace(part.space, keys=keys),
            features=sparse.hstack([part.features, learned], format="csr"),
            replies=sparse.hstack([part.replies, replied], format="csr"),
            asked=sparse.hstack([part.asked, asked], format="csr"),
        )
        return scores(wider, turned)

    return tried


def _bagged(part: Part, turned: Turned) -> Array:
    """The mean of five machines, each of four letters in five."""
    draw = np.random.default_rng(1)
    found = np.zeros((part.asked.shape[0], part.n_units))
    for _ in range(5):
        rows = np.sort(draw.permutation(len(part.labels))[: len(part.labels) * 4 // 5])
        found += scores(_of(part, rows), turned)
    return found / 5


def _beside_logistic(part: Part, turned: Turned) -> Array:
    """Support vector machines, and a tenth of logistic regressions on the same weighted features."""
    return scores(part, turned) + 0.1 * scores(part, replace(turned, logistic=True, names=0.0))


def _turned(**change: Any) -> Callable[[Part, Turned], Array]:
    return lambda part, turned: scores(part, replace(turned, **change))


def _pieces(text: str) -> list[str]:
    return words(text, cutter("rjieba"))


IDEAS: dict[str, Callable[[Part, Turned], Array]] = {
    "words alone": _turned(loudness=(2.0, 0.0)),
    "n-grams alone": _turned(loudness=(0.0, 2.0)),
    "both as loud": _turned(loudness=(1.0, 1.0)),
    "words louder (0.75 : 1.25)": _turned(loudness=(0.75, 1.25)),
    "titles as the rest of the text": _titles(0.0),
    "titles as loud as the text": _titles(1.0),
    "names of units not looked for": _turned(names=0.0),
    "cost halved": lambda part, turned: scores(part, replace(turned, cost=turned.cost / 2)),
    "cost doubled": lambda part, turned: scores(part, replace(turned, cost=turned.cost * 2)),
    "cost four times": lambda part, turned: scores(part, replace(turned, cost=turned.cost * 4)),
    "log-odds damped less (0.6)": _turned(damping=0.6),
    "log-odds undamped": _turned(damping=1.0),
    "no log-odds": _turned(damping=0.0),
    "labels by who answered": lambda part, turned: scores(replace(part, labels=part.answered), turned),
    "referred letters not against who answered": _not_against,
    "replies not learned": _turned(answers=0.0),
    "replies count less (0.05)": _turned(answers=0.05),
    "replies count more (0.3)": _turned(answers=0.3),
    "titles learned as letters too": _titles_too,
    "units' own letters not louder": _turned(balance=0.0),
    "units' own letters less loud (0.25)": _turned(balance=0.25),
    "units' own letters louder (1)": _turned(balance=1.0),
    "not held against a unit that is likely (0.2)": _doubted,
    "nearest neighbours beside": _neighbours,
    "older letters count less (half in a year)": _fading(1.0),
    "older letters count less (half in two years)": _fading(2.0),
    "units' recent shares": _recent_shares,
    "logistic regression instead": _turned(logistic=True),
    "a tenth of logistic regression beside": _beside_logistic,
    "five machines on parts, averaged": _bagged,
    "word pairs": _more(tokenizer=_pieces, token_pattern=None, ngram_range=(2, 2)),
    "characters 4-grams": _more(analyzer="char", ngram_range=(4, 4)),
}
"""What was tried, each in place of, or beside, what the model does."""
