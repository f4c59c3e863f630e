"""Accusations told as stories are sealed and shut out their unit; ordinary letters that sound alike go their way.

The thresholds are what is reached, a little below it. ``fresh`` stories were never worked with: their recall is the honest one.
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from route.calendar import WorkingCalendar
from route.decide import Decider, DecideSettings
from route.directory import load_directory
from route.rules_file import load_rules
from tests.support.routing import NOW, letter
from tests.support.small_city import small_city
from tests.support.stories import (
    FRESH_STORIES,
    HELD_OUT,
    MORE_STORIES,
    WORK,
    accused_stories,
    ordinary,
    stories,
)

SAMPLE_CITY = Path(__file__).resolve().parents[2] / "deploy" / "sample-city"
CITY = small_city()
DECIDER = Decider(CITY, load_rules([], CITY), WorkingCalendar(), DecideSettings())

DRESSES: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "polite": lambda text: f"尊敬的领导您好，请问{text}希望有关部门尽快处理，谢谢！",
    "spaced": lambda text: " ".join(text),
}
OTHER_MATTERS = "小区门口的路灯坏了，晚上看不见路。{}另外公交车的班次能不能多一点？" + "早晚高峰车上人太多。" * 12


def sealed(texts: Sequence[str], subject: str = "反映问题") -> float:
    return sum(DECIDER.screen(letter(subject, text)).action == "seal" for text in texts) / len(texts)


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize(
    ("name", "texts", "least"),
    [
        ("work", [*stories(WORK), *MORE_STORIES], 0.97),
        ("held out", stories(HELD_OUT), 0.92),
        ("fresh", FRESH_STORIES, 0.85),
    ],
)
def test_accusations_told_as_stories_are_sealed(name: str, texts: Sequence[str], least: float, dress: str) -> None:
    found = sealed([DRESSES[dress](text) for text in texts])
    print(f"{name}, {dress}: {found:.1%} of {len(texts)}")
    assert found >= least


@pytest.mark.parametrize(
    ("name", "texts", "least"),
    [("work", [*stories(WORK), *MORE_STORIES], 0.7), ("held out", stories(HELD_OUT), 0.68), ("fresh", FRESH_STORIES, 0.4)],
)
def test_a_story_between_other_matters_is_sealed_less_surely(name: str, texts: Sequence[str], least: float) -> None:
    found = sealed([OTHER_MATTERS.format(text) for text in texts])
    print(f"{name}, between other matters: {found:.1%} of {len(texts)}")
    assert found >= least


def test_traditional_characters_hide_nothing() -> None:
    assert sealed(["派出所有個所長，每個月到我們茶樓吃飯都是簽單，簽了兩年沒有結過一次。"]) == 1
    assert sealed(["鎮長濫用職權，挪用扶貧資金。"]) == 1


@pytest.mark.parametrize("text", [*stories(WORK)[:40], *MORE_STORIES[:20]])
def test_the_reason_is_short_and_says_what_was_seen(text: str) -> None:
    reason = DECIDER.screen(letter("", text)).reason
    assert 10 < len(reason) < 90
    assert reason.isascii()


def test_ordinary_letters_that_sound_alike_are_not_sealed() -> None:
    worked, held = sealed(ordinary(WORK)), sealed(ordinary(HELD_OUT))
    print(f"work {worked:.1%}, held out {held:.1%}")
    assert worked <= 0.04
    assert held <= 0.1


def test_past_letters_of_the_sample_city_mostly_go_their_way() -> None:
    directory = load_directory(SAMPLE_CITY / "units.toml")
    book = load_rules([], directory)
    with (SAMPLE_CITY / "past-letters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = sum(book.first_screen(letter(row["subject"], row["body"]), ()) is not None for row in rows)
    print(f"{found / len(rows):.1%} of {len(rows)}")
    assert found <= 0.035 * len(rows)


def test_a_sealed_story_shuts_out_its_unit() -> None:
    open_to_the_accused = []
    for unit, text in accused_stories():
        message = letter("反映问题", text)
        screening = DECIDER.screen(message)
        if screening.action == "seal":
            decision = DECIDER.seal(message, rule=screening.rule, reason=screening.reason, now=NOW)
            assert decision.lead is None
            if unit not in decision.excluded:
                open_to_the_accused.append(text)
    print(f"accused unit not recognised in {len(open_to_the_accused)}; these wait in sealed review for a person")
    assert len(open_to_the_accused) <= 0.45 * len(accused_stories())
