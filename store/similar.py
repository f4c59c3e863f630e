"""Which letters of several persons say the same, and what units were told of it (``domain.ports.SimilarRepository``).

A letter that was found alike to another stands in that one's group; a group is called by its first letter. So a letter that
thousands sent in makes as many rows, not their square. A letter's place counts while its text is the version that was compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.accounts import Viewer
from domain.ids import MatterId, Number, UnitCode
from domain.records import Lease, SimilarLetter
from store.codes import get_marks, get_units
from store.engine import Transaction, insert_sql
from store.rows import STATES
from store.schema import similar_due, similar_letters, similar_told
from store.signatures import OPEN, hold
from store.times import from_us, to_us
from store.visibility import visible_matters

MOST_SHOWN = 5000
"""Letters of a group that are looked at for one page; who reads that many others wrote needs no exact number."""

_IN_FORCE = "JOIN messages m ON m.id = s.message_id AND m.version = s.version JOIN matters t ON t.id = m.matter"
_HEADS = (
    "SELECT s.message_id, s.head_id FROM similar_letters s JOIN messages m ON m.id = s.message_id AND m.version = s.version "
    "WHERE s.message_id IN ({})"
)
_GROUPS = f"SELECT DISTINCT m.matter, s.head_id FROM similar_letters s {_IN_FORCE} WHERE m.matter IN ({{}}) AND {OPEN}"
_MEMBERS = (
    "SELECT DISTINCT m.id, m.number, m.matter, m.state, m.registered_at, m.marks, t.excluded FROM similar_letters s "
    f"{_IN_FORCE} WHERE s.head_id IN ({{}}) AND {OPEN} ORDER BY m.id LIMIT ?"
)
_ADD = insert_sql(similar_letters, *(column.name for column in similar_letters.columns), conflict="ON CONFLICT DO NOTHING")
_DUE = insert_sql(similar_due, "head_id", conflict="ON CONFLICT DO NOTHING")
_TOLD = insert_sql(
    similar_told,
    *(column.name for column in similar_told.columns),
    conflict="ON CONFLICT (matter, unit) DO UPDATE SET others = excluded.others, at = excluded.at",
)

_WAITING = (
    f"SELECT DISTINCT o.id, o.key, o.topic FROM similar_letters s {_IN_FORCE} JOIN outbox o ON o.key = m.matter "
    "JOIN outbox_payloads p ON p.outbox_id = o.id WHERE s.head_id IN ({}) AND t.sealed = 0 AND o.state IN ('pending', 'parked') "
    "AND o.type = 'updated' AND p.value LIKE '%\"change\":\"similar\"%' ORDER BY o.id"
)
_UNTOLD = "DELETE FROM similar_told WHERE matter = ? AND unit = ?"


@dataclass(frozen=True, slots=True)
class Link:
    """A letter's place in a group: ``other`` is the letter of another person it is alike to by ``similarity``."""

    letter: int
    head: int
    version: int
    other: int
    similarity: float


def heads(tx: Transaction, ids: Sequence[int]) -> dict[int, list[int]]:
    """The groups each of the letters is in."""
    found: dict[int, list[int]] = {}
    for letter, head in tx.fetch_in(_HEADS, sorted(set(ids))):
        found.setdefault(letter, []).append(head)
    return found


def groups_of(tx: Transaction, matters: Sequence[MatterId]) -> dict[MatterId, list[int]]:
    """The groups that letters of the matters are in; a matter that is in none, or sealed, is left out."""
    found: dict[MatterId, list[int]] = {}
    for matter, head in tx.fetch_in(_GROUPS, sorted(set(matters))):
        found.setdefault(MatterId(matter), []).append(head)
    return found


def members(tx: Transaction, groups: Sequence[int]) -> list[SimilarLetter]:
    """The letters of the groups that may be known of, by registration."""
    return [
        SimilarLetter(
            row[0],
            Number(row[1]),
            MatterId(row[2]),
            STATES[row[3]],
            from_us(row[4]),
            frozenset(mark.hash for mark in get_marks(row[5])),
            get_units(row[6]),
        )
        for row in tx.fetch_in(_MEMBERS, list(groups), after=(MOST_SHOWN,))
    ]


def visible(tx: Transaction, viewer: Viewer, matters: Sequence[MatterId]) -> set[MatterId]:
    """Those of the matters that the reader may see."""
    may, parameters = visible_matters(viewer)
    wanted = sorted(set(matters))
    return {
        MatterId(row[0])
        for row in tx.fetch_in(f"SELECT t.id FROM matters t WHERE {may} AND t.id IN ({{}})", wanted, before=parameters)
    }


def add(tx: Transaction, links: Iterable[Link], at: datetime) -> int:
    """Writes links that are not there; how many were."""
    moment = to_us(at)
    rows = [(one.letter, one.head, one.version, one.other, one.similarity, moment) for one in links]
    return sum(tx.run(_ADD, row) for row in rows)


def make_due(tx: Transaction, groups: Iterable[int]) -> None:
    """Units may have to be told of these groups."""
    tx.many(_DUE, [(head,) for head in sorted(set(groups))])


class SqlSimilar:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def hold(self, lease: Lease) -> None:
        hold(self._tx, lease)

    def due(self, limit: int) -> list[int]:
        return [row[0] for row in self._tx.fetch("SELECT head_id FROM similar_due ORDER BY head_id LIMIT ?", (limit,))]

    def members(self, groups: Sequence[int]) -> list[SimilarLetter]:
        return members(self._tx, groups)

    def told(self, matters: Sequence[MatterId]) -> dict[tuple[MatterId, UnitCode], int]:
        rows = self._tx.fetch_in("SELECT matter, unit, others FROM similar_told WHERE matter IN ({})", sorted(set(matters)))
        return {(MatterId(row[0]), UnitCode(row[1])): row[2] for row in rows}

    def tell(self, group: int, said: Sequence[tuple[MatterId, UnitCode, int]], at: datetime, *, done: bool) -> None:
        moment = to_us(at)
        self._tx.many(_TOLD, [(matter, unit, others, moment) for matter, unit, others in said], distinct=True)
        if done:
            self._tx.run("DELETE FROM similar_due WHERE head_id = ?", (group,))

    def untell(self, matters: Sequence[MatterId]) -> list[int]:
        heads = {head for found in groups_of(self._tx, matters).values() for head in found}
        waiting = [row for row in self._tx.fetch_in(_WAITING, sorted(heads)) if row[1] not in matters] if heads else []
        self._tx.many(_UNTOLD, sorted({(key, topic.rpartition(".")[2]) for _, key, topic in waiting}))
        make_due(self._tx, heads)
        return [row[0] for row in waiting]
