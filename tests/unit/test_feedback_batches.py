"""A batch of the feed is applied together, and one event that cannot be stops no other."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from app.reports import assignment_rows
from domain.ids import AssignmentId, UnitCode
from domain.ports import UnitOfWork
from domain.records import TakenEvent
from store.assignments import SqlAssignments
from store.unit_of_work import SqlUnitOfWork
from tests.support.desk import Desk
from tests.unit.test_feedback_desk import state
from tests.unit.test_way_of_a_message import WATER

PLACES = "东街", "西街", "南街", "北街"


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


@pytest.fixture
def parts(desk: Desk) -> list[str]:
    numbers = [desk.letter(place, f"{WATER}，{place}三号院") for place in PLACES]
    desk.work()
    return [f"{number}.water.1" for number in numbers]


def drain(desk: Desk, *events: Mapping[str, object] | str, unit: str = "water", limit: int = 100) -> None:
    """Puts the events on the unit's topic and lets the feed take all of them."""
    for event in events:
        line = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        desk.system.topics.append(f"fenban.feedback.{unit}", "key", (), line, desk.clock.now())
    with closing(desk.system.topics.feed("office.feed")) as feed:
        while desk.feedback.drain(feed, limit):
            pass


def audited(desk: Desk) -> list[tuple[str, str]]:
    """(subject, outcome) of every event, in the order of the log, which must verify."""
    with desk.system.store.unit_of_work(write=False) as uow:
        assert not uow.audit.verify()
        told = [(entry, dict(entry.detail)) for _, entry in uow.audit.entries(None)]
    return [
        (entry.subject, detail["outcome"])
        for entry, detail in told
        if entry.action.startswith("feedback.") and "outcome" in detail
    ]


def test_events_of_one_matter_in_one_batch_are_taken_in_their_order(desk: Desk, parts: list[str]) -> None:
    drain(
        desk,
        {"id": "1", "type": "sign", "assignment": parts[0]},
        {"id": "2", "type": "sign", "assignment": parts[1]},
        {"id": "3", "type": "return", "assignment": parts[0], "reason": "不属我单位"},
        {"id": "4", "type": "complete", "assignment": parts[1], "reply": "已恢复供水"},
        {"id": "5", "type": "complete", "assignment": parts[0], "reply": "已恢复供水"},
    )
    assert [state(desk, part) for part in parts[:2]] == ["returned", "completed"]
    assert dict(audited(desk)[-1:]) == {parts[0]: "rejected"}
    (returned,) = (row for row in assignment_rows(desk.system, UnitCode("water")) if row["id"] == parts[0])
    assert returned["reason"] == "不属我单位"


def test_an_event_that_comes_twice_in_one_batch_has_one_effect(desk: Desk, parts: list[str]) -> None:
    sign = {"id": "1", "type": "sign", "assignment": parts[0]}
    drain(desk, sign, {"id": "2", "type": "sign", "assignment": parts[1]}, sign, {**sign, "assignment": parts[2]})
    drain(desk, sign)
    assert [state(desk, part) for part in parts] == ["signed", "signed", "sent", "sent"]
    assert audited(desk) == [(parts[0], "applied"), (parts[1], "applied"), (parts[2], "rejected")]


def test_what_cannot_be_read_or_concerns_others_stops_no_other(desk: Desk, parts: list[str]) -> None:
    drain(desk, {"id": "x", "type": "complete", "assignment": parts[3], "reply": "不是我们的"}, unit="roads")
    drain(
        desk,
        "no JSON",
        {"id": "1", "type": "sign", "assignment": parts[0]},
        {"id": "2", "type": "sign", "assignment": "20200101-portal-000001.water.1"},
        {"id": "3", "type": "sign", "assignment": "\0 我的电话13900001111"},
        {"id": "4", "type": "sign", "assignment": parts[1]},
    )
    assert [state(desk, part) for part in parts] == ["signed", "signed", "sent", "sent"]
    assert [outcome for _, outcome in audited(desk)] == ["rejected", "applied", "rejected", "rejected", "applied"]


@pytest.mark.parametrize("error", [ValueError, RuntimeError])
def test_a_defect_that_one_event_meets_stops_no_other(
    desk: Desk, parts: list[str], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    plain = SqlAssignments.feedback

    def breaking(self: SqlAssignments, events: Sequence[TakenEvent], at: object) -> int:
        if any(one.event.assignment == parts[1] for one in events):
            raise error("defect")
        return plain(self, events, at)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlAssignments, "feedback", breaking)
    drain(desk, *({"id": part, "type": "sign", "assignment": part} for part in parts))
    assert [state(desk, part) for part in parts] == ["signed", "sent", "signed", "signed"]
    with desk.system.store.unit_of_work(write=False) as uow:
        assert [
            dict(entry.detail)["reason"] for _, entry in uow.audit.entries(None) if entry.action == "feedback.unreadable"
        ] == [f"defect: {error.__name__}"]


def test_a_batch_is_one_transaction(desk: Desk, parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[object] = []
    plain = SqlUnitOfWork.commit

    def counting(uow: SqlUnitOfWork) -> None:
        commits.append(uow)
        plain(uow)

    monkeypatch.setattr(SqlUnitOfWork, "commit", counting)
    drain(desk, *({"id": part, "type": "complete", "assignment": part, "reply": f"{part}办结"} for part in parts))
    assert len(commits) == 1
    assert [state(desk, part) for part in parts] == ["completed"] * len(parts)
    with desk.system.store.unit_of_work(write=False) as uow:
        assert sorted(_replies(desk, uow, parts)) == sorted(f"{part}办结" for part in parts)


def test_of_a_letter_that_was_shredded_the_masked_reply_is_kept(desk: Desk, parts: list[str]) -> None:
    with desk.system.store.unit_of_work() as uow:
        uow.vault.shred(desk.message(parts[0].split(".")[0]).owner)
        uow.commit()
    drain(desk, *({"id": part, "type": "complete", "assignment": part, "reply": "已恢复"} for part in parts[:2]))
    with desk.system.store.unit_of_work(write=False) as uow:
        found = [uow.assignments.get(AssignmentId(part)) for part in parts[:2]]
    assert [(part.state, part.reply) for part in found if part is not None] == [("completed", "已恢复")] * 2


def _replies(desk: Desk, uow: UnitOfWork, parts: Sequence[str]) -> list[str]:
    owners = [desk.message(part.split(".")[0]).owner for part in parts]
    values = [value for found in uow.vault.of(owners).values() for value in found if value.name.startswith("reply:")]
    return [desk.system.vault.open(value).decode() for value in values]
