"""Polls, what is known of each item, and captures that wait for a person (``domain.ports.CaptureRepository``)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from domain.errors import LeaseLost, Refused
from domain.ids import ChannelId, ExternalId, Number
from domain.messages import CaptureOutcome, SeenItem
from domain.records import PollRow, QuarantineRow
from store.engine import Transaction, insert_sql
from store.schema import captures, channels, items, polls, quarantine
from store.times import from_us, to_us

DIRECT_CAPTURES = "captures without a poll"

_SEEN = "SELECT external_id, list_mark, content_mark, fetched_at, number FROM items WHERE channel = ? AND external_id IN ({})"
_INSERT_POLL = insert_sql(polls, "id", "channel", "at", "listed", "unchanged", "captured", "fence")
_MOVE_CURSOR = insert_sql(
    channels,
    "id",
    "cursor",
    "captured",
    conflict="ON CONFLICT (id) DO UPDATE SET cursor = excluded.cursor, captured = channels.captured + excluded.captured",
)
_TOUCH = "UPDATE items SET list_mark = ?, fetched_at = ? WHERE channel = ? AND external_id = ?"
_INSERT_CAPTURE = insert_sql(captures, "id", "poll", "outcome", "number")
_RESOLVE_CAPTURE = "UPDATE captures SET outcome = ?, number = ? WHERE id = ?"
_RESOLVE_WAITING = "UPDATE quarantine SET resolved_at = ? WHERE capture_id = ? AND resolved_at IS NULL"
_COUNT_DIRECT = (
    "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value"
)
_INSERT_QUARANTINE = insert_sql(
    quarantine, "capture_id", "channel", "external_id", "owner", "at", "reason", "list_mark", "value_version"
)
# An item that is registered keeps its number when a later capture of it cannot be understood.
_KNOW_WAITING = insert_sql(
    items,
    "id",
    "channel",
    "external_id",
    "list_mark",
    "content_mark",
    "fetched_at",
    conflict="ON CONFLICT (channel, external_id) DO UPDATE SET list_mark = excluded.list_mark, "
    "content_mark = excluded.content_mark, fetched_at = excluded.fetched_at",
)


def record_captures(
    tx: Transaction, rows: Sequence[tuple[int, int | None, Number | None]], outcome: CaptureOutcome, at: Sequence[int]
) -> list[int]:
    """One capture row for each (poll, waiting capture id, number), or the waiting one resolved; their ids.

    Captures from no poll are counted beside the manifests. Raises Refused when a waiting capture no longer waits.
    """
    fresh = [index for index, row in enumerate(rows) if row[1] is None]
    ids = [row[1] or 0 for row in rows]
    for index, new in zip(fresh, tx.next_ids(captures, len(fresh)), strict=True):
        ids[index] = new
    tx.many(_INSERT_CAPTURE, [(ids[i], rows[i][0], outcome.value, rows[i][2]) for i in fresh])
    direct = sum(1 for i in fresh if rows[i][0] == 0)
    if direct:
        tx.run(_COUNT_DIRECT, (DIRECT_CAPTURES, direct))
    if len(fresh) < len(rows):
        waiting = [(moment, row[1], row[2]) for row, moment in zip(rows, at, strict=True) if row[1] is not None]
        if tx.many(_RESOLVE_WAITING, [(moment, capture) for moment, capture, _ in waiting]) != len(waiting):
            raise Refused("a capture to be replayed does not wait in quarantine any more")
        tx.many(_RESOLVE_CAPTURE, [(outcome.value, number, capture) for _, capture, number in waiting])
    return ids


def hold_channels(tx: Transaction, ids: Iterable[ChannelId]) -> None:
    """Nobody else registers on these channels until this transaction ends (on SQLite nobody writes at all)."""
    if not tx.sqlite:
        ordered = sorted(ids)
        tx.many("INSERT INTO channels (id) VALUES (?) ON CONFLICT DO NOTHING", [(channel,) for channel in ordered])
        tx.fetch_in("SELECT id FROM channels WHERE id IN ({}) ORDER BY id" + tx.hold, ordered)


class SqlCaptures:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def seen(self, channel: ChannelId, external_ids: Sequence[ExternalId]) -> Mapping[ExternalId, SeenItem]:
        if self._tx.write:
            hold_channels(self._tx, [channel])
        rows = self._tx.fetch_in(_SEEN, external_ids, before=(channel,))
        return {ExternalId(row[0]): SeenItem(row[1], row[2], from_us(row[3]), row[4]) for row in rows}

    def record_poll(self, poll: PollRow) -> int:
        self._check_fence(poll)
        poll_id = self._tx.next_ids(polls, 1)[0]
        manifest = poll.manifest
        counts = (manifest.listed, manifest.unchanged, manifest.captured)
        self._tx.run(_INSERT_POLL, (poll_id, poll.channel, to_us(poll.at), *counts, poll.fence))
        self._tx.run(_MOVE_CURSOR, (poll.channel, poll.cursor, manifest.captured))
        return poll_id

    def _check_fence(self, poll: PollRow) -> None:
        held = self._tx.fetch("SELECT token, until FROM leases WHERE name = ?" + self._tx.hold, (f"channel:{poll.channel}",))
        token, until = (held[0][0], held[0][1]) if held else (0, 0)
        passes = token == poll.fence if poll.fence else until <= to_us(poll.at)
        if not passes:
            raise LeaseLost(
                f"channel {poll.channel} is collected by another process", remedy="this poll is dropped; nothing was lost"
            )

    def touch(self, channel: ChannelId, marks: Sequence[tuple[ExternalId, str, datetime]]) -> None:
        self._tx.many(_TOUCH, [(mark, to_us(at), channel, external) for external, mark, at in marks])

    def quarantine(self, rows: Sequence[QuarantineRow]) -> list[int]:
        at = [to_us(row.at) for row in rows]
        ids = record_captures(self._tx, [(row.poll, None, None) for row in rows], CaptureOutcome.QUARANTINED, at)
        self._tx.many(
            _INSERT_QUARANTINE,
            [
                (capture, row.channel, row.external_id, row.owner, moment, row.reason, row.list_mark, row.value_version)
                for capture, row, moment in zip(ids, rows, at, strict=True)
            ],
        )
        self._tx.many(
            _KNOW_WAITING,
            [
                (item, row.channel, row.external_id, row.list_mark, row.content_mark, moment)
                for item, row, moment in zip(self._tx.next_ids(items, len(rows)), rows, at, strict=True)
            ],
        )
        return ids

    def resolve(self, capture_id: int, *, outcome: CaptureOutcome, at: datetime) -> None:
        if outcome is CaptureOutcome.QUARANTINED:
            raise Refused("a capture that leaves quarantine is registered, revised or noted")
        record_captures(self._tx, [(0, capture_id, None)], outcome, [to_us(at)])
