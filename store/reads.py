"""Looking things up by number or state (``domain.ports.ReadRepository``)."""

from collections.abc import Sequence

from sqlalchemy import select

from domain.events import OutboxRecord
from domain.ids import ChannelId, ExternalId, MatterId, Number, VaultOwner
from domain.messages import Message, MessageState
from domain.records import QuarantineItem
from store.captures import CHUNK
from store.engine import Transaction
from store.outbox import record_query, to_record
from store.rows import message_query, to_message
from store.schema import messages, outbox, quarantine
from store.times import from_us


class SqlReads:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def messages(self, numbers: Sequence[Number]) -> dict[Number, Message]:
        found = {}
        for start in range(0, len(numbers), CHUNK):
            chosen = message_query().where(messages.c.number.in_(list(numbers[start : start + CHUNK])))
            for row in self._tx.rows(chosen):
                message = to_message(row)
                found[message.number] = message
        return found

    def of_matters(self, matters: Sequence[MatterId]) -> dict[MatterId, list[Message]]:
        found: dict[MatterId, list[Message]] = {matter: [] for matter in matters}
        for start in range(0, len(matters), CHUNK):
            chosen = message_query().where(messages.c.matter.in_(list(matters[start : start + CHUNK]))).order_by(messages.c.id)
            for row in self._tx.rows(chosen):
                message = to_message(row)
                found[message.matter].append(message)
        return found

    def in_state(self, states: Sequence[MessageState], limit: int = 1000) -> list[Message]:
        chosen = message_query().where(messages.c.state.in_([state.value for state in states])).order_by(messages.c.id)
        return [to_message(row) for row in self._tx.rows(chosen.limit(limit))]

    def quarantined(self, ids: Sequence[int] | None = None, limit: int = 1000) -> list[QuarantineItem]:
        q = quarantine.c
        query = select(q.capture_id, q.channel, q.external_id, q.owner, q.at, q.reason, q.list_mark, q.value_version)
        query = query.where(q.resolved_at.is_(None)).order_by(q.capture_id).limit(limit)
        if ids is not None:
            query = query.where(q.capture_id.in_(list(ids)))
        return [
            QuarantineItem(
                row[0], ChannelId(row[1]), ExternalId(row[2]), VaultOwner(row[3]), from_us(row[4]), row[5], row[6], row[7]
            )
            for row in self._tx.rows(query)
        ]

    def outstanding(self, matter: MatterId) -> list[OutboxRecord]:
        waiting = record_query().where(outbox.c.key == matter, outbox.c.state.in_(["pending", "parked"]))
        return [to_record(row) for row in self._tx.rows(waiting)]
