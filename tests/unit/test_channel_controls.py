"""A person pauses a channel, goes on with it and has it polled at once, whichever process collects it."""

import threading
from pathlib import Path

import pytest

from app.channel_controls import LOOK_SECONDS, ChannelControls
from app.collect import ChannelPoller
from app.reports import status_document
from app.runner import Parts, Runner
from domain.errors import HaltForPerson, OutOfReach, Refused, RetryLater
from store.desk_operations import faults, poll_times
from tests.support.desk import Desk
from tests.unit.test_standing_by import CHANNEL, QuietChannel

MORE = f'[[channel]]\nid = "{CHANNEL.id}"\nkind = "board"\nurl = "{CHANNEL.url}"\nfid = "1"\nevery_seconds = 300\n'


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store, more=MORE)


@pytest.fixture
def channel(desk: Desk) -> QuietChannel:
    quiet = QuietChannel()
    desk.system.__dict__["collector"] = lambda _: quiet
    return quiet


def state(desk: Desk) -> str:
    return str(status_document(desk.system)["channels"][0]["state"])


def test_a_paused_channel_is_not_polled_and_says_so(desk: Desk, channel: QuietChannel) -> None:
    controls = ChannelControls(desk.system)
    runner = Runner(desk.system, Parts(work=False, relay=False, feed=False, remind=False))
    step = runner._polling(runner._pollers[0])
    assert step() == 300
    assert controls.pause("portal", "cao", "维护")
    assert not controls.pause("portal", "cao")
    step()
    assert (channel.polled, state(desk)) == (1, "paused")
    assert runner.until_idle(threading.Event(), lambda *_: None) == []
    assert channel.polled == 1
    with pytest.raises(Refused, match="paused"):
        controls.poll_now("portal", "cao")
    assert controls.resume("portal", "li")
    step()
    assert (channel.polled, state(desk)) == (2, "ok")
    runner.close()


def test_what_a_channel_was_told_wakes_the_one_that_collects_it(desk: Desk, channel: QuietChannel) -> None:
    controls = ChannelControls(desk.system)
    runner = Runner(desk.system, Parts(work=False, relay=False, feed=False, remind=False))
    assert runner._look_at_controls() == LOOK_SECONDS
    wake = runner._wakes["collect:portal"]
    assert not wake.is_set()
    controls.poll_now("portal", "cao")
    runner._look_at_controls()
    assert wake.is_set()
    runner._rest("collect:portal", 300.0, threading.Event())
    assert not wake.is_set()
    runner._look_at_controls()
    assert not wake.is_set()
    runner.close()


def test_a_poll_that_was_asked_for_is_due_at_once_on_the_machine_that_stands_by(desk: Desk, channel: QuietChannel) -> None:
    first, second = (ChannelPoller(desk.system, CHANNEL, desk.registrar, f"{name}/collector-1") for name in ("one", "two"))
    first.poll()
    assert second.due_in() == 450
    desk.clock.forward(seconds=1)
    ChannelControls(desk.system).poll_now("portal", "cao")
    assert second.due_in() == 0
    assert second.due_in() == 449, "once for each time that somebody asks"


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OutOfReach("away"), "unreachable"),
        (RetryLater("503"), "passing"),
        (HaltForPerson("wrong password"), "person"),
        (ValueError("?"), "defect"),
    ],
)
def test_failed_polls_are_counted_by_class_and_timed(desk: Desk, channel: QuietChannel, error: Exception, fault: str) -> None:
    poller = ChannelPoller(desk.system, CHANNEL, desk.registrar, "one/collector-1")

    def fail() -> None:
        desk.clock.forward(seconds=3)
        raise error

    channel.during = fail
    for _ in range(2):
        with pytest.raises(type(error)):
            poller.poll()
    with desk.system.store.transaction(write=False) as tx:
        assert [(name, kind, count) for name, kind, count, _ in faults(tx)] == [("portal", fault, 2)]
        assert poll_times(tx) == {"portal": (2, 6.0, 3.0)}


def test_a_channel_that_is_none_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused, match="no channel other"):
        ChannelControls(desk.system).pause("other", "cao")
