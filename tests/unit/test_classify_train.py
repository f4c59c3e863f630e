"""What training chooses by itself, from the letters it is given."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse

from classify.features import Vectorizer, build_space
from classify.linear import CLEAN, NOISY, Firmness, firmness_for, fit_scores
from classify.tokens import without_links
from classify.train import _evenly


def test_labels_are_believed_as_firmly_as_others_of_their_kind_foretell_them() -> None:
    assert firmness_for(0.5) == firmness_for(0.7) == NOISY
    assert firmness_for(1.0) == firmness_for(0.9) == CLEAN
    between = firmness_for(0.8)
    assert between.cost == pytest.approx(0.8)
    assert between.damping == pytest.approx(0.45)
    assert sum(between.loudness) == pytest.approx(2)


def test_a_dearer_machine_bends_more_to_its_letters() -> None:
    features = sparse.csr_matrix(np.array([[1.0, 0.2]] * 9 + [[1.0, 0.0]] + [[0.0, 1.0]] * 10, dtype=np.float32))
    labels = np.array([0] * 9 + [1] + [1] * 10)
    cheap, dear = (
        fit_scores(features, labels, 2, (slice(0, 2),), seed=1, firmness=replace(NOISY, cost=cost))[0] for cost in (0.01, 10.0)
    )
    assert np.abs(dear).sum() > 2 * np.abs(cheap).sum()


def test_a_web_address_is_no_feature() -> None:
    space = build_space([("暖气不热", "家里冰凉")], "rjieba", most_words=100, most_grams=1000)
    plain, linked = Vectorizer(space).transform([("暖气", "家里 冰凉"), ("暖气", "家里https://example.org/?id=1 冰凉")]).toarray()
    assert without_links("见www.example.org/a，暖气") == "见 ，暖气"
    assert without_links("没有网址") == "没有网址"
    assert plain.tolist() == linked.tolist()


def test_of_many_letters_some_from_all_over_are_enough_to_judge() -> None:
    rows = np.arange(100)
    assert _evenly(rows, 100).tolist() == rows.tolist()
    few = _evenly(rows, 30)
    assert len(few) <= 30
    assert few[0] == 0
    assert np.diff(few).tolist() == [4] * (len(few) - 1)


def fitted(
    rows: list[list[float]], labels: list[int], replies: list[list[float]] | None = None, firmness: Firmness = NOISY
) -> npt.NDArray[Any]:
    """Weights of two units."""
    features = sparse.csr_matrix(np.array(rows, dtype=np.float32))
    said = None if replies is None else sparse.csr_matrix(np.array(replies, dtype=np.float32))
    voices = (slice(0, features.shape[1]),)
    return fit_scores(features, np.array(labels), 2, voices, seed=1, firmness=firmness, replies=said)[0]


def test_a_reply_teaches_words_that_citizens_do_not_use_and_less_than_a_letter() -> None:
    rows, labels = [[1.0, 0.0, 0.0]] * 10 + [[0.0, 1.0, 0.0]] * 10, [0] * 10 + [1] * 10
    replies = [[0.0, 0.0, 0.0]] * 10 + [[0.0, 0.0, 1.0]] * 10
    assert fitted(rows, labels)[2].tolist() == [0.0, 0.0]
    weights = fitted(rows, labels, replies)
    assert weights[2, 1] > 0 > weights[2, 0]
    assert weights[2, 1] < weights[1, 1]


def test_few_letters_are_not_shouted_down() -> None:
    """A word that two of three times is the small unit's, in a text of words that both use, speaks for it."""
    rows = [[1.0, 0.0]] * 60 + [[1.0, 1.0]] * 2 + [[1.0, 1.0]] * 4
    scores = np.array([1.0, 1.0]) @ fitted(rows, [0] * 62 + [1] * 4, firmness=CLEAN)
    assert scores[1] > scores[0]
