"""Who is to be reminded of a deadline (``domain.ports.ReminderRepository``)."""

from datetime import datetime

from sqlalchemy import select

from domain.decisions import Assignment
from domain.events import ReminderStage, notice_topic, sealed_topic
from store.assignments import to_assignment
from store.engine import Transaction
from store.schema import assignments
from store.times import to_us

BEGINNING = -(2**62)

# The id is ``domain.events.reminder_id``'s, so that what was sent is found by the outbox's own unique index.
_OWED = (
    "SELECT a.id FROM assignments a WHERE a.state IN ('sent', 'signed') AND a.due > ? AND a.due <= ? AND a.working_days > ? "
    "AND NOT EXISTS (SELECT 1 FROM outbox o "
    "WHERE o.event_id = a.id || ':reminder:' || ? || ':' || CAST(a.due / 1000000 AS TEXT)) ORDER BY a.due, a.position LIMIT ?"
)
_SENT = "SELECT count(*) FROM outbox WHERE key = ? AND type = 'reminder' AND topic = ? AND event_id LIKE ?"


class SqlReminders:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def owed(
        self, stage: ReminderStage, after: datetime | None, until: datetime, *, longer_than: int = 0, limit: int
    ) -> list[Assignment]:
        begin = BEGINNING if after is None else to_us(after)
        found = [row[0] for row in self._tx.fetch(_OWED, (begin, to_us(until), longer_than, stage.value, limit))]
        if not found:
            return []
        rows = self._tx.rows(select(assignments).where(assignments.c.id.in_(found)).order_by(assignments.c.due))
        return [to_assignment(row) for row in rows]

    def sent(self, assignment: Assignment) -> int:
        like = f"{assignment.id}:reminder:%"
        topic = sealed_topic(assignment.unit) if assignment.sealed else notice_topic(assignment.unit)
        return int(self._tx.fetch(_SENT, (assignment.matter, topic, like))[0][0])
