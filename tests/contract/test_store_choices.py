"""What reviewers chose and whom they asked to see, on every implementation of the store."""

from datetime import UTC, datetime, timedelta

from domain.accounts import Account, Role, Viewer
from domain.choices import Action, ChoiceState, ReviewChoice, Seen
from domain.decisions import DeadlineClass
from domain.ids import Number, UnitCode
from domain.messages import MessageState
from domain.reveals import RevealState
from store import desk_review
from store.accounts import SqlAccounts
from store.choices import SqlChoices
from store.desk_review import Narrowed
from store.reveals import SqlReveals
from store.unit_of_work import SqlStore
from tests.support.stores import register

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
A, B = Number("20261120-board-000001"), Number("20261120-board-000002")
CHOICE = ReviewChoice(Action.DECIDE, UnitCode("water"), (UnitCode("roads"),), "请核实", DeadlineClass.COMPLEX, "")
SEEN = Seen(1, MessageState.IN_REVIEW, 0)
OFFICE = Viewer(reads=True, units=None)


def reviewer(store: SqlStore, login: str = "li") -> Account:
    with store.transaction(write=True) as tx:
        account = SqlAccounts(tx).add(Account(0, login, login, (Role.REVIEWER,)), NOW)
        tx.commit()
    return account


def test_a_choice_waits_until_it_is_settled_once(store: SqlStore) -> None:
    register(store, "a", "b", state=MessageState.IN_REVIEW)
    li = reviewer(store)
    with store.transaction(write=True) as tx:
        choices = SqlChoices(tx)
        first = choices.add(A, li.id, CHOICE, SEEN, NOW, NOW + timedelta(seconds=30))
        second = choices.add(B, li.id, CHOICE, SEEN, NOW, NOW + timedelta(seconds=40))
        tx.commit()
    with store.unit_of_work() as uow:
        assert uow.choices.due(NOW, 10) == []
        (due,) = uow.choices.due(NOW + timedelta(seconds=30), 10)
        assert (due.id, due.number, due.login, due.choice, due.seen) == (first, A, "li", CHOICE, SEEN)
        assert [one.id for one in uow.choices.due(NOW + timedelta(minutes=1), 1)] == [first]
        assert uow.choices.settle(first, ChoiceState.REFUSED, NOW, "no")
        assert not uow.choices.settle(first, ChoiceState.APPLIED, NOW)
        uow.commit()
    with store.transaction(write=True) as tx:
        choices = SqlChoices(tx)
        assert set(choices.waiting([A, B])) == {B}
        assert choices.undo(second, li.id + 1, NOW) is None
        assert choices.undo(second, li.id, NOW) == B
        assert choices.undo(second, li.id, NOW) is None
        mine = choices.of(li.id, OFFICE, NOW, 10)
        assert [(one.id, one.state, one.reason) for one in mine] == [
            (second, ChoiceState.UNDONE, ""),
            (first, ChoiceState.REFUSED, "no"),
        ]
        assert choices.of(li.id, OFFICE, NOW + timedelta(seconds=1), 10) == []
        assert choices.of(li.id, Viewer(reads=False), NOW, 10) == []


def test_the_queue_leaves_out_what_a_choice_waits_for(store: SqlStore) -> None:
    register(store, "a", "b", state=MessageState.IN_REVIEW)
    li = reviewer(store)
    with store.transaction(write=True) as tx:
        assert [row.number for row in desk_review.queue(tx, OFFICE, Narrowed(), 10)] == [A, B]
        assert [row.number for row in desk_review.queue(tx, OFFICE, Narrowed(), 10, after=(3, 1))] == [B]
        SqlChoices(tx).add(A, li.id, CHOICE, SEEN, NOW, NOW)
        assert [row.number for row in desk_review.queue(tx, OFFICE, Narrowed(), 10)] == [B]
        assert desk_review.counts(tx, OFFICE) == {"sealed_review": 0, "in_review": 1, "held": 0, "returned": 0}
        assert desk_review.queue(tx, OFFICE, Narrowed(source="held", kind="help", unit="water"), 10) == []
        assert desk_review.queue(tx, OFFICE, Narrowed(source="returned"), 10) == []
        row = desk_review.one(tx, OFFICE, A)
        assert row is not None
        assert desk_review.earlier_of_sender(tx, OFFICE, row, 5) == []
        assert desk_review.one(tx, Viewer(reads=True, sealed=True, ordinary=False, units=None), A) is None


def test_a_reveal_is_answered_once(store: SqlStore) -> None:
    register(store, "a", state=MessageState.IN_REVIEW)
    li, wang = reviewer(store), reviewer(store, "wang")
    with store.transaction(write=True) as tx:
        reveals = SqlReveals(tx)
        ident = reveals.add(A, li.id, None, "须核对", NOW)
        assert [one.id for one in reveals.asked(OFFICE, but=wang.id)] == [ident]
        assert reveals.asked(OFFICE, but=li.id) == []
        assert reveals.answer(ident, RevealState.GRANTED, "wang", "", NOW, NOW + timedelta(hours=1))
        assert not reveals.answer(ident, RevealState.REFUSED, "wang", "", NOW, None)
        found = reveals.get(ident, OFFICE)
        assert found is not None
        assert (found.state, found.login, found.sealed) == (RevealState.GRANTED, "li", False)
        assert found.open_at(NOW)
        assert not found.open_at(NOW + timedelta(hours=1))
        assert reveals.get(ident, Viewer(reads=False)) is None
        assert [one.id for one in reveals.of(li.id, OFFICE, A)] == [ident]
