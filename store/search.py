"""The search index: which messages it lacks, and filling it. It is made of the masked texts' current versions alone.

What it lacks is found by looking, not by being told, so that nothing waits for it: messages above a floor below which all
are known to be there, revisions of the last day, and, a slice at a time, everything there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from store.engine import Transaction
from store.search_words import as_tsvector, index_words

ERASED = 1 << 30
"""The version under which a shredded message stands: nothing of it is searched, and nothing comes after it."""

_SHREDDED = "EXISTS (SELECT 1 FROM data_keys k WHERE k.owner = m.owner AND k.shredded = 1)"
_COLUMNS = f"m.id, m.version, v.subject, v.body, v.place, v.addressed_to, {_SHREDDED}"
_FROM = (
    "FROM messages m JOIN versions v ON v.message_id = m.id AND v.version = m.version "
    "LEFT JOIN search_index s ON s.message_id = m.id"
)
_LACKING = "(s.message_id IS NULL OR s.version < m.version)"
_NEW = f"SELECT {_COLUMNS} {_FROM} WHERE m.id > ? AND m.id <= ? AND {_LACKING} ORDER BY m.id LIMIT ?"
_REVISED = f"SELECT {_COLUMNS} {_FROM} WHERE v.version > 1 AND v.at >= ? AND {_LACKING} ORDER BY m.id LIMIT ?"
_SLICE = (
    f"SELECT {_COLUMNS} {_FROM} WHERE m.id > ? AND m.id <= ? AND ({_LACKING} OR (s.version < {ERASED} AND {_SHREDDED})) "
    "ORDER BY m.id LIMIT ?"
)
_PUT = (
    "INSERT INTO search_index (message_id, version, words) SELECT a, b, c::tsvector "
    "FROM unnest(?::bigint[], ?::bigint[], ?::text[]) AS given (a, b, c) ON CONFLICT (message_id) "
    "DO UPDATE SET version = excluded.version, words = excluded.words WHERE search_index.version < excluded.version"
)


@dataclass(frozen=True, slots=True)
class Unindexed:
    """A message the index lacks, with the words to be kept."""

    id: int
    version: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Horizon:
    """``top``: the highest id that can be seen. ``begun``: whoever took one up to it has a transaction before this one.
    ``ended``: every transaction before this one has ended. On SQLite writers follow each other: both are 0."""

    top: int
    begun: int = 0
    ended: int = 0


def horizon(tx: Transaction, table: str = "messages") -> Horizon:
    """Asked within one snapshot. Who registers messages has changed a row (the day's counter) before taking their ids; who
    decides has locked the matters."""
    top = int(tx.fetch(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])
    if tx.sqlite:
        return Horizon(top)
    snapshot = "pg_current_snapshot()"
    begun, ended = tx.fetch(f"SELECT pg_snapshot_xmax({snapshot})::text, pg_snapshot_xmin({snapshot})::text")[0]
    return Horizon(top, int(begun), int(ended))


def new_messages(tx: Transaction, above: int, upto: int, limit: int) -> list[Unindexed]:
    return _unindexed(tx, _NEW, (above, upto, limit))


def revised_messages(tx: Transaction, since: int, limit: int) -> list[Unindexed]:
    """Revised at ``since`` (microseconds) or later."""
    return _unindexed(tx, _REVISED, (since, limit))


def slice_of_messages(tx: Transaction, above: int, upto: int) -> list[Unindexed]:
    """Whatever the index lacks between two ids, and what it has but was shredded since."""
    return _unindexed(tx, _SLICE, (above, upto, upto - above))


def put(tx: Transaction, found: Sequence[Unindexed]) -> None:
    """Safe to repeat: what is there in the same version or a later one stays."""
    if not found:
        return
    if not tx.sqlite:
        rows = [(one.id, one.version, as_tsvector(list(one.words))) for one in sorted(found, key=lambda one: one.id)]
        tx.run(_PUT, [list(column) for column in zip(*rows, strict=True)])
        return
    there = tx.fetch_in("SELECT message_id, version FROM search_index WHERE message_id IN ({})", [one.id for one in found])
    known: dict[int, int] = {row[0]: row[1] for row in there}
    newer = [one for one in found if known.get(one.id, 0) < one.version]
    tx.many("DELETE FROM search_words WHERE rowid = ?", [(one.id,) for one in newer if one.id in known])
    tx.many(
        "INSERT INTO search_words (rowid, words) VALUES (?, ?)", [(one.id, " ".join(one.words)) for one in newer if one.words]
    )
    tx.many("INSERT OR REPLACE INTO search_index (message_id, version) VALUES (?, ?)", [(one.id, one.version) for one in newer])


def erase(tx: Transaction, ids: Sequence[int]) -> None:
    """Shredded messages are found by their words no more."""
    put(tx, [Unindexed(ident, ERASED, ()) for ident in ids])


def _unindexed(tx: Transaction, sql: str, parameters: Sequence[object]) -> list[Unindexed]:
    return [
        Unindexed(ident, ERASED, ()) if shredded else Unindexed(ident, version, tuple(index_words(*texts)))
        for ident, version, *texts, shredded in tx.fetch(sql, parameters)
    ]
