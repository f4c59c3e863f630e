"""Files that units attach to their replies: sealed under the letter's owner, so that they are erased with it.

A file is two sealed values: its bytes, and a few words about it (name, type, size), so that a list opens no bytes.
"""

from collections.abc import Sequence

from domain.ids import AssignmentId, VaultOwner
from domain.records import SealedValue
from store.engine import Transaction

BYTES, ABOUT = "reply-file", "reply-file-about"
_VALUES = (
    "SELECT s.name, s.version, s.cipher, k.wrapped_key, k.master_version FROM sealed_values s JOIN data_keys k ON k.id = s.key_id "
    "WHERE k.owner = ? AND k.shredded = 0 AND substr(s.name, 1, CAST(? AS integer)) = ? ORDER BY s.version, s.name"
)


def bytes_name(part: AssignmentId, file: str) -> str:
    return f"{BYTES}:{part}:{file}"


def about_name(part: AssignmentId, file: str) -> str:
    return f"{ABOUT}:{part}:{file}"


def abouts(tx: Transaction, owner: VaultOwner, part: AssignmentId) -> dict[str, SealedValue]:
    """File → what is said of it, as it was said last; none of a letter that was shredded."""
    before = about_name(part, "")
    return {value.name.removeprefix(before): value for value in _values(tx, owner, before)}


def contents(tx: Transaction, owner: VaultOwner, part: AssignmentId, file: str) -> SealedValue | None:
    name = bytes_name(part, file)
    found = [value for value in _values(tx, owner, name) if value.name == name]
    return found[-1] if found else None


def key_of(tx: Transaction, owner: VaultOwner, names: Sequence[str]) -> list[SealedValue]:
    """What ``Vault.seal`` must know to seal more under the owner's key: of each name the highest version, and one value of
    any name, each without its bytes. Holds the key. Empty for a letter that was shredded or never sealed."""
    keys = tx.fetch(f"SELECT id, wrapped_key, master_version FROM data_keys WHERE owner = ? AND shredded = 0{tx.hold}", (owner,))
    if not keys:
        return []
    ident, wrapped, master_version = keys[0]
    found = [SealedValue(owner, "", 0, b"", bytes(wrapped), master_version)]
    sql = "SELECT name, max(version) FROM sealed_values WHERE key_id = ? AND name IN ({}) GROUP BY name"
    for name, version in tx.fetch_in(sql, names, before=(ident,)):
        found.append(SealedValue(owner, name, version, b"", bytes(wrapped), master_version))
    return found


def _values(tx: Transaction, owner: VaultOwner, before: str) -> list[SealedValue]:
    rows = tx.fetch(_VALUES, (owner, len(before), before))
    return [
        SealedValue(owner, name, version, bytes(cipher), bytes(wrapped), master_version)
        for name, version, cipher, wrapped, master_version in rows
    ]
