"""What departments send: both forms, strict where it matters."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from domain.clock import SHANGHAI
from domain.errors import RejectItem
from domain.events import FeedbackType
from domain.ids import UnitCode
from route.wire import feedback_headers, feedback_value, parse_feedback
from tests.support.contract import CONTRACT, load, schema

WATER = UnitCode("water")
PART = "20260901-portal-000017.water.1"


def parse(**fields: Any) -> Any:
    return parse_feedback(WATER, json.dumps(fields, ensure_ascii=False))


@pytest.mark.parametrize("name", ["sign", "return", "complete", "extend"])
def test_the_examples_are_understood(name: str) -> None:
    event = parse_feedback(WATER, json.dumps(load(CONTRACT / "examples" / f"feedback-{name}.json")))
    assert (event.type, event.assignment, event.unit) == (FeedbackType(name), PART, WATER)
    assert event.event_id.startswith("water-2026-")


def test_the_parts_of_a_reply_are_joined() -> None:
    event = parse(
        id="1", type="complete", assignment=PART, reply={"处理结果": "已修好", "调查情况": "管道老化", "附注": "回访满意"}
    )
    assert event.reply == "调查情况：管道老化\n处理结果：已修好\n附注：回访满意"


@pytest.mark.parametrize("written", ["sign", "fenban.feedback.sign", "city/water:sign", "办件-sign"])
def test_a_type_may_have_a_prefix(written: str) -> None:
    assert parse(id="1", type=written, assignment=PART).type is FeedbackType.SIGN


def test_binary_mode_takes_the_attributes_from_the_headers() -> None:
    headers = (("ce_id", "9"), ("ce_type", "extend"), ("ce_time", "2026-09-01T09:00:00"))
    event = parse_feedback(WATER, json.dumps({"assignment": PART, "reason": "等材料", "days": "3"}), headers)
    assert (event.event_id, event.days, event.at) == ("9", 3, datetime(2026, 9, 1, 9, tzinfo=SHANGHAI))


def test_without_an_id_the_same_words_are_the_same_event() -> None:
    first = parse(type="return", assignment=PART, reason="不归我单位", more="未知字段")
    again = parse(assignment=PART, type="return", reason="不归我单位")
    other = parse(type="return", assignment=PART, reason="还是不归我单位")
    assert first == again
    assert first.event_id.startswith("content:")
    assert other.event_id != first.event_id


def test_what_fenban_writes_for_a_unit_reads_back_and_fits_the_schema() -> None:
    event = parse(id="7", type="return", assignment=PART, reason="不归我单位", suggested_unit="housing")
    text = feedback_value(event)
    jsonschema.Draft202012Validator(schema("feedback-return")).validate(json.loads(text))
    now = datetime(2026, 9, 1, tzinfo=UTC)
    assert parse_feedback(WATER, text, feedback_headers(event, now=now)) == replace(event, at=now)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ("x" * 300_000, "larger than"),
        ('{"type": "sign", "data": "x"}', "data is not"),
        ('{"type": "design", "assignment": "a"}', "none of sign"),
        ('{"type": 5, "assignment": "a"}', "none of sign"),
        ('{"assignment": "a"}', "none of sign"),
        ('{"type": "sign"}', "names its assignment"),
        ('{"type": "sign", "assignment": 7}', "assignment is not text"),
        ('{"type": "sign", "assignment": "' + "a" * 201 + '"}', "longer than 200"),
        ('{"type": "return", "assignment": "a"}', "gives its reason"),
        ('{"type": "return", "assignment": "a", "reason": "  "}', "gives its reason"),
        ('{"type": "return", "assignment": "a", "reason": "' + "字" * 2001 + '"}', "longer than 2000"),
        ('{"type": "complete", "assignment": "a"}', "gives its reply"),
        ('{"type": "complete", "assignment": "a", "reply": {}}', "gives its reply"),
        ('{"type": "complete", "assignment": "a", "reply": {"处理结果": 5}}', "not text"),
        ('{"type": "complete", "assignment": "a", "reply": ["x"]}', "not text"),
        ('{"type": "extend", "assignment": "a", "reason": "r"}', "1 to 365"),
        ('{"type": "extend", "assignment": "a", "reason": "r", "days": 0}', "1 to 365"),
        ('{"type": "extend", "assignment": "a", "reason": "r", "days": true}', "1 to 365"),
        ('{"type": "extend", "assignment": "a", "reason": "r", "days": 1e9}', "1 to 365"),
        ('{"id": {}, "type": "sign", "assignment": "a"}', "id is not text"),
    ],
)
def test_what_cannot_be_understood_is_rejected_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(RejectItem, match=said):
        parse_feedback(WATER, text)


def test_a_wrong_time_harms_nobody() -> None:
    assert parse(id="1", type="sign", assignment=PART, at="gestern").at is None
    assert parse(id=12, type="sign", assignment=PART).event_id == "12"
