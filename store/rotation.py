"""Putting a new master key in place: every data key is wrapped anew, the sealed values stay as they are."""

from collections.abc import Callable

from store.unit_of_work import SqlStore
from store.vault import FieldVault
from store.vault_rows import SqlVault

BATCH = 500


def rewrap_all(store: SqlStore, vault: FieldVault, *, batch: int = BATCH, progress: Callable[[int], None] | None = None) -> int:
    """Wraps every data key with the newest master key; how many were wrapped anew. Needs the older keys too.

    Each batch commits alone: killed midway everything is readable (with both keys), and running it again goes on.
    ``progress`` is told how many are done.
    """
    done = 0
    while True:
        with store.transaction(write=True) as tx:
            rows = SqlVault(tx)
            old = rows.outdated(vault.newest_master, batch)
            if not old:
                return done
            done += rows.rewrapped([(value, vault.rewrap(value)) for value in old])
            tx.commit()
        if progress is not None:
            progress(done)
