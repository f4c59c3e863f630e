"""Looking things up by number or state (``domain.ports.ReadRepository``)."""

from collections.abc import Sequence

from domain.events import OutboxRecord
from domain.ids import ChannelId, ExternalId, MatterId, Number, VaultOwner
from domain.messages import Message, MessageState
from domain.records import QuarantineItem
from store.engine import Transaction
from store.outbox import RECORDS, to_record
from store.rows import MESSAGES, to_message
from store.times import from_us

_BY_NUMBER = MESSAGES + " WHERE m.number IN ({})"
_OF_MATTERS = MESSAGES + " WHERE m.matter IN ({}) ORDER BY m.id"
_IN_STATE = MESSAGES + " WHERE m.state IN ({}) ORDER BY m.id LIMIT ?"
_QUARANTINED = "SELECT capture_id, channel, external_id, owner, at, reason, list_mark, value_version FROM quarantine WHERE resolved_at IS NULL"
_WAITING_REPEATS = (
    "SELECT DISTINCT t.id FROM outbox o JOIN matters t ON t.id = o.key "
    "WHERE o.state IN ('pending', 'parked') AND t.sealed = 0 AND t.repeat_of IN ({}) ORDER BY t.id"
)
_OUTSTANDING = RECORDS + " WHERE o.key = ? AND o.state IN ('pending', 'parked') ORDER BY o.id"


class SqlReads:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def messages(self, numbers: Sequence[Number]) -> dict[Number, Message]:
        found = map(to_message, self._tx.fetch_in(_BY_NUMBER, numbers))
        return {message.number: message for message in found}

    def of_matters(self, matters: Sequence[MatterId]) -> dict[MatterId, list[Message]]:
        found: dict[MatterId, list[Message]] = {matter: [] for matter in matters}
        for message in map(to_message, self._tx.fetch_in(_OF_MATTERS, list(found))):
            found[message.matter].append(message)
        return found

    def in_state(self, states: Sequence[MessageState], limit: int = 1000) -> list[Message]:
        names = [state.value for state in states]
        return [to_message(row) for row in self._tx.fetch_in(_IN_STATE, names, after=(limit,))]

    def quarantined(self, ids: Sequence[int] | None = None, limit: int = 1000) -> list[QuarantineItem]:
        if ids is None:
            rows = self._tx.fetch(_QUARANTINED + " ORDER BY capture_id LIMIT ?", (limit,))
        else:
            rows = self._tx.fetch_in(_QUARANTINED + " AND capture_id IN ({}) ORDER BY capture_id LIMIT ?", ids, after=(limit,))
        return [
            QuarantineItem(
                row[0], ChannelId(row[1]), ExternalId(row[2]), VaultOwner(row[3]), from_us(row[4]), row[5], row[6], row[7]
            )
            for row in rows
        ]

    def outstanding(self, matter: MatterId) -> list[OutboxRecord]:
        return [to_record(row) for row in self._tx.fetch(_OUTSTANDING, (matter,))]

    def waiting_repeats(self, matters: Sequence[MatterId]) -> list[MatterId]:
        return [MatterId(row[0]) for row in self._tx.fetch_in(_WAITING_REPEATS, matters)]
