"""Every matter as a plain mapping, for ``fenban export matters``: all of it, or what one unit may see."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row as SqlRow
from sqlalchemy import Select, select

from domain.clock import SHANGHAI
from domain.ids import UnitCode
from store.codes import get_units
from store.engine import Transaction
from store.schema import assignments, decisions, matters, messages
from store.times import from_us

AT_A_TIME = 500

Document = dict[str, Any]


def export_matters(tx: Transaction, unit: UnitCode | None = None) -> Iterator[Document]:
    """The matters that were not joined to others, oldest first.

    With a unit: those it has an assignment in that was not withdrawn, unless it is excluded; a sealed one only when the unit
    was assigned it as sealed. Other units' reasons, who decided and why, and the exclusions are left out.
    """
    tx.linger()
    query: Select[Any] = select(matters).where(matters.c.merged_into.is_(None)).order_by(matters.c.opened_at, matters.c.id)
    if unit is not None:
        # What was recalled is shown to nobody any more.
        mine = select(assignments.c.matter).where(assignments.c.unit == unit, assignments.c.withdrawn_at.is_(None))
        sealed = mine.where(assignments.c.sealed == 1)
        query = query.where(matters.c.id.in_(mine), (matters.c.sealed == 0) | matters.c.id.in_(sealed))
    ids = [row[0] for row in tx.rows(query.with_only_columns(matters.c.id))]
    for start in range(0, len(ids), AT_A_TIME):
        part = ids[start : start + AT_A_TIME]
        yield from _documents(tx, part, unit)


def _documents(tx: Transaction, ids: Sequence[str], unit: UnitCode | None) -> Iterator[Document]:
    rows = {row.id: row for row in tx.rows(select(matters).where(matters.c.id.in_(ids)))}
    earlier = [row.repeat_of for row in rows.values() if row.repeat_of is not None]
    hidden = _hidden(tx, earlier, unit)
    written = _grouped(tx, select(messages).where(messages.c.matter.in_(ids)).order_by(messages.c.id))
    given = _grouped(tx, select(assignments).where(assignments.c.matter.in_(ids)).order_by(assignments.c.position))
    decided = _grouped(tx, select(decisions).where(decisions.c.matter.in_(ids)).order_by(decisions.c.id))
    for matter in ids:
        last = decided[matter][-1] if decided[matter] else None
        # Fail closed: an exclusion counts wherever it was written down.
        excluded = {*get_units(rows[matter].excluded), *(get_units(last.excluded) if last is not None else ())}
        if unit is None or unit not in excluded:
            document = _document(rows[matter], written[matter], last, given[matter], unit)
            # A matter that is sealed, or that the unit must not see, is never linked from.
            yield {**document, "repeat_of": None} if document["repeat_of"] in hidden else document


def _grouped(tx: Transaction, query: Select[Any]) -> dict[str, list[SqlRow[Any]]]:
    found: dict[str, list[SqlRow[Any]]] = defaultdict(list)
    for row in tx.rows(query):
        found[row.matter].append(row)
    return found


def _hidden(tx: Transaction, wanted: Sequence[str], unit: UnitCode | None) -> set[str]:
    """Those of these matters that are sealed, that the unit must not see, or that were merged into such."""
    hidden: set[str] = set()
    into: dict[str, str] = {}
    look = set(wanted)
    while look:
        columns = (matters.c.id, matters.c.sealed, matters.c.excluded, matters.c.merged_into)
        found = tx.rows(select(*columns).where(matters.c.id.in_(look)))
        hidden |= {row.id for row in found if row.sealed or (unit is not None and unit in get_units(row.excluded))}
        into |= {row.id: row.merged_into for row in found if row.merged_into}
        look = {row.merged_into for row in found if row.merged_into} - into.keys()
    while more := {one for one, target in into.items() if target in hidden} - hidden:
        hidden |= more
    return hidden


def _document(
    matter: SqlRow[Any],
    written: Sequence[SqlRow[Any]],
    decision: SqlRow[Any] | None,
    given: Sequence[SqlRow[Any]],
    unit: UnitCode | None,
) -> Document:
    return {
        "number": matter.id,
        "state": matter.state,
        "sealed": bool(matter.sealed),
        "opened_at": _time(matter.opened_at),
        "answered_at": _time(matter.answered_at),
        "closed_at": _time(matter.closed_at),
        "promised": _time(matter.promised),
        "repeat_of": matter.repeat_of,
        "messages": [
            {
                "channel": message.channel,
                "external_id": message.external_id,
                "number": message.number,
                "version": message.version,
                "state": message.state,
            }
            for message in written
        ],
        "decision": None if decision is None else _decision(decision, everything=unit is None),
        "assignments": [_assignment(row, whole=unit is None or row.unit == unit) for row in given],
    }


def _decision(row: SqlRow[Any], *, everything: bool) -> Document:
    document: Document = {
        "outcome": row.outcome,
        "lead": row.lead,
        "co_units": list(get_units(row.co_units)),
        "rule": row.rule,
        "model": row.model,
        "threshold": row.threshold,
        "requirement": row.requirement,
        "deadline_class": row.deadline_class,
        "deadline": None
        if row.due is None
        else {
            "due": _time(row.due),
            "provisional": bool(row.provisional),
            "working_days": row.working_days,
            "calendar": row.calendar,
        },
        "urgency": row.urgency,
        "sealed": bool(row.sealed),
        "decided_at": _time(row.decided_at),
        "actor": row.actor if everything else "",
        "reason": row.reason if everything else "",
    }
    return {**document, "excluded": list(get_units(row.excluded))} if everything else document


def _assignment(row: SqlRow[Any], *, whole: bool) -> Document:
    return {
        "id": row.id,
        "unit": row.unit,
        "role": row.role,
        "state": row.state,
        "sent_at": _time(row.sent_at),
        "signed_at": _time(row.signed_at),
        "completed_at": _time(row.completed_at),
        "returned_at": _time(row.returned_at),
        "withdrawn_at": _time(row.withdrawn_at),
        "due": _time(row.due),
        "provisional": bool(row.provisional),
        "reason": row.reason if whole else "",
        "suggested_unit": row.suggested_unit if whole else None,
    }


def _time(stored: int | None) -> str | None:
    """ISO 8601 with the zone, in Asia/Shanghai as everything people read."""
    return None if stored is None else from_us(stored).astimezone(SHANGHAI).isoformat()
