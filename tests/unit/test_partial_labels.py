"""A unit that somebody only named, without its answer, is learned from for itself and against nobody; doubtful labels are found."""

import numpy as np
from scipy import sparse

from classify.doubtful import doubtful_labels
from classify.labelled import LabelledText
from classify.linear import fit_scores
from domain.ids import UnitCode
from domain.units import Unit, UnitLevel

WATER, ROADS = UnitCode("water"), UnitCode("roads")
UNITS = tuple(Unit(code, name, (), UnitLevel.CITY, "", None, ()) for code, name in ((WATER, "水务局"), (ROADS, "交通局")))


def scores(partial: list[bool]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Of a text with the second word: in nine letters of unit 0, in four of unit 1 that are ``partial`` or not."""
    rows = [[1, 1]] * 9 + [[0, 1]] * 4 + [[0, 0.5]] * 4
    labels = np.array([0] * 9 + [1] * 8)
    features = sparse.csr_matrix(np.array(rows, dtype=np.float32))
    weights, bias = fit_scores(features, labels, 2, (slice(0, 2),), seed=1, partial=np.array([False] * 9 + partial * 2))
    answer: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = np.array([0.0, 1.0]) @ weights + bias
    return answer


def test_a_partial_label_speaks_for_its_unit_and_not_against_the_others() -> None:
    whole, partial = scores([False] * 4), scores([True, True, True, False])
    assert partial[1] > 0, "its own unit still learns from it"
    assert partial[0] > whole[0], "the other unit is not told that it is not its own"


def letter(at: int, unit: UnitCode, text: str) -> LabelledText:
    return LabelledText(f"第{at}件", f"{text}第{at}次反映", unit, number=f"n{at}")


def test_the_labels_that_the_others_dispute_come_first() -> None:
    rows = [letter(at, WATER, "小区停水了没有水用") for at in range(40)]
    rows += [letter(100 + at, ROADS, "路面坑洼不平要修路") for at in range(40)]
    rows += [letter(200, ROADS, "小区停水了没有水用"), letter(201, WATER, "路面坑洼不平要修路")]
    found = doubtful_labels(rows, units=UNITS, seed=1)
    assert {one.number for one in found[:2]} == {"n200", "n201"}
    assert [(one.unit, one.other) for one in found if one.number == "n200"] == [(ROADS, WATER)]
    assert all(one.own < one.likely for one in found)
    assert len(found) < 8
