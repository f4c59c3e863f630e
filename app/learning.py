"""One training from its letters to its row in the registry: set aside, learn, measure on what was set aside, keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.frozen import LEAST_LETTERS, SHARE, TIMED, FrozenTests, drawn, split, text_key
from app.judging import figures, suggested
from app.reference import reference
from app.training import SEED, Progress, data_hash, keep_model, train_model
from app.wiring import System
from classify.labelled import LabelledText
from classify.model import Model
from domain.errors import HaltForPerson
from domain.models import FrozenTest, ModelRow

CURVE = (0.125, 0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Learned:
    """``test``: what the model was kept from, None where nothing was set aside; ``made``: whether it was made just now.
    ``aside``: letters given that were not learned, since they or their matter belong to the test."""

    model: Model
    row: ModelRow
    test: FrozenTest | None
    made: bool
    aside: int


def learn(
    system: System,
    rows: Sequence[LabelledText],
    *,
    by: str,
    progress: Progress,
    hold_out: float | None = None,
    new_test: bool = False,
    source: str = "",
    curve: bool = False,
) -> Learned:
    """Trains on the letters that are not set aside and registers the model with what it reached on those that are. It does not
    serve yet.

    ``hold_out``: the share set aside where nothing is yet (0: nothing); None: the usual share, of LEAST_LETTERS letters and more. ``new_test``: the
    latest of these letters take the place of what was set aside. ``curve``: an eighth, a quarter and a half of the letters are learned from too, to
    see what more letters give. Raises HaltForPerson when nothing is left to learn from.
    """
    tests = FrozenTests(system)
    if not rows:
        remedy = "give letters whose unit is in the directory: fenban labels import FILE, fenban train --csv FILE"
        raise HaltForPerson("there is no labelled letter to train from", remedy=remedy)
    before = tests.current()
    share = hold_out if hold_out is not None else SHARE if len(rows) >= LEAST_LETTERS else 0.0
    parted = split(rows, share) if share > 0 and (new_test or before is None) else None
    aside = parted.aside if parted is not None else ()
    if parted is not None and aside:
        learned = parted.learn
    elif before is not None:
        learned = tests.without(rows, before)
    else:
        learned = tuple(rows)
    if not learned:
        raise HaltForPerson(
            "every letter is set aside, none is left to learn from", remedy="give more letters, or a smaller --hold-out"
        )
    test = tests.freeze(aside, by) if aside else before
    model = train_model(system, list(learned), progress)
    facts = _facts(system, model, learned, test) | {"settings": _settings(system, source)}
    if curve and "metrics" in facts and test is not None:
        facts["metrics"] = {**facts["metrics"], "curve": _curve(system, learned, test, progress)}
    keep_model(system, model, promote=False, by=by, facts=facts)
    return Learned(model, system.registry.row(model.version), test, bool(aside), len(rows) - len(learned))


def _facts(system: System, model: Model, learned: Sequence[LabelledText], test: FrozenTest | None) -> dict[str, Any]:
    times = [row.at for row in learned if row.at is not None]
    facts: dict[str, Any] = {
        "data": data_hash(learned),
        "test_set": test.hash if test is not None else "",
        "learned_until": max(times) if times and len(times) >= TIMED * len(learned) else None,
    }
    if test is None:
        return facts
    letters = FrozenTests(system).letters(test)
    target = system.settings.decide.target_precision
    found = suggested(model, letters)
    reached = figures(model, found, letters, target)
    coverage = reached["automatic_letters"] / len(letters) if letters else 0.0
    known = reference(learned, model.data.space.tokenizer, [said[0].probability for said in found if said], coverage)
    return facts | {"metrics": {**reached, "reference": known}}


def _curve(system: System, learned: Sequence[LabelledText], test: FrozenTest, progress: Progress) -> list[dict[str, Any]]:
    """What parts of the letters, chosen by the hash of their text, would have taught."""
    letters, points = FrozenTests(system).letters(test), []
    for share in CURVE:
        part = [row for row in learned if drawn(text_key(row), share)]
        if part:
            model = train_model(system, part, progress)
            found = figures(model, suggested(model, letters), letters, system.settings.decide.target_precision)
            points.append({"letters": model.data.n_rows, "top1": found["top1"], "top3": found["top3"]})
    return points


def _settings(system: System, source: str) -> dict[str, Any]:
    return {"target_precision": system.settings.decide.target_precision, "seed": SEED, "from": source}
