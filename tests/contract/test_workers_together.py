"""Several workers, a registrar, units and the office at once on one store: copies are found, nothing waits in a circle."""

import random
from collections import Counter
from functools import partial
from pathlib import Path

from app.retry import transact
from domain.errors import Refused, RetryLater
from domain.events import FeedbackEvent, FeedbackType
from domain.ids import AssignmentId, EventId, Number, UnitCode
from domain.messages import MessageState
from tests.support.desk import Desk, HandClock
from tests.support.outbox_load import in_threads

PERSONS = 24
WORKERS = 3
COMPLAINT = "我们小区{}号楼从上星期一开始停水，物业和供水公司都去问过了，老人孩子用水困难，请尽快派人来看一看，谢谢领导。"
OTHER = "小区{}号楼门口路面塌了一大块，晚上没有路灯，行人很容易摔倒，已经有人受伤，请有关部门尽快修补。"


def letters(seed: int) -> list[tuple[str, str, str, str]]:
    """(channel, external id, text, phone): of each person two exact copies, a near copy and another matter."""
    chance, found = random.Random(seed), []
    for person in range(PERSONS):
        phone, text = f"1990000{person:04d}", COMPLAINT.format(person)
        near = text.replace("谢谢领导", "多谢领导")
        texts = [("portal", text), ("mail", text), ("mail", near), ("portal", OTHER.format(person))]
        found += [(channel, f"{person}-{n}", body, phone) for n, (channel, body) in enumerate(texts)]
    chance.shuffle(found)
    return found


def test_copies_are_found_whoever_takes_them(any_store: str, tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    clock = HandClock()
    desks = [Desk(tmp_path / "city", clock, store=any_store, more="[work]\nbatch = 7\n") for _ in range(WORKERS + 1)]
    front, workers = desks[0], desks[1:]
    for n, desk in enumerate(workers):
        desk.worker = desk.system.worker(f"test/worker-{n}")
    waiting = letters(seed)

    def register() -> None:
        for channel, external_id, text, phone in waiting:
            clock.forward(seconds=1)
            transact(front.clock, partial(front.letter, external_id, text, channel=channel, phones=[phone]))

    def work(desk: Desk) -> None:
        idle = 0
        while idle < 200:
            try:
                idle = 0 if desk.worker.run_once() else idle + 1
            except RetryLater:
                idle = 0
            if idle and len(waiting) == settled(desk):
                return

    in_threads(register, *(partial(work, desk) for desk in workers))
    for desk in workers:
        desk.work()
    with front.system.store.unit_of_work(write=False) as uow:
        found = uow.reads.in_state(list(MessageState), limit=10_000)
    states = Counter(str(message.state) for message in found)
    dispatched = Counter(message.marks[0].hash for message in found if message.state is MessageState.DISPATCHED)
    assert states == {"dispatched": 2 * PERSONS, "joined": 2 * PERSONS}
    assert set(dispatched.values()) == {2}
    assert front.balanced()
    for desk in desks:
        desk.system.close()


def settled(desk: Desk) -> int:
    with desk.system.store.unit_of_work(write=False) as uow:
        return len(uow.reads.in_state([state for state in MessageState if state is not MessageState.NEW], limit=10_000))


def test_units_office_and_workers_never_wait_in_a_circle(any_store: str, tmp_path: Path) -> None:
    """Each takes a matter's steps in an order of its own; what is refused is refused, and the audit log holds."""
    desks = [Desk(tmp_path / "city", store=any_store) for _ in range(4)]
    numbers = [desks[0].letter(str(n), f"小区{n}号楼停水三天", phones=[f"1990000{n:04d}"]) for n in range(30)]
    desks[0].work()
    assert {desks[0].state(number) for number in numbers} == {"dispatched"}

    def said(desk: Desk, kind: FeedbackType, seed: int) -> None:
        reply, reason = ("已修好", "") if kind is FeedbackType.COMPLETE else ("", "不归我们")
        for number in random.Random(seed).sample(numbers, len(numbers)):
            event = FeedbackEvent(
                EventId(f"{number}-{kind}"),
                UnitCode("water"),
                kind,
                AssignmentId(f"{number}.water.1"),
                reply=reply,
                reason=reason,
            )
            desk.feedback.apply(event, actor="unit:water")

    def pressed(desk: Desk, seed: int) -> None:
        for number in random.Random(seed).sample(numbers, len(numbers)):
            try:
                desk.office.seal(Number(number), "举报") if int(number[-1]) % 3 == 0 else desk.office.close(Number(number))
            except Refused:
                continue

    def revised(desk: Desk) -> None:
        for n in range(len(numbers)):
            transact(desk.clock, partial(desk.letter, str(n), f"小区{n}号楼停水三天，还没来", phones=[f"1990000{n:04d}"]))
            try:
                desk.worker.run_once()
            except RetryLater:
                continue

    in_threads(
        partial(said, desks[0], FeedbackType.COMPLETE, 1),
        partial(said, desks[1], FeedbackType.RETURN, 2),
        partial(pressed, desks[2], 3),
        partial(revised, desks[3]),
    )
    desks[3].work()
    assert desks[0].balanced()
    with desks[0].system.store.unit_of_work(write=False) as uow:
        assert uow.audit.verify() == ""
    with desks[0].system.store.transaction(write=False) as tx:
        gaps = tx.fetch("SELECT key FROM outbox GROUP BY key HAVING max(sequence) <> count(*)")
        deadlocks = [] if tx.sqlite else tx.fetch("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert gaps == []
    print("deadlocks", deadlocks)
    for desk in desks:
        desk.system.close()
