"""Whatever text comes, suggestions are probabilities over the model's own units."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.labelled import LabelledText
from classify.model import Model
from classify.train import train
from domain.ids import UnitCode
from tests.support.letters import letters


@pytest.fixture(scope="module")
def model() -> Model:
    rows = [LabelledText(x.subject, x.body, UnitCode(x.unit), x.at) for x in letters(400, 21, noise=0.2)]
    return train(rows, units=None, seed=1, trained_at=datetime(2026, 11, 22, tzinfo=UTC))


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(
        st.tuples(st.text(max_size=40), st.text(alphabet="停水暖气公交不热司机学区ab1，。\n\0𠀀", max_size=120)), max_size=4
    ),
    top=st.integers(1, 15),
)
def test_suggestions_are_ranked_probabilities(model: Model, texts: list[tuple[str, str]], top: int) -> None:
    found = model.suggest(texts, top=top)
    assert len(found) == len(texts)
    for suggestions in found:
        probabilities = [suggestion.probability for suggestion in suggestions]
        assert len(suggestions) == min(top, len(model.units))
        assert all(0 <= probability <= 1 for probability in probabilities)
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1 + 1e-9
        assert len({suggestion.unit for suggestion in suggestions}) == len(suggestions)
        assert {suggestion.unit for suggestion in suggestions} <= set(model.units)


@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_alone_answers_as_among_others(model: Model, text: str) -> None:
    (alone,) = model.suggest([("", text)])
    among = model.suggest([("暖气", "不热"), ("", text), ("", "")])[1]
    assert [s.unit for s in alone] == [s.unit for s in among]
    assert [s.probability for s in alone] == pytest.approx([s.probability for s in among], abs=1e-6)
