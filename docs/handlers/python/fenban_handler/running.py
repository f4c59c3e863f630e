"""The handler's work, round after round, until it is told to stop."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from fenban_handler.broker import Broker
from fenban_handler.events import Answer
from fenban_handler.faults import ForPerson, Passing, Refused
from fenban_handler.rules import Rules
from fenban_handler.state import State, ToDo

log = logging.getLogger("handler")
SHANGHAI = timezone(timedelta(hours=8))
AGAIN_SECONDS = 5.0
QUIET_ROUNDS = 60
"""After so many rounds without an event (half a minute) the broker is asked whether the user may still read."""


def now() -> str:
    return datetime.now(SHANGHAI).isoformat(timespec="seconds")


class Handler:
    def __init__(
        self,
        state: State,
        rules: Rules,
        make_broker: Callable[[], Broker],
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._rules = rules
        self._make_broker = make_broker
        self._stop = stop
        self._clock = clock
        self._tell_again = 0.0

    def run(self) -> None:
        """Until ``stop``. While no broker answers it waits, saying so once; raises ForPerson."""
        silent = let_in = False
        while not self._stop.is_set():
            broker = self._make_broker()
            try:
                broker.connect(from_start=self._state.is_new())
                log.info("connected")
                silent, let_in = False, True
                self._rounds(broker)
            except (Passing, Refused) as error:
                if isinstance(error, Refused) and not let_in:
                    raise
                if not silent:
                    log.warning("waiting: %s", error)
                silent = True
                self._stop.wait(AGAIN_SECONDS)
            finally:
                broker.close()

    def once(self) -> None:
        """Takes what is there and sends what waits. Raises ForPerson and Passing."""
        broker = self._make_broker()
        try:
            broker.connect(from_start=self._state.is_new())
            quiet = 0
            while quiet < 6 and not self._stop.is_set():
                quiet = 0 if self.round(broker) else quiet + 1
        finally:
            broker.close()

    def _rounds(self, broker: Broker) -> None:
        quiet = 0
        while not self._stop.is_set():
            quiet = 0 if self.round(broker) else quiet + 1
            if quiet and quiet % QUIET_ROUNDS == 0:
                broker.check()

    def round(self, broker: Broker) -> bool:
        """Takes, tells, sends. The place in the topics is kept after the database has everything."""
        events, unreadable = broker.poll()
        if events:
            taken = self._state.take(events, now())
            log.info("new=%d repeated=%d late=%d", taken.new, taken.repeated, taken.late)
        if events or unreadable:
            broker.commit()
        self._tell()
        self._send(broker)
        return bool(events or unreadable)

    def _tell(self) -> None:
        """Tells the own system, each assignment's news in their order. What it cannot take now is told again later."""
        if self._clock() < self._tell_again:
            return
        failed: set[str] = set()
        for one in self._state.to_do():
            if one.case.assignment in failed:
                continue
            try:
                self._state.told(one, self._ask(one), now())
            except ForPerson as error:
                log.warning("an answer of the rules is not allowed: %s", error)
                self._state.told(one, (), now())
            except Exception as error:
                failed.add(one.case.assignment)
                log.warning("the own system cannot take %s of %s now (%s)", one.kind, one.case.assignment, type(error).__name__)
        self._tell_again = self._clock() + AGAIN_SECONDS if failed else 0.0

    def _ask(self, one: ToDo) -> list[Answer]:
        if one.kind == "recall":
            self._rules.recall(one.case.assignment, one.event_id)
            return []
        ask = {"reminder": self._rules.reminder, "offer": self._rules.offer}.get(one.kind, self._rules.content)
        return list(ask(one.case, one.event_id))

    def _send(self, broker: Broker) -> None:
        waiting = self._state.to_send()
        if waiting:
            sent = broker.send(waiting)
            self._state.sent(sent, now())
            log.info("said=%d", len(sent))
