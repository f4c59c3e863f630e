"""The outbox, on every implementation of the store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest

from domain.errors import Refused, RetryLater
from domain.events import Delivery, DeliveryStatus, OutboxState
from domain.ids import MatterId, Number
from store.outbox import _PENDING, SHARDS, shard_of
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, outbox_record, register

A, B = Number("20261120-board-000001"), Number("20261120-board-000002")
ALL = range(SHARDS)


def add(store: SqlStore, *records: tuple[Number, int, str]) -> None:
    with store.unit_of_work() as uow:
        uow.outbox.add([outbox_record(number, sequence, f"fenban.unit.{unit}") for number, sequence, unit in records])
        uow.commit()


def pending(store: SqlStore, now: datetime = NOW, shards: Sequence[int] = ALL) -> list[str]:
    with store.unit_of_work(write=False) as uow:
        return [record.event_id[-3:] for record in uow.outbox.pending(shards, 99, now)]


def settle(store: SqlStore, status: DeliveryStatus, *positions: int, reason: str = "") -> None:
    with store.unit_of_work() as uow:
        uow.outbox.settle([Delivery(position, status, reason) for position in positions], NOW)
        uow.commit()


def test_records_come_back_whole_oldest_first(store: SqlStore) -> None:
    given = outbox_record(A, 1)
    add(store, (A, 1, "water"), (B, 1, "water"), (A, 2, "roads"))
    with store.unit_of_work(write=False) as uow:
        first, second, third = uow.outbox.pending(ALL, 9, NOW)
        assert len(uow.outbox.pending(ALL, 2, NOW)) == 2
    assert (first.event_id, first.type, first.topic, first.key, first.sequence) == (
        given.event_id,
        given.type,
        given.topic,
        given.key,
        1,
    )
    assert (first.headers, first.value, first.created_at, first.attempts) == (given.headers, given.value, NOW, 0)
    assert first.id < second.id < third.id


def test_shards_share_the_records_out(store: SqlStore) -> None:
    numbers = [Number(f"20261120-board-{n:06d}") for n in range(1, 60)]
    add(store, *((number, 1, "water") for number in numbers))
    halves = [pending(store, shards=list(ALL)[:32]), pending(store, shards=list(ALL)[32:])]
    assert sorted([*halves[0], *halves[1]]) == sorted(pending(store))
    assert all(halves)
    assert pending(store, shards=[]) == []
    # A fixed hash: another value would let two relays of different versions own the same matter.
    assert shard_of(MatterId(A)) == 29


def test_what_is_delivered_is_not_pending(store: SqlStore) -> None:
    add(store, (A, 1, "water"), (B, 1, "water"))
    settle(store, DeliveryStatus.DELIVERED, 1)
    assert pending(store) == ["2.1"]


def test_a_parked_record_stops_its_topic_and_key_alone(store: SqlStore) -> None:
    add(store, (A, 1, "water"), (A, 2, "water"), (A, 3, "roads"), (B, 1, "water"))
    settle(store, DeliveryStatus.REFUSED, 1, reason="too large")
    assert pending(store) == ["1.3", "2.1"]
    with store.unit_of_work(write=False) as uow:
        assert [(record.event_id[-3:], reason) for record, reason in uow.outbox.parked(9)] == [("1.1", "too large")]
        assert [record.sequence for record in uow.reads.outstanding(MatterId(A))] == [1, 2, 3]


@pytest.mark.parametrize(("status", "waits"), [(None, True), (DeliveryStatus.REFUSED, True), (DeliveryStatus.DELIVERED, False)])
def test_what_waits_of_repeats_is_found_by_the_matter_they_repeat(
    store: SqlStore, status: DeliveryStatus | None, waits: bool
) -> None:
    first, again = (MatterId(number) for number in register(store, "a", "b"))
    with store.unit_of_work() as uow:
        row = uow.matters.lock([again])[again]
        uow.matters.update([replace(row, repeat_of=first)])
        uow.commit()
    add(store, (Number(first), 1, "water"), (Number(again), 1, "water"))
    if status is not None:
        settle(store, status, 2)
    with store.unit_of_work(write=False) as uow:
        assert uow.reads.waiting_repeats([first]) == ([again] if waits else [])
        assert uow.reads.waiting_repeats([again]) == []


def test_a_record_to_be_tried_again_waits_longer_each_time_and_keeps_order(store: SqlStore) -> None:
    add(store, (A, 1, "water"), (A, 2, "water"))
    settle(store, DeliveryStatus.RETRY, 1)
    assert pending(store) == []
    assert pending(store, NOW + timedelta(seconds=1)) == ["1.1", "1.2"]
    settle(store, DeliveryStatus.RETRY, 1)
    assert pending(store, NOW + timedelta(seconds=1)) == []
    assert pending(store, NOW + timedelta(seconds=2)) == ["1.1", "1.2"]
    for _ in range(40):
        settle(store, DeliveryStatus.RETRY, 1)
    assert pending(store, NOW + timedelta(seconds=300)) == ["1.1", "1.2"]
    settle(store, DeliveryStatus.DELIVERED, 1)
    assert pending(store) == ["1.2"]


def test_a_person_replays_or_discards(store: SqlStore) -> None:
    add(store, (A, 1, "water"), (A, 2, "water"), (B, 1, "water"))
    settle(store, DeliveryStatus.REFUSED, 1, reason="too large")
    settle(store, DeliveryStatus.DELIVERED, 3)
    with store.unit_of_work() as uow:
        assert uow.outbox.move([1, 2, 3], OutboxState.PENDING, "mended", NOW) == 1
        assert [record.attempts for record in uow.outbox.pending(ALL, 9, NOW)] == [0, 0]
        assert uow.outbox.move([1, 3], OutboxState.DISCARDED, "not needed", NOW) == 1
        assert uow.outbox.move([1], OutboxState.PENDING, "again", NOW) == 0
        with pytest.raises(Refused):
            uow.outbox.move([1], OutboxState.DELIVERED, "", NOW)
        uow.commit()
    assert pending(store) == ["1.2"]


def test_a_discarded_record_is_not_delivered_afterwards(store: SqlStore) -> None:
    add(store, (A, 1, "water"))
    with store.unit_of_work() as uow:
        uow.outbox.move([1], OutboxState.DISCARDED, "sealed", NOW)
        uow.commit()
    settle(store, DeliveryStatus.RETRY, 1)
    settle(store, DeliveryStatus.DELIVERED, 1)
    with store.transaction(write=False) as tx:
        assert tx.fetch("SELECT state, reason FROM outbox") == [("discarded", "sealed")]


def test_an_event_or_a_sequence_is_recorded_once(store: SqlStore) -> None:
    add(store, (A, 1, "water"))
    with store.unit_of_work() as uow, pytest.raises(RetryLater):
        uow.outbox.add([outbox_record(A, 1)])


def test_what_waits_is_looked_up_by_its_key_however_much_waits(store: SqlStore) -> None:
    numbers = [Number(f"20261120-board-{n:06d}") for n in range(1, 3001)]
    add(store, *((number, 1, "water") for number in numbers))
    settle(store, DeliveryStatus.DELIVERED, *range(1, 3001))
    with store.transaction(write=True) as tx:
        tx.run("ANALYZE outbox")
        tx.commit()
    plan = plan_of_pending(store, 9)
    assert "Join Filter" not in plan
    assert "ix_outbox_waiting (key=? AND topic=?" in plan or "(key = o.key) AND (topic = o.topic)" in plan, plan


def test_of_a_backlog_only_as_much_is_read_as_is_asked_for(store: SqlStore) -> None:
    add(store, *((Number(f"20261120-board-{n:06d}"), 1, "water") for n in range(1, 3001)))
    with store.transaction(write=True) as tx:
        for table in ("outbox", "outbox_payloads"):
            tx.run(f"ANALYZE {table}")
        tx.commit()
    plan = plan_of_pending(store, 2_000)
    assert "Sort" not in plan, plan
    assert not plan.startswith("('Limit"), plan


def plan_of_pending(store: SqlStore, limit: int) -> str:
    with store.transaction(write=False) as tx:
        explained = "EXPLAIN QUERY PLAN " if tx.sqlite else "EXPLAIN "
        return "\n".join(str(tuple(row)) for row in tx.fetch(explained + _PENDING.format(""), (0, 0, limit)))


def test_awkward_words_come_back_as_they_were_and_are_found(store: SqlStore) -> None:
    words = ["", "NULL", "{}", 'a"b', "c\\d", ",", '","', " e ", "\n分办\t", "'", "\\x00", "%s ?", '"', "\\"]
    add(store, *((A, place, "water") for place in range(1, len(words) + 1)))
    with store.transaction(write=True) as tx:
        assert tx.many(
            "UPDATE outbox SET reason = ? WHERE id = ?", list(zip(words, count(1), strict=False)), distinct=True
        ) == len(words)
        tx.commit()
    with store.transaction(write=False) as tx:
        found = tx.fetch_in("SELECT reason FROM outbox WHERE reason IN ({}) ORDER BY id", words)
    assert [row[0] for row in found] == words
