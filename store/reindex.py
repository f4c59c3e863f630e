"""Putting a new index key in place: look-up marks under it are added to every message, those under retired keys dropped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.errors import HaltForPerson, RetryLater
from domain.ids import Number, VaultOwner
from domain.messages import Mark, Sender
from domain.records import SealedValue
from store.codes import get_marks, put_marks
from store.engine import Transaction, insert_sql
from store.schema import marks, text_claims
from store.unit_of_work import SqlStore
from store.vault import FieldVault
from store.vault_rows import SqlVault

BATCH = 200

_PAGE = "SELECT id, number, owner, marks FROM messages WHERE id > ? AND marks <> '' ORDER BY id LIMIT ?"
_PUT = "UPDATE messages SET marks = ? WHERE id = ? AND marks = ?"
_ADD_MARK = insert_sql(marks, "hash", "message_id", conflict="ON CONFLICT DO NOTHING")
_DROP_MARK = "DELETE FROM marks WHERE hash = ? AND message_id = ?"
_CLAIMS = "SELECT text_hash, slot, at FROM text_claims WHERE person = ? AND number = ? ORDER BY text_hash, slot"
_ADD_CLAIM = insert_sql(text_claims, "person", "text_hash", "slot", "number", "at", conflict="ON CONFLICT DO NOTHING")
_DROP_CLAIMS = "DELETE FROM text_claims WHERE person = ? AND number = ?"

SendersOf = Callable[[Sequence[SealedValue]], list[Sender]]
"""Every sender that a message's sealed values name. Raises HaltForPerson when they cannot be opened."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """Messages that got marks, that lost those of retired keys, and that stay as they were: their sender cannot be opened."""

    added: int = 0
    dropped: int = 0
    left: int = 0


def reindex_all(
    store: SqlStore,
    vault: FieldVault,
    senders_of: SendersOf,
    *,
    batch: int = BATCH,
    progress: Callable[[int], None] | None = None,
) -> Reindexed:
    """Gives every message marks under each key that marks are made under, and takes those under other keys away.

    Each batch commits alone: killed midway every message is found under the marks it has, and running it again goes on.
    ``progress`` is told how many messages were looked at. Raises RetryLater when a message was being changed.
    """
    after = looked = 0
    done = Reindexed()
    while True:
        with store.transaction(write=True) as tx:
            rows = tx.fetch(_PAGE, (after, batch))
            found = [_Message(tx, vault, *row) for row in rows]
            outcomes = [one.reindex(senders_of) for one in found]
            tx.commit()
        if not rows:
            return done
        done = Reindexed(
            done.added + sum("added" in one for one in outcomes),
            done.dropped + sum("dropped" in one for one in outcomes),
            done.left + sum("left" in one for one in outcomes),
        )
        after, looked = rows[-1][0], looked + len(rows)
        if progress is not None:
            progress(looked)


class _Message:
    def __init__(self, tx: Transaction, vault: FieldVault, row_id: int, number: Number, owner: VaultOwner, stored: str) -> None:
        self._tx = tx
        self._vault = vault
        self._id = row_id
        self._number = number
        self._owner = owner
        self._stored = stored

    def reindex(self, senders_of: SendersOf) -> set[str]:
        """What was done: ``added``, ``dropped``, or ``left``."""
        wanted = self._vault.marking_versions
        standing = get_marks(self._stored)
        if {mark.key_version for mark in standing} == wanted:
            return set()
        try:
            senders = senders_of(SqlVault(self._tx).get(self._owner))
        except HaltForPerson:
            senders = []
        persons = [person for sender in senders for person in self._vault.marks_by_person(sender)]
        new = [mark for person in persons for mark in person if mark.key_version in wanted]
        if not new:
            return {"left"}
        added = [mark for mark in dict.fromkeys(new) if mark not in standing]
        dropped = [mark for mark in standing if mark.key_version not in wanted]
        # Texts, then messages: the order in which workers hold them.
        for person in persons:
            self._copy_claims(person, set(added))
        for mark in dropped:
            self._tx.run(_DROP_CLAIMS, (mark.hash, self._number))
        self._tx.many(_ADD_MARK, [(mark.hash, self._id) for mark in added])
        self._tx.many(_DROP_MARK, [(mark.hash, self._id) for mark in dropped])
        kept = [mark for mark in standing if mark not in dropped]
        if self._tx.run(_PUT, (put_marks([*kept, *added]), self._id, self._stored)) != 1:
            raise RetryLater("a message got new marks meanwhile", remedy="the step is tried again")
        return {name for name, changed in (("added", added), ("dropped", dropped)) if changed}

    def _copy_claims(self, person: Sequence[Mark], added: set[Mark]) -> None:
        """What the person's text was held under, it is held under the new marks too, unless a later copy holds it there."""
        for new in added.intersection(person):
            for old in person:
                claims = [] if old == new else self._tx.fetch(_CLAIMS, (old.hash, self._number))
                self._tx.many(_ADD_CLAIM, [(new.hash, text, slot, self._number, at) for text, slot, at in claims])
