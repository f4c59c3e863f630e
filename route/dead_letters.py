"""What a topic refused, told on ``fenban.dead``: which record, where to, why. Metadata alone, nothing of its content."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.events import DEAD_TOPIC, EventType, Fate, OutboxRecord, sequence_text
from domain.ids import EventId, MatterId
from domain.ports import UnitOfWork
from domain.records import MatterRow, NewOutbox
from route import wire


class DeadLetters:
    """Told in the transaction that parks, replays or discards the record, so each time is told once. What the dead-letter
    topic itself refuses is parked and told to nobody: one refusal never makes another."""

    def __init__(self, city: str) -> None:
        self._city = city

    def tell(
        self,
        uow: UnitOfWork,
        matters: Mapping[MatterId, MatterRow],
        records: Sequence[tuple[OutboxRecord, str]],
        fate: Fate,
        now: datetime,
    ) -> None:
        """``records`` with their reasons; ``matters`` are theirs, locked in this unit of work."""
        rows = dict(matters)
        told: list[NewOutbox] = []
        for record, reason in records:
            row = rows.get(record.key)
            if row is None or record.topic == DEAD_TOPIC:
                continue
            rows[row.id] = replace(row, sequence=row.sequence + 1)
            told.append(self._letter(record, reason, fate, row.sequence + 1, now))
        if told:
            uow.matters.update([rows[matter] for matter in sorted({letter.key for letter in told})])
            uow.outbox.add(told)

    def _letter(self, record: OutboxRecord, reason: str, fate: Fate, sequence: int, now: datetime) -> NewOutbox:
        data = {
            "event": record.event_id,
            "event_type": record.type.value,
            "topic": record.topic,
            "matter": record.key,
            "sequence": sequence_text(record.sequence),
            "fate": fate.value,
            "reason": reason,
            "attempts": record.attempts + (fate is Fate.PARKED),
            "at": wire.time_text(now),
        }
        event_id = EventId(f"{record.event_id}:{fate.value}:{sequence}")
        return wire.record(EventType.DEAD_LETTER, event_id, DEAD_TOPIC, record.key, data, sequence, self._city, now)
