"""What a reviewer chose at the desk and may still take back: until it is due, nothing is decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.decisions import DeadlineClass
from domain.ids import Number, UnitCode
from domain.messages import MessageState


class ChoiceState(StrEnum):
    """Waiting, then one of the others for good."""

    WAITING = "waiting"
    APPLIED = "applied"
    REFUSED = "refused"
    UNDONE = "undone"


class Action(StrEnum):
    """What a reviewer may choose. All but DECIDE need a reason."""

    DECIDE = "decide"
    OUT_OF_REMIT = "out_of_remit"
    HOLD = "hold"
    SEAL = "seal"
    NOT_ACCUSATION = "not_accusation"
    RELEASE = "release"
    REJECT = "reject"


ALLOWED: dict[MessageState, tuple[Action, ...]] = {
    MessageState.IN_REVIEW: (Action.DECIDE, Action.OUT_OF_REMIT, Action.HOLD, Action.SEAL),
    MessageState.HELD: (Action.RELEASE, Action.REJECT, Action.SEAL),
    MessageState.SEALED_REVIEW: (Action.DECIDE, Action.OUT_OF_REMIT, Action.NOT_ACCUSATION),
    MessageState.DISPATCHED: (Action.DECIDE, Action.OUT_OF_REMIT, Action.SEAL),
}
"""By the state that the message is in; in others nothing may be chosen."""


@dataclass(frozen=True, slots=True)
class ReviewChoice:
    """``lead`` and ``co_units`` are codes of the directory; ``deadline_class`` None leaves it to rules and number of units."""

    action: Action
    lead: UnitCode | None = None
    co_units: tuple[UnitCode, ...] = ()
    requirement: str = ""
    deadline_class: DeadlineClass | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """How the message stood when it was chosen for: its version, its state, how many decisions there were about it."""

    version: int
    state: MessageState
    decisions: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """One choice. ``login``, ``name`` and ``shut`` (off, or no reviewer any more) are of the account that chose; ``reason`` says why
    it was refused."""

    id: int
    number: Number
    account: int
    login: str
    name: str
    shut: bool
    made_at: datetime
    due_at: datetime
    state: ChoiceState
    choice: ReviewChoice
    seen: Seen
    reason: str = ""
    settled_at: datetime | None = None
