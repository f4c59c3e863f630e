"""Deciding: screens, then rules, then the model's suggestions; and a person's choice. Pure: nothing is read or written."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.decisions import Deadline, DeadlineClass, Decision, Evidence, Outcome, Suggestion, Urgency
from domain.errors import Refused
from domain.ids import UnitCode
from domain.messages import Message, MessageKind
from domain.standings import NONE_YET, Standings
from domain.units import UnitLevel
from route.axes import by_place
from route.calendar import WorkingCalendar
from route.confidentiality import AccusedFinder, excluded, may_see
from route.directory import Directory
from route.lexicon import scanned_text
from route.places import PlaceHit
from route.rules import Place, PlaceLead, Reading, Rule, Rulebook, ScreenAction
from route.stories import STORY_RULE

KIND_RULE = "kind-accusation"
MODEL_RULE = "model"
PERSON_RULE = "person"
LEVEL_OF_LEAD = {PlaceLead.COUNTY: UnitLevel.COUNTY, PlaceLead.TOWNSHIP: UnitLevel.TOWNSHIP}


@dataclass(frozen=True, slots=True)
class DecideSettings:
    """``threshold`` is the least probability at which a suggestion is dispatched without a person; days are working days.

    With ``automatic`` False nothing is dispatched without a person, rules' leads included (they are proposed instead).
    """

    threshold: float = 0.9
    simple_days: int = 5
    complex_days: int = 15
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class Screening:
    """``action`` is ``hold``, ``seal`` or empty; ``rule`` names the screen, ``reason`` says why in a few words.

    ``doubtful``: nothing seals it, and it may still accuse those who would get it; no unit gets it without a person.
    """

    action: str
    rule: str
    reason: str
    doubtful: bool = False


PASSED = Screening("", "", "")
DOUBTED = Screening("", "", "", doubtful=True)
MAY_ACCUSE = "may complain of those who would get it"
LEFT = "the model leaves it to a person"
"""Said both of a suggestion below the threshold and of one given to a person by lot: who checks the model is not told which."""
STOPPED = "the model was wrong about this unit too often of late"


@dataclass(slots=True)
class _Gathered:
    """What the matching rules add up to."""

    deciding: Rule | None
    names: list[str]
    co_units: list[UnitCode]
    requirements: list[str]
    excluded: set[UnitCode]
    deadline_class: DeadlineClass | None
    urgency: Urgency
    prefer_local: bool


class Decider:
    """Decides about one message at a time; safe to share between threads."""

    def __init__(self, directory: Directory, rulebook: Rulebook, calendar: WorkingCalendar, settings: DecideSettings) -> None:
        self.directory = directory
        self._rulebook = rulebook
        self._accused = AccusedFinder(directory)
        self._sealing = {KIND_RULE, STORY_RULE} | {one.name for one in rulebook.screens if one.action is ScreenAction.SEAL}
        self._calendar = calendar
        self._settings = settings

    def screen(self, message: Message) -> Screening:
        """What to do before joining. A message of the kind accusation is sealed unless a person waived just that."""
        if message.kind is MessageKind.ACCUSATION and KIND_RULE not in message.waived_rules:
            return Screening(ScreenAction.SEAL, KIND_RULE, "submitted as an accusation")
        found, doubtful = self._rulebook.screened(message, message.waived_rules)
        if found is not None:
            return Screening(found.action, found.name, found.reason)
        # A person who unsealed it has read it: what they found is no doubt any more.
        return DOUBTED if doubtful and self._sealing.isdisjoint(message.waived_rules) else PASSED

    def seal(
        self,
        message: Message,
        *,
        rule: str,
        reason: str,
        now: datetime,
        actor: str = "",
        suggestions: Sequence[Suggestion] = (),
    ) -> Decision:
        """The decision about an accusation: sealed review, or a sealed dispatch where its screen names a unit to
        dispatch to, the accused are certain, and that unit is none of them nor under one.

        ``suggestions`` are kept only where the accused are certain: whose trade a story is of, a model knows, and where nobody
        is named, what it suggests is most likely the accused.
        """
        accused = self._accused.find(message)
        closed = excluded(accused.units, self.directory)
        offered = tuple(one for one in suggestions if accused.certain and may_see(one.unit, closed))
        evidence = tuple(Evidence("name", self.directory.units[code].name, 1.0) for code in sorted(accused.units))
        decision = Decision(
            number=message.number,
            version=message.version,
            outcome=Outcome.SEALED_REVIEW,
            rule=rule,
            decided_at=now,
            excluded=tuple(sorted(closed)),
            sealed=True,
            reason=reason,
            suggestions=offered,
            evidence=evidence,
            actor=actor,
        )
        target = next((screen.dispatch_to for screen in self._rulebook.screens if screen.name == rule), None)
        if target is None or not accused.certain or target in closed or not self._settings.automatic:
            return decision
        deadline = self.deadline(now, DeadlineClass.COMPLEX)
        return replace(decision, outcome=Outcome.DISPATCH, lead=target, deadline_class=DeadlineClass.COMPLEX, deadline=deadline)

    def decide(
        self,
        message: Message,
        suggestions: Sequence[Suggestion],
        *,
        automatic: bool,
        model: str,
        now: datetime,
        threshold: float | None = None,
        excluded: Collection[UnitCode] = (),
        doubtful: bool = False,
        standings: Standings = NONE_YET,
        drawn: bool = False,
    ) -> Decision:
        """The decision about a message that passed screening.

        ``automatic`` says whether the model may choose without a person; ``threshold`` None takes the settings'.
        ``excluded`` units, and units that are no longer in the directory, are never chosen nor kept as suggestions.
        ``doubtful`` is the screening's: neither a rule nor the model gives such a message to a unit, a person does.
        By ``standings`` a suggestion must be surer, or its unit is stopped; what was ``drawn`` is a person's, to check the model by.
        """
        reading = self._read(message)
        gathered = _gather(self._rulebook.matching(reading))
        barred = gathered.excluded.union(*(self.directory.under(code) for code in gathered.excluded), excluded)
        placed = by_place(suggestions, reading.place.hit if reading.place is not None else None, self.directory)
        offered = tuple(one for one in placed if one.unit in self.directory.units and one.unit not in barred)
        least = self._settings.threshold if threshold is None else threshold
        if offered:
            enough = standings.threshold(offered[0].unit, least if automatic else None)
            automatic, least = enough is not None, least if enough is None else enough
        outcome, lead, rule, reason = self._choose(gathered, reading, offered, automatic, model, least, barred)
        if doubtful and outcome in (Outcome.DISPATCH, Outcome.REVIEW):
            outcome, lead, reason = Outcome.REVIEW, None, MAY_ACCUSE
        by_model = outcome is Outcome.DISPATCH and rule == MODEL_RULE
        if by_model and not standings.stopped.isdisjoint({lead, offered[0].unit}):
            outcome, lead, reason, by_model = Outcome.REVIEW, None, STOPPED, False
        drawn = drawn and by_model
        if drawn:
            outcome, lead, reason = Outcome.REVIEW, None, LEFT
        co_units: tuple[UnitCode, ...] = ()
        deadline_class, deadline = gathered.deadline_class or DeadlineClass.SIMPLE, None
        if gathered.co_units:
            co_units = tuple(code for code in dict.fromkeys(gathered.co_units) if code not in barred and code != lead)
            deadline_class = DeadlineClass.COMPLEX if co_units and gathered.deadline_class is None else deadline_class
        if outcome is Outcome.DISPATCH:
            deadline = self.deadline(now, deadline_class)
        return Decision(
            number=message.number,
            version=message.version,
            outcome=outcome,
            rule=rule,
            decided_at=now,
            lead=lead,
            co_units=co_units,
            requirement="\n".join(gathered.requirements),
            deadline_class=deadline_class,
            deadline=deadline,
            urgency=gathered.urgency,
            excluded=tuple(sorted(barred)) if barred else (),
            reason=reason,
            model=model,
            threshold=least,
            suggestions=offered,
            evidence=(*self._evidence(reading, gathered), *_words_for(lead, offered)),
            drawn=drawn,
        )

    def by_person(
        self,
        message: Message,
        *,
        actor: str,
        now: datetime,
        lead: UnitCode | None = None,
        co_units: Sequence[UnitCode] = (),
        requirement: str = "",
        deadline_class: DeadlineClass | None = None,
        urgency: Urgency = Urgency.NORMAL,
        out_of_remit: str = "",
        excluded: Collection[UnitCode] = (),
        sealed: bool = False,
        suggestions: tuple[Suggestion, ...] = (),
        model: str = "",
        evidence: tuple[Evidence, ...] = (),
    ) -> Decision:
        """A reviewer's choice. Raises Refused for an unknown or excluded unit, a unit named twice, or no choice at all."""
        if (lead is None) == (not out_of_remit):
            raise Refused("a decision names a lead unit or says why the matter is out of remit", remedy="give one of the two")
        for code in (lead, *co_units):
            if code is not None and code not in self.directory.units:
                raise Refused(f"no unit {code!r} in the directory", remedy="list codes and names with: fenban units list")
            if code in excluded:
                raise Refused(f"unit {code!r} is excluded from this matter", remedy="choose a unit that is not concerned")
        if len({lead, *co_units}) != len(co_units) + 1:
            raise Refused("a unit is named twice", remedy="name each unit once")
        chosen = deadline_class or (DeadlineClass.COMPLEX if co_units else DeadlineClass.SIMPLE)
        return Decision(
            number=message.number,
            version=message.version,
            outcome=Outcome.DISPATCH if lead is not None else Outcome.OUT_OF_REMIT,
            rule=PERSON_RULE,
            decided_at=now,
            lead=lead,
            co_units=tuple(co_units) if lead is not None else (),
            requirement=requirement,
            deadline_class=chosen,
            deadline=self.deadline(now, chosen) if lead is not None else None,
            urgency=urgency,
            excluded=tuple(sorted(excluded)),
            sealed=sealed,
            reason=out_of_remit,
            model=model,
            suggestions=suggestions,
            evidence=evidence,
            actor=actor,
        )

    def deadline(self, start: datetime, deadline_class: DeadlineClass) -> Deadline:
        """From the dispatch: simple or complex working days of the settings."""
        days = self._settings.complex_days if deadline_class is DeadlineClass.COMPLEX else self._settings.simple_days
        return self._calendar.deadline(start, days)

    def place_of(self, message: Message) -> PlaceHit | None:
        """The place the channel gave, else the one the text names."""
        found = self.directory.places_in(message.place) if message.place else None
        return found or self.directory.places_in(scanned_text(message.subject, message.body))

    def _read(self, message: Message) -> Reading:
        text = scanned_text(message.subject, message.body).lower()
        hit = (self.directory.places_in(message.place) if message.place else None) or self.directory.places_in(text)
        place = self._rulebook.place(hit, self.directory)
        return self._rulebook.read(message, text, place, self.directory.named_in(text))

    def _choose(
        self,
        gathered: _Gathered,
        reading: Reading,
        offered: Sequence[Suggestion],
        automatic: bool,
        model: str,
        threshold: float,
        barred: Collection[UnitCode],
    ) -> tuple[Outcome, UnitCode | None, str, str]:
        rule = gathered.deciding
        if rule is not None:
            return self._by_rule(rule, reading, barred)
        if not offered:
            return Outcome.REVIEW, None, MODEL_RULE, "no unit was suggested"
        best = offered[0]
        if not model:
            return Outcome.REVIEW, None, MODEL_RULE, "no model has been trained yet"
        if not self._settings.automatic:
            return Outcome.REVIEW, None, MODEL_RULE, "automatic dispatch is off"
        if not automatic:
            return Outcome.REVIEW, None, MODEL_RULE, "the model reaches the target precision at no threshold"
        if best.probability < threshold:
            return Outcome.REVIEW, None, MODEL_RULE, LEFT
        if not gathered.prefer_local:
            return Outcome.DISPATCH, best.unit, MODEL_RULE, ""
        local = self._local_unit(best.unit, reading.place)
        if local is None or local in barred:
            return Outcome.DISPATCH, best.unit, MODEL_RULE, ""
        return Outcome.DISPATCH, local, MODEL_RULE, "the place's own unit of the same duty"

    def _by_rule(self, rule: Rule, reading: Reading, barred: Collection[UnitCode]) -> tuple[Outcome, UnitCode | None, str, str]:
        if rule.out_of_remit:
            return Outcome.OUT_OF_REMIT, None, rule.name, rule.out_of_remit
        if rule.review:
            return Outcome.REVIEW, None, rule.name, rule.review
        lead = self._place_lead(rule.lead, reading.place) if isinstance(rule.lead, PlaceLead) else rule.lead
        if lead is None:
            return Outcome.REVIEW, None, rule.name, "the place is not clear"
        if lead in barred:
            return Outcome.REVIEW, None, rule.name, "the rule's unit is excluded"
        if not self._settings.automatic:
            return Outcome.REVIEW, None, rule.name, f"automatic dispatch is off; the rule names {lead}"
        return Outcome.DISPATCH, lead, rule.name, ""

    def _place_lead(self, wanted: PlaceLead, place: Place | None) -> UnitCode | None:
        """The government of the place at the wanted level; several places in one county still have one county."""
        if place is None:
            return None
        level = LEVEL_OF_LEAD[wanted]
        leads = {self.directory.at_level(code, level) for code in place.hit.units}
        return leads.pop() if len(leads) == 1 else None

    def _local_unit(self, city_unit: UnitCode, place: Place | None) -> UnitCode | None:
        """The one unit in the place's county that shares a duty with the city's unit."""
        county = self._place_lead(PlaceLead.COUNTY, place)
        duties = set(self.directory.units[city_unit].duties)
        if county is None or not duties:
            return None
        below = self.directory.under(county) - {county, city_unit}
        fitting = [code for code in below if duties & set(self.directory.units[code].duties)]
        return fitting[0] if len(fitting) == 1 else None

    def _evidence(self, reading: Reading, gathered: _Gathered) -> tuple[Evidence, ...]:
        found = [Evidence("rule", name, 1.0) for name in gathered.names]
        if gathered.deciding is not None:
            found += [Evidence("word", word, 1.0) for word in self._rulebook.words_of(gathered.deciding.when, reading)]
        if reading.place is not None:
            found.append(Evidence("place", reading.place.hit.text, 1.0))
        found += [Evidence("name", self.directory.units[code].name, 1.0) for code in reading.named]
        return tuple(found)


def _words_for(lead: UnitCode | None, offered: Sequence[Suggestion]) -> tuple[Evidence, ...]:
    """The words that spoke for the chosen unit, where the model suggested it."""
    return next((one.evidence for one in offered if one.unit == lead), ())


def _gather(rules: Sequence[Rule]) -> _Gathered:
    gathered = _Gathered(None, [], [], [], set(), None, Urgency.NORMAL, False)
    for rule in rules:
        gathered.names.append(rule.name)
        gathered.co_units += rule.co_units
        if rule.requirement:
            gathered.requirements.append(rule.requirement)
        gathered.excluded.update(rule.excluded)
        if rule.deadline_class is DeadlineClass.COMPLEX or gathered.deadline_class is None:
            gathered.deadline_class = rule.deadline_class or gathered.deadline_class
        if rule.urgency is Urgency.URGENT:
            gathered.urgency = Urgency.URGENT
        gathered.prefer_local = gathered.prefer_local or rule.prefer_local
        if not rule.goes_on:
            gathered.deciding = rule
    return gathered
