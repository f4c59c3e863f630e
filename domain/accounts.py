"""Who signs in to the console, and what each role may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import UnitCode


class Role(StrEnum):
    """An account has one or more. A handler belongs to units and has no role of the office beside it, except that a
    handler who is a sealed reviewer too sees the sealed matters of those units."""

    OPERATOR = "operator"
    REVIEWER = "reviewer"
    SEALED_REVIEWER = "sealed_reviewer"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ADMIN = "admin"


PRIVILEGED = frozenset(Role) - {Role.HANDLER, Role.ANALYST}
"""Roles that sign in with a one-time code (TOTP) beside the password."""

READS_LETTERS = frozenset({Role.REVIEWER, Role.SEALED_REVIEWER, Role.SUPERVISOR, Role.ANALYST})
"""Roles of the office that see masked texts. Operators, auditors and admins see none."""


DECIDERS = frozenset({Role.REVIEWER, Role.SEALED_REVIEWER})
"""Roles that decide what becomes of letters."""


@dataclass(frozen=True, slots=True)
class Account:
    """``password_hash`` is argon2id's, empty before a password was set; ``failures`` counts wrong passwords in a row."""

    id: int
    login: str
    name: str
    roles: tuple[Role, ...]
    units: tuple[UnitCode, ...] = ()
    password_hash: str = ""
    language: str = "zh"
    totp: bool = False
    totp_step: int = 0
    failures: int = 0
    locked_until: datetime | None = None
    disabled: bool = False
    demo: bool = False

    def has(self, *roles: Role) -> bool:
        return any(role in self.roles for role in roles)

    @property
    def privileged(self) -> bool:
        return any(role in PRIVILEGED for role in self.roles)


@dataclass(frozen=True, slots=True)
class Viewer:
    """What the reader of a page may see of letters; every query about them takes one. ``units`` None: those of all units;
    else only matters assigned to these. ``sealed``: sealed matters too; ``ordinary`` False: those only."""

    reads: bool
    sealed: bool = False
    ordinary: bool = True
    units: tuple[UnitCode, ...] | None = ()

    @classmethod
    def of(cls, account: Account) -> "Viewer":
        sealed = account.has(Role.SEALED_REVIEWER)
        if account.has(Role.HANDLER):
            return cls(reads=bool(account.units), sealed=sealed, units=account.units)
        ordinary = account.has(Role.REVIEWER, Role.SUPERVISOR, Role.ANALYST)
        return cls(reads=sealed or ordinary, sealed=sealed, ordinary=ordinary, units=None)


@dataclass(frozen=True, slots=True)
class Session:
    """``token_hash`` is all that is kept of the cookie's value. ``strong``: the one-time code was given too."""

    token_hash: bytes
    account: int
    csrf: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    strong: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """How many sessions an account has that are not over, and when one of them was used last."""

    sessions: int
    seen_at: datetime


def roles_of(names: Iterable[str]) -> tuple[Role, ...]:
    """Raises ValueError for a name that is no role, and for a handler who has another of the office's roles."""
    roles = tuple(dict.fromkeys(Role(name) for name in names))
    if Role.HANDLER in roles and set(roles) - {Role.HANDLER, Role.SEALED_REVIEWER}:
        raise ValueError("a unit's handler has no role of the office")
    return roles
