"""What reviewers chose (``domain.ports.ChoiceRepository``, and what the desk shows of it)."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from domain.accounts import DECIDERS, Viewer
from domain.choices import Action, ChoiceState, Chosen, ReviewChoice, Seen
from domain.decisions import DeadlineClass
from domain.ids import Number, UnitCode
from domain.messages import MessageState
from store.engine import Row, Transaction, insert_sql
from store.schema import choices
from store.times import from_us, maybe_time, to_us
from store.visibility import visible_matters

_INSERT = insert_sql(choices, "id", "number", "version", "account", "made_at", "due_at", "state", "choice")
_COLUMNS = (
    "c.id, c.number, c.version, c.account, a.login, a.name, a.disabled, a.roles, c.made_at, c.due_at, c.state, c.choice, c.reason, "
    "c.settled_at"
)
_SELECT = f"SELECT {_COLUMNS} FROM choices c JOIN accounts a ON a.id = c.account WHERE "
_OWN = (
    f"SELECT {_COLUMNS} FROM choices c JOIN accounts a ON a.id = c.account JOIN messages m ON m.number = c.number "
    "JOIN matters t ON t.id = m.matter WHERE c.account = ? AND (c.state = 'waiting' OR c.settled_at >= ?) AND {} "
    "ORDER BY c.id DESC LIMIT ?"
)


class SqlChoices:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, number: Number, account: int, choice: ReviewChoice, seen: Seen, made_at: datetime, due_at: datetime) -> int:
        """Its id. The caller holds the matter and has looked that none waits."""
        ident = next(iter(self._tx.next_ids(choices, 1)))
        moments = (to_us(made_at), to_us(due_at))
        self._tx.run(_INSERT, (ident, number, seen.version, account, *moments, ChoiceState.WAITING.value, _put(choice, seen)))
        return ident

    def waiting(self, numbers: Sequence[Number]) -> dict[Number, Chosen]:
        """The choice that waits for each message, where one does."""
        rows = self._tx.fetch_in(_SELECT + "c.state = 'waiting' AND c.number IN ({})", numbers)
        return {one.number: one for one in map(_chosen, rows)}

    def due(self, now: datetime, limit: int) -> list[Chosen]:
        sql = _SELECT + "c.state = 'waiting' AND c.due_at <= ? ORDER BY c.due_at, c.id LIMIT ?"
        return [_chosen(row) for row in self._tx.fetch(sql, (to_us(now), limit))]

    def settle(self, ident: int, state: ChoiceState, at: datetime, reason: str = "") -> bool:
        changed = self._tx.run(
            "UPDATE choices SET state = ?, reason = ?, settled_at = ? WHERE id = ? AND state = 'waiting'",
            (state.value, reason, to_us(at), ident),
        )
        return changed == 1

    def undo(self, ident: int, account: int, at: datetime) -> Number | None:
        """Takes one's own back while it waits; its message's number, None where it was too late or is another's."""
        rows = self._tx.fetch("SELECT number FROM choices WHERE id = ? AND account = ?", (ident, account))
        if not rows or not self.settle(ident, ChoiceState.UNDONE, at):
            return None
        return Number(rows[0][0])

    def of(self, account: int, viewer: Viewer, since: datetime, limit: int) -> list[Chosen]:
        """One account's own that wait or were settled since, newest first, as far as it may still see their matters."""
        visible, seen = visible_matters(viewer)
        return [_chosen(row) for row in self._tx.fetch(_OWN.format(visible), (account, to_us(since), *seen, limit))]


def _put(choice: ReviewChoice, seen: Seen) -> str:
    return orjson.dumps(
        {
            "action": choice.action,
            "lead": choice.lead,
            "co_units": choice.co_units,
            "requirement": choice.requirement,
            "deadline_class": choice.deadline_class,
            "reason": choice.reason,
            "from": seen.state,
            "decisions": seen.decisions,
        }
    ).decode()


def _chosen(row: Row) -> Chosen:
    kept = orjson.loads(row[11])
    return Chosen(
        id=row[0],
        number=Number(row[1]),
        account=row[3],
        login=row[4],
        name=row[5],
        shut=bool(row[6]) or not DECIDERS & set(row[7].split()),
        made_at=from_us(row[8]),
        due_at=from_us(row[9]),
        state=ChoiceState(row[10]),
        choice=ReviewChoice(
            action=Action(kept["action"]),
            lead=UnitCode(kept["lead"]) if kept["lead"] else None,
            co_units=tuple(UnitCode(code) for code in kept["co_units"]),
            requirement=kept["requirement"],
            deadline_class=DeadlineClass(kept["deadline_class"]) if kept["deadline_class"] else None,
            reason=kept["reason"],
        ),
        seen=Seen(row[2], MessageState(kept["from"]), kept["decisions"]),
        reason=row[12],
        settled_at=maybe_time(row[13]),
    )
