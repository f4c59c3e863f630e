"""Cursors, channel states and leases, on every implementation of the store."""

from datetime import timedelta

import pytest

from domain.errors import LeaseLost, RetryLater
from domain.ids import ChannelId, ExternalId
from store.unit_of_work import SqlStore
from tests.support.stores import BOARD, NOW, poll_row, quarantine_row

UNTIL = NOW + timedelta(minutes=1)
LEASE = f"channel:{BOARD}"


def test_a_cursor_is_committed_with_its_poll(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        assert uow.channels.cursor(BOARD) == ""
        first = uow.captures.record_poll(poll_row(5, 5, 0, cursor="after-5"))
        assert uow.captures.record_poll(poll_row(1, 0, 0, cursor="after-6")) != first
        uow.commit()
    with store.unit_of_work() as uow:
        uow.captures.record_poll(poll_row(1, 0, 0, cursor="lost"))
    with store.unit_of_work(write=False) as uow:
        assert uow.channels.cursor(BOARD) == "after-6"


def test_status_counts_and_keeps_the_last_success(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        uow.channels.report(BOARD, "board", NOW, state="ok", error="")
        poll = uow.captures.record_poll(poll_row(3, 0, 3))
        uow.captures.quarantine([quarantine_row("a", poll), quarantine_row("b", poll)])
        uow.channels.report(BOARD, "board", UNTIL, state="degraded", error="503 from the board")
        uow.channels.report(ChannelId("mail"), "mailbox", NOW, state="halted", error="wrong password")
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        board, mail = uow.channels.status()
    assert (board.kind, board.state, board.last_attempt, board.last_success) == ("board", "degraded", UNTIL, NOW)
    assert (board.captured, board.quarantined, board.error) == (3, 2, "503 from the board")
    assert (mail.id, mail.last_success, mail.quarantined) == ("mail", None, 0)


def test_a_lease_is_one_owners_and_its_tokens_rise(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        first = uow.channels.acquire(LEASE, "one", NOW, UNTIL)
        assert first is not None
        assert uow.channels.acquire(LEASE, "two", NOW, UNTIL) is None
        longer = uow.channels.acquire(LEASE, "one", NOW, UNTIL + timedelta(minutes=1))
        assert longer is not None
        assert (longer.token, longer.until) == (first.token, UNTIL + timedelta(minutes=1))
        taken = uow.channels.acquire(LEASE, "two", longer.until, longer.until + timedelta(minutes=1))
        assert taken is not None
        assert taken.token > first.token
        uow.channels.release(longer)
        assert uow.channels.acquire(LEASE, "three", NOW, UNTIL) is None
        uow.channels.release(taken)
        back = uow.channels.acquire(LEASE, "one", NOW, UNTIL)
        assert back is not None
        assert back.token > taken.token


def test_a_poll_with_an_old_token_writes_nothing(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        old = uow.channels.acquire(LEASE, "one", NOW, UNTIL)
        new = uow.channels.acquire(LEASE, "two", UNTIL, UNTIL + timedelta(minutes=1))
        assert old is not None
        assert new is not None
        uow.captures.record_poll(poll_row(0, 0, 0, fence=new.token))
        uow.commit()
    for fence in (old.token, 0, new.token + 1):
        with store.unit_of_work() as uow, pytest.raises(LeaseLost):
            uow.captures.record_poll(poll_row(1, 1, 0, cursor="stale", fence=fence, at=UNTIL))
    with store.unit_of_work(write=False) as uow:
        assert uow.channels.cursor(BOARD) == "c1"


def test_no_lease_is_needed_where_none_is_held(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        lease = uow.channels.acquire(LEASE, "one", NOW, UNTIL)
        assert lease is not None
        uow.channels.release(lease)
        uow.captures.record_poll(poll_row(0, 0, 0, fence=0))


def test_what_is_seen_while_writing_stays_so(store: SqlStore, store_url: str) -> None:
    other = SqlStore(store_url, busy_timeout=0.2)
    with store.unit_of_work() as uow:
        assert uow.captures.seen(BOARD, [ExternalId("a")]) == {}
        with pytest.raises(RetryLater, match="locked"), other.unit_of_work() as second:
            second.captures.seen(BOARD, [ExternalId("a")])
    with other.unit_of_work() as second:
        assert second.captures.seen(BOARD, [ExternalId("a")]) == {}
    other.close()


def test_status_names_who_polled_last(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        uow.channels.report(BOARD, "board", NOW, state="ok", error="")
        assert uow.channels.status()[0].polled_by == ""
        lease = uow.channels.acquire(LEASE, "one", NOW, UNTIL)
        assert lease is not None
        uow.channels.release(lease)
        assert uow.channels.status()[0].polled_by == "one"
