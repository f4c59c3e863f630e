"""The linker's tables, on every implementation of the store: what may be linked, what is written once, who may write."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts import Viewer
from domain.errors import LeaseLost
from domain.ids import MatterId, Number
from domain.messages import MessageState
from domain.records import Lease
from store import signatures, similar
from store.channels import SqlChannels
from store.similar import Link
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, ROADS, WATER, assignment, decision, mark, new_message, settled

SCHEME = 102
SINCE = NOW - timedelta(days=1)


def put(store: SqlStore, count: int) -> list[Number]:
    """So many letters of as many persons, decided."""
    with store.unit_of_work() as uow:
        known = len(uow.reads.in_state(list(MessageState), 10_000))
        new = [
            replace(new_message(f"x{n}", marks=(mark(f"p{n}"),)), registered_at=NOW + timedelta(minutes=n))
            for n in range(known, known + count)
        ]
        numbers = uow.messages.register(new)
        uow.messages.settle([settled(number, MessageState.DISPATCHED) for number in numbers])
        uow.matters.decide([(MatterId(number), decision(number)) for number in numbers])
        uow.commit()
    return numbers


def ids(store: SqlStore, numbers: list[Number]) -> list[int]:
    with store.transaction(write=False) as tx:
        return [tx.fetch("SELECT id FROM messages WHERE number = ?", (number,))[0][0] for number in numbers]


def sign(store: SqlStore, letters: list[int], version: int = 1) -> int:
    rows = [signatures.Signature(one, version, NOW, 40, False, bytes([one % 256]) * 8) for one in letters]
    with store.transaction(write=True) as tx:
        last = signatures.add(tx, rows, SCHEME)
        tx.commit()
    return last


def link(store: SqlStore, *links: Link) -> int:
    with store.transaction(write=True) as tx:
        written = similar.add(tx, links, NOW)
        tx.commit()
    return written


def members(store: SqlStore, *groups: int) -> list[Number]:
    with store.transaction(write=False) as tx:
        return [one.number for one in similar.members(tx, groups)]


def test_decisions_are_read_in_order_and_from_where_one_stopped(store: SqlStore) -> None:
    numbers = put(store, 5)
    with store.transaction(write=False) as tx:
        every = signatures.decided(tx, 0, 1 << 40, 10)
        assert [one.letter for one in every] == ids(store, numbers)
        assert [one.id for one in every] == sorted(one.id for one in every)
        assert signatures.decided(tx, every[1].id, every[3].id, 10) == every[2:4]
        assert signatures.decided(tx, 0, 1 << 40, 2) == every[:2]
        assert signatures.standing(tx).waiting == 5
        assert signatures.standing(tx).oldest == every[0].at


@pytest.mark.parametrize("state", list(MessageState))
def test_only_what_was_decided_and_is_open_may_be_linked(store: SqlStore, state: MessageState) -> None:
    (letter,) = ids(store, put(store, 1))
    with store.transaction(write=True) as tx:
        tx.run("UPDATE messages SET state = ?", (state.value,))
        tx.commit()
    allowed = {MessageState.IN_REVIEW, MessageState.DISPATCHED, MessageState.JOINED, MessageState.OUT_OF_REMIT}
    with store.transaction(write=False) as tx:
        assert set(signatures.letters(tx, [letter])) == ({letter} if state in allowed else set())
        assert signatures.still_open(tx, [letter]) == ({letter: 1} if state in allowed else {})


@pytest.mark.parametrize(
    "sealing",
    [
        "UPDATE messages SET sealed = 1 WHERE id = ?",
        "UPDATE matters SET sealed = 1 WHERE id = (SELECT matter FROM messages WHERE id = ?)",
    ],
)
def test_nothing_sealed_is_linked_or_listed(store: SqlStore, sealing: str) -> None:
    first, second = ids(store, put(store, 2))
    link(store, Link(first, first, 1, second, 0.9), Link(second, first, 1, first, 0.9))
    with store.transaction(write=True) as tx:
        tx.run(sealing, (first,))
        tx.commit()
    assert len(members(store, first)) == 1
    with store.transaction(write=False) as tx:
        assert set(signatures.letters(tx, [first, second])) == {second}


def test_signatures_and_links_are_written_once(store: SqlStore) -> None:
    first, second = ids(store, put(store, 2))
    last = sign(store, [first, second])
    assert sign(store, [first, second]) >= last
    pair = (Link(first, first, 1, second, 0.9), Link(second, first, 1, first, 0.9))
    assert (link(store, *pair), link(store, *pair)) == (2, 0)
    with store.transaction(write=False) as tx:
        rows = signatures.stored(tx, 0, SINCE, SCHEME)
        assert [row[1] for row in rows] == [first, second]
        assert [bytes(row[5]) for row in rows] == [bytes([one % 256]) * 8 for one in (first, second)]
        assert signatures.stored(tx, rows[0][0], SINCE, SCHEME) == rows[1:]
        assert signatures.stored(tx, 0, NOW + timedelta(seconds=1), SCHEME) == []
        assert signatures.stored(tx, 0, SINCE, SCHEME + 1) == []
        assert signatures.signed(tx, [first, second, 99], SCHEME) == {(first, 1), (second, 1)}


def test_a_place_holds_for_the_version_that_was_compared(store: SqlStore) -> None:
    first, second = ids(store, numbers := put(store, 2))
    link(store, Link(first, first, 1, second, 0.9), Link(second, first, 1, first, 0.9))
    assert members(store, first) == numbers
    with store.transaction(write=True) as tx:
        tx.run("INSERT INTO versions (message_id, version, at) VALUES (?, 2, 0)", (second,))
        tx.run("UPDATE messages SET version = 2 WHERE id = ?", (second,))
        tx.commit()
    assert members(store, first) == numbers[:1]
    with store.transaction(write=False) as tx:
        assert similar.heads(tx, [first, second]) == {first: [first]}
        assert similar.groups_of(tx, [MatterId(number) for number in numbers]) == {MatterId(numbers[0]): [first]}


def test_who_does_not_hold_the_lease_or_stands_elsewhere_writes_nothing(store: SqlStore) -> None:
    put(store, 1)
    with store.transaction(write=True) as tx:
        lease = SqlChannels(tx).acquire("linker", "one", NOW, NOW + timedelta(seconds=30))
        assert lease is not None
        signatures.hold(tx, lease)
        signatures.move(tx, 0, 7, links=3, indexed=9, size=99, at=NOW)
        tx.commit()
    later = NOW + timedelta(minutes=1)
    with store.transaction(write=True) as tx:
        assert SqlChannels(tx).acquire("linker", "two", later, later + timedelta(seconds=30)) is not None
        tx.commit()
    with store.transaction(write=True) as tx:
        with pytest.raises(LeaseLost):
            signatures.hold(tx, lease)
        with pytest.raises(LeaseLost):
            signatures.hold(tx, Lease("nobody", "one", 1, NOW))
        with pytest.raises(LeaseLost):
            signatures.move(tx, 0, 8, links=0, indexed=0, size=0, at=NOW)
        signatures.move(tx, 7, 8, links=1, indexed=9, size=99, at=NOW)
        standing = signatures.standing(tx)
        assert (signatures.position(tx), standing.links, standing.indexed, standing.bytes) == (8, 4, 9, 99)


def test_what_units_were_told_is_kept_and_a_group_waits_until_all_are(store: SqlStore) -> None:
    first, second = ids(store, numbers := put(store, 2))
    matter, other = (MatterId(number) for number in numbers)
    with store.transaction(write=True) as tx:
        similar.make_due(tx, [second, first, second])
        similar.make_due(tx, [first])
        tx.commit()
    with store.unit_of_work() as uow:
        assert uow.similar.due(5) == [first, second]
        uow.similar.tell(first, [(matter, WATER, 1), (other, WATER, 1), (matter, ROADS, 2)], NOW, done=False)
        uow.similar.tell(first, [(matter, WATER, 3)], NOW, done=True)
        assert uow.similar.due(5) == [second]
        assert uow.similar.told([matter]) == {(matter, WATER): 3, (matter, ROADS): 2}
        assert uow.similar.told([]) == {}
        uow.commit()


def test_of_a_shredded_letter_nothing_is_left(store: SqlStore) -> None:
    first, second = ids(store, numbers := put(store, 2))
    sign(store, [first, second])
    link(store, Link(first, first, 1, second, 0.9), Link(second, first, 1, first, 0.9))
    with store.unit_of_work() as uow:
        uow.vault.shred(uow.reads.messages([numbers[0]])[numbers[0]].owner)
        uow.commit()
    assert members(store, first) == numbers[1:]
    with store.transaction(write=False) as tx:
        assert [row[1] for row in signatures.stored(tx, 0, SINCE, SCHEME)] == [second]


def test_a_unit_sees_of_others_what_was_given_to_it(store: SqlStore) -> None:
    numbers = put(store, 2)
    matter, other = (MatterId(number) for number in numbers)
    with store.unit_of_work() as uow:
        uow.assignments.add([assignment(numbers[0], WATER)])
        uow.commit()
    with store.transaction(write=False) as tx:
        assert similar.visible(tx, Viewer(reads=True, units=(WATER,)), [matter, other]) == {matter}
        assert similar.visible(tx, Viewer(reads=True, units=None), [matter, other]) == {matter, other}
        assert similar.visible(tx, Viewer(reads=False), [matter, other]) == set()
