"""What departments say about their assignments, by topic, command line or page: one set of rules, safe to repeat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from app.changes import Changes
from app.failpoints import Failpoint, no_failpoint
from app.feedback_steps import PLAIN_ID, FeedbackSteps, Known, Weighed, matter_of
from app.happened import EventMaker
from app.register_plan import masked_text
from app.retry import transact
from domain.errors import FenbanError, OutOfReach, RejectItem, RetryLater
from domain.events import FeedbackEvent, FeedbackOutcome, TopicRecord
from domain.ids import AssignmentId, EventId, UnitCode
from domain.ports import Clock, Feed, Store, UnitOfWork, Vault
from domain.records import SealedValue, TakenEvent
from ingest.mask import mask
from route.decide import Decider
from route.directory import Directory
from route.feedback import parse_feedback

DIGEST = "digest:"
REUSED = "this event id was used for something else"


@dataclass(frozen=True, slots=True)
class FeedbackResult:
    event_id: str
    outcome: FeedbackOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a department said, by whom it is audited, and where it stood; with no event, why it cannot be read."""

    unit: UnitCode
    actor: str
    event: FeedbackEvent | None
    place: str = ""
    problem: str = ""


_Waiting: TypeAlias = list[tuple[int, _Told, FeedbackEvent]]
"""Place in the batch, what was said, and the event with its id as it is stored."""


class FeedbackDesk:
    """Applies feedback events. Each event id has its effect once for its unit, whatever is sent again."""

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
        self._make_event = make_event
        self._steps = FeedbackSteps(vault, clock, directory, make_event, decider)
        self._failpoint = failpoint

    def drain(self, feed: Feed, limit: int) -> int:
        """Applies one batch from the feedback topics; how many records it had."""
        records = feed.poll(limit)
        if not records:
            return 0
        self._failpoint("feed.polled")
        if self._taken_together(records):
            for _ in records:
                self._failpoint("feed.applied")
        else:
            for record in records:
                self._take_whatever_comes(record)
                self._failpoint("feed.applied")
        feed.commit()
        self._failpoint("feed.commit")
        return len(records)

    def take(self, record: TopicRecord) -> FeedbackResult:
        """Applies one record of a feedback topic. What cannot be understood is audited and passed over."""
        return transact(self._clock, lambda: self._apply([_read(record)]))[0]

    def _taken_together(self, records: Sequence[TopicRecord]) -> bool:
        """Takes the whole batch in one transaction. Where anything stands in the way of that nothing is done, and each is to
        be taken alone, so that one that cannot be applied never stops another."""
        try:
            self._apply([_read(record) for record in records])
        except OutOfReach:
            raise
        except Exception:
            return False
        return True

    def _take_whatever_comes(self, record: TopicRecord) -> None:
        """One department's record never stops the feed for the others."""
        try:
            self.take(record)
        except FenbanError:
            raise
        except Exception as error:
            defect = replace(_read_none(record), problem=f"defect: {type(error).__name__}")
            transact(self._clock, lambda: self._apply([defect]))

    def apply(self, event: FeedbackEvent, *, actor: str) -> FeedbackResult:
        """Applies one event in one transaction. Raises RetryLater only."""
        return transact(self._clock, lambda: self._apply([_Told(event.unit, actor, event)]))[0]

    def refuse(self, unit: UnitCode, place: str, problem: str, *, actor: str) -> None:
        """Audits that what stood at ``place`` could not be read as an event. Raises RetryLater only."""
        transact(self._clock, lambda: self._apply([_Told(unit, actor, None, place, problem)]))

    def _apply(self, told: Sequence[_Told]) -> list[FeedbackResult]:
        """What became of each, in one transaction. Events of one matter are taken one after the other, in their order."""
        results: dict[int, FeedbackResult] = {}
        waiting: _Waiting = []
        with self._store.unit_of_work() as uow:
            for place, one in enumerate(told):
                if one.event is not None:
                    plain = EventId(self._plain(one.event.event_id))
                    same = plain == one.event.event_id
                    waiting.append((place, one, one.event if same else replace(one.event, event_id=plain)))
            if len(waiting) > 1:
                # All that any of them concerns, before anything that is locked after matters.
                uow.matters.lock(sorted({matter_of(event) for *_, event in waiting}))
            unreadable = Changes(self._clock.now(), self._make_event)
            for place, one in enumerate(told):
                if one.event is None:
                    unreadable.note(one.actor, "feedback.unreadable", one.place, reason=one.problem)
                    results[place] = FeedbackResult("", FeedbackOutcome.REJECTED, one.problem)
            while waiting:
                wave, waiting = _apart(waiting)
                results |= self._apply_wave(uow, wave)
            unreadable.write(uow)
            for _ in told:
                self._failpoint("feed.write")
            uow.commit()
        return [results[place] for place in range(len(told))]

    def _apply_wave(self, uow: UnitOfWork, wave: _Waiting) -> dict[int, FeedbackResult]:
        """No two events of a wave concern the same matter or have the same id."""
        known = Known.read(uow, [event for *_, event in wave])
        before = uow.assignments.taken([(event.unit, event.event_id) for *_, event in wave])
        results: dict[int, FeedbackResult] = {}
        together = Changes(self._clock.now(), self._make_event)
        taken: list[TakenEvent] = []
        sealed: list[SealedValue] = []
        for place, one, said in wave:
            event = said
            if known.assignment(event.assignment, matter_of(event)) is None:
                event = replace(event, assignment=AssignmentId(self._plain(event.assignment)))
            earlier = before.get((event.unit, event.event_id))
            if earlier == (event.type, event.assignment):
                results[place] = FeedbackResult(_id_of(one), FeedbackOutcome.REPEATED)
                continue
            if earlier is None:
                weighed = self._steps.weigh(uow, known, said)
                taken.append(TakenEvent(event, weighed.outcome, weighed.reason))
            else:
                weighed = Weighed(FeedbackOutcome.REJECTED, REUSED, Changes(together.now, self._make_event))
            changes, outcome, reason = weighed.changes, weighed.outcome, weighed.reason
            changes.note(
                one.actor, f"feedback.{event.type}", event.assignment, outcome=outcome, reason=reason, event=event.event_id
            )
            together.take_over(changes)
            sealed += weighed.sealed
            results[place] = FeedbackResult(_id_of(one), outcome, reason)
        if uow.assignments.feedback(taken, together.now) != len(taken):
            raise RetryLater("an event came twice at once", remedy="it is looked at again")
        if sealed:
            uow.vault.put(sealed)
        together.write(uow)
        return results

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


def _id_of(one: _Told) -> str:
    return one.event.event_id if one.event is not None else ""


def _read(record: TopicRecord) -> _Told:
    """The record's event, or why it has none."""
    none = _read_none(record)
    try:
        return replace(none, event=parse_feedback(none.unit, record.value, record.headers))
    except RejectItem as error:
        return replace(none, problem=error.what)


def _read_none(record: TopicRecord) -> _Told:
    unit = UnitCode(record.topic.rpartition(".")[2])
    return _Told(unit, f"unit:{unit}", None, f"{record.topic}:{record.offset}")


def _apart(waiting: _Waiting) -> tuple[_Waiting, _Waiting]:
    """Those of which no two concern the same matter or bear the same id, and the rest, of which none may pass one before it."""
    seen: set[object] = set()
    wave: _Waiting = []
    rest: _Waiting = []
    for one in waiting:
        event = one[2]
        marks = {matter_of(event), (event.unit, event.event_id)}
        (rest if seen & marks else wave).append(one)
        seen |= marks
    return wave, rest
