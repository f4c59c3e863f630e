"""A model learned from a stream of letters that never lie in memory together."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classify.labelled import LabelledText
from classify.model import Model, load_model, save_model
from classify.stream import train_stream
from domain.errors import HaltForPerson
from domain.ids import UnitCode
from tests.support.letters import letters

TRAINED_AT = datetime(2026, 11, 22, tzinfo=UTC)


def source(rows: list[LabelledText]) -> Callable[[], Iterator[LabelledText]]:
    return lambda: iter(rows)


def rows(count: int, seed: int, noise: float = 0.0) -> list[LabelledText]:
    return [LabelledText(x.subject, x.body, UnitCode(x.unit), x.at) for x in letters(count, seed, noise=noise)]


@pytest.fixture(scope="module")
def model() -> Model:
    return train_stream(source(rows(1500, 7, noise=0.1)), units=None, seed=1, trained_at=TRAINED_AT)


def test_unseen_letters_go_to_their_unit(model: Model) -> None:
    tested = rows(200, 8)
    found = model.suggest([(row.subject, row.body) for row in tested])
    assert sum(s[0].unit == row.unit for s, row in zip(found, tested, strict=True)) >= 190


def test_it_serves_as_any_model(model: Model, tmp_path: Path) -> None:
    save_model(model, tmp_path / "a.npz")
    texts = [(row.subject, row.body) for row in rows(30, 9)]
    assert load_model(tmp_path / "a.npz").suggest(texts) == model.suggest(texts)
    assert model.threshold(0.8) is not None


def test_the_same_stream_gives_the_same_model(model: Model) -> None:
    again = train_stream(source(rows(1500, 7, noise=0.1)), units=None, seed=1, trained_at=TRAINED_AT)
    assert again.version == model.version


@pytest.mark.parametrize("labels", [["a"] * 5, ["a", "b"] * 5, ["a", "b", "c"]], ids=str)
def test_few_labels_train(labels: list[str]) -> None:
    given = [LabelledText(f"第{at}件", f"水管{unit}坏了", UnitCode(unit)) for at, unit in enumerate(labels)]
    small = train_stream(source(given), units=None, seed=1, trained_at=TRAINED_AT)
    (found,) = small.suggest([("水管", "水管坏了 a")])
    assert {suggestion.unit for suggestion in found} == set(labels)
    assert not small.automatic(found)


def test_no_letter_is_said() -> None:
    with pytest.raises(HaltForPerson, match="no labelled letter"):
        train_stream(source([]), units=None, seed=1, trained_at=TRAINED_AT)
