"""Look-up marks under a new index key: made again from what the vault holds of each sender."""

from collections.abc import Callable, Sequence

import orjson

from app.codec import ORIGINAL
from app.retry import transact
from domain.messages import Sender
from domain.ports import Clock
from domain.records import SealedValue
from store.reindex import BATCH, Reindexed, reindex_all
from store.unit_of_work import SqlStore
from store.vault import FieldVault


def reindex(
    store: SqlStore, vault: FieldVault, clock: Clock, *, batch: int = BATCH, progress: Callable[[int], None] | None = None
) -> Reindexed:
    """Every message gets its marks under the keys of the settings. Safe to repeat and to interrupt."""

    def senders_of(values: Sequence[SealedValue]) -> list[Sender]:
        return [_sender(vault.open(value)) for value in values if value.name == ORIGINAL]

    return transact(clock, lambda: reindex_all(store, vault, senders_of, batch=batch, progress=progress))


def _sender(original: bytes) -> Sender:
    said = orjson.loads(original)["sender"]
    return Sender(
        phones=tuple(said["phones"]), id_numbers=tuple(said["id_numbers"]), emails=tuple(said["emails"]), account=said["account"]
    )
