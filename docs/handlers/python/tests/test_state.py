"""The rules of consuming, held by the handler's database: repeats, late events, whole content again, recalls."""

import json
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from fenban_handler.broker import Broker
from fenban_handler.events import Answer, Event, claim, complete, extend, give_back, read_event, sign
from fenban_handler.faults import ForPerson, Unreadable
from fenban_handler.rules import Rules
from fenban_handler.running import Handler
from fenban_handler.state import Case, State, Taken

NOW = "2026-09-01T09:00:00+08:00"
MATTER = "20260901-portal-000017"
ASSIGNMENT = f"{MATTER}.water.1"
UNIT, NOTICE = "fenban.unit.water", "fenban.notice.water"


def event(kind: str, sequence: int, topic: str = UNIT, assignment: str = ASSIGNMENT, **data: Any) -> Event:
    whole = {"assignment": assignment, "matter": MATTER, "deadline": {"due": "2026-09-08T23:59:59+08:00"}, **data}
    return Event(topic, "/fenban/yunze", f"{assignment}:{kind}:{sequence}", kind, MATTER, f"{sequence:020d}", whole)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "handler.db")
    yield opened
    opened.close()


def tell_all(state: State, rules: Rules) -> None:
    Handler(state, rules, lambda: cast(Broker, None), threading.Event())._tell()


def held(state: State) -> dict[str, tuple[str, str]]:
    return {case.assignment: (case.state, str(case.data.get("subject", ""))) for case in state.cases()}


def test_an_event_has_its_effect_once(state: State) -> None:
    first = event("assigned", 1, subject="没水")
    assert state.take([first, first], NOW) == Taken(new=1, repeated=1)
    assert state.take([first], NOW) == Taken(repeated=1)
    assert held(state) == {ASSIGNMENT: ("received", "没水")}


def test_the_same_id_of_another_source_is_another_event(state: State) -> None:
    one = event("assigned", 1)
    other = Event(one.topic, "/fenban/elsewhere", one.id, one.type, "20260901-portal-000018", one.sequence, one.data)
    assert state.take([one, other], NOW) == Taken(new=2)


def test_a_late_event_of_the_same_topic_and_matter_is_dropped(state: State) -> None:
    state.take([event("updated", 5, subject="新")], NOW)
    assert state.take([event("assigned", 4, subject="旧"), event("recall", 5)], NOW) == Taken(late=2)
    assert held(state) == {ASSIGNMENT: ("received", "新")}


def test_each_topic_has_an_order_of_its_own(state: State) -> None:
    state.take([event("reminder", 9, NOTICE, level=1)], NOW)
    assert state.take([event("assigned", 3)], NOW) == Taken(new=1)


def test_sequences_are_compared_as_numbers(state: State) -> None:
    state.take([event("assigned", 9)], NOW)
    assert state.take([event("updated", 10, subject="十")], NOW) == Taken(new=1)


def test_of_an_offer_that_was_closed_nothing_is_left(state: State, tmp_path: Path) -> None:
    state.take([offer("offered", 1, body="消防通道被占")], NOW)
    state.take([offer("offer-closed", 2)], NOW)
    assert "消防通道".encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_recall_deletes_every_copy_and_what_was_said_and_was_to_be_said(state: State, tmp_path: Path) -> None:
    state.take([event("assigned", 1, subject="消防通道"), event("reminder", 2, NOTICE, level=1, reason="消防通道")], NOW)
    state.say(ASSIGNMENT, complete("消防通道已疏通"), "water:1", NOW)
    state.take([event("recall", 3)], NOW)
    assert state.case(ASSIGNMENT) == Case(ASSIGNMENT, MATTER, "recalled", "", {}, {})
    assert state.to_send() == []
    assert "消防通道".encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    state.take([event("reminder", 4, NOTICE, level=2, reason="消防通道")], NOW)
    assert state.case(ASSIGNMENT).reminder == {}


def test_whole_content_again_replaces_and_keeps_the_state_unless_it_reopens(state: State) -> None:
    state.take([event("assigned", 1)], NOW)
    state.say(ASSIGNMENT, sign(), "water:1", NOW)
    state.take([event("updated", 2, change="revision", subject="二")], NOW)
    assert held(state) == {ASSIGNMENT: ("signed", "二")}
    state.say(ASSIGNMENT, complete("办好了"), "water:2", NOW)
    state.take([event("updated", 3, change="deadline", subject="三")], NOW)
    assert held(state) == {ASSIGNMENT: ("completed", "三")}
    state.take([event("updated", 4, change="similar", subject="三")], NOW)
    assert held(state) == {ASSIGNMENT: ("completed", "三")}
    state.take([event("updated", 5, change="reopened", subject="四")], NOW)
    assert held(state) == {ASSIGNMENT: ("received", "四")}


@pytest.mark.parametrize("change", ["joined", "split"])
def test_what_was_completed_while_letters_were_joined_or_split_off_stays_completed(state: State, change: str) -> None:
    """fenban takes the completion although it told of the letters before: a part open here alone would be answered in vain."""
    state.take([event("assigned", 1)], NOW)
    state.say(ASSIGNMENT, complete("办好了"), "water:1", NOW)
    state.take([event("updated", 2, change=change, subject="二")], NOW)
    assert held(state) == {ASSIGNMENT: ("completed", "二")}
    assert [one.kind for one in state.to_do()][-1:] == ["content"]
    state.take([event("updated", 3, change="reopened", subject="三")], NOW)
    assert held(state) == {ASSIGNMENT: ("received", "三")}


def test_a_reminder_may_come_before_its_assignment(state: State) -> None:
    state.take([event("reminder", 2, NOTICE, level=2, reason="临近")], NOW)
    assert state.to_do() == []
    state.take([event("assigned", 1)], NOW)
    assert [(one.kind, one.case.reminder["level"]) for one in state.to_do()] == [("reminder", 2), ("content", 2)]


def offer(kind: str, sequence: int, **data: Any) -> Event:
    return Event("fenban.pool", "/fenban/yunze", f"{MATTER}:{kind}:{sequence}", kind, MATTER, f"{sequence:020d}", data)


def test_what_the_pool_offers_is_claimed_once_and_forgotten_when_it_is_closed(state: State) -> None:
    class Ours(Rules):
        def offer(self, case: Case, event_id: str) -> Sequence[Answer]:
            assert event_id
            return [claim()] if case.state == "offered" else []

    state.take([offer("offered", 1, subject="没水")], NOW)
    assert held(state) == {MATTER: ("offered", "没水")}
    tell_all(state, Ours())
    state.take([offer("offered", 2, subject="还是没水")], NOW)
    tell_all(state, Ours())
    assert held(state) == {MATTER: ("claimed", "还是没水")}
    [said] = state.to_send()
    assert (said.type, json.loads(said.data)["matter"]) == ("claim", MATTER)
    state.take([offer("offer-closed", 3), event("assigned", 4, subject="还是没水")], NOW)
    assert held(state) == {ASSIGNMENT: ("received", "还是没水")}
    assert [(case.assignment, case.state, case.data) for case in state.cases("closed")] == [(MATTER, "closed", {})]
    with pytest.raises(ForPerson):
        state.say(MATTER, claim(), "water:1", NOW)


def test_a_type_of_a_later_version_has_no_effect_and_stops_nothing(state: State) -> None:
    assert state.take([event("praised", 1), event("assigned", 2)], NOW) == Taken(new=2)
    assert list(held(state)) == [ASSIGNMENT]


def test_any_order_with_repeats_ends_alike(tmp_path: Path) -> None:
    """Whatever is sent again or late, the end is that of the events whose sequence was the highest when they came."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for place in range(20):
        log = [event("assigned", 1)] + [
            event("updated", number, change="revision", subject=str(number)) for number in range(2, 8)
        ]
        came = [chance.choice(log) for _ in range(30)] + [log[-1]] + [chance.choice(log) for _ in range(10)]
        state = State(tmp_path / f"{place}.db")
        while came:
            batch = [came.pop(0) for _ in range(min(len(came), chance.randint(1, 5)))]
            state.take(batch, NOW)
        assert held(state) == {ASSIGNMENT: ("received", "7")}
        state.close()


def test_the_rules_answer_has_one_id_however_often_it_is_asked_for(state: State) -> None:
    state.take([event("assigned", 1)], NOW)
    [one] = state.to_do()
    state.told(one, [sign()], NOW)
    state.told(one, [sign()], NOW)
    [said] = state.to_send()
    assert said.id == f"{ASSIGNMENT}:assigned:1:sign"
    assert json.loads(said.data) == {"assignment": ASSIGNMENT, "at": NOW}
    state.sent([said.id], NOW)
    assert state.to_send() == []


def test_news_that_came_while_the_own_system_was_told_is_told_next(state: State) -> None:
    state.take([event("assigned", 1)], NOW)
    [one] = state.to_do()
    state.take([event("updated", 2, change="revision")], NOW)
    state.told(one, [sign()], NOW)
    assert [again.event_id for again in state.to_do()] == [f"{ASSIGNMENT}:updated:2"]
    assert state.to_send() == []


def test_an_own_system_that_is_away_is_told_later_and_holds_up_no_other(state: State) -> None:
    class Away(Rules):
        def content(self, case: Case, event_id: str) -> Sequence[Answer]:
            if case.assignment == ASSIGNMENT:
                raise ConnectionError
            return super().content(case, event_id)

    other = f"{MATTER}.water.2"
    state.take([event("assigned", 1), event("assigned", 2, assignment=other)], NOW)
    tell_all(state, Away())
    assert [said.assignment for said in state.to_send()] == [other]
    tell_all(state, Rules())
    assert [said.assignment for said in state.to_send()] == [other, ASSIGNMENT]
    assert state.to_do() == []


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        ([], None),
        ([sign()], sign()),
        ([complete("好")], sign()),
        ([give_back("不是")], complete("好")),
        ([complete("好")], extend("等", 3)),
    ],
)
def test_answers_that_the_state_does_not_allow_are_refused(state: State, before: list[Answer], answer: Answer | None) -> None:
    if answer is None:
        with pytest.raises(ForPerson, match="no such assignment"):
            state.say(ASSIGNMENT, sign(), "water:x", NOW)
        return
    state.take([event("assigned", 1)], NOW)
    for number, one in enumerate(before):
        state.say(ASSIGNMENT, one, f"water:{number}", NOW)
    with pytest.raises(ForPerson):
        state.say(ASSIGNMENT, answer, "water:x", NOW)
    assert len(state.to_send()) == len(before)


def test_answers_hold_the_contracts_bounds() -> None:
    for reason in (" ", "理" * 2001):
        with pytest.raises(ForPerson):
            give_back(reason)
    for reply in ("", {"调查情况": " "}, "答" * 20_001):
        with pytest.raises(ForPerson):
            complete(reply)
    for days in (0, 366):
        with pytest.raises(ForPerson):
            extend("等配件", days)
    assert give_back("不是我们的", "housing").said == {"reason": "不是我们的", "suggested_unit": "housing"}
    assert complete({"调查情况": "查了", "处理意见": ""}).said == {"reply": {"调查情况": "查了"}}


def test_records_that_are_no_events_are_told_apart() -> None:
    headers = [
        (f"ce_{name}", text.encode()) for name, text in {"id": "1", "source": "/f", "type": "recall", "subject": "m"}.items()
    ]
    whole = [*headers, ("ce_sequence", b"%020d" % 7), ("ce_new", None)]
    assert read_event(UNIT, whole, b'{"assignment": "a"}').sequence == f"{7:020d}"
    for bad_headers, value in ((headers, b'{"assignment": "a"}'), (whole, b"{"), (whole, b"[]"), (whole, b"{}"), (whole, None)):
        with pytest.raises(Unreadable):
            read_event(UNIT, bad_headers, value)
