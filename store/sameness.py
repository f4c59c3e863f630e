"""Who wrote before, and who holds a text (``domain.ports.SamenessRepository``)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from domain.ids import Number
from domain.messages import Mark, Message
from domain.records import TextClaim
from store.engine import Row, Transaction, insert_sql
from store.rows import CURRENT_VERSION, MESSAGE_COLUMNS, to_message
from store.schema import text_claims
from store.times import HOUR, to_us

NONE_KNOWN: Mapping[Number, Message] = MappingProxyType({})

_WRITTEN_BY = (
    "SELECT k.hash, m.id, m.number FROM marks k JOIN messages m ON m.id = k.message_id WHERE k.hash IN ({}) AND m.sealed = 0"
)
_UNSEALED = (
    f"SELECT {MESSAGE_COLUMNS}, m.id FROM messages m {CURRENT_VERSION} JOIN matters t ON t.id = m.matter "
    "WHERE m.id IN ({}) AND t.sealed = 0 AND (m.registered_at >= ? OR v.submitted_at >= ?)"
)
_CLAIM_SLOT = insert_sql(text_claims, "person", "text_hash", "slot", "number", "at", conflict="ON CONFLICT DO NOTHING")
_FIRST_HOLDERS = "SELECT person, text_hash, number FROM text_claims WHERE person IN ({}) AND slot = 0"
_HOLDERS = (
    "SELECT c.slot, c.number, c.at, m.sealed, t.sealed FROM text_claims c JOIN messages m ON m.number = c.number "
    "JOIN matters t ON t.id = m.matter WHERE c.person = ? AND c.text_hash = ? ORDER BY c.slot"
)
_TAKE_OVER = "UPDATE text_claims SET number = ?, at = ? WHERE person = ? AND text_hash = ? AND slot = ? AND number = ?"


def _row_id(row: Row) -> int:
    row_id: int = row[1]
    return row_id


def _text_of(item: tuple[tuple[bytes, bytes], TextClaim]) -> tuple[bytes, bytes]:
    return item[0]


class SqlSameness:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def by_marks(
        self, marks: Sequence[Mark], since: datetime, known: Mapping[Number, Message] = NONE_KNOWN
    ) -> list[tuple[bytes, Message]]:
        hits = self._tx.fetch_in(_WRITTEN_BY, list({mark.hash for mark in marks}))
        moment = to_us(since)
        unread = sorted({row[1] for row in hits if row[2] not in known})
        read = {row[-1]: to_message(row) for row in self._tx.fetch_in(_UNSEALED, unread, after=(moment, moment))}
        found: list[tuple[bytes, Message]] = []
        for digest, row_id, number in sorted(hits, key=_row_id):
            message = known.get(number) or read.get(row_id)
            if message is not None:
                found.append((bytes(digest), message))
        return found

    def claim_new_texts(self, claims: Sequence[TextClaim]) -> set[tuple[bytes, bytes, Number]]:
        first: dict[tuple[bytes, bytes], TextClaim] = {}
        for claim in claims:
            first.setdefault((claim.person, claim.text_hash), claim)
        # In one order for every worker, so that two of them wait for each other one way round only.
        rows = [(*text, 0, claim.number, to_us(claim.at)) for text, claim in sorted(first.items(), key=_text_of)]
        self._tx.many(_CLAIM_SLOT, rows)
        wanted = {(person, text_hash, number) for person, text_hash, _, number, _ in rows}
        held = self._tx.fetch_in(_FIRST_HOLDERS, list({person for person, *_ in rows}))
        return {(bytes(person), bytes(text_hash), Number(number)) for person, text_hash, number in held} & wanted

    def claim_text(self, person: bytes, text_hash: bytes, number: Number, at: datetime, within_hours: int) -> Number:
        moment = to_us(at)
        slot = 0
        # Each turn either takes the free slot, which the primary key gives to one only, or finds one more holder.
        while self._tx.run(_CLAIM_SLOT, (person, text_hash, slot, number, moment)) != 1:
            holders = self._tx.fetch(_HOLDERS, (person, text_hash))
            for held_slot, holder, held_at, *sealed in holders:
                if holder != number and abs(moment - held_at) > within_hours * HOUR:
                    continue
                if holder != number and any(sealed):
                    # A sealed matter is nobody's copy: it gives its claim up.
                    self._tx.run(_TAKE_OVER, (number, moment, person, text_hash, held_slot, holder))
                    return number
                return Number(holder)
            slot = holders[-1][0] + 1 if holders else slot + 1
        return number
