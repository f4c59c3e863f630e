"""What really comes out for departments, against the contract's schemas."""

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from domain.decisions import Assignment, AssignmentState, Deadline, Decision, Evidence, Outcome, Role
from domain.events import EventType, TopicRecord
from domain.ids import AssignmentId, ChannelId, ExternalId, MatterId, Number, UnitCode, VaultOwner
from domain.messages import MailKind, Message, MessageKind, MessageState
from domain.records import NewOutbox
from route import wire
from tests.support.contract import CONTRACT, load, schema

NOW = datetime(2026, 9, 1, 0, 20, 33, tzinfo=UTC)
NUMBER = Number("20260901-portal-000017")
MATTER = MatterId(NUMBER)
DEADLINE = Deadline(datetime(2026, 9, 8, 15, 59, 59, tzinfo=UTC), 5, False, "chinesecalendar-1.11.0")


def message(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "number": NUMBER,
        "channel": ChannelId("portal"),
        "external_id": ExternalId("17"),
        "version": 1,
        "kind": MessageKind.HELP,
        "mail_kind": MailKind.LETTER,
        "addressed_to": "市长",
        "subject": "没水",
        "body": "三天没有自来水了，联系电话【电话】",
        "place": "",
        "submitted_at": NOW,
        "registered_at": NOW,
        "matter": MATTER,
        "state": MessageState.NEW,
        "sealed": False,
        "owner": VaultOwner("portal:17"),
    }
    return Message(**(values | changes))


def assignment(*, sealed: bool = False, role: Role = Role.LEAD) -> Assignment:
    return Assignment(
        AssignmentId(f"{MATTER}.water.1"), MATTER, UnitCode("water"), role, AssignmentState.SENT, "尽快", NOW, DEADLINE, sealed
    )


DECISION = Decision(
    NUMBER,
    1,
    Outcome.DISPATCH,
    "model",
    NOW,
    lead=UnitCode("water"),
    co_units=(UnitCode("housing"),),
    deadline=DEADLINE,
    evidence=(Evidence("word", "自来水", 1.73215), Evidence("place", "桃园社区", 1.0)),
)
HISTORY = (wire.HistoryItem(NOW, "returned", "housing", "不归我单位", ""),)


def every_event(*, sealed: bool = False) -> list[NewOutbox]:
    part = assignment(sealed=sealed)
    letters = [message(), message(number=Number("20260902-mail-000003"), submitted_at=None, kind=None)]
    return [
        wire.assigned(part, DECISION, letters, sequence=1, city="yunze", now=NOW, history=HISTORY),
        wire.updated(part, DECISION, letters, sequence=2, city="yunze", now=NOW, change="revision"),
        wire.recall(part, NUMBER, sequence=3, city="yunze", now=NOW, reason="改交其他单位"),
        wire.reminder(part, NUMBER, sequence=4, city="yunze", now=NOW, reason="due tomorrow"),
    ]


@pytest.mark.parametrize("sealed", [False, True])
def test_what_comes_out_fits_the_schemas(sealed: bool) -> None:
    for record in every_event(sealed=sealed):
        event = wire.structured(record)
        jsonschema.Draft202012Validator(schema("cloudevent"), format_checker=jsonschema.FormatChecker()).validate(event)
        jsonschema.Draft202012Validator(schema(record.type), format_checker=jsonschema.FormatChecker()).validate(event["data"])
        assert set(event) - {"data"} == set(schema("cloudevent")["required"])


@pytest.mark.parametrize("path", sorted((CONTRACT / "examples").glob("*.json")), ids=lambda path: path.stem)
def test_examples_fit_the_schemas(path: Any) -> None:
    example = load(path)
    data = example.get("data", example)
    jsonschema.Draft202012Validator(schema(path.stem)).validate(data)
    if not path.stem.startswith("feedback-"):
        shared = "" if example["type"] in schema("cloudevent")["properties"]["type"]["enum"] else "-shared"
        jsonschema.Draft202012Validator(schema(f"cloudevent{shared}")).validate(example)


def test_schemas_are_schemas_and_the_api_document_names_them() -> None:
    for path in (CONTRACT / "schemas").glob("*.json"):
        jsonschema.Draft202012Validator.check_schema(load(path))
    api = load(CONTRACT / "asyncapi.json")
    assert api["asyncapi"].startswith("3.")
    for name, told in api["components"]["messages"].items():
        assert (CONTRACT / told["payload"]["schema"]["$ref"]).is_file(), name
    pointers = [part["$ref"] for part in _parts(api) if "$ref" in part and part["$ref"].startswith("#/")]
    assert pointers
    for pointer in pointers:
        found: Any = api
        for step in pointer[2:].split("/"):
            found = found[step]


def _parts(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(part for inner in value.values() for part in _parts(inner))]
    return [part for inner in value for part in _parts(inner)] if isinstance(value, list) else []


def test_topics_keys_and_stable_ids() -> None:
    assigned, updated, recalled, reminded = every_event()
    assert [record.topic for record in (assigned, updated, recalled, reminded)] == [
        "fenban.unit.water",
        "fenban.unit.water",
        "fenban.unit.water",
        "fenban.notice.water",
    ]
    assert {record.topic for record in every_event(sealed=True)} == {"fenban.sealed.water"}
    assert {record.key for record in every_event()} == {MATTER}
    assert assigned.event_id == f"{MATTER}.water.1:assigned:1"
    assert every_event() == every_event()
    assert len({record.event_id for record in every_event()}) == 4
    assert dict(assigned.headers)["sequence"] == "0" * 19 + "1"


def test_a_recall_has_no_content_and_a_sealed_one_no_reason() -> None:
    open_recall, sealed_recall = every_event()[2], every_event(sealed=True)[2]
    assert json.loads(open_recall.value) == {
        "number": NUMBER,
        "matter": MATTER,
        "assignment": f"{MATTER}.water.1",
        "role": "lead",
        "reason": "改交其他单位",
    }
    assert "reason" not in json.loads(sealed_recall.value)


def test_text_is_written_as_it_is_and_times_in_shanghai() -> None:
    record = every_event()[0]
    assert "三天没有自来水了" in record.value
    data = json.loads(record.value)
    assert data["deadline"]["due"] == "2026-09-08T23:59:59+08:00"
    assert data["messages"] == [NUMBER, "20260902-mail-000003"]
    assert data["submitted_at"] == "2026-09-01T08:20:33+08:00"


def test_kafka_headers_and_plain_ones_give_the_same_event() -> None:
    record = every_event()[0]
    kafka = tuple(("content-type" if name == "datacontenttype" else f"ce_{name}", value) for name, value in record.headers)
    stored = TopicRecord(record.topic, 1, record.key, kafka, record.value, NOW)
    assert wire.structured(stored) == wire.structured(record)


def test_lone_surrogates_do_not_stop_a_record() -> None:
    record = wire.assigned(assignment(), DECISION, [message(body="坏字符\ud83d后")], sequence=1, city="yunze", now=NOW)
    assert record.value.encode("utf-8")
    assert record.type is EventType.ASSIGNED
