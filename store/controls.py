"""What people told channels to do: wait, go on, or poll now."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import ChannelId
from store.engine import Transaction, insert_sql
from store.schema import channel_controls
from store.times import from_us, maybe_time, to_us

_COLUMNS = ("channel", "paused", "poll_asked_at", "changed_at", "changed_by")
_SET_PAUSED = insert_sql(
    channel_controls,
    "channel",
    "paused",
    "changed_at",
    "changed_by",
    conflict="ON CONFLICT (channel) DO UPDATE SET paused = excluded.paused, changed_at = excluded.changed_at, "
    "changed_by = excluded.changed_by",
)
_ASK = insert_sql(
    channel_controls,
    "channel",
    "poll_asked_at",
    "changed_at",
    "changed_by",
    conflict="ON CONFLICT (channel) DO UPDATE SET poll_asked_at = excluded.poll_asked_at, changed_at = excluded.changed_at, "
    "changed_by = excluded.changed_by",
)


@dataclass(frozen=True, slots=True)
class Control:
    """``poll_asked_at``: when somebody last asked for a poll at once. ``changed_by`` did the last thing."""

    paused: bool
    poll_asked_at: datetime | None
    changed_at: datetime
    changed_by: str


class SqlControls:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def all(self) -> dict[ChannelId, Control]:
        """Of the channels that were ever told something."""
        rows = self._tx.fetch(f"SELECT {', '.join(_COLUMNS)} FROM channel_controls")
        return {ChannelId(row[0]): Control(bool(row[1]), maybe_time(row[2]), from_us(row[3]), row[4]) for row in rows}

    def pause(self, channel: ChannelId, paused: bool, at: datetime, by: str) -> None:
        self._tx.run(_SET_PAUSED, (channel, int(paused), to_us(at), by))

    def ask(self, channel: ChannelId, at: datetime, by: str) -> None:
        self._tx.run(_ASK, (channel, to_us(at), to_us(at), by))
