"""What became of suggestions, read in batches; nothing of sealed matters, nor of units that a matter must never reach."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.accounts import Viewer
from domain.ids import MatterId, Number, UnitCode
from domain.outcomes import Followed, Said, Source
from store.codes import get_suggestions, get_units
from store.engine import Row, Transaction
from store.times import from_us, to_us
from store.visibility import visible_matters

BATCH = 1000
EVERYBODY = Viewer(reads=True, units=None)
"""Who may read every letter that is not sealed."""

_DECISIONS = (
    "SELECT d.id, d.number, d.matter, d.decided_at, d.model, d.threshold, d.suggestions, d.lead, d.rule, d.outcome, d.drawn, "
    "t.excluded FROM decisions d JOIN messages m ON m.number = d.number JOIN matters t ON t.id = m.matter "
    "WHERE d.id < ? AND d.actor = '' AND d.model <> '' AND d.suggestions <> '' AND d.outcome IN ('dispatch', 'review') "
    "AND NOT EXISTS (SELECT 1 FROM decisions e WHERE e.matter = d.matter AND e.number = d.number AND e.id > d.id AND e.actor = '') "
    "AND {} ORDER BY d.id DESC LIMIT ?"
)
_CHOSEN = "SELECT matter, number, decided_at, lead FROM decisions WHERE matter IN ({}) AND actor <> '' AND lead IS NOT NULL"
_PARTS = (
    "SELECT matter, unit, completed_at, returned_at, suggested_unit, reply, state FROM assignments "
    "WHERE matter IN ({}) AND role = 'lead' AND (completed_at IS NOT NULL OR returned_at IS NOT NULL)"
)
_MOST = 2**62


def followed(tx: Transaction, since: datetime, *, limit: int) -> Iterator[Followed]:
    """The letters decided since then with a suggestion of a model's, newest first, ``limit`` at most."""
    condition, parameters = visible_matters(EVERYBODY)
    sql, before, left = _DECISIONS.format(condition), _MOST, limit
    while left > 0:
        rows = tx.fetch(sql, (before, *parameters, min(BATCH, left)))
        recent = [row for row in rows if row[3] >= to_us(since)]
        yield from _told(tx, [row for row in recent if row[6]])
        if len(recent) < min(BATCH, left):
            return
        before, left = rows[-1][0], left - len(rows)


def _told(tx: Transaction, rows: Sequence[Row]) -> Iterator[Followed]:
    said = _said(tx, sorted({row[2] for row in rows}))
    for row in rows:
        first, excluded = get_suggestions(row[6])[0], set(get_units(row[11]))
        automatic = row[8] == "model" and row[9] == "dispatch"
        lead = UnitCode(row[7]) if row[7] else None
        if not excluded.isdisjoint({first.unit, lead}):
            continue
        matter, number = MatterId(row[2]), Number(row[1])
        yield Followed(
            decision=row[0],
            number=number,
            matter=matter,
            decided_at=from_us(row[3]),
            model=row[4],
            threshold=row[5],
            first=first,
            lead=lead,
            automatic=automatic,
            drawn=bool(row[10]),
            said=tuple(one for of, one in said[matter] if of in {number, ""} and one.at >= from_us(row[3])),
        )


def _said(tx: Transaction, matters: Sequence[str]) -> dict[str, list[tuple[str, Said]]]:
    """Of each matter what persons and units said, oldest first; a person's word is about one of its letters."""
    found: dict[str, list[tuple[str, Said]]] = defaultdict(list)
    for matter, number, at, lead in tx.fetch_in(_CHOSEN, matters):
        found[matter].append((number, Said(from_us(at), Source.CHOSEN, UnitCode(lead))))
    for matter, unit, completed, returned, other, reply, state in tx.fetch_in(_PARTS, matters):
        if returned is not None:
            named = UnitCode(other) if other else None
            found[matter].append(("", Said(from_us(returned), Source.RETURNED, UnitCode(unit), named)))
        if completed is not None and state == "completed":
            found[matter].append(("", Said(from_us(completed), Source.COMPLETED, UnitCode(unit), reply=reply)))
    for told in found.values():
        told.sort(key=lambda pair: pair[1].at)
    return found
