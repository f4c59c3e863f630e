"""What the model may do without a person: every change of it, appended (``domain.ports.StandingRepository``)."""

from collections.abc import Sequence
from dataclasses import replace

from domain.ids import UnitCode
from domain.standings import Standing, Standings
from store.engine import Row, Transaction, insert_sql
from store.schema import standings
from store.times import from_us, to_us

_INSERT = insert_sql(standings, *(column.name for column in standings.columns))
_COLUMNS = "at, unit, stopped, threshold, reason"
_NOW = (
    f"SELECT {_COLUMNS}, (SELECT min(f.at) FROM standings f WHERE f.unit = s.unit AND f.id > "
    "(SELECT coalesce(max(r.id), 0) FROM standings r WHERE r.unit = s.unit AND r.stopped = 0)) FROM standings s "
    "WHERE id IN (SELECT max(id) FROM standings GROUP BY unit) ORDER BY unit"
)


class SqlStandings:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def now(self) -> Standings:
        return Standings.last(
            replace(_standing(row), since=None if row[5] is None else from_us(row[5])) for row in self._tx.fetch(_NOW)
        )

    def add(self, changes: Sequence[Standing]) -> list[int]:
        ids = self._tx.next_ids(standings, len(changes))
        self._tx.many(
            _INSERT,
            [
                (row_id, to_us(one.at), one.unit, int(one.stopped), one.threshold, one.reason)
                for row_id, one in zip(ids, changes, strict=True)
            ],
        )
        return list(ids)

    def history(self, limit: int) -> list[Standing]:
        return [_standing(row) for row in self._tx.fetch(f"SELECT {_COLUMNS} FROM standings ORDER BY id DESC LIMIT ?", (limit,))]


def _standing(row: Row) -> Standing:
    return Standing(from_us(row[0]), UnitCode(row[1]), bool(row[2]), row[3], row[4])
