"""Letters of past registers with the unit that answered: masked, each once."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.ids import UnitCode
from store.engine import Row, Transaction, insert_sql
from store.schema import labels
from store.times import maybe_time, maybe_us, to_us

_INSERT = insert_sql(labels, *(column.name for column in labels.columns), conflict="ON CONFLICT (digest) DO NOTHING")
_ALL = "SELECT id, unit, subject, body, reply, matter, at, answered_at FROM labels ORDER BY id"


@dataclass(frozen=True, slots=True)
class PastLabel:
    """``matter`` groups letters of one matter, where the register says so. ``id`` is given by the store."""

    unit: UnitCode
    subject: str
    body: str
    reply: str = ""
    matter: str = ""
    at: datetime | None = None
    answered_at: datetime | None = None
    id: int = 0

    @property
    def digest(self) -> bytes:
        """Equal for the same letter of the same time and unit, whatever file it stands in."""
        moment = self.at.isoformat() if self.at is not None else ""
        said = json.dumps([self.unit, self.subject, self.body, moment], ensure_ascii=False)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:16]


class SqlLabels:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, rows: Sequence[PastLabel], at: datetime) -> int:
        """How many were new; those known already stay as they are."""
        wanted = {row.digest: row for row in rows}
        known = {bytes(row[0]) for row in self._tx.fetch_in("SELECT digest FROM labels WHERE digest IN ({})", list(wanted))}
        new = [(digest, row) for digest, row in wanted.items() if digest not in known]
        ids = self._tx.next_ids(labels, len(new))
        self._tx.many(
            _INSERT,
            [
                (
                    row_id,
                    digest,
                    row.unit,
                    row.subject,
                    row.body,
                    row.reply,
                    row.matter,
                    maybe_us(row.at),
                    maybe_us(row.answered_at),
                    to_us(at),
                )
                for row_id, (digest, row) in zip(ids, new, strict=True)
            ],
        )
        return len(new)

    def count(self) -> int:
        return int(self._tx.fetch("SELECT count(*) FROM labels")[0][0])

    def all(self) -> Iterator[PastLabel]:
        """In the order they were taken. Of a letter that came again with another unit, so corrected, the later one alone."""
        rows = self._tx.fetch(_ALL)
        latest = {_letter(row): row[0] for row in rows}
        for row in rows:
            if latest[_letter(row)] == row[0]:
                times = (maybe_time(row[6]), maybe_time(row[7]))
                yield PastLabel(UnitCode(row[1]), row[2], row[3], row[4], row[5], *times, id=row[0])


def _letter(row: Row) -> tuple[str, str, int | None]:
    return row[2], row[3], row[6]
