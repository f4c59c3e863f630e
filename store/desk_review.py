"""What waits for a reviewer: letters that are held, uncertain or sealed, and matters that a unit gave back.

Most pressing first: urgent ones, then those that units could not agree on, then by age. A page is taken by key, never by
offset; what is not pressing is read in the order of an index, whatever the length of the queue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.accounts import Viewer
from domain.decisions import Suggestion
from domain.ids import ChannelId, MatterId, Number, UnitCode
from domain.lifecycle import ARBITRATION_RETURNS
from domain.messages import MessageKind, MessageState
from store.codes import get_suggestions
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

_URGENT = (
    "EXISTS (SELECT 1 FROM decisions du WHERE du.number = m.number AND du.urgency = 'urgent' AND du.matter = m.matter "
    "AND du.id = (SELECT max(dl.id) FROM decisions dl WHERE dl.matter = m.matter AND dl.number = m.number))"
)
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
    whole: bool = False,
) -> list[QueueRow]:
    """At most ``limit`` rows behind the key ``after``. Left out is what a choice waits for, unless ``with_waiting``.
    ``whole``: with the whole text in ``excerpt``."""
    rank, ident = after or (-1, 0)
    found: list[QueueRow] = []
    if rank < LATER:
        for source in wanted.sources:
            found += _rows(tx, viewer, wanted, source, limit, (rank, ident), pressing=True, waiting=with_waiting, whole=whole)
        found = sorted(found, key=lambda row: row.key)[:limit]
    if len(found) < limit:
        behind = (LATER, ident if rank == LATER else 0)
        rest: list[QueueRow] = []
        for source in wanted.sources:
            rest += _rows(
                tx, viewer, wanted, source, limit - len(found), behind, pressing=False, waiting=with_waiting, whole=whole
            )
        found += sorted(rest, key=lambda row: row.key)[: limit - len(found)]
    return found


def counts(tx: Transaction, viewer: Viewer) -> dict[str, int]:
    """How many wait, by source; what a choice waits for is left out."""
    found = dict.fromkeys(SOURCES, 0)
    visible, seen = visible_matters(viewer)
    states = ", ".join(f"'{state.value}'" for state in WAITING)
    rows = tx.fetch(
        f"SELECT m.state, count(*) FROM messages m JOIN matters t ON t.id = m.matter WHERE m.state IN ({states}) "
        f"AND {visible} AND {_UNDECIDED} GROUP BY m.state",
        seen,
    )
    found |= {str(state): int(count) for state, count in rows}
    found[RETURNED] = int(
        tx.fetch(
            "SELECT count(*) FROM assignments a JOIN messages m ON m.number = a.matter JOIN matters t ON t.id = m.matter "
            f"WHERE {_LAST_RETURN} AND {visible} AND {_UNDECIDED}",
            seen,
        )[0][0]
    )
    return found


def one(tx: Transaction, viewer: Viewer, number: Number) -> QueueRow | None:
    """The row of one message, whatever its state and whether a choice waits; None where it may not be seen."""
    visible, seen = visible_matters(viewer)
    row = tx.fetch(
        f"SELECT {_columns(whole=True)} FROM messages m {CURRENT_VERSION} JOIN matters t ON t.id = m.matter "
        f"LEFT JOIN assignments a ON a.matter = m.number AND {_LAST_RETURN} {_LATEST} WHERE m.number = ? AND {visible}",
        (number, *seen),
    )
    return _row(row[0]) if row else None


def earlier_of_sender(tx: Transaction, viewer: Viewer, row: QueueRow, limit: int) -> list[QueueRow]:
    """Other matters' messages with one of this message's marks (keyed hashes), newest first, as far as they may be seen."""
    visible, seen = visible_matters(viewer)
    rows = tx.fetch(
        f"SELECT {_columns()} FROM messages m {CURRENT_VERSION} JOIN matters t ON t.id = m.matter "
        f"LEFT JOIN assignments a ON a.matter = m.number AND {_LAST_RETURN} {_LATEST} WHERE m.id IN ("
        "SELECT o.message_id FROM marks k JOIN marks o ON o.hash = k.hash WHERE k.message_id = ? AND o.message_id <> ?) "
        f"AND m.matter <> ? AND {visible} ORDER BY m.id DESC LIMIT ?",
        (row.id, row.id, row.matter, *seen, limit),
    )
    return [_row(found) for found in rows]


def _rows(
    tx: Transaction,
    viewer: Viewer,
    wanted: Narrowed,
    source: str,
    limit: int,
    after: tuple[int, int],
    *,
    pressing: bool,
    waiting: bool,
    whole: bool,
) -> list[QueueRow]:
    back = source == RETURNED
    tables = "assignments a JOIN messages m ON m.number = a.matter" if back else "messages m"
    rank = (
        f"(CASE WHEN {_URGENT} THEN 0 ELSE 2 END + CASE WHEN {_ARBITRATION} THEN 0 ELSE 1 END)"
        if back
        else (f"(CASE WHEN {_URGENT} THEN 1 ELSE {LATER} END)")
    )
    pressed = f"({_URGENT} OR {_ARBITRATION})" if back else _URGENT
    conditions: list[Condition] = [
        (_LAST_RETURN, ()) if back else ("m.state = ?", (source,)),
        visible_matters(viewer),
        *_narrowing(wanted),
    ]
    if not waiting:
        conditions.append((_UNDECIDED, ()))
    if pressing:
        conditions.append((f"{pressed} AND ({rank} > ? OR ({rank} = ? AND m.id > ?))", (after[0], after[0], after[1])))
        order = f"{rank}, m.id"
    else:
        conditions.append((f"NOT {pressed} AND m.id > ?", (after[1],)))
        order = "m.id"
    where, values = both(*conditions)
    rows = tx.fetch(
        f"SELECT {_columns(back=back, whole=whole)} FROM {tables} {CURRENT_VERSION} JOIN matters t ON t.id = m.matter {_LATEST} "
        f"WHERE {where} ORDER BY {order} LIMIT ?",
        (*values, limit),
    )
    return [_row(row) for row in rows]


def _columns(*, back: bool = True, whole: bool = False) -> str:
    parts = "a.unit, a.reason, a.suggested_unit" if back else "NULL, '', NULL"
    urgent = f"CASE WHEN {_URGENT} THEN 1 ELSE 0 END"
    return _COLUMNS.format(excerpt=10_000_000 if whole else EXCERPT, urgent=urgent, back=parts)


def _narrowing(wanted: Narrowed) -> Iterator[Condition]:
    if wanted.kind:
        yield "v.kind = ?", (wanted.kind,)
    if wanted.unit:
        # A code is [a-z0-9-]+: no character of it means something to LIKE.
        yield "d.suggestions LIKE ?", (f'[["{wanted.unit}",%',)


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
