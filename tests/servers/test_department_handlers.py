"""The departments' reference handlers on a real Kafka: killed at random moments, they hold in the end what they should."""

import json
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from domain.events import FeedbackType
from domain.ids import UnitCode
from route.feedback import parse_feedback
from tests.support.department_handlers import DepartmentHandler, command_of
from tests.support.kafka_units import KafkaUnits, units_on_kafka

pytestmark = pytest.mark.server("kafka")
LANGUAGES = ("python", "java")
LETTER = "六号楼四层以上从周一起没有自来水，物业说是管网压力不够，请尽快处理。"
MATTERS = 60
KILLS = 5


@dataclass(slots=True)
class Given:
    """What a unit is sent, as it comes, and what it must hold in the end: assignment → (matter, last content, last reminder)."""

    unit: list[dict[str, Any]] = field(default_factory=list)
    notice: list[dict[str, Any]] = field(default_factory=list)
    held: dict[str, tuple[str, Any, Any]] = field(default_factory=dict)


def made(kind: str, matter: str, unit: str, sequence: int, **more: Any) -> dict[str, Any]:
    assignment = f"{matter}.{unit}.1"
    return {
        "specversion": "1.0",
        "id": f"{assignment}:{kind}:{sequence}",
        "source": "/fenban/yunze",
        "type": kind,
        "subject": matter,
        "time": "2026-09-01T08:20:33+08:00",
        "dataschema": f"urn:fenban:contract:{kind}:1",
        "sequence": f"{sequence:020d}",
        "partitionkey": matter,
        "data": {"number": matter, "matter": matter, "assignment": assignment, "role": "lead", **more},
    }


def content(kind: str, matter: str, unit: str, sequence: int, chance: random.Random, **more: Any) -> dict[str, Any]:
    body = LETTER * chance.randint(1, 20)
    due = {"due": "2026-09-08T23:59:59+08:00", "working_days": 5, "provisional": False, "rule": "simple"}
    return made(kind, matter, unit, sequence, subject=f"第{sequence}版", body=body, deadline=due, **more)


def given(unit: str, chance: random.Random) -> Given:
    """Assignments, changes, reminders and recalls, with repeats and late ones among them."""
    all_of = Given()
    ways: list[list[dict[str, Any]]] = []
    for number in range(MATTERS):
        matter = f"20260901-portal-{number:06d}"
        way = [content("assigned", matter, unit, 1, chance)]
        reminder = None
        for sequence in range(2, 2 + chance.randint(0, 4)):
            if chance.random() < 0.3:
                reminder = made("reminder", matter, unit, sequence, reason="办理期限临近", level=sequence)
                all_of.notice.append(reminder)
            else:
                way.append(content("updated", matter, unit, sequence, chance, change="revision"))
        last: Any = way[-1]["data"]
        if chance.random() < 0.25:
            way.append(made("recall", matter, unit, 9))
            last = reminder = None
        all_of.held[way[0]["data"]["assignment"]] = (matter, last, reminder["data"] if reminder else None)
        ways.append(with_repeats(way, chance))
    while ways:
        way = chance.choice(ways)
        all_of.unit.append(way.pop(0))
        ways = [left for left in ways if left]
    all_of.notice += chance.sample(all_of.notice, len(all_of.notice) // 3)
    return all_of


def with_repeats(way: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    """After each event some earlier ones again, and late ones that a frozen sender wakes with: same order, other ids."""
    sent: list[dict[str, Any]] = []
    for place, event in enumerate(way):
        sent.append(event)
        sent += [again for again in way[: place + 1] if chance.random() < 0.3]
        sent += [{**late, "id": f"{late['id']}-late"} for late in way[:place] if chance.random() < 0.3]
    return sent


@pytest.fixture(scope="module")
def units() -> Iterator[KafkaUnits]:
    mark = secrets.token_hex(3)
    with units_on_kafka([f"{name}-{mark}" for name in ("water-python", "water-java", "roads")]) as found:
        yield found


@pytest.fixture(params=LANGUAGES)
def handler(request: pytest.FixtureRequest, units: KafkaUnits, tmp_path: Path) -> Iterator[DepartmentHandler]:
    made = DepartmentHandler(command_of(request.param), tmp_path / request.param)
    yield made
    made.close()


def unit_of(handler: DepartmentHandler, units: KafkaUnits) -> str:
    return next(code for code in units.passwords if code.startswith(f"water-{handler.folder.name}"))


def held_by(handler: DepartmentHandler) -> dict[str, tuple[str, Any, Any]]:
    rows = handler.rows("SELECT assignment, a.matter, a.data, r.data FROM assignment a LEFT JOIN reminder r USING (assignment)")
    return {one: (matter, json.loads(data or "null"), json.loads(reminder or "null")) for one, matter, data, reminder in rows}


def states(handler: DepartmentHandler) -> dict[str, str]:
    return dict(handler.rows("SELECT assignment, state FROM assignment"))


def said_by(handler: DepartmentHandler) -> dict[str, tuple[str, str, str]]:
    return {one: (kind, matter, data) for one, kind, matter, data in handler.rows("SELECT id, type, matter, data FROM outbox")}


def idle(handler: DepartmentHandler) -> bool:
    [(left,)] = handler.rows("SELECT (SELECT count(*) FROM to_do) + (SELECT count(*) FROM outbox WHERE sent_at IS NULL)") or [
        (1,)
    ]
    return bool(left == 0)


def test_killed_at_random_moments_it_holds_and_says_everything_once(handler: DepartmentHandler, units: KafkaUnits) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    unit, other = unit_of(handler, units), next(code for code in units.passwords if code.startswith("roads"))
    events = given(unit, chance)
    handler.settings(units, unit)
    units.send(f"fenban.unit.{other}", [content("assigned", "20260901-portal-000999", other, 1, chance)])
    size = len(events.unit) // KILLS + 1
    parts = [events.unit[place : place + size] for place in range(0, len(events.unit), size)]

    for part in parts:
        handler.run()
        handler.wait_connected()
        units.send(f"fenban.unit.{unit}", part)
        units.send(f"fenban.notice.{unit}", [events.notice.pop() for _ in range(min(len(events.notice), 4))])
        handler.wait(chance.random() * 0.8)
        handler.kill()
    units.send(f"fenban.notice.{unit}", events.notice[::-1])
    handler.run()
    handler.wait_until(lambda: held_by(handler) == events.held and idle(handler), 180)
    people_answer(handler, [one for one, (_, data, _) in events.held.items() if data is not None])
    handler.kill()
    handler.run()
    handler.wait_connected()
    handler.wait_until(lambda: idle(handler), 180)
    assert handler.end() == 0

    assert held_by(handler) == events.held
    check_states(handler, events)
    check_feedback(handler, units, unit)
    assert LETTER[:6] not in handler.log()
    a_lost_database_is_read_again(handler, events)


def a_lost_database_is_read_again(handler: DepartmentHandler, events: Given) -> None:
    """Wherever its group stopped."""
    for file in handler.folder.glob("handler.db*"):
        file.unlink()
    handler.run()
    handler.wait_until(lambda: held_by(handler) == events.held, 180)


def people_answer(handler: DepartmentHandler, open_ones: list[str]) -> None:
    """While it runs; it is killed right after."""
    handler.say("complete", open_ones[0], "--reply", "已冲洗管道，水质检测合格")
    handler.say("complete", open_ones[1], "--found", "加压泵故障", "--result", "已恢复供水")
    handler.say("return", open_ones[2], "--reason", "小区内管网属物业", "--suggest", "housing")
    handler.say("extend", open_ones[3], "--reason", "等待配件", "--days", "5")
    refused = handler.call("sign", open_ones[0])
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    listed = handler.call("list", "--state", "returned")
    assert listed.stdout.split("\t")[0] == open_ones[2]


def check_states(handler: DepartmentHandler, events: Given) -> None:
    found = states(handler)
    open_ones = [one for one, (_, data, _) in events.held.items() if data is not None]
    expected = {one: "signed" if one in open_ones else "recalled" for one in events.held}
    expected |= {open_ones[0]: "completed", open_ones[1]: "completed", open_ones[2]: "returned"}
    assert found == expected


def check_feedback(handler: DepartmentHandler, units: KafkaUnits, unit: str) -> None:
    """Every answer stands on the topic with its one content, and fenban understands it as what was said."""
    on_topic: dict[str, set[tuple[str, str, str]]] = {}
    kinds: dict[str, list[FeedbackType]] = {}
    for record in units.read(f"fenban.feedback.{unit}"):
        headers = {name: value.decode() for name, value in record.headers}
        event = parse_feedback(UnitCode(unit), record.value.decode(), tuple(headers.items()))
        assert event.event_id == headers["ce_id"]
        first_time = event.event_id not in on_topic
        on_topic.setdefault(event.event_id, set()).add((headers["ce_type"], record.key.decode(), record.value.decode()))
        if first_time:
            kinds.setdefault(event.assignment, []).append(event.type)
    assert [one for one, contents in on_topic.items() if len(contents) != 1] == []
    recalled = {one for one, state in states(handler).items() if state == "recalled"}
    kept = {one: contents.pop() for one, contents in on_topic.items() if not any(one.startswith(f"{gone}:") for gone in recalled)}
    assert kept == said_by(handler)
    signed = [one for one, state in states(handler).items() if state != "recalled"]
    assert [one for one in signed if kinds[one].count(FeedbackType.SIGN) != 1] == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"username": "nobody"}, "wrong name or password"),
        ({"bootstrap_servers": "127.0.0.1:1"}, "no Kafka broker answers"),
        ({"username": "ROADS"}, "may not read fenban.unit"),
        ({"ca_file": __file__}, "CA"),
    ],
    ids=["password", "absent", "permission", "certificate"],
)
def test_what_stands_in_the_way_is_said_in_one_line(
    handler: DepartmentHandler, units: KafkaUnits, changes: dict[str, str], says: str
) -> None:
    other = next(code for code in units.passwords if code.startswith("roads"))
    handler.settings(
        units, unit_of(handler, units), **{name: other if value == "ROADS" else value for name, value in changes.items()}
    )
    done = handler.call("check")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert says in done.stderr
    assert done.stdout == ""
