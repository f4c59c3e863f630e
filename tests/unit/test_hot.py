"""Hot topics of a store: who is counted, what the office is told and how often, and that nothing sealed is."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from app.cli.hot import register
from app.hot_shown import kept_document
from domain.ids import Number
from tests.support.contract import schema
from tests.support.desk import Desk

WORDS = (
    "垃圾",
    "噪音",
    "公交",
    "医保",
    "学校",
    "路灯",
    "井盖",
    "绿化",
    "停车",
    "电梯",
    "热力",
    "物业",
    "户口",
    "公园",
    "桥梁",
    "树木",
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A city with five weeks of ordinary letters."""
    made = Desk(tmp_path / "city")
    chance = random.Random(7)
    for n in range(70):
        made.letter(f"old-{n}", f"{chance.choice(WORDS)}{chance.choice(WORDS)}的问题，请问{chance.choice(WORDS)}怎么办？{n}")
        made.clock.forward(hours=12)
    made.work()
    return made


def hot_letters(desk: Desk, first: int, count: int, *, phone: str = "") -> list[str]:
    numbers = []
    for n in range(first, first + count):
        text = f"桂园小区的自来水又浑又黄，已经第{n}天，没法饮用。"
        numbers.append(desk.letter(f"hot-{n}", text, phones=[phone or f"139000{n:05d}"]))
        desk.clock.forward(minutes=5)
    desk.work()
    return numbers


def look(desk: Desk) -> int:
    return desk.system.hot_topics().look("test/worker-1")


def told(desk: Desk) -> list[dict[str, Any]]:
    return [event for event in desk.events("office", "notice") if event["type"] == "hot"]


def shown(desk: Desk) -> list[dict[str, Any]]:
    with desk.system.store.transaction(write=False) as tx:
        found: list[dict[str, Any]] = kept_document(tx, desk.clock.now())["topics"]
    return found


def test_the_office_is_told_once_and_again_when_it_has_doubled(desk: Desk) -> None:
    assert look(desk) == 0
    numbers = hot_letters(desk, 0, 6)
    assert (look(desk), look(desk)) == (1, 0)
    (event,) = told(desk)
    jsonschema.Draft202012Validator(schema("hot")).validate(event["data"])
    jsonschema.Draft202012Validator(schema("cloudevent-shared")).validate(event)
    assert event["data"]["numbers"] == numbers
    assert event["subject"] == numbers[0]
    hot_letters(desk, 6, 4)
    assert look(desk) == 0
    hot_letters(desk, 10, 2)
    assert look(desk) == 1
    assert [one["data"]["persons"] for one in told(desk)] == [6, 12]
    assert len({one["data"]["topic"] for one in told(desk)}) == 1
    assert desk.balanced()


def test_another_process_looks_only_when_the_lease_is_over(desk: Desk) -> None:
    hot_letters(desk, 0, 6)
    assert desk.system.hot_topics().look("test/worker-1") == 1
    hot_letters(desk, 6, 8)
    assert desk.system.hot_topics().look("test/worker-2") == 0
    desk.clock.forward(hours=1)
    assert desk.system.hot_topics().look("test/worker-2") == 1


def test_letters_of_one_person_are_no_topic(desk: Desk) -> None:
    hot_letters(desk, 0, 9, phone="13900000001")
    assert look(desk) == 0


def test_sealed_letters_are_neither_counted_nor_shown(desk: Desk) -> None:
    numbers = hot_letters(desk, 0, 6)
    desk.office.seal(Number(numbers[0]), "是举报")
    desk.office.seal(Number(numbers[1]), "是举报")
    assert look(desk) == 0
    assert desk.system.hot_topics().document(desk.clock.now())["topics"] == []


def test_what_is_sealed_after_it_was_found_is_not_shown_counted_or_named(desk: Desk) -> None:
    numbers = hot_letters(desk, 0, 7)
    assert look(desk) == 1
    desk.office.seal(Number(numbers[0]), "是举报")
    assert shown(desk) == []
    assert look(desk) == 0
    (topic,) = shown(desk)
    assert (topic["numbers"], topic["persons"]) == (numbers[1:], 6)
    assert numbers[0] not in str(topic)
    hot_letters(desk, 7, 8)
    assert look(desk) == 1
    assert numbers[0] not in str(told(desk)[-1])


def test_it_can_be_asked_as_of_any_moment(desk: Desk) -> None:
    hot_letters(desk, 0, 6)
    topics = desk.system.hot_topics()
    now = desk.clock.now()
    assert [one["persons"] for one in topics.document(now)["topics"]] == [6]
    assert topics.document(now - timedelta(days=1))["topics"] == []
    with desk.system.store.transaction(write=False) as tx:
        assert kept_document(tx, now) == {"as_of": None, "topics": []}


@pytest.mark.parametrize("moment", ["gestern", "2026-13-01", "昨天八点"])
def test_a_time_that_is_none_is_a_mistake_of_the_command_line(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LANG", "en")
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    result = CliRunner().invoke(app, ["hot", "--at", moment], env={"TERM": "dumb", "COLUMNS": "200"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--at" in result.stderr
    assert "2026-11-25T08:00" in result.stderr
