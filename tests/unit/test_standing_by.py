"""Two machines on one store: a channel is one machine's while that lives, the other stands by and takes over."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from app.collect import LEASE_MINUTES, Busy, ChannelPoller
from app.settings import BoardChannel
from domain.errors import LeaseLost
from domain.messages import Batch, Manifest
from tests.support.desk import Desk, HandClock

CHANNEL = BoardChannel(id="portal", kind="board", url="http://127.0.0.1/", fid="1", every_seconds=300)


class QuietChannel:
    """Has nothing new; ``during`` is called in the middle of a poll."""

    def __init__(self) -> None:
        self.polled = 0
        self.during: Callable[[], None] = _nothing

    def poll(self, cursor: str) -> Batch:
        self.polled += 1
        self.during()
        return Batch((), (), Manifest(0, 0, 0), cursor)

    def acknowledge(self, refs: Sequence[str]) -> None:
        raise AssertionError("nothing was stored")

    def close(self) -> None:
        return None


def _nothing() -> None:
    return None


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def machine(folder: Path, clock: HandClock, store: str, name: str, channel: QuietChannel) -> tuple[Desk, ChannelPoller]:
    desk = Desk(folder, clock, store=store)
    desk.system.__dict__["collector"] = lambda _: channel
    return desk, ChannelPoller(desk.system, CHANNEL, desk.registrar, f"{name}/collector-1")


def test_the_other_machine_stands_by_and_takes_over(any_store: str, tmp_path: Path, clock: HandClock) -> None:
    channel = QuietChannel()
    one, first = machine(tmp_path / "city", clock, any_store, "one", channel)
    two, second = machine(tmp_path / "city", clock, any_store, "two", channel)
    assert first.due_in() == second.due_in() == 0
    first.poll()
    assert (first.due_in(), second.due_in()) == (0, 450)
    clock.forward(seconds=300)
    assert second.due_in() == 150
    clock.forward(seconds=150)
    assert second.due_in() == 0
    second.poll()
    assert (first.due_in(), second.due_in()) == (450, 0)
    for desk in (one, two):
        desk.system.close()


def test_who_finds_the_channel_held_says_nothing_of_its_state(any_store: str, tmp_path: Path, clock: HandClock) -> None:
    channel = QuietChannel()
    one, first = machine(tmp_path / "city", clock, any_store, "one", channel)
    two, second = machine(tmp_path / "city", clock, any_store, "two", channel)

    def disturb() -> None:
        with pytest.raises(Busy):
            second.poll()

    first.poll()
    channel.during = disturb
    first.poll()
    with one.system.store.unit_of_work(write=False) as uow:
        assert [(status.state, status.error) for status in uow.channels.status()] == [("ok", "")]
    for desk in (one, two):
        desk.system.close()


def test_who_was_frozen_past_its_lease_says_nothing_of_the_channels_state(
    any_store: str, tmp_path: Path, clock: HandClock
) -> None:
    channel = QuietChannel()
    one, first = machine(tmp_path / "city", clock, any_store, "one", channel)
    two, second = machine(tmp_path / "city", clock, any_store, "two", channel)

    def freeze() -> None:
        channel.during = _nothing
        clock.forward(minutes=LEASE_MINUTES + 1)
        second.poll()

    channel.during = freeze
    with pytest.raises(LeaseLost):
        first.poll()
    with one.system.store.unit_of_work(write=False) as uow:
        assert [(status.state, status.error) for status in uow.channels.status()] == [("ok", "")]
    for desk in (one, two):
        desk.system.close()
