"""Pausing, resuming and polling a channel at once: every collector, on whatever machine, looks here before it polls and while
it waits."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from app.transactions import reading, writing
from app.wiring import System
from domain.errors import Refused
from domain.ids import ChannelId
from domain.records import AuditEntry
from store.audit import SqlAudit
from store.controls import Control, SqlControls
from store.engine import Transaction

T = TypeVar("T")

LOOK_SECONDS = 2.0
"""How often a process that collects looks for what its channels were told."""


class ChannelControls:
    """Each change is one audited transaction."""

    def __init__(self, system: System) -> None:
        self._system = system

    def known(self) -> Mapping[ChannelId, Control]:
        """Of the channels that were ever told something."""
        return reading(self._system.store, lambda tx: SqlControls(tx).all())

    def pause(self, channel: str, by: str, reason: str = "") -> bool:
        """Not polled any more until resumed; a poll that runs ends first. False when it was paused already. Raises Refused."""
        return self._switch(channel, by, paused=True, reason=reason)

    def resume(self, channel: str, by: str) -> bool:
        """False when it was not paused. Raises Refused."""
        return self._switch(channel, by, paused=False, reason="")

    def poll_now(self, channel: str, by: str) -> None:
        """Polled as soon as its collector looks, whatever it waits for. Raises Refused for one that is paused."""
        ident = self._named(channel)

        def step(tx: Transaction, now: datetime) -> None:
            known = SqlControls(tx).all().get(ident)
            if known is not None and known.paused:
                raise Refused(f"channel {ident} is paused", remedy="resume it first")
            SqlControls(tx).ask(ident, now, by)
            SqlAudit(tx).append([AuditEntry(now, by, "channel.poll", f"channel:{ident}")])

        self._write(step)

    def _switch(self, channel: str, by: str, *, paused: bool, reason: str) -> bool:
        ident = self._named(channel)
        detail = (("reason", reason),) if reason else ()

        def step(tx: Transaction, now: datetime) -> bool:
            known = SqlControls(tx).all().get(ident)
            if (known is not None and known.paused) == paused:
                return False
            SqlControls(tx).pause(ident, paused, now, by)
            SqlAudit(tx).append([AuditEntry(now, by, f"channel.{'pause' if paused else 'resume'}", f"channel:{ident}", detail)])
            return True

        return self._write(step)

    def _named(self, channel: str) -> ChannelId:
        known = [configured.id for configured in self._system.settings.channel]
        if channel not in known:
            raise Refused(f"no channel {channel} in the settings", remedy=f"known: {', '.join(sorted(known))}")
        return ChannelId(channel)

    def _write(self, work: Callable[[Transaction, datetime], T]) -> T:
        return writing(self._system.store, self._system.clock, work)
