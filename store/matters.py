"""Matters and the decisions about them (``domain.ports.MatterRepository``)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from domain.decisions import Deadline, DeadlineClass, Decision, MatterState, Outcome, Urgency
from domain.errors import Refused
from domain.ids import MatterId, Number, UnitCode
from domain.lifecycle import MATTER_MOVES
from domain.records import MatterRow
from store.codes import get_evidence, get_suggestions, get_units, put_evidence, put_suggestions, put_units
from store.earlier import sealed_since, tells, untold
from store.engine import CHUNK, Row, Transaction, insert_sql
from store.schema import decisions
from store.times import from_us, maybe_time, maybe_us, to_us

_INSERT_DECISION = insert_sql(decisions, *(column.name for column in decisions.columns))
_MATTERS = (
    "SELECT id, state, sealed, sequence, opened_at, answered_at, closed_at, promised, repeat_of, merged_into, returns, excluded "
    "FROM matters WHERE id IN ({})"
)
_SET = (
    "UPDATE matters SET state = ?, sealed = ?, sequence = ?, answered_at = ?, closed_at = ?, promised = ?, repeat_of = ?, "
    "merged_into = ?, returns = ?, excluded = ? WHERE id = ? AND sequence <= ? AND state IN ({})"
)


def _from_where(new: MatterState) -> str:
    """The states a matter may come from to be ``new``, as SQL literals."""
    return ", ".join(f"'{old.value}'" for old in MatterState if old is new or new in MATTER_MOVES[old])


_UPDATE = {state: _SET.format(_from_where(state)) for state in MatterState}
_STATES = {state.value: state for state in MatterState}


def to_matter(row: Sequence[Any]) -> MatterRow:
    return MatterRow(
        MatterId(row[0]),
        _STATES[row[1]],
        row[2] != 0,
        row[3],
        from_us(row[4]),
        maybe_time(row[5]),
        maybe_time(row[6]),
        maybe_time(row[7]),
        MatterId(row[8]) if row[8] else None,
        MatterId(row[9]) if row[9] else None,
        row[10],
        get_units(row[11]),
    )


def to_decision(row: Any) -> Decision:
    deadline = None
    if row.due is not None:
        deadline = Deadline(from_us(row.due), row.working_days, bool(row.provisional), row.calendar)
    return Decision(
        number=Number(row.number),
        version=row.version,
        outcome=Outcome(row.outcome),
        rule=row.rule,
        decided_at=from_us(row.decided_at),
        lead=UnitCode(row.lead) if row.lead else None,
        co_units=get_units(row.co_units),
        requirement=row.requirement,
        deadline_class=DeadlineClass(row.deadline_class),
        deadline=deadline,
        urgency=Urgency(row.urgency),
        excluded=get_units(row.excluded),
        sealed=bool(row.sealed),
        reason=row.reason,
        model=row.model,
        threshold=row.threshold,
        suggestions=get_suggestions(row.suggestions),
        evidence=get_evidence(row.evidence),
        actor=row.actor,
        drawn=bool(row.drawn),
    )


def _decision_row(row_id: int, matter: MatterId, decision: Decision) -> Row:
    deadline = decision.deadline
    due = (to_us(deadline.due), deadline.working_days, int(deadline.provisional), deadline.calendar) if deadline else (None,) * 4
    return (
        row_id,
        matter,
        decision.number,
        decision.version,
        decision.outcome.value,
        decision.rule,
        to_us(decision.decided_at),
        decision.lead,
        put_units(decision.co_units),
        decision.requirement,
        decision.deadline_class.value,
        *due,
        decision.urgency.value,
        put_units(decision.excluded),
        int(decision.sealed),
        decision.reason,
        decision.model,
        None if decision.threshold is None else float(decision.threshold),
        put_suggestions(decision.suggestions),
        put_evidence(decision.evidence),
        decision.actor,
        int(decision.drawn),
    )


class SqlMatters:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, matter: MatterId) -> MatterRow | None:
        found = self._tx.fetch_in(_MATTERS, (matter,))
        return to_matter(found[0]) if found else None

    def lock(self, ids: Sequence[MatterId]) -> dict[MatterId, MatterRow]:
        held = self._tx.fetch_in(_MATTERS + " ORDER BY id" + self._tx.hold, sorted(set(ids)))
        return {row.id: row for row in map(to_matter, held)}

    def update(self, rows: Sequence[MatterRow]) -> None:
        by_state: dict[MatterState, list[Row]] = {}
        for row in rows:
            by_state.setdefault(row.state, []).append((*_changed(row), row.id, row.sequence))
        self._tx.savepoint()
        for state, changed in by_state.items():
            if self._tx.many(_UPDATE[state], changed, distinct=True) != len(changed):
                self._tx.undo()
                raise self._refusal(rows)

    def _refusal(self, rows: Sequence[MatterRow]) -> Refused:
        """Why the update did not take every row."""
        now = self.lock([row.id for row in rows])
        for row in rows:
            old = now.get(row.id)
            if old is None:
                return Refused("a matter that the store does not know cannot be changed")
            if row.state != old.state and row.state not in MATTER_MOVES[old.state]:
                return Refused(f"a matter that is {old.state} cannot become {row.state}")
        return Refused("a matter's sequence never falls")

    def decide(self, new: Sequence[tuple[MatterId, Decision]]) -> None:
        ids = self._tx.next_ids(decisions, len(new))
        self._tx.many(
            _INSERT_DECISION,
            [_decision_row(row_id, matter, decision) for row_id, (matter, decision) in zip(ids, new, strict=True)],
        )

    def decisions(self, ids: Sequence[MatterId]) -> dict[MatterId, list[Decision]]:
        found: dict[MatterId, list[Decision]] = {matter: [] for matter in ids}
        for start in range(0, len(ids), CHUNK):
            chosen = select(decisions).where(decisions.c.matter.in_(ids[start : start + CHUNK])).order_by(decisions.c.id)
            for row in self._tx.rows(chosen):
                found[MatterId(row.matter)].append(to_decision(row))
        telling = [matter for matter, made in found.items() if any(tells(one.evidence, one.suggestions) for one in made)]
        for matter in sealed_since(self._tx, telling):
            found[matter] = [untold(decision) for decision in found[matter]]
        return found


def _changed(row: MatterRow) -> Row:
    return (
        row.state.value,
        int(row.sealed),
        row.sequence,
        maybe_us(row.answered_at),
        maybe_us(row.closed_at),
        maybe_us(row.promised),
        row.repeat_of,
        row.merged_into,
        row.returns,
        put_units(row.excluded),
    )
