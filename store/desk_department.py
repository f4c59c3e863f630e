"""What a department's page asks the store: its own queue, one part, its history, its files, what is open for claiming.

Every query about letters takes the reader (``store.visibility``); nothing is filtered afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.accounts import Viewer
from domain.decisions import Assignment
from domain.events import notice_topic, sealed_topic, unit_topic
from domain.ids import AssignmentId, MatterId, UnitCode
from domain.messages import Message
from store.assignments import ASSIGNMENTS, assignment_of
from store.engine import Row, Transaction
from store.rows import CURRENT_VERSION, MESSAGES, to_message
from store.times import from_us, to_us
from store.visibility import Condition, among, both, visible_assignments, visible_offers

COUNTED = 1000
"""Counts of what is done go up to here: a page says "1000+" beyond it."""
OPEN = "('sent', 'signed')"


class Tab(StrEnum):
    """A part of the queue. Those by deadline hold what is still to be done."""

    OPEN = "open"
    NEW = "new"
    SIGNED = "signed"
    TODAY = "today"
    SOON = "soon"
    OVERDUE = "overdue"
    RETURNED = "returned"
    DONE = "done"
    ALL = "all"


LATEST_FIRST = frozenset({Tab.RETURNED, Tab.DONE, Tab.ALL})
Place = tuple[int, int]
"""Where a page of the queue ends: deadline (microseconds) and position of its last row."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Now, the end of today, and the end of the working day that still counts as soon."""

    now: datetime
    today: datetime
    soon: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """What of the queue is asked for. ``words``: each stands in number, subject, text or place. ``unit``: of several one."""

    tab: Tab
    edges: Edges
    words: tuple[str, ...] = ()
    unit: UnitCode | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the queue."""

    position: int
    part: Assignment
    message: Message
    urgent: bool
    sealed: bool

    @property
    def place(self) -> Place:
        return to_us(self.part.deadline.due), self.position


@dataclass(frozen=True, slots=True)
class Other:
    """Another unit's part: who has it and how it stands, no more."""

    unit: UnitCode
    role: str
    state: str


@dataclass(frozen=True, slots=True)
class Told:
    """One event that went to the unit's own topics: ``data`` is its payload."""

    at: datetime
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Said:
    at: datetime
    type: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part with its matter. ``copies``: the numbers of all letters that were joined to it, its own first."""

    line: Line
    sequence: int
    matter_state: str
    deadline_class: str
    copies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A letter open for claiming."""

    position: int
    message: Message
    requirement: str
    deadline_class: str
    urgent: bool
    sequence: int


_A, _M = len(ASSIGNMENTS), MESSAGES.partition(" FROM ")[0].removeprefix("SELECT ")
_LATEST = "(SELECT d.{} FROM decisions d WHERE d.matter = t.id ORDER BY d.id DESC LIMIT 1)"
_FROM = f"FROM assignments a JOIN matters t ON t.id = a.matter JOIN messages m ON m.number = t.id {CURRENT_VERSION}"
_ROWS = (
    f"SELECT a.position, {', '.join(f'a.{name}' for name in ASSIGNMENTS)}, {_M}, {_LATEST.format('urgency')}, "
    f"a.sealed + t.sealed + m.sealed {_FROM}"
)
_OPEN_COUNTS = (
    "SELECT count(*), coalesce(sum(CASE WHEN a.state = 'sent' THEN 1 ELSE 0 END), 0), "
    "coalesce(sum(CASE WHEN a.due >= ? AND a.due <= ? THEN 1 ELSE 0 END), 0), "
    "coalesce(sum(CASE WHEN a.due >= ? AND a.due <= ? THEN 1 ELSE 0 END), 0), "
    "coalesce(sum(CASE WHEN a.due < ? THEN 1 ELSE 0 END), 0) "
    f"FROM assignments a JOIN matters t ON t.id = a.matter WHERE a.state IN {OPEN} AND "
)
_EVENTS = (
    "SELECT o.created_at, o.type, p.value FROM outbox o JOIN outbox_payloads p ON p.outbox_id = o.id "
    "WHERE o.key = ? AND o.topic IN (?, ?, ?) ORDER BY o.sequence"
)
_SAID = "SELECT at, type FROM feedback WHERE assignment = ? AND unit = ? AND outcome = 'applied' ORDER BY at, event_id"
_OTHERS = (
    "SELECT unit, role, state FROM assignments WHERE matter = ? AND id <> ? AND unit <> ? AND state <> 'withdrawn' "
    "AND withdrawn_at IS NULL ORDER BY position"
)
_OFFERS = (
    f"SELECT m.id, {_M}, {_LATEST.format('requirement')}, {_LATEST.format('deadline_class')}, {_LATEST.format('urgency')}, "
    f"t.sequence FROM messages m JOIN matters t ON t.id = m.number {CURRENT_VERSION} WHERE "
)


def queue(tx: Transaction, viewer: Viewer, asked: Queue, after: Place | None, limit: int) -> list[Line]:
    """By deadline: the nearest first; of what is done or returned the latest first."""
    falling = asked.tab in LATEST_FIRST
    conditions = [_of_tab(asked), *_of_words(asked.words), visible_assignments(viewer, "a")]
    if after is not None:
        mark = "<" if falling else ">"
        conditions.append((f"a.due {mark}= ? AND (a.due {mark} ? OR a.position {mark} ?)", (after[0], after[0], after[1])))
    sql, parameters = both(*conditions)
    order = " ORDER BY a.due DESC, a.position DESC" if falling else " ORDER BY a.due, a.position"
    return [_row(row) for row in tx.fetch(f"{_ROWS} WHERE {sql}{order} LIMIT ?", (*parameters, limit))]


def counts(tx: Transaction, viewer: Viewer, edges: Edges, unit: UnitCode | None = None) -> dict[Tab, int]:
    """How many there are of each. What is done or returned is counted up to ``COUNTED``."""
    mine, parameters = both(*_of_unit(unit), visible_assignments(viewer, "a"))
    now, today, soon = to_us(edges.now), to_us(edges.today), to_us(edges.soon)
    row = tx.fetch(_OPEN_COUNTS + mine, (now, today, now, soon, now, *parameters))[0]
    everything, new, due_today, due_soon, overdue = (int(value) for value in row)
    found = {
        Tab.OPEN: everything,
        Tab.NEW: new,
        Tab.SIGNED: everything - new,
        Tab.TODAY: due_today,
        Tab.SOON: due_soon,
        Tab.OVERDUE: overdue,
    }
    for tab, state in ((Tab.RETURNED, "returned"), (Tab.DONE, "completed")):
        some = f"SELECT 1 AS one FROM assignments a JOIN matters t ON t.id = a.matter WHERE a.state = ? AND {mine} LIMIT ?"
        found[tab] = int(tx.fetch(f"SELECT count(*) FROM ({some}) x", (state, *parameters, COUNTED))[0][0])
    return found


def part(tx: Transaction, viewer: Viewer, ident: AssignmentId) -> Part | None:
    """None where there is none, and where the reader may not know of it."""
    sql, parameters = both(("a.id = ?", (ident,)), visible_assignments(viewer, "a"))
    more = f"t.sequence, t.state, {_LATEST.format('deadline_class')}"
    found = tx.fetch(f"{_ROWS.replace(' FROM assignments', f', {more} FROM assignments', 1)} WHERE {sql}", parameters)
    if not found:
        return None
    *columns, sequence, state, deadline_class = found[0]
    read = _row(columns)
    copies = tx.fetch("SELECT number FROM messages WHERE matter = ? ORDER BY id", (read.part.matter,))
    return Part(read, sequence, state, deadline_class or "", tuple(str(one[0]) for one in copies))


def own_part(tx: Transaction, viewer: Viewer, matter: MatterId) -> AssignmentId | None:
    """The part that the reader's units have in the matter; of several the latest."""
    sql, parameters = both(("a.matter = ?", (matter,)), visible_assignments(viewer, "a"))
    found = tx.fetch(f"SELECT a.id {_FROM} WHERE {sql} ORDER BY a.position DESC LIMIT 1", parameters)
    return AssignmentId(found[0][0]) if found else None


def others(tx: Transaction, mine: Assignment) -> list[Other]:
    """Who else has the matter now. Of a part that the reader was found to see."""
    rows = tx.fetch(_OTHERS, (mine.matter, mine.id, mine.unit))
    return [Other(UnitCode(unit), role, state) for unit, role, state in rows]


def told(tx: Transaction, mine: Assignment) -> list[Told]:
    """What was published to the part's own unit about the matter, oldest first."""
    topics = (unit_topic(mine.unit), sealed_topic(mine.unit), notice_topic(mine.unit))
    return [Told(from_us(at), kind, value) for at, kind, value in tx.fetch(_EVENTS, (mine.matter, *topics))]


def said(tx: Transaction, mine: Assignment) -> list[Said]:
    """What the unit itself said about its part and what took effect, by whatever way, oldest first."""
    return [Said(from_us(at), kind) for at, kind in tx.fetch(_SAID, (mine.id, mine.unit))]


def offers(tx: Transaction, viewer: Viewer, *, after: int = 0, limit: int = 50, matter: MatterId | None = None) -> list[OfferRow]:
    """Letters open for claiming, the oldest first; or that one."""
    # Without a place to begin after nothing is said of ids: SQLite would walk along them instead of along the letters in review.
    conditions: list[Condition] = [visible_offers(viewer), *([("m.id > ?", (after,))] if after else [])]
    if matter is not None:
        conditions.append(("m.number = ?", (matter,)))
    sql, parameters = both(*conditions)
    rows = tx.fetch(f"{_OFFERS}{sql} ORDER BY m.id LIMIT ?", (*parameters, limit))
    return [_offer(row) for row in rows]


def _of_tab(asked: Queue) -> Condition:
    edges = asked.edges
    now, today, soon = to_us(edges.now), to_us(edges.today), to_us(edges.soon)
    still = f"a.state IN {OPEN}"
    of_tab: dict[Tab, Condition] = {
        Tab.OPEN: (still, ()),
        Tab.NEW: ("a.state = 'sent'", ()),
        Tab.SIGNED: ("a.state = 'signed'", ()),
        Tab.TODAY: (f"{still} AND a.due >= ? AND a.due <= ?", (now, today)),
        Tab.SOON: (f"{still} AND a.due >= ? AND a.due <= ?", (now, soon)),
        Tab.OVERDUE: (f"{still} AND a.due < ?", (now,)),
        Tab.RETURNED: ("a.state = 'returned'", ()),
        Tab.DONE: ("a.state = 'completed'", ()),
        Tab.ALL: ("1 = 1", ()),
    }
    return both(of_tab[asked.tab], *_of_unit(asked.unit))


def _of_unit(unit: UnitCode | None) -> list[Condition]:
    return [among("a.unit", (unit,))] if unit is not None else []


def _of_words(words: Sequence[str]) -> list[Condition]:
    columns = ("m.number", "v.subject", "v.body", "v.place")
    found: list[Condition] = []
    for word in words:
        pattern = "%" + word.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        found.append((" OR ".join(f"{column} LIKE ? ESCAPE '!'" for column in columns), (pattern,) * len(columns)))
    return found


def _row(row: Row) -> Line:
    *columns, urgency, sealed = row
    values: Sequence[Any] = columns[1 : 1 + _A]
    return Line(columns[0], assignment_of(values), to_message(columns[1 + _A :]), urgency == "urgent", bool(sealed))


def _offer(row: Row) -> OfferRow:
    *columns, requirement, deadline_class, urgency, sequence = row
    return OfferRow(columns[0], to_message(columns[1:]), requirement or "", deadline_class or "", urgency == "urgent", sequence)
