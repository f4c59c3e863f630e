"""What is open for claiming, on every implementation of the store."""

from dataclasses import replace

from domain.events import POOL_TOPIC, EventType
from domain.ids import MatterId, Number
from domain.messages import MessageState
from store.unit_of_work import SqlStore
from tests.support.stores import outbox_record, register

A, B = "20261120-board-000001", "20261120-board-000002"


def tell(store: SqlStore, number: str, sequence: int, kind: EventType) -> None:
    record = replace(outbox_record(Number(number), sequence, POOL_TOPIC), type=kind)
    with store.unit_of_work() as uow:
        uow.outbox.add([record])
        uow.commit()


def offered(store: SqlStore, *matters: str) -> list[str]:
    with store.unit_of_work(write=False) as uow:
        return [str(matter) for matter in uow.pool.offered([MatterId(matter) for matter in matters] if matters else None)]


def test_the_last_event_of_the_pool_says(store: SqlStore) -> None:
    register(store, "a", "b", "c", state=MessageState.IN_REVIEW)
    assert offered(store) == []
    tell(store, A, 1, EventType.OFFERED)
    tell(store, B, 1, EventType.OFFERED)
    tell(store, B, 2, EventType.OFFERED)
    assert offered(store) == offered(store, A, B, "20261120-board-000003", "unknown") == [A, B]
    tell(store, A, 2, EventType.OFFER_CLOSED)
    assert offered(store) == offered(store, A, B) == [B]
    tell(store, A, 3, EventType.OFFERED)
    assert offered(store) == [A, B]
    with store.unit_of_work() as uow:
        uow.outbox.add([outbox_record(Number(A), 4)])
        uow.commit()
    assert offered(store, A) == [A]


def test_asked_for_by_name_the_message_may_have_left_the_review(store: SqlStore) -> None:
    register(store, "a", state=MessageState.NEW)
    tell(store, A, 1, EventType.OFFERED)
    assert offered(store) == []
    assert offered(store, A) == [A]
