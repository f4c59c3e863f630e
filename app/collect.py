"""One poll of one channel: lease, cursor, poll, register, acknowledge, report."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.register_plan import Registered
from app.registrar import Registrar
from app.retry import transact
from app.settings import AnyChannel
from app.wiring import System
from domain.errors import FenbanError, HaltForPerson, LeaseLost, OutOfReach, RetryLater
from domain.ids import ChannelId
from domain.messages import Batch
from domain.ports import Collector
from domain.records import Lease
from store.controls import Control, SqlControls

LEASE_MINUTES = 30
PATIENCE = 1.5
"""So many poll intervals without a poll, and another process takes the channel."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll brought. ``more``: polling again at once would bring more; ``next_at``: not before (monotonic)."""

    registered: Registered
    listed: int
    more: bool
    next_at: float | None


class ChannelPoller:
    """Polls one channel, one process at a time. ``owner`` is this process's slot name."""

    def __init__(self, system: System, channel: AnyChannel, registrar: Registrar, owner: str) -> None:
        self.channel = channel
        self._system = system
        self._registrar = registrar
        self._owner = owner
        self._id = ChannelId(channel.id)
        self._collector: Collector | None = None
        self._answered = system.clock.now()

    def poll(self) -> Polled:
        """Raises RetryLater or HaltForPerson after the channel's state was reported; the cursor has not moved then."""
        began = self._system.clock.monotonic()
        try:
            polled = self._poll()
        except (Busy, LeaseLost):
            # How the channel is, only its holder can tell.
            raise
        except FenbanError as error:
            self._report("halted" if isinstance(error, HaltForPerson) else "degraded", str(error), began, fault_of(error))
            raise
        except Exception as error:
            self._report("degraded", f"defect: {type(error).__name__}", began, Fault.DEFECT)
            raise
        self._report("ok", "", began)
        return polled

    def told(self) -> Control | None:
        """What people last told the channel; None when nobody ever did."""
        with self._system.store.transaction(write=False) as tx:
            return SqlControls(tx).all().get(self._id)

    def due_in(self) -> float:
        """Seconds to wait because another process polled this channel lately: that one goes on with it while it lives, so that
        the site is asked no more often by two machines than by one. 0 once for each time that somebody asks for a poll."""
        told = self.told()
        asked = told.poll_asked_at if told is not None else None
        if asked is not None and asked > self._answered:
            self._answered = asked
            return 0.0
        with self._system.store.unit_of_work(write=False) as uow:
            status = next((one for one in uow.channels.status() if one.id == self._id), None)
        if status is None or status.last_attempt is None or status.polled_by in ("", self._owner):
            return 0.0
        passed = (self._system.clock.now() - status.last_attempt).total_seconds()
        patience = self.channel.every_seconds * PATIENCE
        return patience - passed if 0 <= passed < patience else 0.0

    def close(self) -> None:
        if self._collector is not None:
            self._collector.close()

    def _poll(self) -> Polled:
        lease, cursor = transact(self._system.clock, self._begin)
        try:
            if self._collector is None:
                self._collector = self._system.collector(self.channel)
            batch = self._collector.poll(cursor)
            self._system.failpoint("collect.polled")
            done = self._register(batch, lease)
            refs = [capture.ref for capture in batch.captures if capture.ref]
            refs += [reject.capture.ref for reject in batch.rejects if reject.capture.ref]
            if refs:
                self._collector.acknowledge(refs)
            self._system.failpoint("collect.acknowledge")
        finally:
            self._end(lease)
        return Polled(done, batch.manifest.listed, batch.more, batch.next_at)

    def _register(self, batch: Batch, lease: Lease) -> Registered:
        try:
            return transact(self._system.clock, lambda: self._registrar.register(self._id, batch, fence=lease.token))
        except OutOfReach:
            # It may have been stored: a new collector acknowledges what lies before the cursor, as after a kill.
            self.close()
            self._collector = None
            raise

    def _begin(self) -> tuple[Lease, str]:
        now = self._system.clock.now()
        with self._system.store.unit_of_work() as uow:
            lease = uow.channels.acquire(f"channel:{self._id}", self._owner, now, now + timedelta(minutes=LEASE_MINUTES))
            if lease is None:
                raise Busy(self._id)
            cursor = uow.channels.cursor(self._id)
            uow.commit()
        return lease, cursor

    def _end(self, lease: Lease) -> None:
        def release() -> None:
            with self._system.store.unit_of_work() as uow:
                uow.channels.release(lease)
                uow.commit()

        try:
            transact(self._system.clock, release)
        except RetryLater:
            # The lease runs out by itself; what went wrong before must stay the error that is told.
            return

    def _report(self, state: str, error: str, began: float, fault: str = "") -> None:
        clock = self._system.clock
        seconds = max(0.0, clock.monotonic() - began)

        def report() -> None:
            with self._system.store.unit_of_work() as uow:
                kind, now = self.channel.kind, clock.now()
                uow.channels.report(self._id, kind, now, state=state, error=error, seconds=seconds, fault=fault)
                uow.commit()

        try:
            transact(self._system.clock, report)
        except FenbanError:
            # A store that cannot be written is told by the error that the caller already has.
            return


class Fault(StrEnum):
    """What a poll failed of, as monitors count it."""

    UNREACHABLE = "unreachable"
    PASSING = "passing"
    PERSON = "person"
    REFUSED = "refused"
    DEFECT = "defect"


def fault_of(error: FenbanError) -> Fault:
    if isinstance(error, OutOfReach):
        return Fault.UNREACHABLE
    if isinstance(error, RetryLater):
        return Fault.PASSING
    return Fault.PERSON if isinstance(error, HaltForPerson) else Fault.REFUSED


class Busy(RetryLater):
    """Another process polls this channel."""

    def __init__(self, channel: ChannelId) -> None:
        super().__init__(f"channel {channel} is being polled by another process", remedy="stop one of the two")
