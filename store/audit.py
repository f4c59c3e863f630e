"""The audit log: each entry's SHA-256 covers the one before (``domain.ports.AuditRepository``).

A changed, removed or inserted entry breaks the chain where it stands; a cut tail contradicts the head row, which holds
the number of entries and the last hash. Who may rewrite the whole table and the head can forge both: keep the head's
hash elsewhere too (it is in every backup's manifest).
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import orjson
from sqlalchemy import select

from domain.errors import HaltForPerson
from domain.records import AuditEntry
from store.codes import get_pairs, put_pairs
from store.engine import Transaction, insert_sql
from store.schema import audit, audit_head
from store.times import from_us, to_us

START = bytes(32)

_INSERT = insert_sql(audit, "id", "at", "actor", "action", "subject", "detail", "hash")
_MOVE_HEAD = insert_sql(
    audit_head,
    "id",
    "entries",
    "hash",
    conflict="ON CONFLICT (id) DO UPDATE SET entries = excluded.entries, hash = excluded.hash",
)


def link(previous: bytes, position: int, at: int, actor: str, action: str, subject: str, detail: str) -> bytes:
    """The hash of an entry: SHA-256 over the hash before it and the entry's canonical JSON. ``detail`` as it is stored."""
    return sha256(previous + orjson.dumps((position, at, actor, action, subject, detail))).digest()


class SqlAudit:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def append(self, entries: Sequence[AuditEntry]) -> None:
        if not entries:
            return
        position, previous = self.head(hold=True)
        rows = []
        for entry in entries:
            position += 1
            body = (position, to_us(entry.at), entry.actor, entry.action, entry.subject, put_pairs(entry.detail))
            previous = link(previous, *body)
            rows.append((*body, previous))
        self._tx.many(_INSERT, rows)
        self._tx.run(_MOVE_HEAD, (1, position, previous))

    def head(self, *, hold: bool = False) -> tuple[int, bytes]:
        """How many entries there are and the last one's hash. ``hold``: nobody else appends until this transaction ends."""
        rows = self._tx.fetch("SELECT entries, hash FROM audit_head" + (self._tx.hold if hold else ""))
        if not rows:
            raise HaltForPerson("the audit log has lost its head row", remedy="run `fenban audit verify` and restore a backup")
        return int(rows[0][0]), bytes(rows[0][1])

    def entries(self, subject: str | None = None) -> Iterable[tuple[int, AuditEntry]]:
        query = select(audit.c.id, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail).order_by(
            audit.c.id
        )
        if subject is not None:
            query = query.where(audit.c.subject == subject)
        if not self._tx.write:
            self._tx.linger()
        for row in self._tx.stream(query):
            yield row[0], AuditEntry(from_us(row[1]), row[2], row[3], row[4], get_pairs(row[5]))

    def verify(self) -> str:
        previous, position = START, 0
        columns = (audit.c.id, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail, audit.c.hash)
        for row in self._tx.stream(select(*columns).order_by(audit.c.id)):
            position += 1
            if row[0] != position:
                return f"entry {position} is missing"
            previous = link(previous, *row[:6])
            if previous != bytes(row[6]):
                return f"entry {position} was changed, or the one before it was"
        try:
            count, last = self.head()
        except HaltForPerson as lost:
            return lost.what
        if count != position:
            return f"the log ends at entry {position} but had {count}"
        return "" if last == previous else f"the last hash is not that of entry {position}"
