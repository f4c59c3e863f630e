"""Sealed values and their wrapped data keys (``domain.ports.VaultRepository``)."""

from collections.abc import Sequence

from sqlalchemy import select

from domain.errors import HaltForPerson, Refused, RetryLater
from domain.ids import VaultOwner
from domain.records import SealedValue
from store.codes import get_marks
from store.engine import Transaction, insert_sql
from store.schema import data_keys, messages, sealed_values
from store.search import erase
from store.signatures import erase as erase_signatures

_KEYS = "SELECT owner, id, wrapped_key, master_version, shredded FROM data_keys WHERE owner IN ({}) ORDER BY id"
_VALUES = "SELECT key_id, name, version, cipher FROM sealed_values WHERE key_id IN ({}) ORDER BY version, name"
_INSERT_KEY = insert_sql(data_keys, "id", "owner", "wrapped_key", "master_version", conflict="ON CONFLICT (owner) DO NOTHING")
_INSERT_VALUE = insert_sql(sealed_values, "key_id", "name", "version", "cipher")
# The same length: SQLite then overwrites the key's bytes where they stand.
_SHRED = "UPDATE data_keys SET wrapped_key = ?, shredded = 1 WHERE id = ?"
_REWRAP = "UPDATE data_keys SET wrapped_key = ?, master_version = ? WHERE owner = ? AND shredded = 0 AND wrapped_key = ?"


class SqlVault:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, values: Sequence[SealedValue]) -> None:
        first = {value.owner: value for value in reversed(values)}
        ids = self._tx.next_ids(data_keys, len(first))
        new = [
            (row_id, owner, value.wrapped_key, value.master_version)
            for row_id, (owner, value) in zip(ids, first.items(), strict=True)
        ]
        keys = {row[1]: (row[0], *row[2:]) for row in new}
        # Nearly always every owner is new; only when one is not are the keys looked up.
        if self._tx.many(_INSERT_KEY, new) != len(new):
            keys = self._keys(set(first))
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
        hold = self._tx.hold if self._tx.write else ""
        for owner, row_id, wrapped, master_version, shredded in self._tx.fetch_in(_KEYS + hold, sorted(owners)):
            if shredded:
                raise _shredded()
            found[VaultOwner(owner)] = (row_id, bytes(wrapped), master_version)
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

    def of(self, owners: Sequence[VaultOwner]) -> dict[VaultOwner, list[SealedValue]]:
        found: dict[VaultOwner, list[SealedValue]] = {}
        keys = {}
        hold = self._tx.hold if self._tx.write else ""
        for owner, row_id, wrapped, master_version, shredded in self._tx.fetch_in(_KEYS + hold, sorted(set(owners))):
            if not shredded:
                keys[row_id] = (VaultOwner(owner), bytes(wrapped), master_version)
        for key_id, name, version, cipher in self._tx.fetch_in(_VALUES, sorted(keys)):
            owner, wrapped, master_version = keys[key_id]
            found.setdefault(owner, []).append(SealedValue(owner, name, version, bytes(cipher), wrapped, master_version))
        return found

    def shred(self, owner: VaultOwner) -> None:
        found = self._tx.rows(select(data_keys.c.id, data_keys.c.wrapped_key).where(data_keys.c.owner == owner))
        for row in found:
            self._tx.run(_SHRED, (bytes(len(row.wrapped_key)), row.id))
        written = select(messages.c.id, messages.c.number, messages.c.marks).where(messages.c.owner == owner)
        rows = self._tx.rows(written)
        erase(self._tx, [row.id for row in rows])
        erase_signatures(self._tx, [row.id for row in rows])
        for row in rows:
            self._tx.many("DELETE FROM marks WHERE hash = ? AND message_id = ?", [(m.hash, row.id) for m in get_marks(row.marks)])
            self._tx.run("UPDATE messages SET marks = '' WHERE id = ?", (row.id,))
            self._tx.run("DELETE FROM text_claims WHERE number = ?", (row.number,))

    def outdated(self, master_version: int, limit: int) -> list[SealedValue]:
        """Keys wrapped under an older master key than this, each as a value without cipher; for ``store.keys.rewrap_store``."""
        k = data_keys.c
        query = select(k.owner, k.wrapped_key, k.master_version).where(k.master_version < master_version, k.shredded == 0)
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
