"""The register: which matters a reader's search finds, newest first. Every query carries the reader's condition.

The list is read along the matters' time of opening and stops at a page; counting stops at a cap: both stay quick however
many matters there are.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from domain.accounts import Viewer
from domain.decisions import MatterState
from domain.ids import ChannelId, MatterId, Number, UnitCode
from domain.messages import MessageKind, MessageState
from store.engine import Transaction
from store.queries import NUMBER_PREFIX
from store.search_words import for_postgresql, for_sqlite, search_terms
from store.times import from_us, maybe_time, to_us
from store.visibility import NOTHING, Condition, both, visible_matters

PAGE = 50
COUNT_CAP = 1000
UNIT_WORDS_CAP = 200
"""For words among one unit's matters: most of what has the words is another unit's, so that each counted costs many looked at."""
AT_A_TIME = 500

Place = tuple[int, str]
"""Where a page ends: the opening time (microseconds) and number of its last matter."""

_PLANNING = (
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true), "
    "set_config('max_parallel_workers_per_gather', '0', true)"
)
_NUMBER = re.compile(r"[0-9]{8}-[a-z0-9-]+-[0-9]{6}")
_ROWS = (
    "SELECT t.id, t.state, CASE WHEN t.sealed = 1 OR EXISTS (SELECT 1 FROM messages z WHERE z.matter = t.id AND z.sealed = 1) "
    "THEN 1 ELSE 0 END, t.opened_at, t.promised, t.answered_at, t.closed_at, m.channel, m.state, v.kind, v.subject, "
    "v.place, (SELECT count(*) FROM messages c WHERE c.matter = t.id) FROM matters t JOIN messages m ON m.number = t.id "
    "JOIN versions v ON v.message_id = m.id AND v.version = m.version WHERE t.id IN ({})"
)
_UNITS = (
    "SELECT matter, unit, role, state, due FROM assignments WHERE matter IN ({}) AND state <> 'withdrawn' "
    "AND withdrawn_at IS NULL ORDER BY position"
)


@dataclass(frozen=True, slots=True)
class RegisterSearch:
    """What is looked for; empty fields ask for nothing. ``since`` and ``until`` (excluded) concern the day of opening."""

    number: str = ""
    words: str = ""
    unit: UnitCode | None = None
    place: str = ""
    since: datetime | None = None
    until: datetime | None = None
    message_state: MessageState | None = None
    matter_state: MatterState | None = None
    channel: ChannelId | None = None
    kind: MessageKind | None = None

    @property
    def asked(self) -> list[str]:
        """The names of the fields that ask for something."""
        return [one.name for one in fields(self) if getattr(self, one.name)]


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One line of the register. ``units``: (unit, role, state, due) of what stands, the lead first as it was given."""

    matter: MatterId
    state: MatterState
    sealed: bool
    opened_at: datetime
    promised: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    channel: ChannelId
    message_state: MessageState
    kind: MessageKind | None
    subject: str
    place: str
    messages: int
    units: tuple[tuple[UnitCode, str, str, datetime], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """``total``: how many matters there are, at most the cap, ``more`` when there are more. ``after``: where the next page begins."""

    rows: list[RegisterRow]
    total: int
    more: bool
    after: Place | None


def search(
    tx: Transaction,
    viewer: Viewer,
    asked: RegisterSearch,
    *,
    after: Place | None = None,
    limit: int = PAGE,
    cap: int | None = None,
) -> Found:
    """A page, newest first. The first one is counted by the same query, which goes on until the cap."""
    cap = _cap(viewer, asked) if cap is None else cap
    condition = _condition(tx, viewer, asked)
    places = _places(tx, condition, after, limit + 1 if after is not None else max(limit, cap) + 1)
    total = len(places) if after is None else len(_places(tx, condition, None, cap + 1))
    rows = _rows(tx, [matter for _, matter in places[:limit]])
    return Found(rows, min(total, cap), total > cap, places[limit - 1] if len(places) > limit else None)


def _cap(viewer: Viewer, asked: RegisterSearch) -> int:
    of_unit = viewer.units is not None or asked.unit is not None
    return UNIT_WORDS_CAP if asked.words and of_unit else COUNT_CAP


def every_row(tx: Transaction, viewer: Viewer, asked: RegisterSearch, limit: int) -> Iterator[RegisterRow]:
    """The first ``limit`` matters of the search, some hundreds in memory at a time."""
    tx.linger()
    places = _places(tx, _condition(tx, viewer, asked), None, limit)
    for start in range(0, len(places), AT_A_TIME):
        yield from _rows(tx, [matter for _, matter in places[start : start + AT_A_TIME]])


def visible_matter(tx: Transaction, viewer: Viewer, number: Number) -> MatterId | None:
    """The matter of a message, None when there is no such message or the reader may not know of it."""
    condition, parameters = visible_matters(viewer)
    query = f"SELECT t.id FROM messages m JOIN matters t ON t.id = m.matter WHERE m.number = ? AND {condition}"
    rows = tx.fetch(query, (number, *parameters))
    return MatterId(rows[0][0]) if rows else None


def known_channels(tx: Transaction) -> list[ChannelId]:
    return [ChannelId(row[0]) for row in tx.fetch("SELECT id FROM channels ORDER BY id")]


def _places(tx: Transaction, condition: Condition, after: Place | None, limit: int) -> list[Place]:
    sql, parameters = condition
    if after is not None:
        sql, parameters = f"{sql} AND (t.opened_at, t.id) < (?, ?)", (*parameters, *after)
    _plan_by_values(tx)
    rows = tx.fetch(
        f"SELECT t.opened_at, t.id FROM matters t WHERE {sql} ORDER BY t.opened_at DESC, t.id DESC LIMIT ?", (*parameters, limit)
    )
    return [(row[0], row[1]) for row in rows]


def _plan_by_values(tx: Transaction) -> None:
    """A rare word and a common one need different plans: PostgreSQL must not make one for both. Many people search at once:
    starting workers and compiling would cost each more than it gains."""
    if not tx.sqlite:
        tx.fetch(_PLANNING)


def _condition(tx: Transaction, viewer: Viewer, asked: RegisterSearch) -> Condition:
    wanted = [("t.merged_into IS NULL", ()), visible_matters(viewer), *_of_matter(asked)]
    of_message = _of_message(tx, asked)
    if of_message:
        sql, parameters = both(*of_message)
        wanted.append((_MESSAGE.format(_joined(tx, asked), sql), parameters))
    return both(*wanted)


_MESSAGE = "t.id IN (SELECT m.matter FROM messages m{} WHERE {})"


def _joined(tx: Transaction, asked: RegisterSearch) -> str:
    """What the conditions on one message need beside it."""
    joined = ""
    if asked.place or asked.kind:
        joined += " JOIN versions v ON v.message_id = m.id AND v.version = m.version"
    if asked.words:
        joined += " JOIN search_words s ON s.rowid = m.id" if tx.sqlite else " JOIN search_index s ON s.message_id = m.id"
    return joined


def _of_matter(asked: RegisterSearch) -> list[Condition]:
    found: list[Condition] = []
    if asked.since is not None:
        found.append(("t.opened_at >= ?", (to_us(asked.since),)))
    if asked.until is not None:
        found.append(("t.opened_at < ?", (to_us(asked.until),)))
    if asked.matter_state is not None:
        found.append(("t.state = ?", (asked.matter_state.value,)))
    if asked.unit is not None:
        part = "SELECT 1 FROM assignments a WHERE a.matter = t.id AND a.unit = ? AND a.state <> 'withdrawn'"
        found.append((f"EXISTS ({part} AND a.withdrawn_at IS NULL)", (asked.unit,)))
    return found


def _of_message(tx: Transaction, asked: RegisterSearch) -> list[Condition]:
    """One message of the matter, a copy too, has all of these."""
    found: list[Condition] = []
    if asked.number:
        found.append(_numbered(asked.number))
    if asked.place:
        found.append(("v.place LIKE ? ESCAPE '!'", (_part(asked.place),)))
    if asked.kind is not None:
        found.append(("v.kind = ?", (asked.kind.value,)))
    if asked.channel is not None:
        found.append(("m.channel = ?", (asked.channel,)))
    if asked.message_state is not None:
        found.append(("m.state = ?", (asked.message_state.value,)))
    if asked.words:
        found.append(_words(tx, asked.words))
    return found


def _numbered(text: str) -> Condition:
    """A whole number is looked up; for a part of one every number is looked at, in their index."""
    if _NUMBER.fullmatch(text):
        return "m.number = ?", (text,)
    return ("m.number LIKE ? ESCAPE '!'", (_part(text),)) if len(text) >= NUMBER_PREFIX else NOTHING


def _words(tx: Transaction, asked: str) -> Condition:
    terms = search_terms(asked)
    if not terms:
        return NOTHING
    return ("search_words MATCH ?", (for_sqlite(terms),)) if tx.sqlite else ("s.words @@ ?::tsquery", (for_postgresql(terms),))


def _part(text: str) -> str:
    return "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"


def _rows(tx: Transaction, matters: Sequence[str]) -> list[RegisterRow]:
    """In the order of the numbers given."""
    units: dict[str, list[tuple[UnitCode, str, str, datetime]]] = {}
    for matter, unit, role, state, due in tx.fetch_in(_UNITS, matters):
        units.setdefault(matter, []).append((UnitCode(unit), role, state, from_us(due)))
    found = {row[0]: _row(row, units.get(row[0], [])) for row in tx.fetch_in(_ROWS, matters)}
    return [found[matter] for matter in matters]


def _row(row: Sequence[Any], units: list[tuple[UnitCode, str, str, datetime]]) -> RegisterRow:
    return RegisterRow(
        matter=MatterId(row[0]),
        state=MatterState(row[1]),
        sealed=row[2] != 0,
        opened_at=from_us(row[3]),
        promised=maybe_time(row[4]),
        answered_at=maybe_time(row[5]),
        closed_at=maybe_time(row[6]),
        channel=ChannelId(row[7]),
        message_state=MessageState(row[8]),
        kind=MessageKind(row[9]) if row[9] else None,
        subject=row[10],
        place=row[11],
        messages=int(row[12]),
        units=tuple(sorted(units, key=lambda one: one[1] != "lead")),
    )


def is_sealed(tx: Transaction, matter: MatterId) -> bool:
    query = (
        "SELECT 1 FROM matters t WHERE t.id = ? AND (t.sealed = 1 OR EXISTS "
        "(SELECT 1 FROM messages m WHERE m.matter = t.id AND m.sealed = 1))"
    )
    return bool(tx.fetch(query, (matter,)))
