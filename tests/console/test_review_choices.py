"""Choices going out: exactly once whoever applies them, never after they were taken back, whatever fails between."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.choices import DueChoices
from app.console import choosing
from app.console.accounts import Accounts
from app.console.serving import apply_due
from app.runner import Parts, run_parts
from domain.accounts import Account
from domain.choices import Action, ChoiceState, ReviewChoice
from domain.errors import Refused, RetryLater
from domain.ids import Number, UnitCode
from tests.support.desk import Desk

UNSURE = "文苑路的事情说不清楚请看看"
WATER = ReviewChoice(Action.DECIDE, lead=UnitCode("water"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "city")
    yield made
    made.system.close()


@pytest.fixture
def li(desk: Desk) -> Account:
    return Accounts(desk.system).add("li", "李分办", ["reviewer"], [], "test")


def letters(desk: Desk, count: int) -> list[Number]:
    made = [Number(desk.letter(f"l{place}", f"{UNSURE}{place}")) for place in range(count)]
    desk.work()
    return made


def assigned(desk: Desk) -> int:
    with desk.system.store.transaction(write=False) as tx:
        return int(tx.fetch("SELECT count(*) FROM outbox WHERE type = 'assigned'")[0][0])


def states(desk: Desk, account: Account) -> dict[Number, ChoiceState]:
    return {one.number: one.state for one in choosing.lately(desk.system, account)}


def test_two_appliers_at_once_decide_each_choice_once(desk: Desk, li: Account) -> None:
    chosen = letters(desk, 12)
    for number in chosen:
        choosing.choose(desk.system, li, number, WATER)
    desk.clock.forward(seconds=30)
    start = threading.Barrier(2)

    def applier() -> int:
        due = desk.system.due_choices()
        start.wait()
        return due.look()

    with ThreadPoolExecutor(2) as pool:
        settled = [one.result() for one in [pool.submit(applier) for _ in range(2)]]
    assert sum(settled) == len(chosen)
    assert assigned(desk) == len(chosen)
    assert {desk.state(number) for number in chosen} == {"dispatched"}
    with desk.system.store.unit_of_work(write=False) as uow:
        for number in chosen:
            actions = [entry.action for _, entry in uow.audit.entries(number)]
            assert actions == ["review.choose", "matter.decide"]
    assert desk.balanced()


def test_a_step_that_fails_leaves_the_choice_waiting(desk: Desk, li: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = letters(desk, 2)
    for number in (first, second):
        choosing.choose(desk.system, li, number, WATER)
    desk.clock.forward(seconds=30)
    system = desk.system

    def failing(actor: str | None = None, settling: object = None) -> object:
        office = type(system).office(system, actor, settling)  # type: ignore[arg-type]
        decide = office.decide

        def once(number: Number, choice: object) -> object:
            if number == first:
                raise RetryLater("the disk is full")
            return decide(number, choice)  # type: ignore[arg-type]

        monkeypatch.setattr(office, "decide", once)
        return office

    with pytest.raises(RetryLater):
        DueChoices(system.store, desk.clock, failing).look()  # type: ignore[arg-type]
    assert (desk.state(first), desk.state(second)) == ("in_review", "dispatched")
    assert system.due_choices().look() == 1
    assert desk.state(first) == "dispatched"


def test_what_was_taken_back_never_goes_out(desk: Desk, li: Account) -> None:
    (number,) = letters(desk, 1)
    ident = choosing.choose(desk.system, li, number, WATER)
    desk.clock.forward(seconds=31)
    assert choosing.undo(desk.system, li, ident) == number, "late, and still in time: it did not go out yet"
    assert desk.system.due_choices().look() == 0
    assert states(desk, li) == {number: ChoiceState.UNDONE}


def test_the_choice_of_a_shut_account_is_refused(desk: Desk, li: Account) -> None:
    (number,) = letters(desk, 1)
    choosing.choose(desk.system, li, number, WATER)
    Accounts(desk.system).change("li", "test", disabled=True)
    desk.clock.forward(seconds=30)
    assert desk.system.due_choices().look() == 1
    assert (desk.state(number), states(desk, li)) == ("in_review", {number: ChoiceState.REFUSED})


def test_the_choice_of_who_is_no_reviewer_any_more_is_refused(desk: Desk, li: Account) -> None:
    (number,) = letters(desk, 1)
    choosing.choose(desk.system, li, number, WATER)
    Accounts(desk.system).change("li", "test", roles=["analyst"])
    desk.clock.forward(seconds=30)
    assert desk.system.due_choices().look() == 1
    assert desk.state(number) == "in_review"


def test_one_letter_has_one_waiting_choice_however_many_choose_at_once(desk: Desk, li: Account) -> None:
    (number,) = letters(desk, 1)
    others = [Accounts(desk.system).add(f"r{place}", "", ["reviewer"], [], "test") for place in range(3)]
    start = threading.Barrier(4)

    def choosing_now(account: Account) -> bool:
        start.wait()
        try:
            choosing.choose(desk.system, account, number, WATER)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(choosing_now, [li, *others])) == [False, False, False, True]


def test_the_consoles_thread_applies_until_it_is_stopped(desk: Desk, li: Account) -> None:
    (number,) = letters(desk, 1)
    choosing.choose(desk.system, li, number, WATER)
    stop, looks = threading.Event(), []
    due = desk.system.due_choices()

    class Looking(DueChoices):
        def look(self) -> int:
            looks.append(desk.clock.now())
            if len(looks) == 2:
                raise RetryLater("the store is away")
            if len(looks) == 3:
                raise ValueError("a defect")
            if desk.state(number) == "dispatched":
                stop.set()
            return due.look()

    apply_due(Looking(desk.system.store, desk.clock, desk.system.office), desk.clock, stop)
    assert desk.state(number) == "dispatched"
    assert 30 <= len(looks) <= 33, "every second of the hand clock"


def test_a_run_without_a_console_loses_nothing(desk: Desk, li: Account) -> None:
    (number,) = letters(desk, 1)
    choosing.choose(desk.system, li, number, WATER)
    parts = Parts(collect=False, relay=False, feed=False, remind=False)
    told: list[str] = []
    run_parts(desk.system, parts, threading.Event(), lambda stage, _: told.append(stage))
    assert (desk.state(number), "choices" in told) == ("in_review", False)
    desk.clock.forward(seconds=30)
    run_parts(desk.system, parts, threading.Event(), lambda stage, _: told.append(stage))
    assert (desk.state(number), "choices" in told) == ("dispatched", True)
