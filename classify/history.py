"""How good the model would have been, walked through time as the live program goes: retrained as answers come in.

A letter's label is known from its answer on, never earlier: nothing that is said of a letter, no threshold, calibration, stop,
feature or name, comes from an answer given after the model was last trained (after the letter came, for stops).
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from classify.evaluate import TARGETS
from classify.labelled import LabelledText
from classify.learner import Learner
from classify.prequential import Prequential
from classify.rolling import Judged, Rolling, rolling
from classify.stops import Outcome, Stops
from domain.clock import SHANGHAI
from domain.errors import HaltForPerson
from domain.ids import UnitCode
from domain.units import Unit

TOP = 3
SHOWN = 0.95
"""The target that the periods show, and the default of ``[decide] target_precision``."""
WARMING = 4
"""Before the start the walk has begun already, over the later half of the letters there, retrained so many times as seldom: what
it learns there of its own errors is what the first thresholds are chosen from."""


@dataclass(frozen=True, slots=True)
class PastLetter:
    """``known``: when its label became known; None: never. ``telling``: whether its answer says who was right; where not, it
    is learned from but says nothing for thresholds and stops."""

    letter: LabelledText
    at: datetime
    known: datetime | None
    telling: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What would have been done with one letter. ``automatic``: at each of the targets, the unit not stopped."""

    letter: PastLetter
    units: tuple[UnitCode, ...]
    confidence: float
    automatic: tuple[bool, ...]

    @property
    def right(self) -> bool:
        return self.units[:1] == (self.letter.letter.unit,)


@dataclass(frozen=True, slots=True)
class Turn:
    """A unit stopped, or ran again, at one of the targets."""

    target: float
    unit: UnitCode
    at: datetime
    stopped: bool


@dataclass(frozen=True, slots=True)
class Walk:
    steps: tuple[Step, ...]
    turns: tuple[Turn, ...]
    n_first: int
    n_units: int


def known_from(at: datetime, answered: datetime | None) -> datetime | None:
    """When a label counts as known: at the answer, but not before the letter; a day without a time counts from its end."""
    if answered is None:
        return None
    if answered.astimezone(SHANGHAI).time() == time():
        answered += timedelta(days=1)
    return max(answered, at)


def walk(
    letters: Sequence[PastLetter],
    *,
    start: float,
    retrain_days: float,
    seed: int,
    units: Sequence[Unit] | None = None,
    learner: Learner | None = None,
    tell: Callable[[float], None] = lambda _share: None,
) -> Walk:
    """Each letter after the first ``start`` of them, in the order of time, as it would have been decided.

    Retrained every ``retrain_days`` from what is known by then. ``learner``: one that has been taught nothing; made where none is
    given. Raises HaltForPerson when there is nothing to train from or to measure on.
    """
    ordered = sorted(letters, key=lambda one: one.at)
    cut = int(start * len(ordered))
    if cut >= len(ordered):
        raise HaltForPerson("there is no labelled letter to measure on", remedy="give letters after the start, with their times")
    walker = _Walker(ordered, Learner(units, seed=seed) if learner is None else learner)
    for place, (opening, end) in _weeks(ordered, cut, timedelta(days=retrain_days)):
        walker.retrain(opening, place == cut)
        walker.suggest(place, end, cut)
        tell(end / len(ordered))
    return Walk(tuple(walker.steps), tuple(walker.turns), walker.n_first, len(walker.learner.codes))


def _weeks(ordered: Sequence[PastLetter], cut: int, every: timedelta) -> Iterator[tuple[int, tuple[datetime, int]]]:
    """(first letter, (when the model is trained, the letter after the last)) of every stretch in which letters came."""
    for first, last, length in ((cut // 2, cut, WARMING * every), (cut, len(ordered), every)):
        place = first
        opening = ordered[first].at
        while place < last:
            opening += (ordered[place].at - opening) // length * length
            end = place
            while end < last and ordered[end].at < opening + length:
                end += 1
            yield place, (opening, end)
            place = end


@dataclass(slots=True)
class _Walker:
    ordered: Sequence[PastLetter]
    learner: Learner
    steps: list[Step] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    n_first: int = 0
    _prequential: Prequential = field(default_factory=Prequential)
    _stops: tuple[Stops, ...] = field(default_factory=lambda: tuple(Stops(target) for target in TARGETS))
    _rolling: tuple[Rolling, ...] = ()
    _taught: set[int] = field(default_factory=set)
    _asked: list[int] = field(default_factory=list)
    _judged: dict[int, Judged] = field(default_factory=dict)
    _waiting: list[tuple[datetime, int, int, UnitCode, bool]] = field(default_factory=list)

    def retrain(self, now: datetime, at_start: bool) -> None:
        """From the answers known now, of letters that came before now."""
        new = [
            (known, place)
            for place, one in enumerate(self.ordered)
            if place not in self._taught and (known := one.known) is not None and known <= now and one.at < now
        ]
        new.sort()
        self._taught.update(place for _, place in new)
        self.learner.teach([self.ordered[place].letter for _, place in new])
        if at_start:
            self.n_first = len(self.learner)
            if not self.n_first:
                raise HaltForPerson("there is no labelled letter to train from", remedy="give letters answered before the start")
        self._hear(now)
        numbers = {code: at for at, code in enumerate(self.learner.codes)}
        telling = sorted((one.known, place) for place, one in self._judged.items() if one.known <= now)
        places = [place for _, place in telling]
        row = {place: at for at, place in enumerate(self._asked)}
        truth = [numbers.get(self.ordered[place].letter.unit) for place in places]
        self._prequential.learn([row[place] for place in places], truth, len(numbers))
        known_now = [self._judged[place] for place in places]
        self._rolling = tuple(rolling(known_now, stops.target, None, stops.stopped) for stops in self._stops)

    def suggest(self, place: int, end: int, cut: int) -> None:
        """The letters of one stretch, by the model of its beginning; stops hear what becomes known meanwhile."""
        if not len(self.learner):
            return
        batch = self.ordered[place:end]
        scored = self.learner.scores([(one.letter.subject, one.letter.body) for one in batch])
        best, probabilities = self._prequential.ranked(scored, TOP)
        self._prequential.remember(scored)
        codes = self.learner.codes
        for row, one in enumerate(batch):
            self._hear(one.at)
            units = tuple(codes[unit] for unit in best[row])
            confidence = float(probabilities[row, 0])
            self._asked.append(place + row)
            step = self._decide(place + row, one, units, confidence)
            if place >= cut:
                self.steps.append(step)

    def _decide(self, place: int, one: PastLetter, units: tuple[UnitCode, ...], confidence: float) -> Step:
        first = units[0]
        right = first == one.letter.unit
        sure = [chosen.automatic(first, confidence) for chosen in self._rolling]
        if one.known is not None and one.telling:
            self._judged[place] = Judged(first, confidence, right, one.known)
            for at in range(len(TARGETS)):
                if sure[at]:
                    heapq.heappush(self._waiting, (one.known, place, at, first, right))
        automatic = tuple(is_sure and stops.runs(first) for is_sure, stops in zip(sure, self._stops, strict=True))
        shifted = self._rolling[TARGETS.index(SHOWN)].confidence(first, confidence)
        return Step(one, units, shifted, automatic)

    def _hear(self, now: datetime) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            known, _, at, unit, right = heapq.heappop(self._waiting)
            stops = self._stops[at]
            if stops.hear(Outcome(unit, right, known)):
                self.turns.append(Turn(stops.target, unit, known, not stops.runs(unit)))
