"""What departments say about their assignments, by topic, command line or page: one set of rules, safe to repeat."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.changes import LIVE, OPEN, Changes
from app.failpoints import Failpoint, no_failpoint
from app.happened import EventMaker
from app.offers import CLAIM_RULE, claimable
from app.people import masked_words, sender_names
from app.register_plan import masked_text
from app.retry import transact
from domain.decisions import Assignment, AssignmentState
from domain.errors import FenbanError, Refused, RejectItem
from domain.events import FeedbackEvent, FeedbackOutcome, FeedbackType, TopicRecord
from domain.ids import OFFICE, AssignmentId, EventId, MatterId, Number, UnitCode
from domain.messages import MessageState
from domain.ports import Clock, Feed, Store, UnitOfWork, Vault
from domain.records import MatterRow, SealedValue
from ingest.mask import mask
from route.confidentiality import may_see
from route.decide import Decider
from route.directory import Directory
from route.feedback import parse_feedback

PLAIN_ID = re.compile(r"[A-Za-z0-9._:/#@+-]{1,200}")
DIGEST = "digest:"
NO_SUCH = "no such assignment of this unit"
REUSED = "this event id was used for something else"
NOT_OPEN = "this matter is not open for claiming"
UNKNOWN_SUGGESTION = "the suggested unit is not in the directory"
ARBITRATION_RETURNS = 2
"""After so many returns of one matter the office arbitrates."""


@dataclass(frozen=True, slots=True)
class FeedbackResult:
    event_id: str
    outcome: FeedbackOutcome
    reason: str = ""


class FeedbackDesk:
    """Applies feedback events. ``decider`` is built only for claims. Each event id has its effect once for its unit, whatever is sent again."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        directory: Directory,
        make_event: EventMaker,
        decider: Callable[[], Decider],
        *,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._directory = directory
        self._make_event = make_event
        self._decider = decider
        self._failpoint = failpoint

    def drain(self, feed: Feed, limit: int) -> int:
        """Applies one batch from the feedback topics; how many records it had."""
        records = feed.poll(limit)
        if not records:
            return 0
        self._failpoint("feed.polled")
        for record in records:
            self._take_whatever_comes(record)
            self._failpoint("feed.applied")
        feed.commit()
        self._failpoint("feed.commit")
        return len(records)

    def take(self, record: TopicRecord) -> FeedbackResult:
        """Applies one record of a feedback topic. What cannot be understood is audited and passed over."""
        unit = UnitCode(record.topic.rpartition(".")[2])
        try:
            event = parse_feedback(unit, record.value, record.headers)
        except RejectItem as error:
            self._audit_unreadable(unit, f"{record.topic}:{record.offset}", error.what)
            return FeedbackResult("", FeedbackOutcome.REJECTED, error.what)
        return self.apply(event, actor=f"unit:{unit}")

    def _take_whatever_comes(self, record: TopicRecord) -> None:
        """One department's record never stops the feed for the others."""
        try:
            self.take(record)
        except FenbanError:
            raise
        except Exception as error:
            unit = UnitCode(record.topic.rpartition(".")[2])
            self._audit_unreadable(unit, f"{record.topic}:{record.offset}", f"defect: {type(error).__name__}")

    def apply(self, event: FeedbackEvent, *, actor: str) -> FeedbackResult:
        """Applies one event in one transaction. Raises RetryLater only."""
        return transact(self._clock, lambda: self._apply(event, actor))

    def _apply(self, told: FeedbackEvent, actor: str) -> FeedbackResult:
        event = replace(told, event_id=EventId(self._plain(told.event_id)))
        with self._store.unit_of_work() as uow:
            outcome, reason, changes = self._weigh(uow, event)
            if uow.assignments.get(event.assignment) is None:
                event = replace(event, assignment=AssignmentId(self._plain(event.assignment)))
            now = self._clock.now()
            if not uow.assignments.feedback(event, outcome, reason, now):
                if uow.assignments.taken(event.unit, event.event_id) == (event.type, event.assignment):
                    return FeedbackResult(told.event_id, FeedbackOutcome.REPEATED)
                outcome, reason, changes = FeedbackOutcome.REJECTED, REUSED, Changes(now, self._make_event)
            changes.note(actor, f"feedback.{event.type}", event.assignment, outcome=outcome, reason=reason, event=event.event_id)
            changes.write(uow)
            self._failpoint("feed.write")
            uow.commit()
        return FeedbackResult(told.event_id, outcome, reason)

    def masked(self, event: FeedbackEvent) -> FeedbackEvent:
        """The event as it may stand on a topic: no personal data in its words nor in what should be an id."""
        return replace(
            event,
            event_id=EventId(self._plain(event.event_id)),
            assignment=AssignmentId(self._plain(event.assignment)),
            reason=masked_text(event.reason),
            suggested_unit=masked_text(event.suggested_unit),
            reply=masked_text(event.reply),
        )

    def _plain(self, ident: str) -> str:
        """An id as it is stored, audited and published: a digest where a department put more into it than an id."""
        if ident.startswith(DIGEST):
            return ident
        if PLAIN_ID.fullmatch(ident) and mask(ident) == ident:
            return ident
        return f"{DIGEST}{self._vault.digest(ident.encode()).hex()}"

    def _weigh(self, uow: UnitOfWork, event: FeedbackEvent) -> tuple[FeedbackOutcome, str, Changes]:
        changes = Changes(self._clock.now(), self._make_event)
        if event.type is FeedbackType.CLAIM:
            return self._claim(uow, changes, event)
        assignment = uow.assignments.get(event.assignment)
        if assignment is None:
            return FeedbackOutcome.REJECTED, NO_SUCH, changes
        if assignment.unit != event.unit:
            # The answer is the same as for none at all: it must not tell which unit has what.
            changes.note(OFFICE, "feedback.foreign", assignment.id, unit=event.unit)
            return FeedbackOutcome.REJECTED, NO_SUCH, changes
        changes.matters = uow.matters.lock([assignment.matter])
        assignment = uow.assignments.get(event.assignment) or assignment
        message = uow.reads.of_matters([assignment.matter])[assignment.matter][0]
        changes.names = sender_names(uow, self._vault, message)
        if assignment.state is AssignmentState.WITHDRAWN:
            changes.recall(assignment, message)
            return FeedbackOutcome.STALE, "this assignment was withdrawn", changes
        try:
            note = self._step(uow, changes, assignment, event)
        except Refused as error:
            return FeedbackOutcome.REJECTED, error.what, Changes(changes.now, self._make_event)
        if note:
            return FeedbackOutcome.STALE, note, changes
        # The return stands all the same; only who should have it instead is for the office to find.
        unknown = bool(event.suggested_unit) and self._directory.resolve(event.suggested_unit) is None
        return FeedbackOutcome.APPLIED, UNKNOWN_SUGGESTION if unknown else "", changes

    def _claim(self, uow: UnitOfWork, changes: Changes, event: FeedbackEvent) -> tuple[FeedbackOutcome, str, Changes]:
        """The first claim has the matter. What is not there, not open or not to be seen is answered in the same words."""
        matter = MatterId(event.assignment)
        changes.matters = uow.matters.lock([matter])
        message = uow.reads.messages([Number(matter)]).get(Number(matter))
        if message is None or matter not in changes.matters:
            return FeedbackOutcome.REJECTED, NOT_OPEN, changes
        standing = uow.assignments.of_matters([matter])[matter]
        if any(part.unit == event.unit and part.state in LIVE for part in standing):
            return FeedbackOutcome.STALE, "the unit has this matter already", changes
        decided = [one for one in uow.matters.decisions([matter])[matter] if one.number == message.number]
        latest = decided[-1] if decided else None
        if latest is None or not claimable(uow, message, changes.matters[matter], latest):
            return FeedbackOutcome.REJECTED, NOT_OPEN, changes
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
            return FeedbackOutcome.REJECTED, error.what, changes
        changes.decide(matter, replace(decision, rule=CLAIM_RULE))
        changes.dispatch(message, replace(decision, rule=CLAIM_RULE), standing)
        changes.settle(message, MessageState.DISPATCHED, reason=CLAIM_RULE)
        return FeedbackOutcome.APPLIED, "", changes

    def _step(self, uow: UnitOfWork, changes: Changes, assignment: Assignment, event: FeedbackEvent) -> str:
        """Makes the change; returns why there was none to make, or "". Raises Refused."""
        match event.type:
            case FeedbackType.SIGN:
                if assignment.state is not AssignmentState.SENT:
                    return f"already {assignment.state}"
                changes.change(assignment, AssignmentState.SIGNED, signed_at=changes.now)
            case FeedbackType.COMPLETE:
                self._complete(uow, changes, assignment, event)
            case FeedbackType.RETURN:
                self._return(changes, assignment, event)
            case FeedbackType.EXTEND:
                if assignment.state not in OPEN:
                    raise Refused(f"an assignment that is {assignment.state} cannot be extended")
                asked = f"asks for {event.days} more working days: {masked_words(event.reason, changes.names)}"
                changes.changed[assignment.id] = replace(assignment, reason=asked)
        if event.type in {FeedbackType.COMPLETE, FeedbackType.RETURN}:
            changes.weigh(assignment.matter, uow.assignments.of_matters([assignment.matter])[assignment.matter])
        return ""

    def _complete(self, uow: UnitOfWork, changes: Changes, assignment: Assignment, event: FeedbackEvent) -> None:
        self._seal_text(uow, assignment, "reply", event.reply)
        changes.change(
            assignment,
            AssignmentState.COMPLETED,
            signed_at=assignment.signed_at or changes.now,
            completed_at=changes.now,
            reply=masked_words(event.reply, changes.names),
        )

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

    def _seal_text(self, uow: UnitOfWork, assignment: Assignment, name: str, value: str) -> None:
        message = uow.reads.of_matters([assignment.matter])[assignment.matter][0]
        existing: Sequence[SealedValue] = uow.vault.get(message.owner)
        uow.vault.put(self._vault.seal(message.owner, [(f"{name}:{assignment.id}", value.encode())], existing=existing))

    def _audit_unreadable(self, unit: UnitCode, place: str, reason: str) -> None:
        def write() -> None:
            changes = Changes(self._clock.now(), self._make_event)
            changes.note(f"unit:{unit}", "feedback.unreadable", place, reason=reason)
            with self._store.unit_of_work() as uow:
                changes.write(uow)
                uow.commit()

        transact(self._clock, write)
