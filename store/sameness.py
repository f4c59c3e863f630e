"""Who wrote before, and who holds a text (``domain.ports.SamenessRepository``)."""

from collections.abc import Sequence
from datetime import datetime

from domain.ids import Number
from domain.messages import Mark, Message
from store.engine import Transaction, insert_sql
from store.rows import CURRENT_VERSION, MESSAGE_COLUMNS, to_message
from store.schema import text_claims
from store.times import HOUR, to_us

_BY_MARKS = (
    f"SELECT {MESSAGE_COLUMNS}, k.hash, m.id FROM marks k JOIN messages m ON m.id = k.message_id {CURRENT_VERSION} "
    "JOIN matters t ON t.id = m.matter WHERE k.hash IN ({}) AND m.sealed = 0 AND t.sealed = 0 "
    "AND (m.registered_at >= ? OR v.submitted_at >= ?)"
)
_CLAIM_SLOT = insert_sql(text_claims, "person", "text_hash", "slot", "number", "at", conflict="ON CONFLICT DO NOTHING")
_HOLDERS = (
    "SELECT c.slot, c.number, c.at, m.sealed, t.sealed FROM text_claims c JOIN messages m ON m.number = c.number "
    "JOIN matters t ON t.id = m.matter WHERE c.person = ? AND c.text_hash = ? ORDER BY c.slot"
)
_TAKE_OVER = "UPDATE text_claims SET number = ?, at = ? WHERE person = ? AND text_hash = ? AND slot = ? AND number = ?"


class SqlSameness:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def by_marks(self, wanted: Sequence[Mark], since: datetime) -> list[tuple[bytes, Message]]:
        moment = to_us(since)
        rows = self._tx.fetch_in(_BY_MARKS, list({mark.hash for mark in wanted}), after=(moment, moment))
        rows.sort(key=lambda row: row[-1])
        return [(bytes(row[-2]), to_message(row)) for row in rows]

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
