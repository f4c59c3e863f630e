"""Who asked to see a sender, and what was answered. Every query takes the reader's view of letters."""

from datetime import datetime

from domain.accounts import Viewer
from domain.ids import Number, UnitCode
from domain.reveals import Reveal, RevealState
from store.engine import Row, Transaction, insert_sql
from store.schema import reveals
from store.times import from_us, maybe_time, maybe_us, to_us
from store.visibility import Condition, visible_matters

MOST = 200

_INSERT = insert_sql(reveals, "id", "number", "account", "unit", "reason", "asked_at", "state")
_SELECT = (
    "SELECT r.id, r.number, r.account, a.login, a.name, r.unit, r.reason, r.asked_at, r.state, "
    "CASE WHEN t.sealed = 1 OR EXISTS (SELECT 1 FROM messages s WHERE s.matter = t.id AND s.sealed = 1) THEN 1 ELSE 0 END, "
    "r.answered_by, r.answer, r.answered_at, r.expires_at FROM reveals r JOIN accounts a ON a.id = r.account "
    "JOIN messages m ON m.number = r.number JOIN matters t ON t.id = m.matter WHERE {} "
)


class SqlReveals:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, number: Number, account: int, unit: UnitCode | None, reason: str, at: datetime) -> int:
        """A new wish; its id."""
        ident = next(iter(self._tx.next_ids(reveals, 1)))
        self._tx.run(_INSERT, (ident, number, account, unit, reason, to_us(at), RevealState.ASKED.value))
        return ident

    def get(self, ident: int, viewer: Viewer) -> Reveal | None:
        """None also where the viewer may not see its matter."""
        found = self._found(viewer, ("r.id = ?", (ident,)), "")
        return found[0] if found else None

    def asked(self, viewer: Viewer, *, but: int) -> list[Reveal]:
        """What waits for an answer, the oldest first, but one account's own."""
        return self._found(viewer, ("r.state = 'asked' AND r.account <> ?", (but,)), "ORDER BY r.id LIMIT ?", (MOST,))

    def of(self, account: int, viewer: Viewer, number: Number | None = None) -> list[Reveal]:
        """One account's own, newest first; of one message only where a number is given."""
        wanted: Condition = ("r.account = ?", (account,))
        if number is not None:
            wanted = ("r.account = ? AND r.number = ?", (account, number))
        return self._found(viewer, wanted, "ORDER BY r.id DESC LIMIT ?", (MOST,))

    def answer(self, ident: int, state: RevealState, by: str, said: str, at: datetime, expires_at: datetime | None) -> bool:
        """Whether this answer is the first."""
        changed = self._tx.run(
            "UPDATE reveals SET state = ?, answered_by = ?, answer = ?, answered_at = ?, expires_at = ? "
            "WHERE id = ? AND state = 'asked'",
            (state.value, by, said, to_us(at), maybe_us(expires_at), ident),
        )
        return changed == 1

    def _found(self, viewer: Viewer, wanted: Condition, end: str, more: Row = ()) -> list[Reveal]:
        visible, seen = visible_matters(viewer)
        rows = self._tx.fetch(_SELECT.format(f"{wanted[0]} AND {visible}") + end, (*wanted[1], *seen, *more))
        return [_reveal(row) for row in rows]


def visible_message(tx: Transaction, number: Number, viewer: Viewer) -> bool:
    """Whether there is such a message and the viewer may know of it."""
    visible, seen = visible_matters(viewer)
    return bool(
        tx.fetch(f"SELECT 1 FROM messages m JOIN matters t ON t.id = m.matter WHERE m.number = ? AND {visible}", (number, *seen))
    )


def _reveal(row: Row) -> Reveal:
    return Reveal(
        id=row[0],
        number=Number(row[1]),
        account=row[2],
        login=row[3],
        name=row[4],
        unit=UnitCode(row[5]) if row[5] else None,
        reason=row[6],
        asked_at=from_us(row[7]),
        state=RevealState(row[8]),
        sealed=bool(row[9]),
        answered_by=row[10],
        answer=row[11],
        answered_at=maybe_time(row[12]),
        expires_at=maybe_time(row[13]),
    )
