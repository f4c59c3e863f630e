"""Registering, revising, noting, claiming and settling messages (``domain.ports.MessageRepository``)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.errors import Refused, RetryLater
from domain.ids import ChannelId, ExternalId, Number
from domain.lifecycle import check_message_move
from domain.messages import CaptureOutcome, Mark, Message
from domain.records import NewMessage, Note, Revision, Settlement
from store.captures import hold_channels, record_captures
from store.codes import get_marks, get_words, put_marks, put_words
from store.engine import Row, Transaction, insert_sql
from store.rows import CURRENT_VERSION, MESSAGE_COLUMNS, to_message
from store.schema import items, marks, matters, messages, notes, versions
from store.times import maybe_us, to_us

_TAKE_NUMBERS = (
    "INSERT INTO number_counters (channel, day, value) VALUES (?, ?, ?) "
    "ON CONFLICT (channel, day) DO UPDATE SET value = number_counters.value + excluded.value RETURNING value"
)
_INSERT_ITEM = insert_sql(
    items,
    "id",
    "channel",
    "external_id",
    "number",
    "list_mark",
    "content_mark",
    "fetched_at",
    # Only an item that waited in quarantine is there already.
    conflict="ON CONFLICT (channel, external_id) DO UPDATE SET number = excluded.number, list_mark = excluded.list_mark, "
    "content_mark = excluded.content_mark, fetched_at = excluded.fetched_at WHERE items.number IS NULL",
)
_UPDATE_ITEM = "UPDATE items SET list_mark = ?, content_mark = ?, fetched_at = ? WHERE channel = ? AND external_id = ?"
_INSERT_MATTER = insert_sql(matters, "id", "state", "opened_at")
_INSERT_MESSAGE = insert_sql(
    messages,
    "id",
    "number",
    "channel",
    "external_id",
    "version",
    "state",
    "matter",
    "mail_kind",
    "in_place",
    "registered_at",
    "owner",
    "reason",
    "marks",
)
_INSERT_VERSION = insert_sql(
    versions, "message_id", "version", "at", "kind", "addressed_to", "subject", "body", "place", "submitted_at", "truncated"
)
_INSERT_MARK = insert_sql(marks, "hash", "message_id", conflict="ON CONFLICT DO NOTHING")
_INSERT_NOTE = insert_sql(notes, "id", "message_id", "at", "status", "text")
_REVISE = "UPDATE messages SET version = ?, state = 'new', reason = '', marks = ?, waived_rules = '', claimed_by = '', claimed_until = 0 WHERE id = ?"
_REGISTERED = "SELECT external_id FROM items WHERE channel = ? AND external_id IN ({}) AND number IS NOT NULL"
_KNOWN = "SELECT number, id, version, marks, channel, external_id FROM messages WHERE number IN ({}) ORDER BY number"
_STANDING = "SELECT number, version, state, claimed_by, waived_rules FROM messages WHERE number IN ({}) ORDER BY number"
_CLAIMABLE = (
    f"SELECT {MESSAGE_COLUMNS}, m.id FROM messages m {CURRENT_VERSION} "
    "WHERE m.state = 'new' AND (m.claimed_until <= ? OR m.claimed_by = ?) ORDER BY m.id LIMIT ?"
)
_CLAIM = "UPDATE messages SET claimed_by = ?, claimed_until = ? WHERE id = ? AND state = 'new' AND (claimed_until <= ? OR claimed_by = ?)"
# The commonest step, a worker's, of a message that is its own matter: nothing is read, no index but the state's changes.
_SETTLE_OWN = (
    "UPDATE messages SET state = ?, sealed = ?, reason = ?, claimed_by = '', claimed_until = 0 "
    "WHERE number = ? AND matter = number AND version = ? AND state = ? AND claimed_by = ?"
)
_SETTLE = (
    "UPDATE messages SET state = ?, matter = ?, sealed = ?, reason = ?, waived_rules = ?, claimed_by = '', claimed_until = 0 "
    "WHERE number = ? AND version = ? AND state = ?"
)


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    version: int
    marks: str
    channel: str
    external_id: str


def _version_row(text: NewMessage | Revision, row_id: int, version: int, at: int) -> Row:
    kind = text.kind.value if text.kind else None
    place = (text.addressed_to, text.subject, text.body, text.place, maybe_us(text.submitted_at), int(text.truncated))
    return (row_id, version, at, kind, *place)


def _settle_row(step: Settlement, waived: str) -> Row:
    target = (step.state.value, step.matter, int(step.sealed), step.reason, waived)
    return (*target, step.number, step.version, step.expected.value)


def _own_row(step: Settlement) -> Row:
    return (step.state.value, int(step.sealed), step.reason, step.number, step.version, step.expected.value, step.worker)


class SqlMessages:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def register(self, new: Sequence[NewMessage]) -> list[Number]:
        hold_channels(self._tx, {message.channel for message in new})
        known = self._registered(new)
        fresh: list[NewMessage] = []
        places: list[int] = []
        for place, message in enumerate(new):
            item = (message.channel, message.external_id)
            if item not in known:
                known.add(item)
                fresh.append(message)
                places.append(place)
        numbers = self._numbers(fresh)
        self._insert(fresh, numbers)
        given = [Number("")] * len(new)
        for place, number in zip(places, numbers, strict=True):
            given[place] = number
        return given

    def _registered(self, new: Sequence[NewMessage]) -> set[tuple[ChannelId, ExternalId]]:
        by_channel: dict[ChannelId, list[ExternalId]] = {}
        for message in new:
            by_channel.setdefault(message.channel, []).append(message.external_id)
        return {
            (channel, ExternalId(row[0]))
            for channel, ids in by_channel.items()
            for row in self._tx.fetch_in(_REGISTERED, ids, before=(channel,))
        }

    def _numbers(self, new: Sequence[NewMessage]) -> list[Number]:
        """Consecutive numbers per channel and day; a roll-back takes the counter back with it, so none is left out."""
        next_number: dict[tuple[ChannelId, str], int] = {}
        for (channel, day), count in sorted(Counter((message.channel, message.day) for message in new).items()):
            last = self._tx.fetch(_TAKE_NUMBERS, (channel, day, count))[0][0]
            next_number[channel, day] = last - count + 1
        numbers = []
        for message in new:
            key = (message.channel, message.day)
            numbers.append(Number(f"{message.day}-{message.channel}-{next_number[key]:06d}"))
            next_number[key] += 1
        return numbers

    def _insert(self, new: Sequence[NewMessage], numbers: Sequence[Number]) -> None:
        tx = self._tx
        at = [to_us(message.registered_at) for message in new]
        rows = list(zip(new, numbers, tx.next_ids(messages, len(new)), at, strict=True))
        tx.many(_INSERT_MATTER, [(number, "open", moment) for _, number, _, moment in rows])
        tx.many(
            _INSERT_MESSAGE,
            [
                (
                    row_id,
                    number,
                    message.channel,
                    message.external_id,
                    1,
                    message.state.value,
                    number,
                    message.mail_kind.value,
                    int(message.in_place),
                    moment,
                    message.owner,
                    message.reason,
                    put_marks(message.marks),
                )
                for message, number, row_id, moment in rows
            ],
        )
        tx.many(_INSERT_VERSION, [_version_row(message, row_id, 1, moment) for message, _, row_id, moment in rows])
        tx.many(_INSERT_MARK, [(mark.hash, row_id) for message, _, row_id, _ in rows for mark in message.marks])
        known = [
            (item, message.channel, message.external_id, number, message.list_mark, message.content_mark, moment)
            for item, (message, number, _, moment) in zip(tx.next_ids(items, len(rows)), rows, strict=True)
        ]
        if tx.many(_INSERT_ITEM, known, distinct=True) != len(known):
            raise RetryLater("another process registered the same items", remedy="the step is tried again")
        captured = [(message.poll, message.capture_id, number) for message, number, _, _ in rows]
        record_captures(tx, captured, CaptureOutcome.REGISTERED, at)

    def revise(self, revisions: Sequence[Revision]) -> None:
        known = self._known([revision.number for revision in revisions])
        at = [to_us(revision.at) for revision in revisions]
        version_rows: list[Row] = []
        mark_rows: list[Row] = []
        item_rows: list[Row] = []
        message_rows: list[Row] = []
        latest: dict[Number, tuple[int, tuple[Mark, ...]]] = {}
        for revision, moment in zip(revisions, at, strict=True):
            row = known[revision.number]
            version, old_marks = latest.get(revision.number, (row.version, get_marks(row.marks)))
            # Who wrote before is still the same person: marks are only added.
            merged = tuple(dict.fromkeys((*old_marks, *revision.marks)))
            latest[revision.number] = (version + 1, merged)
            version_rows.append(_version_row(revision, row.id, version + 1, moment))
            mark_rows.extend((mark.hash, row.id) for mark in revision.marks)
            item_rows.append((revision.list_mark, revision.content_mark, moment, row.channel, row.external_id))
            message_rows.append((version + 1, put_marks(merged), row.id))
        self._tx.many(_INSERT_VERSION, version_rows)
        self._tx.many(_INSERT_MARK, mark_rows)
        self._tx.many(_REVISE, message_rows)
        self._tx.many(_UPDATE_ITEM, item_rows)
        captured = [(revision.poll, revision.capture_id, revision.number) for revision in revisions]
        record_captures(self._tx, captured, CaptureOutcome.REVISED, at)

    def note(self, new: Sequence[Note]) -> None:
        known = self._known([note.number for note in new])
        at = [to_us(note.at) for note in new]
        ids = self._tx.next_ids(notes, len(new))
        rows = [(note, known[note.number], row_id, moment) for note, row_id, moment in zip(new, ids, at, strict=True)]
        self._tx.many(_INSERT_NOTE, [(row_id, row.id, moment, note.status, note.text) for note, row, row_id, moment in rows])
        self._tx.many(
            _UPDATE_ITEM,
            [(note.list_mark, note.content_mark, moment, row.channel, row.external_id) for note, row, _, moment in rows],
        )
        captured = [(note.poll, note.capture_id, note.number) for note in new]
        record_captures(self._tx, captured, CaptureOutcome.NOTED, at)

    def claim(self, worker: str, limit: int, now: datetime, until: datetime) -> list[Message]:
        moment, end = to_us(now), to_us(until)
        found = self._tx.fetch(_CLAIMABLE + ("" if self._tx.sqlite else " FOR UPDATE OF m SKIP LOCKED"), (moment, worker, limit))
        # Conditional all the same: what was claimed must be what was read.
        if self._tx.many(_CLAIM, [(worker, end, row[-1], moment, worker) for row in found], distinct=True) != len(found):
            raise RetryLater("another worker claimed the same messages", remedy="they are claimed again")
        return [to_message(row) for row in found]

    def settle(self, settlements: Sequence[Settlement]) -> list[Number]:
        for step in settlements:
            check_message_move(step.expected, step.state)
        plain = [step for step in settlements if step.worker and str(step.matter) == step.number and not step.waived_rules]
        if not plain or len({step.number for step in settlements}) < len(settlements):
            return self._settle_each(settlements)
        self._tx.savepoint()
        if self._tx.many(_SETTLE_OWN, [_own_row(step) for step in plain], distinct=True) < len(plain):
            self._tx.undo()
            return self._settle_each(settlements)
        others = [step for step in settlements if not step.worker or str(step.matter) != step.number or step.waived_rules]
        return self._settle_each(others) if others else []

    def _settle_each(self, settlements: Sequence[Settlement]) -> list[Number]:
        rows = self._tx.fetch_in(_STANDING + self._tx.hold, sorted({step.number for step in settlements}))
        standing = {row[0]: row[1:] for row in rows}
        moved: list[Row] = []
        left: list[Number] = []
        for step in settlements:
            version, state, worker, waived = standing.get(step.number, (0, "", "", ""))
            if version != step.version or state != step.expected or (step.worker and worker != step.worker):
                left.append(step.number)
                continue
            if step.waived_rules:
                waived = put_words(tuple(dict.fromkeys((*get_words(waived), *step.waived_rules))))
            standing[step.number] = (version, step.state, "", waived)
            moved.append(_settle_row(step, waived))
        self._tx.many(_SETTLE, moved)
        return left

    def _known(self, numbers: Sequence[Number]) -> dict[Number, _Known]:
        rows = self._tx.fetch_in(_KNOWN + self._tx.hold, sorted(set(numbers)))
        known = {Number(row[0]): _Known(*row[1:]) for row in rows}
        if len(known) < len(set(numbers)):
            raise Refused("a revision or note names a number that the store does not know")
        return known
