"""Field encryption (``domain.ports.Vault``): values sealed under a data key per owner, look-up marks, keyed digests.

A ciphertext is ``suite byte | 12-byte nonce | AES-256-GCM output``. The suite byte says how to read it, so that another
cipher (SM4-GCM, where a regulation asks for it) can stand beside this one. What a ciphertext belongs to is bound to it as
associated data: moved to another table, owner, name or version it does not open.
"""

import hmac
import os
import zlib
from collections.abc import Callable, Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from isal import igzip_lib

from domain.errors import BadSettings, HaltForPerson
from domain.ids import VaultOwner
from domain.messages import Mark, Sender
from domain.records import SealedValue
from store.marks import identifiers

KEY_BYTES = 32
NONCE_BYTES = 12
DIGEST_BYTES = 16
AES_GCM = b"\x01"
AES_GCM_ZLIB = b"\x02"
WORTH_COMPRESSING = 128
LARGEST_VALUE = 256 * 1024 * 1024

Randomness = Callable[[int], bytes]


def _bound(table: str, owner: str, name: str, version: int, key_version: int) -> bytes:
    """Associated data. Lengths stand before the free texts, so that no two places give the same bytes."""
    return f"{table}|{len(owner)}|{owner}|{len(name)}|{name}|{version}|{key_version}".encode()


class FieldVault:
    """``master_keys`` wrap data keys, ``index_keys`` make marks and digests: 32 bytes each, by version; the highest master key
    is used for what is new. While an index key is being replaced both versions are given, and marks come under both, until
    ``marks_from``, the lowest version that marks are made under, leaves the older to digests alone.

    Safe to share between threads and to inherit by a child process: it holds no state but its keys.
    """

    def __init__(
        self,
        master_keys: Mapping[int, bytes],
        index_keys: Mapping[int, bytes],
        *,
        marks_from: int = 0,
        randomness: Randomness = os.urandom,
    ) -> None:
        for what, keys in (("master", master_keys), ("index", index_keys)):
            if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
                raise BadSettings([f"vault: at least one {what} key is needed, each of {KEY_BYTES} bytes"])
        self._masters = {version: AESGCM(key) for version, key in master_keys.items()}
        self._newest = max(master_keys)
        self._index_keys = dict(sorted(index_keys.items()))
        self._mark_keys = {version: key for version, key in self._index_keys.items() if version >= marks_from}
        if not self._mark_keys:
            raise BadSettings([f"vault: marks_from is {marks_from}, but no index key has that version or a higher one"])
        # Digests stand in for values for years, so they must not change when a newer index key comes.
        self._digest_key = self._index_keys[min(index_keys)]
        self._random = randomness

    @property
    def newest_master(self) -> int:
        return self._newest

    def seal(
        self, owner: VaultOwner, values: Sequence[tuple[str, bytes]], *, existing: Sequence[SealedValue] = ()
    ) -> list[SealedValue]:
        """Each value in the version after the highest of its name in ``existing``, which are the owner's stored values (all
        of them: ``uow.vault.get(owner)``) and whose data key is used again; without any, under a new data key."""
        if existing:
            key = self._unwrap(existing[0])
            wrapped, master_version = existing[0].wrapped_key, existing[0].master_version
        else:
            key = self._random(KEY_BYTES)
            wrapped, master_version = self._wrap(owner, key), self._newest
        versions: dict[str, int] = {}
        for old in existing:
            versions[old.name] = max(old.version, versions.get(old.name, 0))
        cipher = AESGCM(key)
        sealed = []
        for name, value in values:
            version = versions[name] = versions.get(name, 0) + 1
            suite, body = _packed(value)
            nonce = self._random(NONCE_BYTES)
            bound = suite + _bound("sealed_values", owner, name, version, 1)
            box = suite + nonce + cipher.encrypt(nonce, body, bound)
            sealed.append(SealedValue(owner, name, version, box, wrapped, master_version))
        return sealed

    def open(self, value: SealedValue) -> bytes:
        suite, nonce, box = value.cipher[:1], value.cipher[1 : 1 + NONCE_BYTES], value.cipher[1 + NONCE_BYTES :]
        if suite not in (AES_GCM, AES_GCM_ZLIB):
            raise HaltForPerson(
                "a sealed value is in a format this program does not know", remedy="install the newer fenban that made it"
            )
        key = self._unwrap(value)
        try:
            body = AESGCM(key).decrypt(nonce, box, suite + _bound("sealed_values", value.owner, value.name, value.version, 1))
        except (InvalidTag, ValueError) as error:
            raise HaltForPerson(
                "a sealed value was changed or moved: it does not open in its place", remedy="restore it from a backup"
            ) from error
        if suite == AES_GCM:
            return body
        return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(body, LARGEST_VALUE)

    def rewrap(self, value: SealedValue) -> SealedValue:
        if value.master_version == self._newest:
            return value
        wrapped = self._wrap(value.owner, self._unwrap(value))
        return SealedValue(value.owner, value.name, value.version, value.cipher, wrapped, self._newest)

    def marks(self, sender: Sender) -> tuple[Mark, ...]:
        return tuple(
            Mark(kind, hmac.digest(key, f"{kind}|{text}".encode(), "sha256")[:DIGEST_BYTES], version)
            for kind, text in identifiers(sender)
            for version, key in self._mark_keys.items()
        )

    def marks_by_person(self, sender: Sender) -> list[tuple[Mark, ...]]:
        """For each value that says who the sender is its marks under every index key, retired ones too."""
        return [
            tuple(
                Mark(kind, hmac.digest(key, f"{kind}|{text}".encode(), "sha256")[:DIGEST_BYTES], version)
                for version, key in self._index_keys.items()
            )
            for kind, text in identifiers(sender)
        ]

    @property
    def marking_versions(self) -> frozenset[int]:
        """The versions of the index keys that marks are made under."""
        return frozenset(self._mark_keys)

    def digest(self, value: bytes) -> bytes:
        """Under the lowest version of the index keys given: it stays the same when a newer one is added."""
        return hmac.digest(self._digest_key, b"digest|" + value, "sha256")[:DIGEST_BYTES]

    def _wrap(self, owner: VaultOwner, key: bytes) -> bytes:
        nonce = self._random(NONCE_BYTES)
        bound = AES_GCM + _bound("data_keys", owner, "", 1, self._newest)
        return AES_GCM + nonce + self._masters[self._newest].encrypt(nonce, key, bound)

    def _unwrap(self, value: SealedValue) -> bytes:
        master = self._masters.get(value.master_version)
        if master is None:
            what = f"master key {value.master_version} is missing"
            raise HaltForPerson(what, remedy="put its file back and name it in the settings until `fenban keys rotate` is done")
        wrapped = value.wrapped_key
        try:
            bound = wrapped[:1] + _bound("data_keys", value.owner, "", 1, value.master_version)
            return master.decrypt(wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :], bound)
        except (InvalidTag, ValueError) as error:
            what = "a data key does not open: it was shredded or moved, or the master key is not the one it was wrapped with"
            raise HaltForPerson(what, remedy="check which master key file the settings name") from error


def _packed(value: bytes) -> tuple[bytes, bytes]:
    """The suite and the bytes to encrypt: compressed where that is shorter."""
    if len(value) >= WORTH_COMPRESSING:
        body = igzip_lib.compress(value, 1, flag=igzip_lib.COMP_DEFLATE)
        if len(body) < len(value):
            return AES_GCM_ZLIB, body
    return AES_GCM, value
