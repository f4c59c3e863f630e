"""The linker's rows: which letters were decided since it last looked, their signatures, and where it stands.

Whoever writes holds the lease and its token: a linker that slept past its lease writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.accounts import Viewer
from domain.errors import LeaseLost
from domain.messages import Message
from domain.records import Lease
from store.engine import CHUNK, Row, Transaction, insert_sql
from store.rows import CURRENT_VERSION, MESSAGE_COLUMNS, to_message
from store.schema import signatures
from store.times import from_us, to_us
from store.visibility import visible_matters

LAG_COUNTED = 10_000
"""More waiting decisions than this are not counted."""

_NOBODYS, _ = visible_matters(Viewer(reads=True, units=None))
OPEN = (
    "m.state IN ('in_review', 'dispatched', 'joined', 'out_of_remit') AND m.sealed = 0 AND "
    f"{_NOBODYS} AND NOT EXISTS (SELECT 1 FROM data_keys zk WHERE zk.owner = m.owner AND zk.shredded = 1)"
)
"""That a letter, ``m`` of the matter ``t``, may be linked: it was decided, and neither it nor its matter is sealed."""

_POSITION = "SELECT position, links FROM linker WHERE id = 1"
_BEGIN = "INSERT INTO linker (id, position, links, indexed, bytes, at) VALUES (1, 0, 0, 0, 0, ?) ON CONFLICT (id) DO NOTHING"
_MOVE = "UPDATE linker SET position = ?, links = links + ?, indexed = ?, bytes = ?, at = ? WHERE id = 1 AND position = ?"
_REWIND = "UPDATE linker SET position = (SELECT coalesce(min(d.id), 1) - 1 FROM decisions d WHERE d.decided_at >= ?) WHERE id = 1"
_HOLDER = "SELECT owner, token FROM leases WHERE name = ?"
_DECIDED = (
    "SELECT d.id, d.decided_at, m.id, d.version FROM decisions d JOIN messages m ON m.number = d.number "
    "WHERE d.id > ? AND d.id <= ? ORDER BY d.id LIMIT ?"
)
_LETTERS = (
    f"SELECT {MESSAGE_COLUMNS}, m.id FROM messages m {CURRENT_VERSION} JOIN matters t ON t.id = m.matter "
    f"WHERE m.id IN ({{}}) AND {OPEN}"
)
_STILL_OPEN = f"SELECT m.id, m.version FROM messages m JOIN matters t ON t.id = m.matter WHERE m.id IN ({{}}) AND {OPEN}"
_KNOWN = "SELECT message_id, version FROM signatures WHERE message_id IN ({}) AND scheme = ?"
_ADD = insert_sql(
    signatures, *(column.name for column in signatures.columns), conflict="ON CONFLICT (message_id, version, scheme) DO NOTHING"
)
_STORED = (
    "SELECT id, message_id, at, length, cut, data FROM signatures WHERE id > ? AND at >= ? AND scheme = ? ORDER BY id LIMIT ?"
)
_LAG = (
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM decisions d WHERE d.id > p.position LIMIT ?) x), "
    "(SELECT d.decided_at FROM decisions d WHERE d.id > p.position ORDER BY d.id LIMIT 1), p.links, p.indexed, p.bytes "
    "FROM (SELECT coalesce(max(position), 0) AS position, coalesce(max(links), 0) AS links, "
    "coalesce(max(indexed), 0) AS indexed, coalesce(max(bytes), 0) AS bytes FROM linker) p"
)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision about one version of a letter. ``id`` rises; ``letter`` is its message's row."""

    id: int
    at: datetime
    letter: int
    version: int


@dataclass(frozen=True, slots=True)
class Signature:
    """How one version of a letter's text is found; ``at`` is when the letter was registered."""

    letter: int
    version: int
    at: datetime
    length: int
    cut: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the linker is: decisions that wait (``LAG_COUNTED`` at most) and since when the first does; links written since
    the beginning; texts in its memory and the bytes they take."""

    waiting: int
    oldest: datetime | None
    links: int
    indexed: int
    bytes: int


def position(tx: Transaction) -> int:
    """The last decision that was looked at, 0 before the first."""
    found = tx.fetch(_POSITION)
    return int(found[0][0]) if found else 0


def standing(tx: Transaction) -> Standing:
    waiting, oldest, links, indexed, size = tx.fetch(_LAG, (LAG_COUNTED,))[0]
    return Standing(int(waiting), from_us(oldest) if oldest is not None else None, int(links), int(indexed), int(size))


def decided(tx: Transaction, above: int, upto: int, limit: int) -> list[Decided]:
    """Decisions with ids above one and up to another, oldest first."""
    return [Decided(row[0], from_us(row[1]), row[2], row[3]) for row in tx.fetch(_DECIDED, (above, upto, limit))]


def letters(tx: Transaction, ids: Sequence[int]) -> dict[int, Message]:
    """Those of the letters that may be linked, in their present version."""
    return {row[-1]: to_message(row) for row in tx.fetch_in(_LETTERS, sorted(set(ids)))}


def still_open(tx: Transaction, ids: Sequence[int]) -> dict[int, int]:
    """Those of the letters that may be linked, and the version each is in."""
    return {row[0]: row[1] for row in tx.fetch_in(_STILL_OPEN, sorted(set(ids)))}


def signed(tx: Transaction, ids: Sequence[int], scheme: int) -> set[tuple[int, int]]:
    """(letter, version) of the signatures that these letters have."""
    return {(row[0], row[1]) for row in tx.fetch_in(_KNOWN, sorted(set(ids)), after=(scheme,))}


def count(tx: Transaction, since: datetime, scheme: int) -> int:
    """How many signatures ``stored`` has, those of letters registered since then."""
    return int(tx.fetch("SELECT count(*) FROM signatures WHERE at >= ? AND scheme = ?", (to_us(since), scheme))[0][0])


def stored(tx: Transaction, above: int, since: datetime, scheme: int, limit: int = 16 * CHUNK) -> list[Row]:
    """(id, letter, at, length, cut, data) of signatures with ids above one, of letters registered since then, in order."""
    return tx.fetch(_STORED, (above, to_us(since), scheme, limit))


def add(tx: Transaction, new: Sequence[Signature], scheme: int) -> int:
    """Appends; the last one's id, 0 for none. Safe to repeat."""
    if not new:
        return 0
    ids = tx.next_ids(signatures, len(new))
    rows: list[Row] = [
        (ident, one.letter, one.version, scheme, to_us(one.at), one.length, int(one.cut), one.data)
        for ident, one in zip(ids, new, strict=True)
    ]
    tx.many(_ADD, rows, distinct=True)
    return ids[-1]


def rewind(tx: Transaction, since: datetime, scheme: int) -> bool:
    """Back to the first decision since then, where signatures were made by another scheme and none by this one: letters are
    signed anew, and no link is written twice. Whether it had to."""
    moment = to_us(since)
    if not tx.fetch("SELECT 1 FROM signatures WHERE at >= ? AND scheme <> ? LIMIT 1", (moment, scheme)):
        return False
    if tx.fetch("SELECT 1 FROM signatures WHERE at >= ? AND scheme = ? LIMIT 1", (moment, scheme)):
        return False
    return tx.run(_REWIND, (moment,)) == 1


def hold(tx: Transaction, lease: Lease) -> None:
    """Holds the lease until the transaction ends. Raises LeaseLost when another took it over."""
    found = tx.fetch(_HOLDER + tx.hold, (lease.name,))
    if not found or (found[0][0], found[0][1]) != (lease.owner, lease.token):
        raise LeaseLost("another linker took over", remedy="it goes on where this one stopped")


def move(tx: Transaction, before: int, after: int, *, links: int, indexed: int, size: int, at: datetime) -> None:
    """From one decision to a later one. Raises LeaseLost when the linker stands elsewhere."""
    moment = to_us(at)
    if not before:
        tx.run(_BEGIN, (moment,))
    if tx.run(_MOVE, (after, links, indexed, size, moment, before)) != 1:
        raise LeaseLost("the linker stands elsewhere", remedy="it goes on where it stands")


def erase(tx: Transaction, ids: Sequence[int]) -> None:
    """Shredded letters are found by their texts no more, and no link names them."""
    for one in ids:
        tx.run("DELETE FROM signatures WHERE message_id = ?", (one,))
        tx.run("DELETE FROM similar_letters WHERE message_id = ?", (one,))
