"""A wish to see who wrote, and the letter as it was written: asked with a reason, answered by another person, open for a while."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.accounts import Account, Role
from domain.ids import Number, UnitCode


class RevealState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reveal:
    """``login`` and ``name`` are of who asks, ``unit`` for which unit (None: for the office). ``sealed``: its matter is."""

    id: int
    number: Number
    account: int
    login: str
    name: str
    unit: UnitCode | None
    reason: str
    asked_at: datetime
    state: RevealState
    sealed: bool
    answered_by: str = ""
    answer: str = ""
    answered_at: datetime | None = None
    expires_at: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        """Whether it may be looked at."""
        return self.state is RevealState.GRANTED and self.expires_at is not None and now < self.expires_at


def may_ask(account: Account) -> bool:
    return account.has(Role.REVIEWER, Role.SEALED_REVIEWER, Role.SUPERVISOR, Role.HANDLER)


def may_answer(account: Account, reveal: Reveal) -> bool:
    """Somebody of the office, never who asks; about a sealed matter only a sealed reviewer."""
    if account.id == reveal.account or account.has(Role.HANDLER):
        return False
    return account.has(Role.SEALED_REVIEWER) if reveal.sealed else account.has(Role.REVIEWER, Role.SUPERVISOR)
