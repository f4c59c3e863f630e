"""Conditions that operators are told of: a row while one lasts, and until its end was said."""

from dataclasses import dataclass
from datetime import datetime

from store.engine import Transaction
from store.times import from_us, maybe_time, to_us

_COLUMNS = "alert, what, began_at, ended_at, told"
_BEGIN = f"INSERT INTO notices ({_COLUMNS}) VALUES (?, ?, ?, NULL, 0) ON CONFLICT (alert, what) DO UPDATE SET ended_at = NULL"


@dataclass(frozen=True, slots=True)
class Ongoing:
    """``what`` is the channel, unit or line concerned, or empty; ``told``: its beginning was said."""

    alert: str
    what: str
    began_at: datetime
    ended_at: datetime | None = None
    told: bool = False


class SqlNotices:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def all(self) -> list[Ongoing]:
        rows = self._tx.fetch(f"SELECT {_COLUMNS} FROM notices ORDER BY began_at, alert, what")
        return [Ongoing(row[0], row[1], from_us(row[2]), maybe_time(row[3]), bool(row[4])) for row in rows]

    def begin(self, alert: str, what: str, at: datetime) -> None:
        """One that ended and is not said to have goes on as it was."""
        self._tx.run(_BEGIN, (alert, what, to_us(at)))

    def end(self, alert: str, what: str, at: datetime) -> None:
        self._tx.run("UPDATE notices SET ended_at = ? WHERE alert = ? AND what = ?", (to_us(at), alert, what))

    def told(self, alert: str, what: str) -> None:
        self._tx.run("UPDATE notices SET told = 1 WHERE alert = ? AND what = ?", (alert, what))

    def forget(self, alert: str, what: str) -> None:
        self._tx.run("DELETE FROM notices WHERE alert = ? AND what = ?", (alert, what))
