"""The departments' reference handlers and the contract: its examples are taken, and both handlers keep the same tables."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fenban_handler.events import Event, complete, extend, give_back, read_event, sign
from fenban_handler.state import State
from jsonschema import Draft202012Validator

from domain.ids import UnitCode
from route.feedback import MAX_EXTRA_DAYS, MAX_REASON, MAX_REPLY, parse_feedback
from tests.support.contract import CONTRACT, load, schema
from tests.support.kafka_units import binary

NOW = "2026-09-01T09:00:00+08:00"
HANDLERS = CONTRACT.parent / "handlers"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "handler.db")
    yield opened
    opened.close()


def example(kind: str) -> Event:
    record = binary(load(CONTRACT / "examples" / f"{kind}.json"))
    topic = "notice" if kind == "reminder" else "unit"
    return read_event(f"fenban.{topic}.water", record["headers"], record["value"])


def test_the_contracts_examples_are_taken(state: State) -> None:
    state.take([example("assigned"), example("reminder"), example("updated")], NOW)
    [case] = state.cases()
    assert (case.state, case.data["version"], case.reminder["stage"]) == ("received", 2, "near")
    state.take([example("recall")], NOW)
    assert [case.state for case in state.cases("recalled")] == ["recalled"]


def test_what_it_says_is_what_the_contract_asks_for_and_fenban_understands(state: State) -> None:
    state.take([example("assigned")], NOW)
    [case] = state.cases()
    longest = "长" * MAX_REASON, "答" * MAX_REPLY
    answers = [sign(), extend(longest[0], MAX_EXTRA_DAYS), complete(longest[1])]
    for number, answer in enumerate(answers):
        state.say(case.assignment, answer, f"water:{number}", NOW)
    state.take([example("updated")], NOW)
    state.say(case.assignment, give_back("小区内管网属物业", "housing"), "water:9", NOW)
    said = state.to_send()
    for one in said:
        Draft202012Validator(schema(f"feedback-{one.type}")).validate(json.loads(one.data))
        event = parse_feedback(UnitCode("water"), one.data, (("ce_id", one.id), ("ce_type", one.type)))
        assert (event.event_id, event.type, event.assignment) == (one.id, one.type, case.assignment)
    assert [one.type for one in said] == ["sign", "extend", "complete", "return"]


def test_both_handlers_keep_the_same_tables() -> None:
    python = HANDLERS / "python" / "fenban_handler" / "schema.sql"
    java = HANDLERS / "java" / "src" / "main" / "resources" / "schema.sql"
    assert python.read_text(encoding="utf-8") == java.read_text(encoding="utf-8")
