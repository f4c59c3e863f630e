"""催办 and 督办: units are reminded before a deadline and after it, once each; the office hears of what is late.

Pingliang 2012 no. 255 has the office press (督办) for what is not answered in time. A reminder's event id is made of the
assignment, the stage and the deadline, so each is sent once however often and by however many processes this runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.changes import Changes
from app.copies import standing_for
from app.failpoints import Failpoint, no_failpoint
from app.happened import Event, EventMaker, Reminder
from app.retry import transact
from app.texts import text
from domain.clock import SHANGHAI
from domain.decisions import Assignment
from domain.events import EventType, ReminderStage
from domain.ids import OFFICE
from domain.messages import Message
from domain.ports import Clock, Store, UnitOfWork
from route.calendar import WorkingCalendar

ACTION = "assignment.remind"
ACTOR = "fenban"
AT_ONCE = 100
LOOK_SECONDS = 300.0
JUMP_SECONDS = 900.0
"""Wall clock and running time may differ by so much from one look to the next: more is a clock that was set, or a sleep."""
OFFICE_HEARS = frozenset({ReminderStage.LATE, ReminderStage.ESCALATED, ReminderStage.OFFICE})


@dataclass(frozen=True, slots=True)
class ReminderSettings:
    """Working days: ``ahead`` before the deadline (0: no reminder then), ``escalate`` after it (0: never)."""

    ahead: int
    escalate: int
    at_once: int = AT_ONCE


@dataclass(frozen=True, slots=True)
class _Window:
    """An assignment due in it is in this stage now; the windows of the stages do not overlap."""

    stage: ReminderStage
    after: datetime | None
    until: datetime
    longer_than: int = 0


class Reminders:
    """``look`` is called now and then. At most ``at_once`` reminders go out in one look, so that a long standstill is made
    up for by and by, and of what was missed meanwhile only the stage that holds now is said."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        calendar: WorkingCalendar,
        make_event: EventMaker,
        settings: ReminderSettings,
        *,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._store = store
        self._clock = clock
        self._calendar = calendar
        self._make_event = make_event
        self._settings = settings
        self._failpoint = failpoint
        self._looked: tuple[datetime, float] | None = None

    def look(self) -> int:
        """Sends the reminders that are due now; how many assignments were reminded of. After a jump of the clock nothing is
        sent before the next look, which a clock set right again passes unharmed. Raises RetryLater only."""
        return 0 if self._jumped() else transact(self._clock, self._send)

    def _jumped(self) -> bool:
        now = (self._clock.now(), self._clock.monotonic())
        before, self._looked = self._looked or now, now
        return abs((now[0] - before[0]).total_seconds() - (now[1] - before[1])) > JUMP_SECONDS

    def _send(self) -> int:
        now = self._clock.now()
        windows = list(self._windows(now))
        with self._store.unit_of_work(write=False) as uow:
            if not any(self._owed(uow, window, 1) for window in windows):
                return 0
        sent = 0
        with self._store.unit_of_work() as uow:
            changes = Changes(now, self._make_event)
            for window in windows:
                sent += self._send_window(uow, changes, window, self._settings.at_once - sent)
            changes.write(uow)
            self._failpoint("remind.write")
            uow.commit()
        return sent

    def _send_window(self, uow: UnitOfWork, changes: Changes, window: _Window, most: int) -> int:
        found = self._owed(uow, window, most)
        missing = sorted({part.matter for part in found} - changes.matters.keys())
        changes.matters.update(uow.matters.lock(missing))
        # Only under the matters' locks is it sure that no other process reminds of the same.
        locked = {part.id for part in found}
        parts = [part for part in self._owed(uow, window, most) if part.id in locked]
        messages = uow.reads.of_matters([part.matter for part in parts])
        for part in parts:
            message = standing_for(part.matter, messages[part.matter])
            emit_reminder(uow, changes, message, part, window.stage, text(f"remind.{window.stage.value}"), ACTOR)
        return len(parts)

    @staticmethod
    def _owed(uow: UnitOfWork, window: _Window, most: int) -> list[Assignment]:
        return uow.reminders.owed(window.stage, window.after, window.until, longer_than=window.longer_than, limit=most)

    def _windows(self, now: datetime) -> Iterator[_Window]:
        ahead, escalate = self._settings.ahead, self._settings.escalate
        long_late = self._days_before(now, escalate) if escalate else None
        if long_late is not None:
            yield _Window(ReminderStage.ESCALATED, None, long_late)
        yield _Window(ReminderStage.LATE, long_late, now)
        if ahead:
            yield _Window(ReminderStage.NEAR, now, self._calendar.deadline(now, ahead).due, ahead)

    def _days_before(self, now: datetime, working_days: int) -> datetime:
        """The latest deadline after which so many whole working days have passed by now."""
        day = now.astimezone(SHANGHAI).date()
        left = working_days
        while left:
            day -= timedelta(days=1)
            left -= self._calendar.is_working_day(day)
        return _end_of(day - timedelta(days=1))


def emit_reminder(
    uow: UnitOfWork,
    changes: Changes,
    message: Message,
    part: Assignment,
    stage: ReminderStage,
    reason: str,
    actor: str,
) -> None:
    """One reminder to the unit, and to the office where it should hear of it; audited. The matter is locked in ``changes``."""
    level = uow.reminders.sent(part) + 1
    for to in (None, OFFICE) if stage in OFFICE_HEARS else (None,):
        said = Reminder(stage, level, reason, to)
        changes.emit(Event(EventType.REMINDER, part, message, changes.matters[part.matter], None, reminder=said))
    due = part.deadline.due.astimezone(SHANGHAI).isoformat()
    given = {"reason": reason} if stage is ReminderStage.OFFICE else {}
    changes.note(actor, ACTION, part.id, stage=stage.value, level=level, due=due, **given)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)
