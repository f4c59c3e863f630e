"""The contract of today against the released one: departments' programs must go on working."""

import copy
from typing import Any

import pytest

from tests.support.contract import RELEASED, SCHEMAS, breaks, load, schema

NAMES = sorted(path.stem for path in RELEASED.glob("*.json"))


def test_every_released_schema_is_still_there() -> None:
    assert NAMES
    assert set(NAMES) <= {path.stem for path in SCHEMAS.glob("*.json")}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_released_is_broken(name: str) -> None:
    sent = not name.startswith("feedback-")
    assert list(breaks(load(RELEASED / f"{name}.json"), schema(name), sent_by_fenban=sent)) == []


def test_what_fenban_sends_may_gain_a_field_and_not_lose_one() -> None:
    released = schema("assigned")
    longer = copy.deepcopy(released)
    longer["properties"]["new_field"] = {"type": "string"}
    longer["required"].append("new_field")
    assert not list(breaks(released, longer, sent_by_fenban=True))
    shorter = copy.deepcopy(released)
    del shorter["properties"]["body"]
    assert list(breaks(released, shorter, sent_by_fenban=True)) == ["$.body: vanished"]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("assigned", ["required"], ["number"]),
        ("assigned", ["properties", "version", "type"], ["integer", "null"]),
        ("assigned", ["properties", "urgency", "enum"], ["normal", "urgent", "flood"]),
        ("assigned", ["properties", "deadline", "required"], ["due"]),
        ("recall", ["properties", "role", "enum"], ["lead", "co", "watcher"]),
        ("cloudevent", ["properties", "sequence", "pattern"], "^[0-9]{10}$"),
    ],
)
def test_breaking_what_fenban_sends_is_seen(name: str, path: list[str], value: Any) -> None:
    assert list(breaks(schema(name), _changed(schema(name), path, value), sent_by_fenban=True))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("feedback-sign", ["required"], ["assignment", "at"]),
        ("feedback-return", ["properties", "reason", "maxLength"], 10),
        ("feedback-return", ["properties", "suggested_unit", "type"], "integer"),
        ("feedback-extend", ["properties", "days", "anyOf"], [{"type": "integer", "minimum": 1, "maximum": 365}]),
    ],
)
def test_breaking_what_departments_send_is_seen(name: str, path: list[str], value: Any) -> None:
    assert list(breaks(schema(name), _changed(schema(name), path, value), sent_by_fenban=False))


def _changed(document: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    part = document
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return document
