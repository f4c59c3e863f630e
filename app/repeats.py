"""Repeats (多次反映): what a sender's earlier matter came to is evidence for the next decision, and never decides it.

Letters that came again went to another unit two times in three, so the unit that had it first is not taken over: the model's
probabilities stand as they are, and who decides sees beside them who had it, what became of it and what was answered.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.documents import iso
from app.happened import Event, History
from domain.clock import SHANGHAI
from domain.decisions import EARLIER, Assignment, AssignmentState, Evidence, Suggestion
from domain.ids import MatterId
from domain.ports import AssignmentRepository, MatterRepository, ReadRepository, UnitOfWork
from domain.records import MatterRow
from route.confidentiality import may_see
from store.earlier import tells, untold


def where_it_went(matter: MatterId | None, rows: Mapping[MatterId, MatterRow]) -> MatterId | None:
    """The matter that an earlier one was merged into, as far as ``rows`` tell."""
    while matter is not None and matter in rows and (into := rows[matter].merged_into) is not None:
        matter = into
    return matter


def history_of(row: MatterRow, parts: Iterable[Assignment]) -> tuple[History, ...]:
    """What units did with the earlier matter, as the next one's units may read it."""
    steps = [replace(step, excluded=row.excluded) for part in parts for step in _steps(row.id, part)]
    return tuple(sorted(steps, key=lambda step: step.at))


def _steps(matter: MatterId, part: Assignment) -> Iterator[History]:
    yield History(part.sent_at, "assigned", part.unit, "", matter)
    if part.returned_at:
        yield History(part.returned_at, "returned", part.unit, part.reason, matter)
    if part.completed_at:
        yield History(part.completed_at, "completed", part.unit, part.reply, matter)


def earlier_evidence(matter: MatterId, parts: Iterable[Assignment]) -> dict[str, Evidence]:
    """Unit → that it had the earlier matter, the day it ended or began, and how it stands: ``20260302-portal-000001 2026-03-02
    completed``."""
    found = {}
    for part in parts:
        day = (part.completed_at or part.returned_at or part.sent_at).astimezone(SHANGHAI).date()
        found[str(part.unit)] = Evidence(EARLIER, f"{matter} {day} {part.state}", 0.0)
    return found


def told_beside(suggestions: Sequence[Suggestion], earlier: Mapping[str, Evidence]) -> tuple[Suggestion, ...]:
    """The suggestions, each of a unit that had the earlier matter with that beside what spoke for it; no probability changes."""
    return tuple(replace(one, evidence=(*one.evidence, earlier[one.unit])) if one.unit in earlier else one for one in suggestions)


def past_of(
    matter: MatterId | None, matters: MatterRepository, reads: ReadRepository, assignments: AssignmentRepository
) -> tuple[MatterRow, list[Assignment]] | None:
    """The earlier matter, or what it was merged into, with its parts; None where there is none or it is sealed."""
    row = matters.get(matter) if matter is not None else None
    while row is not None and row.merged_into is not None:
        row = matters.get(row.merged_into)
    if row is None or row.sealed or any(one.sealed for one in reads.of_matters([row.id])[row.id]):
        return None
    return row, assignments.of_matters([row.id])[row.id]


def locked_past(uow: UnitOfWork, matter: MatterId | None) -> tuple[MatterRow, list[Assignment]] | None:
    """As ``past_of``, for what units are told of it: who seals it meanwhile waits, and then finds what was told."""
    step = matter
    while step is not None:
        held = uow.matters.lock([step]).get(step)
        step = held.merged_into if held is not None else None
    return past_of(matter, uow.matters, uow.reads, uow.assignments)


def earlier_document(
    matter: MatterId | None, matters: MatterRepository, reads: ReadRepository, assignments: AssignmentRepository
) -> dict[str, Any] | None:
    """The matter that one repeats, with who had it and what was answered."""
    past = past_of(matter, matters, reads, assignments)
    if past is None:
        return None
    row, parts = past
    return {"number": row.id, "state": row.state, "opened_at": iso(row.opened_at), "units": [_unit(part) for part in parts]}


def _unit(part: Assignment) -> dict[str, Any]:
    ended = part.completed_at or part.returned_at or part.withdrawn_at
    return {
        "unit": part.unit,
        "role": part.role,
        "state": part.state,
        "sent_at": iso(part.sent_at),
        "ended_at": iso(ended) if ended else None,
        "reason": part.reason if part.state is AssignmentState.RETURNED else "",
        "reply": part.reply,
    }


def for_decision(earlier: Mapping[str, Evidence]) -> tuple[Evidence, ...]:
    """The same beside a decision, with the units' codes: also of units that nothing else speaks for."""
    return tuple(replace(one, text=f"{unit} {one.text}") for unit, one in earlier.items())


def told_to(event: Event) -> Event:
    """The event as its unit may read it: where that must not see the earlier matter, without a word of it."""
    if event.decision is None or not (event.history or tells(event.decision.evidence, ())):
        return event
    history = tuple(step for step in event.history if may_see(event.assignment.unit, step.excluded))
    return event if history else replace(event, history=(), decision=untold(event.decision))


def for_units(document: dict[str, Any] | None, units: Sequence[str]) -> dict[str, Any] | None:
    """As a unit's people may read it: of other units who had it and how it stands, no more."""
    if document is None:
        return None
    parts = [part if part["unit"] in units else {**part, "reason": "", "reply": ""} for part in document["units"]]
    return {**document, "units": parts}
