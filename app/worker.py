"""From new messages to decisions and events: screen, join, suggest, decide, outbox."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.changes import OUTCOME_STATES, Changes
from app.copies import JOIN_WAIVED, merged_letters, part, part_copies, tell_units, was_merged
from app.failpoints import Failpoint, no_failpoint
from app.happened import EventMaker, History
from app.repeats import earlier_evidence, for_decision, history_of, told_beside, where_it_went
from app.sameness import Now, Same, SamenessFinder, SamenessSettings, text_form
from app.sealing import seal_matter
from domain.decisions import Assignment, Decision, Outcome, Suggestion
from domain.errors import OutOfReach, Refused, RetryLater
from domain.ids import MatterId, Number
from domain.lifecycle import ARBITRATION_RETURNS
from domain.messages import Message, MessageState
from domain.ports import Classifier, Clock, Store, UnitOfWork
from domain.standings import NONE_YET
from ingest.normalise import forms_alike
from route.decide import Decider, Screening
from route.rules import ScreenAction

SEALED_RULE = "sealed-matter"

Lot = Callable[[Number], bool]
"""Whether a person decides this letter although the model is sure of it."""


@dataclass(frozen=True, slots=True)
class WorkSettings:
    """``threshold``: the least probability of a first choice that stands without a person; None: none stands."""

    name: str
    batch: int
    claim_seconds: int
    sameness: SamenessSettings
    threshold: float | None


@dataclass(frozen=True, slots=True)
class _Planned:
    message: Message
    screening: Screening
    suggestions: tuple[Suggestion, ...]


class Worker:
    """One of any number of workers on one store. ``run_once`` handles one batch."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        decider: Decider,
        classifier: Classifier,
        make_event: EventMaker,
        settings: WorkSettings,
        *,
        lot: Lot = lambda _: False,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._store = store
        self._clock = clock
        self._decider = decider
        self._classifier = classifier
        self._make_event = make_event
        self._settings = settings
        self._lot = lot
        self._standings = NONE_YET
        self._failpoint = failpoint

    def run_once(self) -> int:
        """How many messages were handled, 0 when there were none. Raises RetryLater when the store cannot be reached."""
        now = self._clock.now()
        with self._store.unit_of_work(lasting=False) as uow:
            until = now + timedelta(seconds=self._settings.claim_seconds)
            messages = uow.messages.claim(self._settings.name, self._settings.batch, now, until)
            self._standings = uow.standings.now() if messages else self._standings
            uow.commit()
        if not messages:
            return 0
        self._failpoint("work.claim")
        plan = self._plan(messages)
        self._failpoint("work.plan")
        return self._commit(plan)

    def _commit(self, plan: Sequence[_Planned]) -> int:
        """Writes the batch, or where that fails each message alone, so that one that cannot be written never stops another.
        How many were written; raises RetryLater when none was."""
        try:
            with self._store.unit_of_work() as uow:
                self._write(uow, plan)
                self._failpoint("work.write")
                uow.commit()
        except OutOfReach:
            raise
        except (RetryLater, Refused) as error:
            if len(plan) > 1:
                return self._one_by_one(plan)
            raise RetryLater(f"message {plan[0].message.number} cannot be written: {error.what}", remedy=error.remedy) from error
        self._failpoint("work.commit")
        return len(plan)

    def _one_by_one(self, plan: Sequence[_Planned]) -> int:
        written, failure = 0, RetryLater("nothing could be written")
        for planned in plan:
            try:
                written += self._commit([planned])
            except OutOfReach:
                raise
            except RetryLater as error:
                failure = error
        if not written:
            raise failure
        return written

    def _plan(self, messages: Sequence[Message]) -> list[_Planned]:
        screenings = [self._decider.screen(message) for message in messages]
        open_texts = [
            (message.subject, message.body)
            for message, screening in zip(messages, screenings, strict=True)
            if screening.action != "hold"
        ]
        suggested = iter(self._classifier.suggest(open_texts))
        return [
            _Planned(message, screening, () if screening.action == "hold" else next(suggested))
            for message, screening in zip(messages, screenings, strict=True)
        ]

    def _write(self, uow: UnitOfWork, plan: Sequence[_Planned]) -> None:
        open_messages = [planned.message for planned in plan if not planned.screening.action]
        finder = SamenessFinder(uow, open_messages, self._settings.sameness) if open_messages else None
        wanted = {planned.message.matter for planned in plan} | (finder.matters() if finder else set())
        wanted |= {MatterId(planned.message.number) for planned in plan if planned.message.version > 1}
        matters = uow.matters.lock(sorted(wanted))
        if finder is not None and not uow.alone:
            # Another worker may have decided about an earlier message while its matter was waited for.
            matters |= uow.matters.lock(sorted(finder.look_again() - matters.keys()))
        while unseen := {one for row in matters.values() for one in (row.repeat_of, row.merged_into) if one} - matters.keys():
            # What is repeated, and where that went when it was merged.
            matters |= uow.matters.lock(sorted(unseen))
        with_past = sorted(matter for matter, row in matters.items() if row.sequence)
        batch = _BatchWriter(self, uow, Changes(self._clock.now(), self._make_event, matters), finder)
        batch.standing = uow.assignments.of_matters(with_past) if with_past else {}
        for planned in plan:
            batch.handle(planned)
        batch.changes.write(uow)


class _BatchWriter:
    def __init__(self, worker: Worker, uow: UnitOfWork, changes: Changes, finder: SamenessFinder | None) -> None:
        self.uow = uow
        self.changes = changes
        self.finder = finder
        self.standing: Mapping[MatterId, list[Assignment]] = {}
        self.current: dict[str, Now | None] = {}
        self._decider = worker._decider
        self._version = worker._classifier.version
        self._settings = worker._settings
        self._lot = worker._lot
        self._standings = worker._standings

    def handle(self, planned: _Planned) -> None:
        message, screening = planned.message, planned.screening
        if screening.action == "hold":
            self._settle(message, MessageState.HELD, screening.reason, None)
            decided = Decision(
                message.number, message.version, Outcome.HOLD, screening.rule, self.changes.now, reason=screening.reason
            )
            self.changes.decide(message.matter, decided)
        elif screening.action == "seal":
            self._seal(planned)
        elif message.sealed or self.changes.matters[message.matter].sealed:
            # Sealed once, sealed in every later version: only a person finds that it is no accusation.
            self._seal(replace(planned, screening=Screening("seal", SEALED_RULE, "belongs to a sealed matter")))
        else:
            self._join_or_decide(planned)

    def _join_or_decide(self, planned: _Planned) -> None:
        message = planned.message
        if message.version > 1 and message.matter != MatterId(message.number):
            message = self._leave(message)
        same = self._same(message)
        if message.version > 1:
            self.changes.others |= self._merged(message.matter)
            form, least = text_form(message), self._settings.sameness.similarity
            part_copies(
                self.uow,
                self.changes,
                message,
                lambda copy: not was_merged(copy) and forms_alike(form, text_form(copy)) < least,
            )
        apart = self.standing.get(MatterId(message.number)) or self._adds_a_doubt(planned, same)
        if same is not None and same.copy and not apart:
            self._join(message, same)
            return
        row = self.changes.matters[message.matter]
        if same is not None and row.repeat_of is None and same.matter != message.matter:
            row = replace(row, repeat_of=same.matter)
            self.changes.set_matter(row)
        earlier = where_it_went(row.repeat_of, self.changes.matters)
        self._decide(planned, message, earlier if earlier != message.matter else None)

    def _leave(self, message: Message) -> Message:
        """A joined letter whose writer changed it stands for itself again; units that work on what it leaves are told."""
        matter = message.matter
        members = self.uow.reads.of_matters([matter])[matter]
        apart = part(self.uow, self.changes, message)
        staying = [one for one in members if one.number != message.number]
        theirs = {mark.hash for one in staying for mark in one.marks}
        parts = self.standing.get(matter, [])
        if parts and theirs.isdisjoint(mark.hash for mark in message.marks):
            # Another person's, whose words the units were given: copies they were not.
            decided = [one for one in self.uow.matters.decisions([matter])[matter] if MatterId(one.number) == matter]
            earlier = where_it_went(self.changes.matters[matter].repeat_of, self.changes.matters)
            if earlier is not None and not self.changes.matters[earlier].sealed:
                self.changes.histories[matter] = history_of(self.changes.matters[earlier], self.standing.get(earlier, []))
            tell_units(self.changes, matter, staying, parts, decided[-1] if decided else None, "split")
        return apart

    def _merged(self, matter: MatterId) -> dict[MatterId, tuple[Message, ...]]:
        others = merged_letters(self.uow.reads.of_matters([matter])[matter])
        return {matter: others} if others else {}

    def _same(self, message: Message) -> Same | None:
        if self.finder is None or not message.marks or JOIN_WAIVED in message.waived_rules:
            return None
        return self.finder.find(message, self.changes.matters, self._now)

    def _adds_a_doubt(self, planned: _Planned, same: Same | None) -> bool:
        """Whether the letter may accuse and the one it copies does not: joined to that, nobody would read what it adds."""
        if same is None or not planned.screening.doubtful:
            return False
        earlier = self.uow.reads.messages([same.earlier])[same.earlier]
        screening = self._decider.screen(replace(earlier, waived_rules=()))
        return not screening.doubtful and screening.action != ScreenAction.SEAL

    def _join(self, message: Message, same: Same) -> None:
        target = same.matter
        own = self.changes.matters[MatterId(message.number)]
        # The letter it copies: where that one goes, it goes along.
        self.changes.set_matter(replace(own, merged_into=MatterId(same.earlier)))
        self._settle(message, MessageState.JOINED, f"copy of {same.earlier} ({same.similarity:.2f})", target)

    def _decide(self, planned: _Planned, message: Message, repeated: MatterId | None) -> None:
        row = self.changes.matters[message.matter]
        open_past = repeated is not None and not self.changes.matters[repeated].sealed
        past = self.standing.get(repeated, []) if repeated is not None and open_past else []
        earlier = earlier_evidence(repeated, past) if repeated is not None else {}
        threshold = self._settings.threshold
        returned = [part for part in self.standing.get(message.matter, []) if part.withdrawn_at is None and part.returned_at]
        given_back = bool(returned) or row.returns >= ARBITRATION_RETURNS
        decision = self._decider.decide(
            message,
            told_beside(planned.suggestions, earlier),
            automatic=threshold is not None,
            model=self._version,
            threshold=threshold,
            now=self.changes.now,
            excluded=row.excluded,
            doubtful=planned.screening.doubtful,
            standings=self._standings,
            drawn=not given_back and self._lot(message.number),
        )
        if decision.outcome is Outcome.DISPATCH and given_back:
            # What a unit gave back is a person's to give again, whatever the citizen writes meanwhile.
            reason = f"returned by {returned[-1].unit}" if returned else "returned before: the office arbitrates"
            decision = replace(decision, outcome=Outcome.REVIEW, lead=None, co_units=(), deadline=None, reason=reason)
        decision = replace(decision, evidence=(*decision.evidence, *for_decision(earlier)))
        self.apply(message, decision, history_of(self.changes.matters[repeated], past) if repeated is not None else ())

    def apply(self, message: Message, decision: Decision, history: tuple[History, ...]) -> None:
        self.changes.decide(message.matter, decision)
        if decision.excluded:
            row = self.changes.matters[message.matter]
            self.changes.set_matter(replace(row, excluded=tuple(sorted({*row.excluded, *decision.excluded}))))
        standing = self.standing.get(message.matter, [])
        if decision.outcome is Outcome.DISPATCH:
            self.changes.dispatch(message, decision, standing, history)
        elif decision.outcome is Outcome.OUT_OF_REMIT:
            for assignment in standing:
                self.changes.take_back(assignment, message)
            if standing:
                self.changes.weigh(message.matter, standing)
        self._settle(message, OUTCOME_STATES[decision.outcome], decision.reason or decision.rule, message.matter)

    def _seal(self, planned: _Planned) -> None:
        message = planned.message
        if message.version > 1 and message.matter != MatterId(message.number):
            message = part(self.uow, self.changes, message)
        screening = planned.screening
        decision = self._decider.seal(
            message,
            rule=screening.rule,
            reason=screening.reason,
            now=self.changes.now,
            suggestions=planned.suggestions,
        )
        decision = replace(decision, model=self._version)
        sealed = seal_matter(self.uow, self.changes, message, decision, worker=self._settings.name)
        self.current.update(dict.fromkeys(sealed))

    def _settle(self, message: Message, state: MessageState, reason: str, matter: MatterId | None) -> None:
        self.changes.settle(message, state, reason=reason, matter=matter, worker=self._settings.name)
        held = state is MessageState.HELD
        self.current[message.number] = None if held else Now(state, matter or message.matter, message.sealed)

    def _now(self, other: Message) -> Now | None:
        return self.current.get(other.number, Now(other.state, other.matter, other.sealed))
