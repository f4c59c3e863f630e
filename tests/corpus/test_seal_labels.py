"""What is sealed of long letters from a province's leadership boards, against what reading them found.

``tests/data/seal-labels.csv`` holds row numbers and labels only: A accuses an official, a unit or its staff of corruption, abuse,
favour or other misconduct; D complains of their conduct; O is ordinary. ``any`` rows were drawn from all letters, ``sealed`` ones
from those that were sealed before long letters were weighed. Nothing was built on the half ``held``.
"""

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from route.directory import Directory
from route.rules import Rulebook, ScreenAction
from route.rules_file import load_rules
from tests.support.routing import letter

LABELS = Path(__file__).resolve().parents[1] / "data" / "seal-labels.csv"
LETTERS = Path(__file__).resolve().parents[3] / "shared" / "data" / "taidi2020c.csv"
pytestmark = pytest.mark.skipif(
    not LETTERS.is_file(), reason="real letters are not part of the product: ../shared/data is not here"
)


@cache
def book() -> Rulebook:
    return load_rules([], Directory([]))


@cache
def letters() -> dict[str, dict[str, str]]:
    with LETTERS.open(encoding="utf-8", newline="") as file:
        return {row["row_no"]: row for row in csv.DictReader(file)}


def fate(row: dict[str, str]) -> str:
    screen, doubtful = book().screened(letter(row["title"], row["content"]), ())
    if screen is not None and screen.action is ScreenAction.SEAL:
        return "sealed"
    return "to a person" if doubtful else "passed"


def fates(half: str, label: str, *drawn: str) -> Counter[str]:
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["half"] == half and row["label"] == label and row["drawn"] in drawn]
    found = Counter(fate(letters()[row["row_no"]]) for row in rows)
    print(f"{half}, {label}, {' and '.join(drawn)}: {dict(found)}")
    return found


@pytest.mark.parametrize("half", ["develop", "held"])
def test_accusations_are_sealed_or_wait_for_a_person(half: str) -> None:
    found = fates(half, "A", "any", "sealed")
    assert found["passed"] == 0
    assert found["sealed"] >= 0.72 * found.total()


@pytest.mark.parametrize("half", ["develop", "held"])
def test_complaints_of_a_units_conduct_mostly_wait_for_a_person(half: str) -> None:
    found = fates(half, "D", "any", "sealed")
    assert found["passed"] <= 0.15 * found.total()


@pytest.mark.parametrize("half", ["develop", "held"])
def test_ordinary_letters_are_hardly_sealed(half: str) -> None:
    found = fates(half, "O", "any")
    assert found["sealed"] <= 0.045 * found.total()
    assert found["to a person"] <= 0.25 * found.total()


@pytest.mark.slow
def test_one_letter_in_ten_is_sealed_where_one_in_ten_accuses() -> None:
    rows = [row for row in letters().values() if row["fold"] in ("3", "4")]
    found = Counter(map(fate, rows))
    print(f"folds 3 and 4: {', '.join(f'{name} {count / len(rows):.1%}' for name, count in found.items())}")
    assert found["sealed"] <= 0.11 * len(rows)
