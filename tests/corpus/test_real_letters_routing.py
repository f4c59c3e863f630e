"""On real letters kept beside the repository, where there are any: the model does not get worse unnoticed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from classify.evaluate import evaluate_split
from classify.labelled import LabelledText
from classify.rows import LetterFile, read_letters
from domain.ids import UnitCode

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def letters(name: str, columns: dict[str, str]) -> list[LabelledText]:
    if not (DATA / name).exists():
        pytest.skip(f"real letters are not here ({name}); they stay outside the repository")
    found: LetterFile = read_letters(DATA / name, columns)
    return [LabelledText(row.subject, row.body, UnitCode(row.unit), row.at, row.reply, row.group) for row in found.rows]


def zero() -> float:
    return 0.0


@pytest.mark.slow
def test_units_of_a_city_from_its_older_letters() -> None:
    rows = letters("jiamusi.csv", {"subject": "title", "body": "content", "at": "asked_at"})
    parts = rows[: int(0.6 * len(rows))], rows[int(0.6 * len(rows)) : int(0.8 * len(rows))]
    figures = _measured(*parts, zero)
    assert figures["top1"] >= 0.60
    assert figures["top3"] >= 0.85
    assert figures["calibration_error"] <= 0.08


@pytest.mark.slow
def test_topics_of_leak_free_folds() -> None:
    rows = letters("taidi2020c.csv", {"subject": "title", "body": "content", "unit": "label", "group": "fold"})
    parts = [row for row in rows if row.group != "0"], [row for row in rows if row.group == "0"]
    learned, tested = ([LabelledText(row.subject, row.body, row.unit) for row in part] for part in parts)
    figures = _measured(learned, tested, zero)
    assert figures["macro_f1"] >= 0.92
    for row in figures["automatic"]:
        assert row["precision"] is not None
        assert row["precision"] >= row["target_precision"] - 0.01


def _measured(train: list[LabelledText], test: list[LabelledText], elapsed: Callable[[], float]) -> dict[str, Any]:
    return evaluate_split(train, test, seed=1, trained_at=datetime(2026, 11, 22, tzinfo=UTC), elapsed=elapsed)
