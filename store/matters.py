"""Matters and the decisions about them (``domain.ports.MatterRepository``)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from domain.decisions import Deadline, DeadlineClass, Decision, MatterState, Outcome, Urgency
from domain.errors import Refused
from domain.ids import MatterId, Number, UnitCode
from domain.lifecycle import MATTER_MOVES
from domain.records import MatterRow
from store.captures import CHUNK
from store.codes import get_evidence, get_suggestions, get_units, put_evidence, put_suggestions, put_units
from store.engine import Row, Transaction, insert_sql
from store.schema import decisions, matters
from store.times import from_us, maybe_time, maybe_us, to_us

_UPDATE = (
    "UPDATE matters SET state = ?, sealed = ?, sequence = ?, answered_at = ?, closed_at = ?, promised = ?, repeat_of = ?, "
    "merged_into = ?, returns = ?, excluded = ? WHERE id = ? AND state = ? AND sequence = ?"
)
_INSERT_DECISION = insert_sql(decisions, *(column.name for column in decisions.columns))
_MATTER_COLUMNS = (
    matters.c.id,
    matters.c.state,
    matters.c.sealed,
    matters.c.sequence,
    matters.c.opened_at,
    matters.c.answered_at,
    matters.c.closed_at,
    matters.c.promised,
    matters.c.repeat_of,
    matters.c.merged_into,
    matters.c.returns,
    matters.c.excluded,
)
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
        decision.threshold,
        put_suggestions(decision.suggestions),
        put_evidence(decision.evidence),
        decision.actor,
    )


class SqlMatters:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, matter: MatterId) -> MatterRow | None:
        found = self._tx.rows(select(*_MATTER_COLUMNS).where(matters.c.id == matter))
        return to_matter(found[0]) if found else None

    def lock(self, ids: Sequence[MatterId]) -> dict[MatterId, MatterRow]:
        return {row.id: row for row in map(to_matter, self._held(ids, *_MATTER_COLUMNS))}

    def _held(self, ids: Sequence[MatterId], *columns: Any) -> list[Any]:
        """Rows of the matters, locked in the order of their ids."""
        ordered = sorted(set(ids))
        query = select(*columns).order_by(matters.c.id)
        found: list[Any] = []
        for start in range(0, len(ordered), CHUNK):
            found.extend(self._tx.rows(self._tx.for_update(query.where(matters.c.id.in_(ordered[start : start + CHUNK])))))
        return found

    def update(self, rows: Sequence[MatterRow]) -> None:
        held = self._held([row.id for row in rows], matters.c.id, matters.c.state, matters.c.sequence)
        now = {row[0]: (row[1], row[2]) for row in held}
        changed = []
        for row in rows:
            if row.id not in now:
                raise Refused("a matter that the store does not know cannot be changed")
            state, sequence = now[row.id]
            if row.state != state and row.state not in MATTER_MOVES[_STATES[state]]:
                raise Refused(f"a matter that is {state} cannot become {row.state}")
            if row.sequence < sequence:
                raise Refused("a matter's sequence never falls")
            now[row.id] = (row.state.value, row.sequence)
            changed.append((*_changed(row), row.id, state, sequence))
        self._tx.many(_UPDATE, changed)

    def decide(self, new: Sequence[tuple[MatterId, Decision]]) -> None:
        ids = self._tx.next_ids(decisions, len(new))
        self._tx.many(
            _INSERT_DECISION,
            [_decision_row(row_id, matter, decision) for row_id, (matter, decision) in zip(ids, new, strict=True)],
        )

    def decisions(self, ids: Sequence[MatterId]) -> dict[MatterId, list[Decision]]:
        found: dict[MatterId, list[Decision]] = {matter: [] for matter in ids}
        for start in range(0, len(ids), CHUNK):
            chosen = select(decisions).where(decisions.c.matter.in_(list(ids[start : start + CHUNK]))).order_by(decisions.c.id)
            for row in self._tx.rows(chosen):
                found[MatterId(row.matter)].append(to_decision(row))
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
