"""Passwords: argon2id, with the library's parameters of today; a hash made with older ones is made anew at the next log-in."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import Refused

LEAST_LENGTH = 12
LONGEST = 256

_hasher = PasswordHasher()
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Jz5Jm0YDX2G8fVyCkmlJ0s5UPXJcLHvWHCfg9eCdCnM"


def hashed(password: str, login: str) -> str:
    """Raises Refused for a password that is too short, too long, or says the log-in name (GB/T 39786: not guessable)."""
    if len(password) < LEAST_LENGTH:
        raise Refused("the password is too short", remedy=f"use {LEAST_LENGTH} characters or more")
    if len(password) > LONGEST:
        raise Refused("the password is too long", remedy=f"use at most {LONGEST} characters")
    if login.lower() in password.lower() or len(set(password)) < LEAST_LENGTH // 3:
        raise Refused("the password is easily guessed", remedy="use several unrelated words")
    return _hasher.hash(password)


def matches(stored: str, password: str) -> bool:
    """Takes as long for an account that does not exist or has no password as for one that has."""
    try:
        return _hasher.verify(stored or _NOBODYS, password[:LONGEST]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    return _hasher.check_needs_rehash(stored)
