"""Choices that nobody took back in time are decided, in the name of who chose, each exactly once."""

from collections.abc import Callable
from functools import partial

from app.office import Choice, Office
from app.office_steps import Settling
from app.retry import transact
from domain.choices import Action, ChoiceState, Chosen
from domain.errors import FenbanError, LeaseLost, Refused, RetryLater
from domain.messages import Message, MessageState
from domain.ports import Clock, Store, UnitOfWork

AT_ONCE = 200
LOOK_SECONDS = 1.0

OfficeOf = Callable[[str, Settling], Office]
"""The office's steps in the name of a person, with what is done first in each step's transaction."""


class DueChoices:
    """Any number of processes may look at once: the choice leaves the waiting ones in the transaction that decides it."""

    def __init__(self, store: Store, clock: Clock, office: OfficeOf) -> None:
        self._store = store
        self._clock = clock
        self._office = office

    def look(self) -> int:
        """Decides what is due; how many choices were settled, refused ones included. Raises RetryLater after the others were
        done, when one met a passing fault; it goes on waiting."""
        with self._store.unit_of_work(write=False) as uow:
            due = uow.choices.due(self._clock.now(), AT_ONCE)
        settled, fault = 0, None
        for one in due:
            try:
                settled += self._settle(one)
            except LeaseLost:
                continue
            except RetryLater as error:
                fault = error
        if fault is not None:
            raise fault
        return settled

    def _settle(self, one: Chosen) -> int:
        try:
            if one.shut:
                raise Refused("who chose may decide no more", remedy="decide it anew")
            _do(self._office(one.login, partial(self._first, one)), one)
        except RetryLater:
            raise
        except FenbanError as error:
            return self._refuse(one, error.what)
        return 1

    def _first(self, one: Chosen, uow: UnitOfWork, message: Message) -> None:
        """Raises LeaseLost when another process settled it or it was taken back, Refused when the message moved on."""
        if not uow.choices.settle(one.id, ChoiceState.APPLIED, self._clock.now()):
            raise LeaseLost(f"choice {one.id} was settled elsewhere")
        decided = uow.matters.decisions([message.matter])[message.matter]
        about = sum(decision.number == message.number for decision in decided)
        stands = (message.number, message.version, message.state, about)
        if stands != (one.number, one.seen.version, one.seen.state, one.seen.decisions):
            raise Refused(f"message {one.number} changed after it was chosen for", remedy="look at it again and decide it anew")

    def _refuse(self, one: Chosen, why: str) -> int:
        def work() -> int:
            with self._store.unit_of_work() as uow:
                first = uow.choices.settle(one.id, ChoiceState.REFUSED, self._clock.now(), why)
                uow.commit()
            return int(first)

        return transact(self._clock, work)


def _do(office: Office, one: Chosen) -> None:
    chosen, number = one.choice, one.number
    match chosen.action:
        case Action.DECIDE:
            office.decide(number, Choice(chosen.lead or "", chosen.co_units, chosen.requirement, chosen.deadline_class))
        case Action.OUT_OF_REMIT:
            office.out_of_remit(number, chosen.reason)
        case Action.HOLD:
            office.hold(number, chosen.reason)
        case Action.SEAL:
            office.seal(number, chosen.reason)
        case Action.NOT_ACCUSATION:
            office.not_accusation(number, chosen.reason)
        case Action.RELEASE:
            office.release(number, chosen.reason, (MessageState.HELD,))
        case Action.REJECT:
            office.reject(number, chosen.reason)
