"""Whether the model was right: judged from what persons and units said after it suggested."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from app.wiring import System
from classify.names import unit_names
from classify.replies import referred_unit
from domain.ids import UnitCode
from domain.outcomes import Followed, Judged, Said, Source
from store.outcomes import followed


def judged_since(system: System, since: datetime, *, limit: int) -> Iterator[Judged]:
    """The letters decided since then for which a model suggested something, newest first; a read transaction as long as it is
    read from. Raises RetryLater."""
    names = unit_names(tuple(system.directory.units.values()), ())
    with system.store.transaction(write=False) as tx:
        for one in followed(tx, since, limit=limit):
            yield judged(one, names)


def judged(one: Followed, names: Mapping[str, UnitCode]) -> Judged:
    """The last word counts: an answer after a return, the second unit's after the first's. ``names``: of units, as replies use
    them, for an answer that says the matter is another's."""
    unit = one.lead if one.automatic and one.lead is not None else one.first.unit
    sure = one.automatic or one.drawn or (one.threshold is not None and one.first.probability >= one.threshold)
    plain = Judged(one.number, one.decided_at, one.model, unit, one.first.probability, one.automatic, one.drawn, sure)
    if not one.said:
        return plain
    last = one.said[-1]
    source, answered = _whose(last, names)
    right = answered == unit if answered is not None else False if last.unit == unit else None
    return replace(plain, known_at=last.at, source=source, answered=answered, right=right)


def _whose(last: Said, names: Mapping[str, UnitCode]) -> tuple[Source, UnitCode | None]:
    if last.source is Source.RETURNED:
        return Source.RETURNED, last.other
    if last.source is Source.COMPLETED and last.reply:
        referred = referred_unit(last.reply, names)
        if referred is not None and referred != last.unit:
            return Source.REFERRED, referred
    return last.source, last.unit
