"""What the office finds to be one matter, or not to be: merging (并案) and splitting off again (拆分). Each is one audited step.

Nothing is lost by either: who merged letters in is told by each letter's own row (``merged_into``), so that a split gives back
what a merge took. Both refuse what would take an answer away that a unit has given already.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.changes import LIVE, Changes
from app.copies import JOIN_WAIVED, MERGED, part, standing_for, tell_units
from app.office_steps import OfficeSteps
from domain.decisions import Assignment, AssignmentState, Decision, MatterState, Outcome
from domain.errors import Refused
from domain.ids import MatterId, Number, UnitCode
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork
from domain.records import MatterRow
from route.confidentiality import may_see
from route.decide import MAY_ACCUSE

MERGEABLE = (MessageState.IN_REVIEW, MessageState.DISPATCHED)
HOLDING = frozenset({*LIVE, AssignmentState.RETURNED})


class SplitTo(StrEnum):
    """Who has a split-off letter next: nobody yet (rules, model and reviewers decide anew), the units it had before it was
    merged, or those that have the matter which it leaves."""

    ANEW = "anew"
    BEFORE = "before"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class MatterChanged:
    """``matter`` after the step, with the numbers of its letters; ``other``: what was merged into it, or what it left."""

    matter: MatterId
    other: MatterId
    messages: tuple[Number, ...]
    state: MessageState


@dataclass(frozen=True, slots=True)
class _Side:
    """One of two matters: its row, its letters, the one that stands for it, its parts and its latest decision."""

    row: MatterRow
    members: Sequence[Message]
    message: Message
    parts: Sequence[Assignment]
    decision: Decision | None


class OfficeMatters(OfficeSteps):
    """Merging and splitting."""

    def merge(self, kept: Number, other: Number, reason: str) -> MatterChanged:
        """The other's letters become the kept matter's: units that had the other lose it, those that have the kept one are told.
        Said again it changes nothing. Raises Refused for sealed matters, for answered ones, and where a unit that must never
        see the one has the other."""
        _need(reason)

        def step(uow: UnitOfWork, changes: Changes, found: Mapping[Number, Message]) -> MatterChanged:
            into, gone = (self._side(uow, changes, found[number].matter) for number in (kept, other))
            if into.row.id == gone.row.id:
                if kept == other:
                    raise Refused("a matter is not merged with itself", remedy="name two matters")
                return _changed(into.row.id, gone.row.id, into.members, into.message.state)
            _check_merge(uow, into, gone)
            self._merge(changes, into, gone)
            for subject in (into.row.id, gone.row.id):
                changes.note(self.actor, "matter.merge", subject, reason=reason, into=into.row.id, merged=gone.row.id)
            return _changed(into.row.id, gone.row.id, (*into.members, *gone.members), into.message.state)

        return self._matters_step((kept, other), "matter.merge", step)

    def split(self, number: Number, reason: str, to: SplitTo = SplitTo.ANEW) -> MatterChanged:
        """A joined letter becomes a matter of its own, with the copies that came with it; units that still work on the matter
        it leaves are told. Raises Refused for one that is not joined, and for units that must not or cannot have it."""
        _need(reason)

        def step(uow: UnitOfWork, changes: Changes, found: Mapping[Number, Message]) -> MatterChanged:
            message = found[number]
            if message.state is not MessageState.JOINED:
                remedy = "name the letters that should leave; the one that stands for its matter stays"
                raise Refused(f"message {number} is {message.state}: only a joined one is split off", remedy=remedy)
            left = self._side(uow, changes, message.matter)
            own = MatterId(number)
            along = _along(changes, left.members, own)
            apart = part(uow, changes, message)
            for copy in along:
                changes.settle(copy, MessageState.JOINED, reason=copy.reason, matter=own)
            waived = tuple(dict.fromkeys([*message.waived_rules, JOIN_WAIVED]))
            changes.settle(message, MessageState.NEW, reason=reason, matter=own, waived=waived)
            apart = replace(apart, state=MessageState.NEW, waived_rules=waived)
            if to is not SplitTo.ANEW:
                apart = self._dispatch_apart(uow, changes, left, apart, to)
            gone = {number, *(copy.number for copy in along)}
            staying = [one for one in left.members if one.number not in gone]
            tell_units(changes, left.row.id, staying, left.parts, left.decision, "split")
            for subject in (left.row.id, own):
                changes.note(self.actor, "matter.split", subject, reason=reason, left=left.row.id, split=own, to=to)
            return _changed(own, left.row.id, (message, *along), apart.state)

        return self._matters_step((number,), "matter.split", step)

    def _merge(self, changes: Changes, into: _Side, gone: _Side) -> None:
        matter = into.row.id
        for held in gone.parts:
            changes.take_back(held, gone.message)
        changes.set_matter(replace(changes.matters[gone.row.id], merged_into=matter))
        promised = min((row.promised for row in (into.row, gone.row) if row.promised is not None), default=None)
        excluded = tuple(sorted({*into.row.excluded, *gone.row.excluded}))
        changes.set_matter(replace(changes.matters[matter], promised=promised, excluded=excluded))
        merged: list[Message] = []
        for one in gone.members:
            reason = MERGED.format(matter) if one.number == gone.message.number else one.reason
            changes.settle(one, MessageState.JOINED, reason=reason, matter=matter)
            merged.append(replace(one, state=MessageState.JOINED, matter=matter, reason=reason))
        tell_units(changes, matter, (*into.members, *merged), into.parts, into.decision, "joined")

    def _dispatch_apart(self, uow: UnitOfWork, changes: Changes, left: _Side, message: Message, to: SplitTo) -> Message:
        """Gives the letter to the units asked for at once; a person read it and said so."""
        own = message.matter
        like = left.decision if to is SplitTo.SAME else _last_dispatch(uow, message)
        if like is None or like.lead is None or (to is SplitTo.SAME and not any(one.state in LIVE for one in left.parts)):
            remedy = "split it off to be decided anew"
            raise Refused(f"no unit is known that {message.number} could go to", remedy=remedy)
        decision = self._decider.by_person(
            message,
            actor=self.actor,
            now=changes.now,
            lead=like.lead,
            co_units=like.co_units,
            requirement=like.requirement,
            deadline_class=like.deadline_class,
            urgency=like.urgency,
            excluded=changes.matters[own].excluded,
        )
        changes.decide(own, decision)
        changes.dispatch(message, decision, uow.assignments.of_matters([own])[own])
        changes.settle(message, MessageState.DISPATCHED, reason=decision.rule, matter=own)
        return replace(message, state=MessageState.DISPATCHED)

    def _side(self, uow: UnitOfWork, changes: Changes, matter: MatterId) -> _Side:
        members = self._know(uow, changes, matter)
        message = standing_for(matter, members)
        decided = [one for one in uow.matters.decisions([matter])[matter] if one.number == message.number]
        parts = uow.assignments.of_matters([matter])[matter]
        return _Side(changes.matters[matter], members, message, parts, decided[-1] if decided else None)


def _need(reason: str) -> None:
    if not reason.strip():
        raise Refused("the reason is missing", remedy="say why")


def _check_merge(uow: UnitOfWork, into: _Side, gone: _Side) -> None:
    """Raises Refused, with the reason, for what must stay apart."""
    if any(side.row.sealed or any(one.sealed for one in side.members) for side in (into, gone)):
        remedy = "decide each by itself, or say first why it is no accusation"
        raise Refused("a sealed matter is never merged with another", remedy=remedy)
    for side in (into, gone):
        if side.message.state not in MERGEABLE:
            remedy = "decide about it first; what is new is taken up in a moment"
            raise Refused(f"message {side.message.number} is {side.message.state}: it cannot be merged", remedy=remedy)
        done = next((one for one in side.parts if one.state is AssignmentState.COMPLETED), None)
        if side.row.state is not MatterState.OPEN or done is not None:
            remedy = "have its part worked on again first (fenban assignment reopen), or leave them two matters"
            raise Refused(f"matter {side.row.id} was answered already: its answer was not for both", remedy=remedy)
    if into.message.state is MessageState.IN_REVIEW:
        _check_undecided(uow, into, gone)
    for unit, shut in _held(into, gone):
        if not may_see(unit, shut):
            remedy = "give the matter to another unit first"
            raise Refused(f"unit {unit!r} has one of the two and must never see the other", remedy=remedy)


def _check_undecided(uow: UnitOfWork, into: _Side, gone: _Side) -> None:
    """What else holds while no unit has the kept matter."""
    if gone.message.state is MessageState.DISPATCHED:
        remedy = "merge them the other way round"
        raise Refused(f"units have {gone.row.id} already and {into.row.id} not", remedy=remedy)
    if uow.pool.offered([into.row.id]):
        remedy = "take it out of the pool first: fenban pool withdraw"
        raise Refused(f"matter {into.row.id} is open for claiming", remedy=remedy)
    if gone.decision is not None and gone.decision.reason == MAY_ACCUSE:
        remedy = "decide about it first"
        raise Refused(f"message {gone.message.number} may complain of those who would get it", remedy=remedy)


def _held(into: _Side, gone: _Side) -> Iterable[tuple[UnitCode, tuple[UnitCode, ...]]]:
    """Each unit that has the kept matter, with those that must not see what comes to it."""
    shut = tuple({*into.row.excluded, *gone.row.excluded})
    return [(one.unit, shut) for one in into.parts if one.state in HOLDING and one.withdrawn_at is None]


def _along(changes: Changes, members: Sequence[Message], own: MatterId) -> list[Message]:
    """The joined letters that came with this one: its copies, and what was merged into it before."""
    found = []
    for one in members:
        above = changes.matters[MatterId(one.number)].merged_into
        while above is not None and above != own and above in changes.matters:
            above = changes.matters[above].merged_into
        if above == own and one.state is MessageState.JOINED:
            found.append(one)
    return found


def _last_dispatch(uow: UnitOfWork, message: Message) -> Decision | None:
    own = MatterId(message.number)
    decided = [one for one in uow.matters.decisions([own])[own] if one.number == message.number]
    return next((one for one in reversed(decided) if one.outcome is Outcome.DISPATCH), None)


def _changed(matter: MatterId, other: MatterId, members: Iterable[Message], state: MessageState) -> MatterChanged:
    return MatterChanged(matter, other, tuple(one.number for one in members), state)
