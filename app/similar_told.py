"""Telling units that others wrote the same: when it is new to them, and then as the number grows by steps."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from app.changes import OPEN, Changes
from app.copies import decided_last, merged_letters, standing_for
from app.happened import Event, EventMaker, OthersWrote
from app.repeats import history_of, locked_past
from app.retry import transact
from domain.decisions import Assignment, Decision
from domain.events import EventType
from domain.ids import MatterId, UnitCode
from domain.messages import Message, MessageState
from domain.ports import Clock, UnitOfWork
from domain.records import Lease, SimilarLetter
from store.unit_of_work import SqlStore

AT_ONCE = 50
"""Matters that are told of in one transaction."""
TOLD_OF = frozenset({MessageState.DISPATCHED, MessageState.JOINED, MessageState.OUT_OF_REMIT})
"""Units hear of letters whose way is decided; one that waits for a person may turn out to be an accusation."""


def step(others: int) -> int:
    """The largest of 1, 3, 10, 30, 100, … that is not above it; 0 below 1."""
    found, power = 0, 1
    while power <= others:
        found = 3 * power if others >= 3 * power else power
        power *= 10
    return found


class Crowd:
    """Who else wrote, for each matter of a group: persons, not letters. Letters of one matter, or with a mark in common, are
    one person's; without a mark each matter is a person of its own."""

    def __init__(self, letters: Iterable[SimilarLetter], states: Set[MessageState] = TOLD_OF) -> None:
        self._letters = [letter for letter in letters if letter.state in states]
        self._person = _persons(self._letters)
        self._first: dict[UnitCode | None, dict[MatterId, datetime]] = {}

    def others(self, matter: MatterId, unit: UnitCode | None) -> OthersWrote | None:
        """``unit``: matters that it is excluded from are not counted. None where there are no others."""
        first = self._first.get(unit)
        if first is None:
            first = self._first[unit] = self._since(unit)
        own = self._person.get(matter)
        count = len(first) - (own in first)
        # The earliest of all is told of, or the next where that one is one's own.
        since = next((at for person, at in first.items() if person != own), None)
        return OthersWrote(count, since) if since is not None else None

    def of_others(self, matter: MatterId) -> list[SimilarLetter]:
        """The letters of other persons, by registration."""
        own = self._person.get(matter)
        return [letter for letter in self._letters if self._person[letter.matter] != own]

    def _since(self, unit: UnitCode | None) -> dict[MatterId, datetime]:
        """Person → when the first of their letters that the unit may know of was registered; the earliest first."""
        found: dict[MatterId, datetime] = {}
        for letter in sorted(self._letters, key=lambda one: one.registered_at):
            if unit is None or unit not in letter.excluded:
                found.setdefault(self._person[letter.matter], letter.registered_at)
        return found


def _persons(letters: Sequence[SimilarLetter]) -> Mapping[MatterId, MatterId]:
    """Matter → the first matter of the same person."""
    above: dict[MatterId, MatterId] = {letter.matter: letter.matter for letter in letters}

    def top(matter: MatterId) -> MatterId:
        while above[matter] != matter:
            matter = above[matter]
        return matter

    first: dict[bytes, MatterId] = {}
    for letter in letters:
        for mark in letter.persons:
            one, other = top(letter.matter), top(first.setdefault(mark, letter.matter))
            above[max(one, other)] = min(one, other)
    return {matter: top(matter) for matter in above}


@dataclass(frozen=True, slots=True)
class _Telling:
    part: Assignment
    others: OthersWrote


def tell_due(store: SqlStore, clock: Clock, make_event: EventMaker, lease: Lease) -> int:
    """Tells the units of one group; 0 when no group waits. Raises LeaseLost, RetryLater."""

    def once() -> int:
        with store.unit_of_work() as uow:
            uow.similar.hold(lease)
            groups = uow.similar.due(1)
            if not groups:
                return 0
            _tell(uow, groups[0], clock.now(), make_event)
            uow.commit()
        return 1

    return transact(clock, once)


def _tell(uow: UnitOfWork, group: int, now: datetime, make_event: EventMaker) -> None:
    wanted = _to_tell(uow, group)
    chosen = sorted({one.part.matter for one in wanted})[:AT_ONCE]
    locked = uow.matters.lock(chosen)
    if not uow.alone:
        # What was read before the locks may have moved on.
        wanted = _to_tell(uow, group)
    changes = Changes(now, make_event, locked)
    messages, decisions = uow.reads.of_matters(chosen), uow.matters.decisions(chosen)
    # An update replaces what a unit holds: what was merged in and what came before must not be missing from it.
    changes.others |= {matter: others for matter in chosen if (others := merged_letters(messages[matter]))}
    for matter in locked:
        if past := locked_past(uow, locked[matter].repeat_of):
            changes.histories[matter] = history_of(*past)
    said: list[tuple[MatterId, UnitCode, int]] = []
    for one in wanted:
        part = one.part
        if part.matter in locked and not locked[part.matter].sealed:
            _emit(changes, one, messages[part.matter], decisions[part.matter])
            said.append((part.matter, part.unit, one.others.count))
    changes.write(uow)
    uow.similar.tell(group, said, now, done={one.part.matter for one in wanted} <= set(chosen))


def _to_tell(uow: UnitOfWork, group: int) -> list[_Telling]:
    """A unit hears of each of its letters once that others wrote too; that they become more, of its first letter only."""
    letters = uow.similar.members([group])
    matters = list(dict.fromkeys(letter.matter for letter in letters if letter.state is MessageState.DISPATCHED))
    crowd = Crowd(letters)
    told = uow.similar.told(matters)
    first: set[UnitCode] = set()
    found: list[_Telling] = []
    parts = uow.assignments.of_matters(matters) if matters else {}
    for matter in matters:
        for part in parts[matter]:
            if part.state not in OPEN or part.sealed:
                continue
            before, leading = told.get((matter, part.unit)), part.unit not in first
            first.add(part.unit)
            if before is not None and not leading:
                continue
            others = crowd.others(matter, part.unit)
            if others is not None and step(others.count) > step(before or 0):
                found.append(_Telling(part, others))
    return found


def _emit(changes: Changes, one: _Telling, messages: Sequence[Message], decisions: Sequence[Decision]) -> None:
    message = standing_for(one.part.matter, messages)
    event = Event(
        EventType.UPDATED,
        one.part,
        message,
        changes.matters[one.part.matter],
        decided_last(message, decisions),
        change="similar",
        similar=one.others,
    )
    changes.emit(event)
