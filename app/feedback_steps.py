"""What one event of a department does to its matter: weighed against what is known of all the matters of a batch."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.changes import LIVE, OPEN, Changes
from app.copies import letters_of, merged_letters, standing_for
from app.happened import EventMaker
from app.offers import CLAIM_RULE, claimable
from app.people import masked_words, names_in
from app.repeats import history_of, locked_past
from domain.decisions import Assignment, AssignmentState
from domain.errors import Refused
from domain.events import FeedbackEvent, FeedbackOutcome, FeedbackType
from domain.ids import OFFICE, AssignmentId, MatterId, Number, UnitCode, VaultOwner
from domain.lifecycle import ARBITRATION_RETURNS
from domain.messages import Message, MessageState
from domain.ports import Clock, UnitOfWork, Vault
from domain.records import MatterRow, SealedValue
from route.confidentiality import may_see
from route.decide import Decider
from route.directory import Directory

PLAIN_ID = re.compile(r"[A-Za-z0-9._:/#@+-]{1,200}")
NO_SUCH = "no such assignment of this unit"
NOT_OPEN = "this matter is not open for claiming"
UNKNOWN_SUGGESTION = "the suggested unit is not in the directory"


def matter_of(event: FeedbackEvent) -> MatterId:
    """The matter that the event is about, as its assignment's id has it; of what can be no id none, whatever it may hold."""
    named = event.assignment if PLAIN_ID.fullmatch(event.assignment) else ""
    return MatterId(named if event.type is FeedbackType.CLAIM else named.rpartition(".")[0].rpartition(".")[0])


@dataclass(frozen=True, slots=True)
class Known:
    """Read at once, when the matters were locked. ``values``: what is sealed of the senders of those matters whose events
    bring words."""

    matters: Mapping[MatterId, MatterRow]
    standing: Mapping[MatterId, Sequence[Assignment]]
    letters: Mapping[MatterId, Sequence[Message]]
    values: Mapping[VaultOwner, Sequence[SealedValue]]

    @classmethod
    def read(cls, uow: UnitOfWork, events: Iterable[FeedbackEvent]) -> "Known":
        """Locks the events' matters and looks at them."""
        about = {matter_of(event): event for event in events}
        matters = uow.matters.lock(sorted(about))
        standing = uow.assignments.of_matters(list(matters))
        letters = letters_of(uow, list(matters))
        wordy = [
            one.owner for matter, members in letters.items() if about[matter].reason or about[matter].reply for one in members
        ]
        return cls(matters, standing, letters, uow.vault.of(wordy) if wordy else {})

    def message(self, matter: MatterId) -> Message:
        return standing_for(matter, self.letters[matter])

    def names(self, vault: Vault, matter: MatterId) -> tuple[str, ...]:
        """Of all who wrote of the matter."""
        owners = [one.owner for one in self.letters[matter]]
        return tuple(dict.fromkeys(name for owner in owners for name in names_in(vault, self.values.get(owner, ()))))

    def assignment(self, ident: AssignmentId, matter: MatterId) -> Assignment | None:
        return next((one for one in self.standing.get(matter, ()) if one.id == ident), None)


@dataclass(slots=True)
class Weighed:
    """What an event comes to. ``sealed``: its words, as the vault keeps them."""

    outcome: FeedbackOutcome
    reason: str
    changes: Changes
    sealed: list[SealedValue] = field(default_factory=list)


class FeedbackSteps:
    """``decider`` is built only for claims."""

    def __init__(
        self, vault: Vault, clock: Clock, directory: Directory, make_event: EventMaker, decider: Callable[[], Decider]
    ) -> None:
        self._vault = vault
        self._clock = clock
        self._directory = directory
        self._make_event = make_event
        self._decider = decider

    def weigh(self, uow: UnitOfWork, known: Known, event: FeedbackEvent) -> Weighed:
        """Writes nothing: no two events that are weighed against one ``known`` may concern the same matter."""
        changes = Changes(self._clock.now(), self._make_event)
        if event.type is FeedbackType.CLAIM:
            return self._claim(uow, known, changes, event)
        matter = matter_of(event)
        assignment = known.assignment(event.assignment, matter)
        if assignment is None:
            return Weighed(FeedbackOutcome.REJECTED, NO_SUCH, changes)
        if assignment.unit != event.unit:
            # The answer is the same as for none at all: it must not tell which unit has what.
            changes.note(OFFICE, "feedback.foreign", assignment.id, unit=event.unit)
            return Weighed(FeedbackOutcome.REJECTED, NO_SUCH, changes)
        changes.matters = {matter: known.matters[matter]}
        message = known.message(matter)
        changes.names = known.names(self._vault, matter)
        if assignment.state is AssignmentState.WITHDRAWN:
            changes.recall(assignment, message)
            return Weighed(FeedbackOutcome.STALE, "this assignment was withdrawn", changes)
        weighed = Weighed(FeedbackOutcome.APPLIED, "", changes)
        try:
            note = self._step(known, weighed, assignment, event)
        except Refused as error:
            return Weighed(FeedbackOutcome.REJECTED, error.what, Changes(changes.now, self._make_event))
        if note:
            weighed.outcome, weighed.reason = FeedbackOutcome.STALE, note
        elif event.suggested_unit and self._directory.resolve(event.suggested_unit) is None:
            # The return stands all the same; only who should have it instead is for the office to find.
            weighed.reason = UNKNOWN_SUGGESTION
        return weighed

    def _claim(self, uow: UnitOfWork, known: Known, changes: Changes, event: FeedbackEvent) -> Weighed:
        """The first claim has the matter. What is not there, not open or not to be seen is answered in the same words."""
        matter = MatterId(event.assignment)
        message = uow.reads.messages([Number(matter)]).get(Number(matter))
        if message is None or matter not in known.matters:
            return Weighed(FeedbackOutcome.REJECTED, NOT_OPEN, changes)
        changes.matters = {matter: known.matters[matter]}
        standing = known.standing[matter]
        if any(part.unit == event.unit and part.state in LIVE for part in standing):
            return Weighed(FeedbackOutcome.STALE, "the unit has this matter already", changes)
        decided = [one for one in uow.matters.decisions([matter])[matter] if one.number == message.number]
        latest = decided[-1] if decided else None
        if latest is None or not claimable(uow, message, changes.matters[matter], latest):
            return Weighed(FeedbackOutcome.REJECTED, NOT_OPEN, changes)
        try:
            decision = self._decider().by_person(
                message,
                lead=event.unit,
                requirement=latest.requirement,
                deadline_class=latest.deadline_class,
                urgency=latest.urgency,
                suggestions=latest.suggestions,
                model=latest.model,
                evidence=latest.evidence,
                actor=f"unit:{event.unit}",
                now=changes.now,
            )
        except Refused as error:
            return Weighed(FeedbackOutcome.REJECTED, error.what, changes)
        if others := merged_letters(known.letters[matter]):
            changes.others[matter] = others
        if past := locked_past(uow, changes.matters[matter].repeat_of):
            changes.histories[matter] = history_of(*past)
        changes.decide(matter, replace(decision, rule=CLAIM_RULE))
        changes.dispatch(message, replace(decision, rule=CLAIM_RULE), standing)
        changes.settle(message, MessageState.DISPATCHED, reason=CLAIM_RULE)
        return Weighed(FeedbackOutcome.APPLIED, "", changes)

    def _step(self, known: Known, weighed: Weighed, assignment: Assignment, event: FeedbackEvent) -> str:
        """Makes the change; returns why there was none to make, or "". Raises Refused."""
        changes = weighed.changes
        match event.type:
            case FeedbackType.SIGN:
                if assignment.state is not AssignmentState.SENT:
                    return f"already {assignment.state}"
                changes.change(assignment, AssignmentState.SIGNED, signed_at=changes.now)
            case FeedbackType.COMPLETE:
                self._complete(known, weighed, assignment, event)
            case FeedbackType.RETURN:
                self._return(changes, assignment, event)
            case FeedbackType.EXTEND:
                if assignment.state not in OPEN:
                    raise Refused(f"an assignment that is {assignment.state} cannot be extended")
                asked = f"asks for {event.days} more working days: {masked_words(event.reason, changes.names)}"
                changes.changed[assignment.id] = replace(assignment, reason=asked)
        if event.type in {FeedbackType.COMPLETE, FeedbackType.RETURN}:
            changes.weigh(assignment.matter, known.standing[assignment.matter])
        return ""

    def _complete(self, known: Known, weighed: Weighed, assignment: Assignment, event: FeedbackEvent) -> None:
        changes, owner = weighed.changes, known.message(assignment.matter).owner
        changes.change(
            assignment,
            AssignmentState.COMPLETED,
            signed_at=assignment.signed_at or changes.now,
            completed_at=changes.now,
            reply=masked_words(event.reply, changes.names),
        )
        # What was shredded takes no more: of such a letter only the masked reply is kept.
        if existing := known.values.get(owner):
            weighed.sealed += self._vault.seal(owner, [(f"reply:{assignment.id}", event.reply.encode())], existing=existing)

    def _return(self, changes: Changes, assignment: Assignment, event: FeedbackEvent) -> None:
        changes.change(
            assignment,
            AssignmentState.RETURNED,
            returned_at=changes.now,
            reason=masked_words(event.reason, changes.names),
            suggested_unit=self._suggested(event.suggested_unit, changes.matters[assignment.matter]),
        )
        row = changes.matters[assignment.matter]
        changes.set_matter(replace(row, returns=row.returns + 1))
        if row.returns + 1 >= ARBITRATION_RETURNS:
            changes.note(OFFICE, "matter.arbitration", assignment.matter, returns=row.returns + 1)

    def _suggested(self, text: str, row: MatterRow) -> UnitCode | None:
        """The unit that a return names, unless there is none or it must never see the matter."""
        code = self._directory.resolve(text) if text else None
        return code if code is not None and may_see(code, row.excluded) else None
