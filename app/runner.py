"""Everything in one process: a thread a channel, a worker, a relay, a feed. Or once through, until nothing is left."""

import gc
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from app.channel_controls import LOOK_SECONDS as LOOK_AT_CONTROLS
from app.channel_controls import ChannelControls
from app.choices import LOOK_SECONDS as CHOICE_SECONDS
from app.choices import DueChoices
from app.collect import Busy, ChannelPoller
from app.drift import DriftWatch
from app.hot_shown import LOOK_SECONDS as HOT_SECONDS
from app.logs import where
from app.notice_ways import ways
from app.notices import LOOK_SECONDS as LOOK_AT_NOTICES
from app.notices import Notices
from app.reminders import LOOK_SECONDS, Reminders
from app.retrain_timer import Retrainer
from app.retry import transact
from app.shadow import Shadow
from app.shares import OutboxShare
from app.slots import Slot
from app.standings import LOOK_SECONDS as LOOK_AT_STANDINGS
from app.standings import Keeper
from app.wiring import SHARDS, System
from domain.errors import FenbanError, HaltForPerson, LeaseLost, RetryLater
from domain.ids import ChannelId
from domain.messages import MessageState
from domain.ports import Feed
from store.controls import Control
from store.shards import shard_in

if TYPE_CHECKING:
    from app.hot import HotTopics

IDLE_SECONDS = 0.5
FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 300.0
LONGEST_SERVER_BACKOFF = 15.0
"""Of the parts that wait for the city's own servers: what waited while Kafka or the store was away moves soon after its return."""
HALT_SECONDS = 300.0
STOP_LOOK_SECONDS = 3600.0
STOP_SECONDS = 4.0
"""A part that is still waiting for a network after this long is left behind: what it had not committed comes again."""
FEED_GROUP = "office.feed"
RELAYED, FED = 8, 4
"""How many times more records and events than messages are handled at once: each batch waits for broker and disk once."""

log = structlog.get_logger("fenban")


@dataclass(frozen=True, slots=True)
class Parts:
    """Which parts of the program this process runs. ``channels`` empty: all that are enabled."""

    collect: bool = True
    work: bool = True
    relay: bool = True
    feed: bool = True
    remind: bool = True
    notify: bool = True
    link: bool = True
    channels: tuple[str, ...] = ()


def keep_loaded() -> None:
    """What is loaded by now stays, so Python's collector of garbage need not look at the model and the rules again and
    again; and a batch's objects, all of which go with it, are looked at once at most."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class Runner:
    """Holds this machine's slot names while it runs; ``close`` gives them back."""

    def __init__(self, system: System, parts: Parts) -> None:
        self._system = system
        self._parts = parts
        folder = system.settings.path(system.settings.work.slots)
        self._slots = [Slot(folder, "collector"), Slot(folder, "worker")]
        self._pollers: list[ChannelPoller] = []
        if parts.collect:
            registrar = system.registrar()
            wanted = [
                channel
                for channel in system.settings.channel
                if channel.enabled and (not parts.channels or channel.id in parts.channels)
            ]
            self._pollers = [ChannelPoller(system, channel, registrar, self._slots[0].name) for channel in wanted]
        self._generation = dict.fromkeys(("work", "feed"), system.refresh())
        self._worker = system.worker(self._slots[1].name) if parts.work else None
        self._choices = system.due_choices() if parts.work else None
        self._relay = system.relay() if parts.relay else None
        self._share: OutboxShare | None = None
        if parts.relay:
            self._slots.append(Slot(folder, "relay"))
            self._share = OutboxShare(system.store, system.clock, self._slots[-1].name, system.settings.work.lease_seconds)
        self._desk = system.feedback() if parts.feed else None
        self._feed: Feed | None = None
        self._reminders = system.reminders() if parts.remind and system.settings.remind.automatic else None
        polling = [f"collect:{poller.channel.id}" for poller in self._pollers]
        self._wakes = {name: threading.Event() for name in ("work", "relay", *polling)}
        self._controls = ChannelControls(system)
        self._told: Mapping[ChannelId, Control] | None = None
        self._indexer = system.indexer() if parts.work else None
        self._shadow = Shadow(system) if parts.work else None
        self._drift = DriftWatch(system) if parts.work else None
        self._hot = system.hot_topics() if parts.work and system.settings.hot.automatic else None
        self._linker = system.linker(alone=not parts.work) if parts.link else None
        self._keeper = Keeper(system, self._slots[1].name) if parts.work else None

    def close(self) -> None:
        for poller in self._pollers:
            poller.close()
        self._close_feed()
        if self._share is not None:
            self._share.close()
        if self._indexer is not None:
            self._indexer.close()
        if self._shadow is not None:
            self._shadow.close()
        if self._drift is not None:
            self._drift.close()
        if self._linker is not None:
            self._linker.close()
        for slot in self._slots:
            slot.close()

    def until_idle(self, stop: threading.Event, told: Callable[[str, int], None]) -> list[str]:
        """Polls every channel until it has nothing more, then works, relays and takes feedback until nothing is left.

        ``told(stage, n)`` hears of progress. Returns a line for each channel that failed.
        """
        failures = [failure for poller in self._pollers if not stop.is_set() and (failure := self._drain(poller, stop, told))]
        looked = self._keeper is None
        while not stop.is_set():
            if self._step_all(told) or self._left_to_others(stop):
                continue
            if looked or self._keeper is None or not self._count("standings", self._keeper.look, told):
                break
            # What changed is told to the office: that is relayed too.
            looked = True
        return failures

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set. A part that meets a passing fault waits and tries again; one that needs a person says so."""
        loops: list[tuple[str, Callable[[], float]]] = [
            (f"collect:{poller.channel.id}", self._polling(poller)) for poller in self._pollers
        ]
        if self._pollers:
            loops.append(("controls", self._look_at_controls))
        if self._worker is not None:
            loops.append(("work", self._stepping(self._work_once, then="relay")))
        if self._choices is not None:
            loops.append(("choices", self._choosing(self._choices)))
        if self._relay is not None:
            loops.append(("relay", self._stepping(self._relay_once)))
        if self._desk is not None:
            loops.append(("feed", self._stepping(self._feed_once, then="relay")))
        if self._reminders is not None:
            loops.append(("remind", self._reminding(self._reminders)))
        if self._indexer is not None:
            loops.append(("index", self._indexer.step))
        if self._shadow is not None:
            loops.append(("shadow", self._shadow.step))
        if self._drift is not None:
            loops.append(("drift", self._drift.step))
        if self._hot is not None:
            loops.append(("hot", self._hot_looking(self._hot)))
        if self._linker is not None:
            loops.append(("link", self._linker.step))
        if self._keeper is not None:
            loops.append(("standings", self._keeping(self._keeper)))
        if self._parts.work and self._system.settings.decide.retrain_days:
            loops.append(("retrain", Retrainer(self._system).step))
        if self._parts.notify and ways(self._system):
            loops.append(("notices", self._noticing(Notices(self._system, self._slots[0].name))))
        threads = [threading.Thread(target=self._loop, args=(name, step, stop), name=name, daemon=True) for name, step in loops]
        for thread in threads:
            thread.start()
        never = threading.Event()
        while not stop.is_set() and any(thread.is_alive() for thread in threads):
            self._system.clock.wait(STOP_LOOK_SECONDS, stop)
        for wake in self._wakes.values():
            wake.set()
        until = self._system.clock.monotonic() + STOP_SECONDS
        while any(thread.is_alive() for thread in threads) and self._system.clock.monotonic() < until:
            self._system.clock.wait(0.02, never)

    def _drain(self, poller: ChannelPoller, stop: threading.Event, told: Callable[[str, int], None]) -> str:
        while not stop.is_set() and not self._paused(poller):
            try:
                polled = poller.poll()
            except LeaseLost:
                continue
            except FenbanError as error:
                return f"{poller.channel.id}: {error}"
            told(f"collect {poller.channel.id}", polled.listed)
            if not polled.more:
                return ""
        return ""

    def _step_all(self, told: Callable[[str, int], None]) -> int:
        done = 0
        if self._worker is not None:
            done += self._count("work", self._work_once, told)
        if self._choices is not None:
            done += self._count("choices", self._choices.look, told)
        if self._reminders is not None:
            done += self._count("remind", self._reminders.look, told)
        if self._relay is not None:
            done += self._count("relay", self._relay_once, told)
        if self._desk is not None:
            done += self._count("feed", self._feed_once, told)
        if self._indexer is not None and not done:
            done += self._count("index", self._indexer.look, told)
        if self._shadow is not None and not done:
            done += self._count("shadow", self._shadow.look, told)
        if self._linker is not None and not done:
            done += self._count("link", self._linker.look, told)
        return done

    def _count(self, stage: str, step: Callable[[], int], told: Callable[[str, int], None]) -> int:
        try:
            done = transact(self._system.clock, step)
        except LeaseLost:
            # Another process does this part now; whether anything is left is looked at again.
            done = 0
        if done:
            told(stage, done)
        return done

    def _left_to_others(self, stop: threading.Event) -> bool:
        """Whether messages wait under another worker's claim, or records in another relay's part of the outbox: they are
        waited for, so that idle means idle."""
        with self._system.store.unit_of_work(write=False) as uow:
            waiting = self._worker is not None and bool(uow.reads.in_state([MessageState.NEW], limit=1))
            if self._relay is not None:
                waiting = waiting or bool(uow.outbox.pending(SHARDS, 1, self._system.clock.now()))
        waiting = waiting or (self._linker is not None and self._linker.waits())
        if waiting:
            self._system.clock.wait(IDLE_SECONDS, stop)
            if self._share is not None:
                self._share.leases(look=True)
        return waiting

    def _relay_once(self) -> int:
        if self._relay is None or self._share is None:
            return 0
        leases = self._share.leases()
        if not leases:
            return 0
        try:
            limit = RELAYED * self._system.settings.work.batch
            result = self._relay.run_once([shard_in(lease) for lease in leases], limit, leases=leases)
        except LeaseLost:
            self._share.forget()
            raise
        return result.delivered + result.parked

    def _renewed(self, part: str) -> bool:
        """Whether units or rules were saved since the part was built; it stands between two batches."""
        before, self._generation[part] = self._generation[part], self._system.refresh()
        return before != self._generation[part]

    def _work_once(self) -> int:
        if self._worker is None:
            return 0
        if self._renewed("work"):
            self._worker = self._system.worker(self._slots[1].name)
        return self._worker.run_once()

    def _feed_once(self) -> int:
        if self._desk is None:
            return 0
        if self._renewed("feed"):
            self._desk = self._system.feedback()
        if self._feed is None:
            self._feed = self._system.topics.feed(FEED_GROUP)
        try:
            return self._desk.drain(self._feed, FED * self._system.settings.work.batch)
        except FenbanError:
            self._close_feed()
            raise

    def _close_feed(self) -> None:
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.close()

    def _polling(self, poller: ChannelPoller) -> Callable[[], float]:
        def step() -> float:
            if self._paused(poller):
                return HALT_SECONDS
            wait = poller.due_in()
            if wait:
                return wait
            self._system.refresh()
            at, polled = self._system.clock.monotonic(), poller.poll()
            if polled.registered.registered or polled.registered.revised:
                self._wakes["work"].set()
            if polled.more:
                return 0.0
            if polled.next_at is not None:
                return max(0.0, polled.next_at - self._system.clock.monotonic())
            return max(0.0, at + poller.channel.every_seconds - self._system.clock.monotonic())

        return step

    @staticmethod
    def _paused(poller: ChannelPoller) -> bool:
        told = poller.told()
        return told is not None and told.paused

    def _look_at_controls(self) -> float:
        """Wakes the channels that were told something since the last look, whatever they wait for."""
        known = self._controls.known()
        before = known if self._told is None else self._told
        for channel in [channel for channel, told in known.items() if told != before.get(channel)]:
            wake = self._wakes.get(f"collect:{channel}")
            if wake is not None:
                wake.set()
        self._told = known
        return LOOK_AT_CONTROLS

    def _hot_looking(self, topics: "HotTopics") -> Callable[[], float]:
        """Beside the other parts: it rests ten times as long as it looked, and a quarter of an hour at least."""

        def step() -> float:
            at = self._system.clock.monotonic()
            if topics.look(self._slots[1].name):
                self._wakes["relay"].set()
            return max(HOT_SECONDS, 10 * (self._system.clock.monotonic() - at))

        return step

    @staticmethod
    def _reminding(reminders: Reminders) -> Callable[[], float]:
        def step() -> float:
            reminders.look()
            return LOOK_SECONDS

        return step

    def _choosing(self, choices: DueChoices) -> Callable[[], float]:
        """A released letter goes on to be worked on, a decided one to the relay."""

        def step() -> float:
            if choices.look():
                self._wakes["work"].set()
                self._wakes["relay"].set()
            return CHOICE_SECONDS

        return step

    @staticmethod
    def _keeping(keeper: Keeper) -> Callable[[], float]:
        def step() -> float:
            keeper.look()
            return LOOK_AT_STANDINGS

        return step

    @staticmethod
    def _noticing(notices: Notices) -> Callable[[], float]:
        def step() -> float:
            notices.look()
            return LOOK_AT_NOTICES

        return step

    def _stepping(self, step: Callable[[], int], then: str = "") -> Callable[[], float]:
        """``then``: the part that need not wait its time out when this one has done something."""

        def stepping() -> float:
            if not step():
                return IDLE_SECONDS
            if then:
                self._wakes[then].set()
            return 0.0

        return stepping

    def _loop(self, name: str, step: Callable[[], float], stop: threading.Event) -> None:
        backoff = FIRST_BACKOFF
        longest = LONGEST_BACKOFF if name.startswith("collect:") else LONGEST_SERVER_BACKOFF
        while not stop.is_set():
            try:
                wait = step()
                backoff = FIRST_BACKOFF
            except Busy as error:
                log.warning("busy", part=name, what=str(error))
                wait = LONGEST_BACKOFF
            except RetryLater as error:
                wait = max(backoff, error.after or 0.0)
                backoff = min(backoff * 2, longest)
                log.warning("retry", part=name, what=str(error), seconds=round(wait, 1))
            except HaltForPerson as error:
                wait = HALT_SECONDS
                log.error("halted", part=name, what=str(error))
            except FenbanError as error:
                wait = backoff
                log.error("refused", part=name, what=str(error))
            except Exception as error:
                # A defect in one part must neither end it silently nor stop the others. Its text may quote a letter.
                wait = backoff
                backoff = min(backoff * 2, longest)
                log.error("defect", part=name, what=type(error).__name__, where=where(error), seconds=round(wait, 1))
            if wait:
                self._rest(name, wait, stop)

    def _rest(self, name: str, seconds: float, stop: threading.Event) -> None:
        """Waits; an idle part only until another has something for it, a channel until a person tells it something, one that
        met a fault as long as it must."""
        wake = self._wakes.get(name) if seconds == IDLE_SECONDS or name.startswith("collect:") else None
        self._system.clock.wait(seconds, wake or stop)
        if wake is not None and not stop.is_set():
            wake.clear()


def run_parts(system: System, parts: Parts, stop: threading.Event, told: Callable[[str, int], None] | None) -> Sequence[str]:
    """Runs the parts until idle when ``told`` is given, else until stopped; the failures of channels."""
    runner = Runner(system, parts)
    try:
        if told is not None:
            return runner.until_idle(stop, told)
        runner.run(stop)
        return ()
    finally:
        runner.close()
