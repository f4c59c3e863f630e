"""A connection lost around COMMIT, in every writing path: what was asked for happens once, and the answer is right."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from app.retry import transact
from domain.decisions import AssignmentState
from domain.errors import Refused
from domain.events import FeedbackEvent, FeedbackOutcome, FeedbackType
from domain.ids import AssignmentId, EventId, Number, UnitCode
from domain.messages import MessageState
from store.engine import make_engine
from store.export import export_matters
from store.migrate import upgrade
from store.postgres import Attempt, _was_committed
from store.queries import ledger
from tests.support import databases
from tests.support.desk import Desk
from tests.support.pg_proxy import Cut, PgProxy, proxied

pytestmark = pytest.mark.server("postgresql")

WATER = "我们小区3号楼停水三天"
PHONE = "19900001111"
TIMES = ("at", "due", "promised")


def story(desk: Desk) -> None:
    """A bit of everything that writes, each step as the program's loops and commands do it."""

    def again(step: Callable[[], Any]) -> Any:
        return transact(desk.clock, step)

    first = again(lambda: desk.letter("1", WATER, phones=[PHONE]))
    again(desk.work)
    again(lambda: desk.letter("2", WATER, phones=[PHONE]))
    unclear = again(lambda: desk.letter("3", "随便说说"))
    again(desk.work)
    again(lambda: desk.events("water"))
    said = {kind: FeedbackEvent(EventId(f"w-{kind}"), UnitCode("water"), kind, part(first), **words) for kind, words in SAID}
    for event in said.values():
        assert desk.feedback.apply(event, actor="unit:water").outcome is FeedbackOutcome.APPLIED
    desk.office.extend(part(unclear := decided(desk, unclear), "roads"), 3, "路远")
    assert desk.office.reveal(Number(unclear), "回访")["number"] == unclear
    desk.office.note("export", "matters")
    with suppress(Refused):
        desk.office.close(Number(unclear))
    again(lambda: desk.letter("1", WATER + "，还没来水", phones=[PHONE]))
    again(desk.work)
    again(lambda: desk.events("water"))


SAID: tuple[tuple[FeedbackType, dict[str, Any]], ...] = (
    (FeedbackType.SIGN, {}),
    (FeedbackType.EXTEND, {"days": 2, "reason": "管道要挖"}),
    (FeedbackType.COMPLETE, {"reply": "已修好"}),
)


def part(number: str, unit: str = "water") -> AssignmentId:
    return AssignmentId(f"{number}.{unit}.1")


def decided(desk: Desk, number: str) -> str:
    from app.office import Choice

    assert desk.state(number) == "in_review"
    desk.office.decide(Number(number), Choice(lead="roads", requirement="请办"))
    return number


def told(desk: Desk) -> dict[str, Any]:
    """Everything that must not depend on what was lost on the way, without the times."""
    with desk.system.store.transaction(write=False) as tx:
        assert all(line.difference == 0 for line in ledger(tx))
        return {
            "matters": [_timeless(document) for document in export_matters(tx)],
            "ledger": [line.right for line in ledger(tx)][1:],
            "outbox": tx.fetch("SELECT event_id, topic, key, sequence, state FROM outbox ORDER BY key, sequence"),
            "audit": tx.fetch("SELECT actor, action, subject FROM audit ORDER BY id"),
            "feedback": tx.fetch("SELECT unit, event_id, type, outcome FROM feedback ORDER BY event_id"),
            "versions": tx.fetch("SELECT message_id, version, body FROM versions ORDER BY message_id, version"),
            "sealed": tx.fetch("SELECT key_id, name, version FROM sealed_values ORDER BY key_id, name, version"),
        }


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(inner) for name, inner in value.items() if not name.endswith(TIMES)}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value


def tell(folder: Path, cut: Cut, every: int) -> tuple[dict[str, Any], PgProxy]:
    url = databases.new_store()
    try:
        with proxied(url) as (proxy, through):
            desk = Desk(folder, store=through)
            proxy.cut, proxy.every = cut, every
            story(desk)
            proxy.cut = Cut.NONE
            found = told(desk)
            published = Counter(event["id"] for unit in ("water", "roads") for event in desk.events(unit))
            assert set(published) >= {row[0] for row in found["outbox"]}
            desk.system.close()
        return found, proxy
    finally:
        databases.drop(url)


def test_what_was_lost_around_commit_happens_once(tmp_path: Path) -> None:
    plain, undisturbed = tell(tmp_path / "plain", Cut.NONE, 1)
    assert undisturbed.commits > 25
    assert {document["assignments"][0]["state"] for document in plain["matters"] if document["assignments"]} >= {
        AssignmentState.SENT
    }
    for cut, every in ((Cut.AFTER, 1), (Cut.AFTER, 3), (Cut.BEFORE, 3), (Cut.BEFORE, 5)):
        found, proxy = tell(tmp_path / f"{cut}-{every}", cut, every)
        assert proxy.cuts >= undisturbed.commits // (2 * every), (cut, every)
        assert found == plain, (cut, every)


def test_a_message_is_not_lost_with_its_last_answer(tmp_path: Path) -> None:
    """The worker's commit is done while its answer is lost: nothing is tried one by one, nothing is written twice."""
    url = databases.new_store()
    with proxied(url) as (proxy, through):
        desk = Desk(tmp_path / "city", store=through)
        numbers = [desk.letter(str(n), WATER) for n in range(20)]
        proxy.cut = Cut.AFTER
        assert desk.worker.run_once() == 20
        assert proxy.cuts == 2
        proxy.cut = Cut.NONE
        assert {desk.state(number) for number in numbers} == {MessageState.DISPATCHED}
        desk.system.close()
    databases.drop(url)


def test_a_transaction_whose_id_was_given_again_after_a_crash_was_not_stored() -> None:
    """The id is another's by then, and that one was committed."""
    url = databases.new_store()
    try:
        upgrade(url)
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO counters (name, value) VALUES ('another', 1)")
            xid = str(connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar())
        assert _was_committed(engine, Attempt(b"a token of nobody", xid, 0), patience=5.0) is False
        engine.dispose()
    finally:
        databases.drop(url)
