"""The statistics' views against a plain count of the same rows in Python, on a random history, on every store."""

import random
import secrets
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.accounts import Viewer
from domain.clock import SHANGHAI
from domain.decisions import Assignment, AssignmentState, MatterState, Role
from domain.ids import AssignmentId, ChannelId, MatterId, Number, UnitCode
from domain.messages import Message, MessageState
from route.calendar import WorkingCalendar
from store import desk_statistics
from store.desk_statistics import Figures, Key, Period, figures, total
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, assignment, new_message, settled

UNITS = [UnitCode(code) for code in ("water", "roads", "parks", "schools")]
CHANNELS = [ChannelId(name) for name in ("portal", "mail")]
EPOCH = date(1970, 1, 1)
OFFICE = Viewer(reads=True, units=None)
EVERYTHING = Viewer(reads=True, sealed=True, units=None)
LATER = NOW + timedelta(days=40)
WHOLE = Period(0, 50_000)


def day_of(moment: datetime) -> int:
    return (moment.astimezone(SHANGHAI).date() - EPOCH).days


def history(store: SqlStore, seed: int) -> None:
    """Letters of a month: filtered, joined, sealed, returned, given to another, late, reopened."""
    chance = random.Random(seed)
    place = 0
    for n in range(60):
        at = NOW + timedelta(minutes=chance.randrange(30 * 24 * 60))
        channel = chance.choice(CHANNELS)
        with store.unit_of_work() as uow:
            (number,) = uow.messages.register(
                [new_message(f"e{n}", channel=channel, at=at, day=at.astimezone(SHANGHAI).strftime("%Y%m%d"))]
            )
            state = chance.choice([MessageState.FILTERED, MessageState.IN_REVIEW, *[MessageState.DISPATCHED] * 6])
            sealed = chance.random() < 0.15
            uow.messages.settle([settled(number, state, sealed=sealed)])
            row = uow.matters.lock([MatterId(number)])[MatterId(number)]
            reached = chance.choice(list(MatterState)) if state is MessageState.DISPATCHED else MatterState.OPEN
            row = replace(row, sealed=sealed and chance.random() < 0.5)
            for step in list(MatterState)[: list(MatterState).index(reached) + 1]:
                uow.matters.update([replace(row, state=step)])
            if state is MessageState.DISPATCHED:
                parts = [part(chance, number, place + k, at) for k in range(chance.randint(1, 4))]
                place += len(parts)
                uow.assignments.add(parts)
            uow.commit()


def part(chance: random.Random, number: Number, place: int, at: datetime) -> Assignment:
    state = chance.choice(list(AssignmentState))
    sent = at + timedelta(hours=chance.randrange(100))
    given = assignment(number, chance.choice(UNITS), state=state, n=place)
    then = sent + timedelta(hours=chance.randrange(400))
    return replace(
        given,
        id=AssignmentId(f"{number}-{place}"),
        role=chance.choice([Role.LEAD, Role.LEAD, Role.CO]),
        sent_at=sent,
        deadline=replace(given.deadline, due=sent + timedelta(days=chance.choice([3, 7, 60]))),
        completed_at=then if state is AssignmentState.COMPLETED else None,
        returned_at=then if state is AssignmentState.RETURNED else None,
        withdrawn_at=then
        if state is AssignmentState.WITHDRAWN or (state is AssignmentState.RETURNED and chance.random() < 0.5)
        else None,
    )


def counted(store: SqlStore, viewer: Viewer, working: dict[int, int]) -> dict[Key, Figures]:
    """The same figures, from the rows, by the words of docs/metrics.md."""
    with store.unit_of_work(write=False) as uow:
        messages = uow.reads.in_state(list(MessageState), 10_000)
        matters = {MatterId(message.number): uow.matters.get(MatterId(message.number)) for message in messages}
        parts = uow.assignments.of_matters(list(matters))
    by_matter: dict[MatterId, list[Message]] = defaultdict(list)
    for message in messages:
        by_matter[message.matter].append(message)
    counts: dict[Key, Counter[str]] = defaultdict(Counter)
    for matter, row in matters.items():
        assert row is not None
        hidden = row.sealed or any(message.sealed for message in by_matter[matter])
        if hidden and not viewer.sealed:
            continue
        first = next(message for message in messages if MatterId(message.number) == matter)
        own = [one for one in parts[matter] if viewer.units is None or one.unit in viewer.units]
        if viewer.units is not None and not any(one.withdrawn_at is None and one.state != "withdrawn" for one in own):
            continue
        for message in by_matter[matter]:
            if message.state is not MessageState.FILTERED:
                counts[day_of(message.registered_at), "", message.channel]["letters"] += 1
                counts[day_of(message.registered_at), "", message.channel]["copies"] += message.state is MessageState.JOINED
        if first.state is not MessageState.FILTERED and row.merged_into is None:
            key = (day_of(first.registered_at), "", str(first.channel))
            counts[key].update({"matters": 1, "answered": row.state != "open", "closed": row.state == "closed"})
        leads = [one for one in parts[matter] if one.role is Role.LEAD]
        if leads and leads[0] in own and row.merged_into is None:
            kept = leads[0].returned_at is None and len({one.unit for one in leads}) == 1
            counts[day_of(leads[0].sent_at), leads[0].unit, first.channel].update({"dispatched": 1, "kept": kept})
        for one in own:
            done = one.state is AssignmentState.COMPLETED
            owed = one.state in (AssignmentState.SENT, AssignmentState.SIGNED, AssignmentState.COMPLETED)
            in_time = done and one.completed_at is not None and one.completed_at <= one.deadline.due
            took = working[day_of(one.completed_at)] - working[day_of(one.sent_at)] if done and one.completed_at else 0
            counts[day_of(one.sent_at), one.unit, first.channel].update(
                {
                    "sent": 1,
                    "returned": one.returned_at is not None,
                    "owed": owed,
                    "replied": done,
                    "on_time": in_time,
                    "overdue": owed and not done and one.deadline.due < LATER,
                    "answer_days": took,
                }
            )
    return {key: Figures(**found) for key, found in counts.items() if +found}


def working_days() -> dict[int, int]:
    calendar, count, found = WorkingCalendar(), 0, {}
    for day in range(day_of(NOW) - 1, day_of(LATER) + 60):
        count += calendar.is_working_day(EPOCH + timedelta(days=day))
        found[day] = count
    return found


def told(store: SqlStore, viewer: Viewer, period: Period = WHOLE) -> dict[Key, Figures]:
    with store.transaction(write=False) as tx:
        found = figures(tx, viewer, period, LATER, working_days())
    return {key: some for key, some in found.items() if some != Figures()}


@pytest.mark.parametrize(
    "viewer", [OFFICE, EVERYTHING, Viewer(reads=True, units=(UNITS[0], UNITS[1]))], ids=["office", "sealed", "units"]
)
def test_the_views_say_what_a_plain_count_says(store: SqlStore, viewer: Viewer) -> None:
    seed = secrets.randbits(32)
    print("seed", seed)
    history(store, seed)
    expected = counted(store, viewer, working_days())
    assert told(store, viewer) == expected
    assert total(expected.values()).sent


@pytest.mark.parametrize("viewer", [OFFICE, Viewer(reads=True, units=(UNITS[0], UNITS[1]))], ids=["office", "units"])
def test_sums_by_day_and_by_unit_are_the_sums_of_each(store: SqlStore, viewer: Viewer) -> None:
    seed = secrets.randbits(32)
    print("seed", seed)
    history(store, seed)
    sums: dict[Key, list[Figures]] = defaultdict(list)
    for (day, unit, channel), some in told(store, viewer).items():
        sums[day, "", channel].append(some)
        if unit:
            sums[0, unit, ""].append(some)
    with store.transaction(write=False) as tx:
        groupings = (desk_statistics.DAYS, desk_statistics.UNITS)
        assert figures(tx, viewer, WHOLE, LATER, working_days(), groupings) == {key: total(some) for key, some in sums.items()}


def test_a_joined_copy_is_a_letter_and_no_matter(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        first, copy = uow.messages.register([new_message("a"), new_message("b")])
        uow.messages.settle([settled(first, MessageState.DISPATCHED), settled(copy, MessageState.JOINED, matter=first)])
        uow.matters.lock([MatterId(first), MatterId(copy)])
        row = uow.matters.get(MatterId(copy))
        assert row is not None
        uow.matters.update([replace(row, merged_into=MatterId(first))])
        uow.commit()
    some = total(told(store, OFFICE).values())
    assert (some.letters, some.copies, some.matters) == (2, 1, 1)


def test_a_period_a_channel_and_a_unit_narrow(store: SqlStore) -> None:
    seed = secrets.randbits(32)
    print("seed", seed)
    history(store, seed)
    everything = told(store, OFFICE)
    first, last = day_of(NOW) + 5, day_of(NOW) + 15
    assert told(store, OFFICE, Period(first, last)) == {k: v for k, v in everything.items() if first <= k[0] <= last}
    assert told(store, OFFICE, Period(0, 50_000, CHANNELS[0])) == {k: v for k, v in everything.items() if k[2] == CHANNELS[0]}
    of_water = told(store, OFFICE, Period(0, 50_000, None, (UNITS[0],)))
    assert {k: v for k, v in of_water.items() if k[1]} == {k: v for k, v in everything.items() if k[1] == UNITS[0]}


def test_rates_of_nothing_are_none() -> None:
    some = Figures()
    assert (some.first_dispatch_accuracy, some.return_rate, some.reply_rate, some.on_time_rate, some.average_days) == (None,) * 5
    some = Figures(dispatched=4, kept=3, sent=5, returned=1, owed=4, replied=2, on_time=1, overdue=1, answer_days=7)
    assert (some.first_dispatch_accuracy, some.return_rate, some.reply_rate, some.average_days) == (0.75, 0.2, 0.5, 3.5)
    assert some.on_time_rate == pytest.approx(1 / 3)
