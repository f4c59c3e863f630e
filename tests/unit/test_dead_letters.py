"""What a topic refused is told to the office, and what became of it."""

from pathlib import Path
from typing import Any

import pytest

from app.cli import consume
from domain.errors import Refused
from domain.events import OutboxState
from domain.ids import OFFICE, UnitCode
from route.wire import structured
from tests.support.desk import Desk
from tests.support.memory_topics import MemoryTopics
from tests.unit.test_way_of_a_message import WATER


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "city")
    made.system.__dict__["topics"] = MemoryTopics()
    return made


def refused(desk: Desk, topics: MemoryTopics) -> int:
    """One letter, which its unit's topic refuses; the parked record's id."""
    desk.letter("1", WATER)
    desk.work()
    topics.refusing = {"fenban.unit.water"}
    desk.events("water")
    with desk.system.store.unit_of_work(write=False) as uow:
        ((record, _),) = uow.outbox.parked(9)
    return record.id


def dead(desk: Desk) -> list[dict[str, Any]]:
    desk.events("water")
    topics: Any = desk.system.topics
    return [structured(record) for record in topics.read("fenban.dead", 0, 99)]


def test_parked_replayed_parked_again_and_discarded_are_each_told_once(desk: Desk) -> None:
    topics: Any = desk.system.topics
    ident = refused(desk, topics)
    assert [event["data"]["fate"] for event in dead(desk)] == ["parked"]
    assert desk.office.move_parked([ident], OutboxState.PENDING, "") == 1
    assert [event["data"]["fate"] for event in dead(desk)] == ["parked", "replayed", "parked"]
    assert desk.office.move_parked([ident], OutboxState.DISCARDED, "该单位电话 13900001234 已撤销") == 1
    assert desk.office.move_parked([ident], OutboxState.PENDING, "") == 0
    events = dead(desk)
    assert [event["data"]["fate"] for event in events] == ["parked", "replayed", "parked", "discarded"]
    assert len({event["id"] for event in events}) == 4
    assert len({event["data"]["event"] for event in events}) == 1
    assert "13900001234" not in str(events)
    assert WATER[:10] not in str(events)
    assert desk.balanced()


def test_only_the_office_reads_what_was_refused() -> None:
    assert consume._topic_name(consume.Topic.DEAD, OFFICE) == "fenban.dead"
    with pytest.raises(Refused):
        consume._topic_name(consume.Topic.DEAD, UnitCode("water"))
