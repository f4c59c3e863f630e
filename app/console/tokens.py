"""Secrets that are handed out once and known again by their digest."""

import secrets
from hashlib import sha256

TOKEN_BYTES = 32


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """What the store keeps. The token has 256 random bits: no salt, no stretching is needed."""
    return sha256(token.encode()).digest()
