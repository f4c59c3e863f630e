"""Registering, revising, noting, claiming and settling, on every implementation of the store."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Refused
from domain.ids import ExternalId, MatterId, Number
from domain.messages import CaptureOutcome, MessageState
from domain.records import Note
from store.queries import ledger
from store.unit_of_work import SqlStore
from tests.support.stores import BOARD, NOW, mark, new_message, poll_row, quarantine_row, register, revision, settled

LATER = NOW + timedelta(minutes=5)


def balanced(store: SqlStore) -> bool:
    with store.transaction(write=False) as tx:
        return all(line.difference == 0 for line in ledger(tx))


def test_numbers_count_up_for_each_channel_and_day_without_gaps(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        assert uow.messages.register([new_message("a"), new_message("b")]) == ["20261120-board-000001", "20261120-board-000002"]
        uow.commit()
    with store.unit_of_work() as uow:
        uow.messages.register([new_message("lost")])
    with store.unit_of_work() as uow:
        numbers = uow.messages.register([new_message("c"), new_message("d", day="20261121"), new_message("e")])
        uow.commit()
    assert numbers == ["20261120-board-000003", "20261121-board-000001", "20261120-board-000004"]


def test_an_item_is_registered_once(store: SqlStore) -> None:
    (first,) = register(store, "a")
    with store.unit_of_work() as uow:
        assert uow.messages.register([new_message("a"), new_message("b"), new_message("b")]) == ["", "20261120-board-000002", ""]
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        assert uow.reads.messages([first])[first].matter == MatterId(first)
        assert len(uow.reads.in_state([MessageState.NEW])) == 2


def test_a_registered_message_comes_back_as_it_was_given(store: SqlStore) -> None:
    written = datetime(2026, 11, 19, 23, 59, 59, 123456, tzinfo=UTC)
    marks = (mark("one"), mark("two", "email"))
    with store.unit_of_work() as uow:
        (number,) = uow.messages.register([new_message("a", marks=marks, submitted_at=written, body="𠮷野家\n正文")])
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        message = uow.reads.messages([number])[number]
    assert (message.body, message.submitted_at, message.registered_at, message.marks) == ("𠮷野家\n正文", written, NOW, marks)
    assert (message.state, message.version, message.sealed, message.in_place, message.truncated) == ("new", 1, False, True, False)


def test_a_revision_is_a_new_version_that_is_looked_at_again(store: SqlStore) -> None:
    (number,) = register(store, "a", marks=(mark("one"),), state=MessageState.HELD)
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(number, MessageState.NEW, expected=MessageState.HELD, waived=("rule",))])
        uow.messages.revise([revision(number, marks=(mark("two"),))])
        uow.messages.revise([revision(number, body="再改")])
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        message = uow.reads.messages([number])[number]
        seen = uow.captures.seen(BOARD, [ExternalId("a")])[ExternalId("a")]
        hashes = {digest for digest, _ in uow.sameness.by_marks([mark("one"), mark("two")], NOW)}
    assert (message.version, message.body, message.state, message.truncated) == (3, "再改", "new", True)
    assert message.waived_rules == ()
    assert message.marks == (mark("one"), mark("two"))
    assert hashes == {mark("one").hash, mark("two").hash}
    assert (seen.list_mark, seen.content_mark, seen.number) == ("list-2", "content-2", number)


def test_a_note_changes_no_state(store: SqlStore) -> None:
    (number,) = register(store, "a")
    with store.unit_of_work() as uow:
        uow.messages.note([Note(0, number, LATER, "答复", "已经处理", "list-3", "content-3")])
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        message = uow.reads.messages([number])[number]
        seen = uow.captures.seen(BOARD, [ExternalId("a")])[ExternalId("a")]
    assert (message.version, message.state) == (1, "new")
    assert (seen.list_mark, seen.fetched_at) == ("list-3", LATER)
    assert balanced(store)


def test_revisions_and_notes_of_unknown_numbers_are_refused(store: SqlStore) -> None:
    with store.unit_of_work() as uow, pytest.raises(Refused):
        uow.messages.revise([revision(Number("20261120-board-999999"))])


def test_claims_are_oldest_first_and_nobody_elses(store: SqlStore) -> None:
    numbers = register(store, *"abcde")
    with store.unit_of_work() as uow:
        mine = uow.messages.claim("one", 2, NOW, LATER)
        uow.commit()
    with store.unit_of_work() as uow:
        others = uow.messages.claim("two", 9, NOW, LATER)
        uow.commit()
    assert [message.number for message in mine] == numbers[:2]
    assert [message.number for message in others] == numbers[2:]


def test_a_claim_runs_out_and_a_worker_takes_up_its_own_again(store: SqlStore) -> None:
    numbers = register(store, "a", "b")
    with store.unit_of_work() as uow:
        uow.messages.claim("one", 9, NOW, LATER)
        uow.commit()
    with store.unit_of_work() as uow:
        assert [message.number for message in uow.messages.claim("one", 9, NOW, LATER)] == numbers
        assert uow.messages.claim("two", 9, LATER - timedelta(microseconds=1), LATER) == []
        assert len(uow.messages.claim("two", 9, LATER, LATER + timedelta(minutes=1))) == 2


def test_a_step_happens_only_from_where_it_was_expected(store: SqlStore) -> None:
    a, b, c = register(store, "a", "b", "c")
    with store.unit_of_work() as uow:
        uow.messages.claim("one", 9, NOW, LATER)
        uow.messages.revise([revision(b)])
        steps = [settled(number, MessageState.DISPATCHED, worker="one") for number in (a, b, c)]
        steps.append(settled(Number("20261120-board-999999"), MessageState.DISPATCHED, worker="one"))
        assert uow.messages.settle(steps) == [b, "20261120-board-999999"]
        assert uow.messages.settle(steps[:1]) == [a]
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        found = uow.reads.messages([a, b, c])
    assert [found[number].state for number in (a, b, c)] == ["dispatched", "new", "dispatched"]
    assert found[a].reason == "why"


def test_another_workers_claim_is_not_settled(store: SqlStore) -> None:
    (number,) = register(store, "a")
    with store.unit_of_work() as uow:
        uow.messages.claim("two", 1, NOW, LATER)
        assert uow.messages.settle([settled(number, MessageState.DISPATCHED, worker="one")]) == [number]
        assert uow.messages.settle([settled(number, MessageState.IN_REVIEW, worker="two")]) == []


def test_an_impossible_move_is_refused_and_changes_nothing(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    with store.unit_of_work() as uow:
        with pytest.raises(Refused):
            uow.messages.settle([settled(a, MessageState.IN_REVIEW), settled(b, MessageState.REJECTED)])
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        assert {message.state for message in uow.reads.messages([a, b]).values()} == {MessageState.NEW}


def test_joining_moves_a_message_to_another_matter(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(b, MessageState.JOINED, matter=a)])
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        matters = uow.reads.of_matters([uow.reads.messages([b])[b].matter])
    assert [message.number for message in matters[next(iter(matters))]] == [a, b]


def test_waived_rules_add_up(store: SqlStore) -> None:
    (number,) = register(store, "a", state=MessageState.HELD)
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(number, MessageState.NEW, expected=MessageState.HELD, waived=("first",))])
        uow.messages.settle([settled(number, MessageState.HELD)])
        uow.messages.settle([settled(number, MessageState.NEW, expected=MessageState.HELD, waived=("second", "first"))])
        assert uow.reads.messages([number])[number].waived_rules == ("first", "second")


def test_what_is_quarantined_is_known_and_may_be_registered_later(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        poll = uow.captures.record_poll(poll_row(1, 0, 1))
        (waiting,) = uow.captures.quarantine([quarantine_row("a", poll)])
        uow.commit()
    with store.unit_of_work() as uow:
        assert uow.captures.seen(BOARD, [ExternalId("a")])[ExternalId("a")].number is None
        assert [item.id for item in uow.reads.quarantined()] == [waiting]
        (number,) = uow.messages.register([new_message("a", capture_id=waiting)])
        uow.commit()
    with store.unit_of_work() as uow:
        assert uow.reads.quarantined([waiting]) == []
        assert uow.captures.seen(BOARD, [ExternalId("a")])[ExternalId("a")].number == number
        with pytest.raises(Refused):
            uow.captures.resolve(waiting, outcome=CaptureOutcome.NOTED, at=LATER)
    assert balanced(store)


def test_a_replay_that_adds_nothing_leaves_quarantine(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        (waiting,) = uow.captures.quarantine([quarantine_row("a")])
        uow.captures.resolve(waiting, outcome=CaptureOutcome.NOTED, at=LATER)
        uow.commit()
    with store.transaction(write=False) as tx:
        captured = ledger(tx)[1]
    assert (captured.left, captured.right["noted"], captured.right["quarantined"], captured.difference) == (1, 1, 0, 0)


def test_a_refused_replay_leaves_the_capture_waiting(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        (waiting,) = uow.captures.quarantine([quarantine_row("a")])
        with pytest.raises(Refused):
            uow.captures.resolve(waiting, outcome=CaptureOutcome.QUARANTINED, at=LATER)
        assert len(uow.reads.quarantined([waiting])) == 1


def test_touching_moves_list_mark_and_time_of_fetching(store: SqlStore) -> None:
    register(store, "a")
    with store.unit_of_work() as uow:
        uow.captures.touch(BOARD, [(ExternalId("a"), "list-9", LATER)])
        seen = uow.captures.seen(BOARD, [ExternalId("a"), ExternalId("b")])
    assert set(seen) == {"a"}
    assert (seen[ExternalId("a")].list_mark, seen[ExternalId("a")].fetched_at) == ("list-9", LATER)


def test_seen_answers_more_items_than_a_statement_takes_parameters(store: SqlStore) -> None:
    register(store, *(str(n) for n in range(10)))
    assert len(store.seen(BOARD, [ExternalId(str(n)) for n in range(40_000)])) == 10


def test_a_difference_shows_in_the_ledger(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        first = uow.captures.record_poll(poll_row(3, 1, 2))
        second = uow.captures.record_poll(poll_row(1, 1, 0))
        uow.messages.register([new_message("a", poll=first), new_message("b", poll=second)])
        uow.commit()
    with store.transaction(write=False) as tx:
        listed, captured, registered, outbox = ledger(tx)
    # The two polls' differences do not cancel each other out.
    assert (listed.left, listed.right, listed.difference) == (4, {"unchanged": 2, "captured": 2}, 2)
    assert (captured.difference, registered.difference, outbox.difference) == (0, 0, 0)
