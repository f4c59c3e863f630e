"""Random walks of merging, splitting, deciding, signing, completing and returning, on every store: nothing is lost or doubled.

After each step the ledger balances, every letter is in one matter that knows of it, and each matter's events rise by one.
"""

import random
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from app.copies import letters_of, standing_for
from app.office import Choice
from app.office_matters import SplitTo
from app.reports import message_document
from app.retry import transact
from domain.decisions import AssignmentState, MatterState
from domain.errors import Refused, RetryLater
from domain.events import FeedbackEvent, FeedbackType, OutboxState
from domain.ids import AssignmentId, EventId, MatterId, Number, UnitCode
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork
from tests.support.desk import Desk
from tests.support.outbox_load import in_threads

TEXTS = ("{}小区停水三天了，请尽快恢复供水。", "{}门口的路面塌了一块，请修补。", "{}又停水，路面也坏了。")
LETTERS, STEPS, WALKS = 9, 40, 4
OPEN = {AssignmentState.SENT, AssignmentState.SIGNED}


class Walk:
    """A desk, its letters, and a chance by which they are merged, split, decided and worked on."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.chance = random.Random(seed)
        self.numbers = [self._letter(n) for n in range(LETTERS)]
        self.said = 0
        self.done: Counter[str] = Counter()
        desk.work()

    def step(self) -> None:
        name = self.chance.choice(
            ["merge", "merge", "merge", "split", "split", "say", "say", "decide", "work", "letter", "revise"]
        )
        try:
            getattr(self, f"_{name}")()
        except Refused:
            name = f"{name}.refused"
        self.done[name] += 1

    def _merge(self) -> None:
        self.desk.office.merge(self._any(), self._any(), "同一件事")

    def _split(self) -> None:
        joined = [number for number in self.numbers if self.desk.state(number) == "joined"]
        if joined:
            self.desk.office.split(self.chance.choice(joined), "两件事", self.chance.choice(list(SplitTo)))

    def _decide(self) -> None:
        self.desk.office.decide(self._any(), Choice(self.chance.choice(["water", "roads", "river-water"])))

    def _say(self) -> None:
        with self.desk.system.store.unit_of_work(write=False) as uow:
            given = [part for parts in uow.assignments.of_matters([MatterId(n) for n in self.numbers]).values() for part in parts]
        if given:
            part = self.chance.choice(given)
            self.said += 1
            kind = self.chance.choice([FeedbackType.SIGN, FeedbackType.SIGN, FeedbackType.COMPLETE, FeedbackType.RETURN])
            event = FeedbackEvent(EventId(f"e-{self.said}"), part.unit, kind, part.id, reason="不属本单位", reply="办好了")
            self.desk.feedback.apply(event, actor="test")

    def _letter(self, n: int | None = None) -> Number:
        place = n if n is not None else self.chance.randrange(LETTERS)
        text = TEXTS[place % len(TEXTS)].format(f"{place}号")
        number = Number(self.desk.letter(f"letter-{place}-{self.chance.random()}", text, phones=[f"1390000{place:04d}"]))
        if n is None:
            self.numbers.append(number)
        return number

    def _revise(self) -> None:
        number = self._any()
        message = self.desk.message(number)
        self.desk.letter(message.external_id, f"补充：{message.body}", phones=[])

    def _work(self) -> None:
        self.desk.clock.forward(hours=1)
        self.desk.work()

    def _any(self) -> Number:
        return self.chance.choice(self.numbers)


def holds(desk: Desk, numbers: list[Number]) -> None:
    """What must be true after every step."""
    assert desk.balanced()
    with desk.system.store.unit_of_work(write=False) as uow:
        messages = uow.reads.messages(numbers)
        for number in numbers:
            message = messages[number]
            row = uow.matters.get(message.matter)
            assert row is not None
            members = uow.reads.of_matters([message.matter])[message.matter]
            assert [one.number for one in members].count(number) == 1
            if message.state is MessageState.JOINED:
                _joined(uow, message)
            elif message.state is not MessageState.NEW:
                assert message.matter == MatterId(number)
                assert row.merged_into is None
        own = [MatterId(number) for number in numbers]
        for matter, parts in uow.assignments.of_matters(own).items():
            gone = messages[Number(matter)].matter != matter
            assert not (gone and any(part.state in OPEN for part in parts)), "a unit works on a matter that was merged away"
            row = uow.matters.get(matter)
            if row is not None and row.state is MatterState.ANSWERED:
                assert not any(part.state in OPEN for part in parts)
            assert standing_for(matter, letters_of(uow, [matter])[matter]).number == Number(matter)


def _joined(uow: UnitOfWork, message: Message) -> None:
    """It is in a matter of another's number, whose own letter is no joined one: nothing hangs on what hangs elsewhere."""
    own = uow.matters.get(MatterId(message.number))
    assert own is not None
    assert own.merged_into is not None
    head = uow.reads.messages([Number(message.matter)])[Number(message.matter)]
    assert message.matter != MatterId(message.number)
    assert head.state is not MessageState.JOINED
    assert head.matter == message.matter


def events_rise(desk: Desk) -> None:
    """Each matter's events have each number from one on once, whatever topic they went to."""
    with desk.system.store.transaction(write=False) as tx:
        rows = tx.fetch("SELECT key, sequence, state FROM outbox ORDER BY key, sequence")
        last = {row[0]: int(row[1]) for row in tx.fetch("SELECT id, sequence FROM matters")}
    given: dict[str, list[int]] = {}
    for key, sequence, state in rows:
        assert state in set(OutboxState)
        given.setdefault(key, []).append(sequence)
    for key, sequences in given.items():
        assert sequences == list(range(1, last[key] + 1))


@pytest.mark.parametrize("walk", range(WALKS))
def test_whatever_is_merged_and_split_nothing_is_lost(any_store: str, tmp_path: Path, walk: int) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed, "walk", walk)
    desk = Desk(tmp_path / "city", store=any_store)
    walking = Walk(desk, seed)
    for _ in range(STEPS):
        walking.step()
        holds(desk, walking.numbers)
    desk.work()
    holds(desk, walking.numbers)
    events_rise(desk)
    _everybody_is_answered(desk, walking)
    desk.system.close()


def _everybody_is_answered(desk: Desk, walking: Walk) -> None:
    """Once what is still open is decided and done, each letter has a reply to show, joined ones too."""
    for number in walking.numbers:
        if desk.state(number) in {"in_review", "dispatched"} and desk.message(number).matter == number:
            try:
                desk.office.decide(number, Choice("discipline", requirement=f"办 {number}"))
            except Refused:
                continue
    with desk.system.store.unit_of_work(write=False) as uow:
        parts = uow.assignments.of_matters([MatterId(number) for number in walking.numbers])
    for given in parts.values():
        for part in given:
            if part.state in OPEN:
                event = FeedbackEvent(EventId(f"last-{part.id}"), part.unit, FeedbackType.COMPLETE, part.id, reply="都办好了")
                assert desk.feedback.apply(event, actor="test").outcome == "applied"
    for number in walking.numbers:
        document = message_document(desk.system, number)
        assert document["matter_state"] in {"answered", "closed"}, number
        assert any(part["reply"] for part in document["assignments"] if part["state"] == "completed"), number


def test_merging_and_splitting_at_once_wait_in_no_circle(any_store: str, tmp_path: Path) -> None:
    """Three of the office merge and split the same letters both ways round while units answer: all end, and all holds."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    desks = [Desk(tmp_path / "city", store=any_store) for _ in range(4)]
    first = desks[0]
    numbers = [Number(first.letter(f"l-{n}", TEXTS[n % 2].format(f"{n}号"))) for n in range(6)]
    first.work()

    def office(desk: Desk, chance: random.Random) -> None:
        for _ in range(12):
            one, other = chance.sample(numbers, 2)
            step = (
                partial(desk.office.merge, one, other, "同一件事")
                if chance.random() < 0.6
                else partial(desk.office.split, one, "两件事")
            )
            try:
                step()
            except (Refused, RetryLater):
                continue

    def units(desk: Desk) -> None:
        for n in range(12):
            for number in numbers:
                unit = UnitCode("water" if numbers.index(number) % 2 == 0 else "roads")
                ident = AssignmentId(f"{number}.{unit}.{1 + n % 2}")
                event = FeedbackEvent(EventId(f"{ident}-{n}"), unit, FeedbackType.SIGN, ident)
                transact(desk.clock, partial(desk.feedback.apply, event, actor="test"))
            desk.work()

    chances = [random.Random(seed + n) for n in range(3)]
    in_threads(*(partial(office, desk, chance) for desk, chance in zip(desks[1:], chances, strict=True)), partial(units, first))
    first.work()
    holds(first, numbers)
    events_rise(first)
    for desk in desks:
        desk.system.close()
