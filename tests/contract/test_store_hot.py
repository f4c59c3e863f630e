"""Hot topics on every store: what is looked at, what is kept, what of it may be shown."""

from dataclasses import replace
from datetime import timedelta

from domain.ids import Number
from domain.messages import MessageState
from store import hot
from store.hot import HotTopic
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, WATER, decision, register, settled

TOPIC = HotTopic("t", 7, ("停水", "管网"), "东区", (WATER,), 6, 0.5, 2, 1e-6, NOW, NOW, 6, (Number("a"), Number("b")))


def test_what_waits_was_decided_or_joined_is_looked_at_and_nothing_sealed(store: SqlStore) -> None:
    plain, waits, held, sealed, _ = register(store, "a", "b", "c", "d", "e")
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(plain, MessageState.DISPATCHED), settled(waits, MessageState.IN_REVIEW)])
        uow.messages.settle([settled(held, MessageState.HELD), settled(sealed, MessageState.DISPATCHED, sealed=True)])
        uow.matters.decide([(uow.reads.messages([plain])[plain].matter, decision(plain))])
        uow.commit()
    with store.transaction(write=False) as tx:
        found = hot.lately(tx, NOW - timedelta(days=1), NOW + timedelta(days=1))
        assert [(one.message.number, one.unit) for one in found] == [(plain, "water"), (waits, "")]
        assert hot.lately(tx, NOW + timedelta(days=1), NOW + timedelta(days=2)) == []
        assert set(hot.seen_letters(tx, [plain, sealed])) == {plain}


def test_a_topic_is_kept_and_goes_on_under_its_name(store: SqlStore) -> None:
    with store.transaction(write=True) as tx:
        assert hot.looked_at(tx) is None
        hot.put(tx, [TOPIC])
        hot.put(tx, [replace(TOPIC, persons=12, told=12, last_at=NOW + timedelta(days=1), first_at=NOW + timedelta(days=1))])
        hot.looked(tx, NOW)
        tx.commit()
    with store.transaction(write=False) as tx:
        (found,) = hot.topics(tx, NOW)
        assert found == replace(TOPIC, persons=12, told=12, last_at=NOW + timedelta(days=1))
        assert hot.topics(tx, NOW + timedelta(days=2)) == []
        assert hot.looked_at(tx) == NOW
