"""What a shadow thinks of letters that were decided without it. It is never read on a letter's way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.accounts import Viewer
from domain.ids import Number, UnitCode
from domain.models import Opinion
from store.engine import Transaction, insert_sql
from store.schema import opinions
from store.times import from_us, to_us
from store.visibility import visible_matters

WATCHES = Viewer(reads=True, units=None)
"""A shadow reads letters of every unit, and nothing sealed."""

_WANTING = (
    "SELECT d.id, d.number, d.version, d.decided_at, v.subject, v.body FROM decisions d "
    "JOIN messages m ON m.number = d.number JOIN matters t ON t.id = m.matter "
    "JOIN versions v ON v.message_id = m.id AND v.version = d.version "
    "WHERE d.id > ? AND d.actor = '' AND d.model <> '' AND d.outcome IN ('dispatch', 'review') AND t.excluded = '' AND NOT EXISTS "
    "(SELECT 1 FROM opinions o WHERE o.model = ? AND o.number = d.number AND o.version = d.version) AND {} "
    "ORDER BY d.id LIMIT ?"
)
_ADD = insert_sql(
    opinions,
    "model",
    "number",
    "version",
    "unit",
    "probability",
    "at",
    conflict="ON CONFLICT (model, number, version) DO NOTHING",
)
_OF = (
    "SELECT o.model, o.number, o.version, o.unit, o.probability, o.at FROM opinions o JOIN messages m ON m.number = o.number "
    "AND m.version = o.version WHERE o.model = ? AND o.number IN ({})"
)


@dataclass(frozen=True, slots=True)
class Decided:
    """A letter that was decided: the decision's id, and the masked text it was decided on."""

    id: int
    number: Number
    version: int
    at: datetime
    subject: str
    body: str


class SqlOpinions:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def wanting(self, model: str, above: int, limit: int) -> list[Decided]:
        """Letters of decisions above this id that the model has said nothing of, oldest first; none that is sealed or that a
        unit must not see."""
        visible, seen = visible_matters(WATCHES)
        rows = self._tx.fetch(_WANTING.format(visible), (above, model, *seen, limit))
        return [Decided(row[0], Number(row[1]), row[2], from_us(row[3]), row[4], row[5]) for row in rows]

    def add(self, found: Sequence[Opinion]) -> None:
        """Safe to repeat: what it said first stays."""
        rows = [(one.model, one.number, one.version, one.unit, one.probability, to_us(one.at)) for one in found]
        self._tx.many(_ADD, sorted(rows))

    def of(self, model: str, numbers: Sequence[Number]) -> dict[Number, Opinion]:
        """What it said of these letters as they are written now."""
        rows = self._tx.fetch_in(_OF, numbers, before=(model,))
        return {
            Number(row[1]): Opinion(row[0], Number(row[1]), row[2], UnitCode(row[3]), row[4], from_us(row[5])) for row in rows
        }

    def count(self, model: str) -> int:
        return int(self._tx.fetch("SELECT count(*) FROM opinions WHERE model = ?", (model,))[0][0])

    def floor(self, since: datetime) -> int:
        """The highest id of the decisions made until then."""
        return int(self._tx.fetch("SELECT coalesce(max(id), 0) FROM decisions WHERE decided_at <= ?", (to_us(since),))[0][0])
