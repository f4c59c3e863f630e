"""Sealed values and their wrapped data keys (``domain.ports.VaultRepository``)."""

from collections.abc import Sequence

from sqlalchemy import select

from domain.errors import HaltForPerson, Refused, RetryLater
from domain.ids import VaultOwner
from domain.records import SealedValue
from store.captures import CHUNK
from store.codes import get_marks
from store.engine import Transaction, insert_sql
from store.schema import data_keys, messages, sealed_values

_INSERT_KEY = insert_sql(data_keys, "id", "owner", "wrapped_key", "master_version")
_INSERT_VALUE = insert_sql(sealed_values, "key_id", "name", "version", "cipher")
# The same length: SQLite then overwrites the key's bytes where they stand.
_SHRED = "UPDATE data_keys SET wrapped_key = ?, shredded = 1 WHERE id = ?"
_REWRAP = "UPDATE data_keys SET wrapped_key = ?, master_version = ? WHERE owner = ? AND shredded = 0 AND wrapped_key = ?"


class SqlVault:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, values: Sequence[SealedValue]) -> None:
        keys = self._keys({value.owner for value in values})
        new = {value.owner: value for value in values if value.owner not in keys}
        for owner, row_id in zip(new, self._tx.next_ids(data_keys, len(new)), strict=True):
            keys[owner] = (row_id, new[owner].wrapped_key, new[owner].master_version)
        self._tx.many(
            _INSERT_KEY, [(keys[owner][0], owner, value.wrapped_key, value.master_version) for owner, value in new.items()]
        )
        rows = []
        for value in values:
            key_id, wrapped, master_version = keys[value.owner]
            if wrapped != value.wrapped_key:
                if master_version != value.master_version:
                    raise RetryLater("a data key was wrapped anew meanwhile", remedy="the step is tried again")
                raise Refused(
                    "a value of a known owner was sealed under a second data key: seal it with the owner's `existing` values"
                )
            rows.append((key_id, value.name, value.version, value.cipher))
        self._tx.many(_INSERT_VALUE, rows)

    def _keys(self, owners: set[VaultOwner]) -> dict[VaultOwner, tuple[int, bytes, int]]:
        found: dict[VaultOwner, tuple[int, bytes, int]] = {}
        ordered = sorted(owners)
        columns = (data_keys.c.owner, data_keys.c.id, data_keys.c.wrapped_key, data_keys.c.master_version, data_keys.c.shredded)
        for start in range(0, len(ordered), CHUNK):
            query = select(*columns).where(data_keys.c.owner.in_(ordered[start : start + CHUNK])).order_by(data_keys.c.id)
            for row in self._tx.rows(self._tx.for_update(query)):
                if row.shredded:
                    raise _shredded()
                found[VaultOwner(row.owner)] = (row.id, bytes(row.wrapped_key), row.master_version)
        return found

    def get(self, owner: VaultOwner, name: str | None = None) -> list[SealedValue]:
        keys = self._keys({owner})
        if not keys:
            return []
        key_id, wrapped, master_version = keys[owner]
        s = sealed_values.c
        query = select(s.name, s.version, s.cipher).where(s.key_id == key_id).order_by(s.version, s.name)
        if name is not None:
            query = query.where(s.name == name)
        return [
            SealedValue(owner, row.name, row.version, bytes(row.cipher), wrapped, master_version) for row in self._tx.rows(query)
        ]

    def shred(self, owner: VaultOwner) -> None:
        found = self._tx.rows(select(data_keys.c.id, data_keys.c.wrapped_key).where(data_keys.c.owner == owner))
        for row in found:
            self._tx.run(_SHRED, (bytes(len(row.wrapped_key)), row.id))
        written = select(messages.c.id, messages.c.number, messages.c.marks).where(messages.c.owner == owner)
        for row in self._tx.rows(written):
            self._tx.many("DELETE FROM marks WHERE hash = ? AND message_id = ?", [(m.hash, row.id) for m in get_marks(row.marks)])
            self._tx.run("UPDATE messages SET marks = '' WHERE id = ?", (row.id,))
            self._tx.run("DELETE FROM text_claims WHERE number = ?", (row.number,))

    def outdated(self, master_version: int, limit: int) -> list[SealedValue]:
        """Keys not wrapped under this master key, each as a value without cipher; for ``store.keys.rewrap_store``."""
        k = data_keys.c
        query = select(k.owner, k.wrapped_key, k.master_version).where(k.master_version != master_version, k.shredded == 0)
        return [
            SealedValue(VaultOwner(row.owner), "", 0, b"", bytes(row.wrapped_key), row.master_version)
            for row in self._tx.rows(query.order_by(k.id).limit(limit))
        ]

    def rewrapped(self, pairs: Sequence[tuple[SealedValue, SealedValue]]) -> int:
        """Puts the new wrapping of each (old, new) in place, unless somebody else did; how many were."""
        return self._tx.many(_REWRAP, [(new.wrapped_key, new.master_version, new.owner, old.wrapped_key) for old, new in pairs])


def _shredded() -> HaltForPerson:
    return HaltForPerson(
        "this item was shredded: its sealed values can never be read again", remedy="nothing; it was erased on purpose"
    )
