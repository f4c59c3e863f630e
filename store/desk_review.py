"""What waits for a reviewer: letters that are held, uncertain or sealed, and matters that a unit gave back.

Most pressing first: urgent ones, then those that units could not agree on, then by age. A page is taken by key, never by
offset; what is not pressing is read in the order of an index, whatever the length of the queue.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.accounts import Viewer
from domain.decisions import Suggestion
from domain.ids import ChannelId, MatterId, Number, UnitCode
from domain.lifecycle import ARBITRATION_RETURNS
from domain.messages import MessageKind, MessageState
from store.codes import get_suggestions
from store.earlier import sealed_since, suggestions_untold, tells
from store.engine import Row, Transaction
from store.rows import CURRENT_VERSION, KINDS, STATES
from store.times import from_us, maybe_time
from store.visibility import Condition, both, visible_matters

RETURNED = "returned"
WAITING = (MessageState.SEALED_REVIEW, MessageState.IN_REVIEW, MessageState.HELD)
SOURCES = (*(state.value for state in WAITING), RETURNED)
"""Where the queue comes from, which is also what it may be narrowed to."""
LATER = 3
"""The rank of what is not pressing: 0 urgent and to be arbitrated, 1 urgent, 2 to be arbitrated."""
EXCERPT = 160
COUNTED = 1000

# Once a letter was found to be urgent it stays in front: a plain semi-join, which both databases read from its shorter side.
_URGENT = "EXISTS (SELECT 1 FROM decisions du WHERE du.number = m.number AND du.urgency = 'urgent')"
_ARBITRATION = f"t.returns >= {ARBITRATION_RETURNS}"
_LATEST = (
    "LEFT JOIN decisions d ON d.id = (SELECT max(dn.id) FROM decisions dn WHERE dn.matter = m.matter AND dn.number = m.number)"
)
_LAST_RETURN = (
    "m.state = 'dispatched' AND a.state = 'returned' AND a.withdrawn_at IS NULL AND NOT EXISTS (SELECT 1 FROM assignments b "
    "WHERE b.matter = a.matter AND b.state = 'returned' AND b.withdrawn_at IS NULL AND (b.returned_at > a.returned_at "
    "OR (b.returned_at = a.returned_at AND b.position > a.position)))"
)
_COLUMNS = (
    "m.id, m.number, m.matter, m.version, m.state, m.sealed, m.registered_at, v.submitted_at, v.kind, m.channel, v.place, "
    "v.subject, substr(v.body, 1, {excerpt}), m.reason, d.reason, d.rule, d.suggestions, t.returns, {urgent}, {back}"
)
_UNDECIDED = "m.number NOT IN (SELECT c.number FROM choices c WHERE c.state = 'waiting')"
_DETAILS = (
    f"SELECT {{columns}} FROM messages m {CURRENT_VERSION} JOIN matters t ON t.id = m.matter "
    f"LEFT JOIN assignments a ON a.matter = m.number AND {_LAST_RETURN} {_LATEST} WHERE {{ids}}"
)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What of the queue is wanted; empty: all. ``unit``: whose suggestion stands first."""

    source: str = ""
    kind: str = ""
    unit: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if self.source else SOURCES


@dataclass(frozen=True, slots=True)
class QueueRow:
    """``returned_by`` and ``return_reason`` are of the last return that was not decided yet; ``reason`` says why it waits."""

    id: int
    number: Number
    matter: MatterId
    version: int
    state: MessageState
    sealed: bool
    registered_at: datetime
    submitted_at: datetime | None
    kind: MessageKind | None
    channel: ChannelId
    place: str
    subject: str
    excerpt: str
    reason: str
    rule: str
    suggestions: tuple[Suggestion, ...]
    returns: int
    urgent: bool
    returned_by: UnitCode | None = None
    return_reason: str = ""
    suggested_unit: UnitCode | None = None

    @property
    def returned(self) -> bool:
        return self.returned_by is not None

    @property
    def arbitration(self) -> bool:
        return self.returned and self.returns >= ARBITRATION_RETURNS

    @property
    def source(self) -> str:
        return RETURNED if self.returned else self.state.value

    @property
    def key(self) -> tuple[int, int]:
        """Where it stands in the queue."""
        return (2 * (not self.urgent) + (not self.arbitration), self.id)


def queue(
    tx: Transaction,
    viewer: Viewer,
    wanted: Narrowed,
    limit: int,
    after: tuple[int, int] | None = None,
    *,
    with_waiting: bool = False,
) -> list[QueueRow]:
    """At most ``limit`` rows behind the key ``after``. Left out is what a choice waits for, unless ``with_waiting``."""
    first, ident = after or (0, 0)
    states = [source for source in wanted.sources if source != RETURNED]
    back = _returned(tx, viewer, wanted, with_waiting=with_waiting) if RETURNED in wanted.sources else []
    found: list[int] = []
    for rank in range(first, LATER + 1):
        behind = ident if rank == first else 0
        ids = [row_id for its, row_id in back if its == rank and row_id > behind]
        for state in states:
            # Nothing but what came back is ever to be arbitrated.
            if rank % 2 and len(found) < limit:
                ids += _ids(tx, viewer, wanted, state, rank, behind, limit - len(found), with_waiting=with_waiting)
        found += sorted(ids)[: limit - len(found)]
    rows = {row.id: row for row in _rows(tx, tx.fetch_in(_DETAILS.format(columns=_columns(), ids="m.id IN ({})"), found))}
    return [rows[row_id] for row_id in found]


def counts(tx: Transaction, viewer: Viewer) -> dict[str, int]:
    """How many wait, by source; COUNTED stands for that many and more. What a choice waits for is left out."""
    return {source: _count(tx, viewer, source) for source in SOURCES}


def _count(tx: Transaction, viewer: Viewer, source: str) -> int:
    tables, where, values = _found(viewer, Narrowed(), source, with_waiting=False)
    counted = tx.fetch(f"SELECT count(*) FROM (SELECT m.id FROM {tables} WHERE {where} LIMIT {COUNTED}) x", values)
    return int(counted[0][0])


def one(tx: Transaction, viewer: Viewer, number: Number) -> QueueRow | None:
    """The row of one message, whatever its state and whether a choice waits; None where it may not be seen."""
    visible, seen = visible_matters(viewer)
    row = tx.fetch(_DETAILS.format(columns=_columns(), ids=f"m.number = ? AND {visible}"), (number, *seen))
    return _rows(tx, row)[0] if row else None


def earlier_of_sender(tx: Transaction, viewer: Viewer, row: QueueRow, limit: int) -> list[QueueRow]:
    """Other matters' messages with one of this message's marks (keyed hashes), newest first, as far as they may be seen."""
    visible, seen = visible_matters(viewer)
    theirs = (
        "m.id IN (SELECT o.message_id FROM marks k JOIN marks o ON o.hash = k.hash WHERE k.message_id = ? AND o.message_id <> ?) "
        f"AND m.matter <> ? AND {visible} ORDER BY m.id DESC LIMIT ?"
    )
    values = (row.id, row.id, row.matter, *seen, limit)
    return _rows(tx, tx.fetch(_DETAILS.format(columns=_columns(), ids=theirs), values))


def _ids(
    tx: Transaction,
    viewer: Viewer,
    wanted: Narrowed,
    state: str,
    rank: int,
    behind: int,
    limit: int,
    *,
    with_waiting: bool,
) -> list[int]:
    """The messages of one state and rank, in the order of their ids; what is shown of them is read for a page only."""
    tables, where, values = _found(viewer, wanted, state, with_waiting=with_waiting)
    urgent = _URGENT if rank < LATER else f"NOT {_URGENT}"
    sql = f"SELECT m.id FROM {tables} WHERE {where} AND m.id > ? AND {urgent} ORDER BY m.id LIMIT ?"
    return [int(row[0]) for row in tx.fetch(sql, (*values, behind, limit))]


def _returned(tx: Transaction, viewer: Viewer, wanted: Narrowed, *, with_waiting: bool) -> list[tuple[int, int]]:
    """(rank, message) of everything that came back: never many."""
    tables, where, values = _found(viewer, wanted, RETURNED, with_waiting=with_waiting)
    rank = f"CASE WHEN {_URGENT} THEN 0 ELSE 2 END + CASE WHEN {_ARBITRATION} THEN 0 ELSE 1 END"
    return [(int(row[0]), int(row[1])) for row in tx.fetch(f"SELECT {rank}, m.id FROM {tables} WHERE {where}", values)]


def _found(viewer: Viewer, wanted: Narrowed, source: str, *, with_waiting: bool) -> tuple[str, str, tuple[object, ...]]:
    """Tables, condition and parameters of what one source holds."""
    back = source == RETURNED
    tables = "assignments a JOIN messages m ON m.number = a.matter" if back else "messages m"
    tables += " JOIN matters t ON t.id = m.matter"
    if wanted.kind:
        tables += f" {CURRENT_VERSION}"
    if wanted.unit:
        tables += f" {_LATEST}"
    conditions: list[Condition] = [(_LAST_RETURN, ()) if back else ("m.state = ?", (source,)), visible_matters(viewer)]
    conditions += _narrowing(wanted)
    if not with_waiting:
        conditions.append((_UNDECIDED, ()))
    return (tables, *both(*conditions))


def _columns() -> str:
    urgent = f"CASE WHEN {_URGENT} THEN 1 ELSE 0 END"
    return _COLUMNS.format(excerpt=EXCERPT, urgent=urgent, back="a.unit, a.reason, a.suggested_unit")


def _narrowing(wanted: Narrowed) -> Iterator[Condition]:
    if wanted.kind:
        yield "v.kind = ?", (wanted.kind,)
    if wanted.unit:
        # A code is [a-z0-9-]+: no character of it means something to LIKE.
        yield "d.suggestions LIKE ?", (f'[["{wanted.unit}",%',)


def _rows(tx: Transaction, found: Sequence[Row]) -> list[QueueRow]:
    rows = [_row(row) for row in found]
    hidden = sealed_since(tx, [row.matter for row in rows if tells((), row.suggestions)])
    return [replace(row, suggestions=suggestions_untold(row.suggestions)) if row.matter in hidden else row for row in rows]


def _row(row: Row) -> QueueRow:
    back = row[19] is not None
    return QueueRow(
        id=row[0],
        number=Number(row[1]),
        matter=MatterId(row[2]),
        version=row[3],
        state=STATES[row[4]],
        sealed=bool(row[5]),
        registered_at=from_us(row[6]),
        submitted_at=maybe_time(row[7]),
        kind=KINDS[row[8]] if row[8] else None,
        channel=ChannelId(row[9]),
        place=row[10],
        subject=row[11],
        excerpt=row[12],
        reason=row[14] or row[13],
        rule=row[15] or "",
        suggestions=get_suggestions(row[16] or ""),
        returns=row[17],
        urgent=bool(row[18]),
        returned_by=UnitCode(row[19]) if back else None,
        return_reason=(row[20] or "") if back else "",
        suggested_unit=UnitCode(row[21]) if back and row[21] else None,
    )
