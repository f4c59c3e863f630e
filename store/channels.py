"""Channels' cursors and health, and leases (``domain.ports.ChannelRepository``)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from domain.ids import ChannelId
from domain.records import ChannelStatus, Lease
from store.engine import Transaction, insert_sql
from store.schema import channel_faults, channel_polls, channels, leases, quarantine
from store.times import from_us, maybe_time, to_us

LEASE = "channel:"
"""What the name of a channel's lease begins with."""

_REPORT = insert_sql(
    channels,
    "id",
    "kind",
    "state",
    "last_attempt",
    "last_success",
    "error",
    conflict="ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, state = excluded.state, last_attempt = excluded.last_attempt, "
    "last_success = coalesce(excluded.last_success, channels.last_success), error = excluded.error",
)
_POLLED = insert_sql(
    channel_polls,
    "channel",
    "polls",
    "seconds",
    "last_seconds",
    conflict="ON CONFLICT (channel) DO UPDATE SET polls = channel_polls.polls + 1, "
    "seconds = channel_polls.seconds + excluded.seconds, last_seconds = excluded.last_seconds",
)
_FAILED = insert_sql(
    channel_faults,
    "channel",
    "fault",
    "count",
    "last_at",
    conflict="ON CONFLICT (channel, fault) DO UPDATE SET count = channel_faults.count + 1, last_at = excluded.last_at",
)
# One's own lease keeps its token while it runs; every other taking raises it.
_ACQUIRE = (
    "INSERT INTO leases (name, owner, token, until) VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE SET "
    "token = CASE WHEN leases.owner = excluded.owner AND leases.until > ? THEN leases.token ELSE leases.token + 1 END, "
    "owner = excluded.owner, until = excluded.until WHERE leases.owner = excluded.owner OR leases.until <= ?"
)
_RELEASE = "UPDATE leases SET until = 0 WHERE name = ? AND owner = ? AND token = ?"


class SqlChannels:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def status(self) -> list[ChannelStatus]:
        waiting = (
            select(quarantine.c.channel, func.count()).where(quarantine.c.resolved_at.is_(None)).group_by(quarantine.c.channel)
        )
        quarantined: Mapping[str, int] = {row[0]: row[1] for row in self._tx.rows(waiting)}
        held = select(leases.c.name, leases.c.owner).where(leases.c.name.startswith(LEASE))
        owners: Mapping[str, str] = {row[0]: row[1] for row in self._tx.rows(held)}
        return [
            ChannelStatus(
                id=ChannelId(row.id),
                kind=row.kind,
                state=row.state,
                last_attempt=maybe_time(row.last_attempt),
                last_success=maybe_time(row.last_success),
                captured=row.captured,
                quarantined=quarantined.get(row.id, 0),
                error=row.error,
                polled_by=owners.get(LEASE + row.id, ""),
            )
            for row in self._tx.rows(select(channels).order_by(channels.c.id))
        ]

    def cursor(self, channel: ChannelId) -> str:
        found = self._tx.rows(select(channels.c.cursor).where(channels.c.id == channel))
        return str(found[0][0]) if found else ""

    def report(
        self,
        channel: ChannelId,
        kind: str,
        at: datetime,
        *,
        state: str,
        error: str,
        seconds: float | None = None,
        fault: str = "",
    ) -> None:
        moment = to_us(at)
        self._tx.run(_REPORT, (channel, kind, state, moment, None if error else moment, error))
        if seconds is not None:
            self._tx.run(_POLLED, (channel, 1, seconds, seconds))
        if fault:
            self._tx.run(_FAILED, (channel, fault, 1, moment))

    def acquire(self, name: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        moment, end = to_us(now), to_us(until)
        if self._tx.run(_ACQUIRE, (name, owner, end, moment, moment)) != 1:
            return None
        token = self._tx.fetch("SELECT token FROM leases WHERE name = ?", (name,))[0][0]
        return Lease(name, owner, int(token), from_us(end))

    def release(self, lease: Lease) -> None:
        self._tx.run(_RELEASE, (lease.name, lease.owner, lease.token))
