"""What an endpoint is: its path, who may use it, what answers. The whole access matrix is made from these declarations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from domain.accounts import Role

if TYPE_CHECKING:
    from app.console.visit import Visit

ANY_ROLE = frozenset(Role)
OFFICE = frozenset({Role.REVIEWER, Role.SUPERVISOR})
READERS = frozenset({Role.REVIEWER, Role.SEALED_REVIEWER, Role.SUPERVISOR, Role.ANALYST, Role.HANDLER})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``roles`` empty: for everybody, signed in or not. ``but``: who has one of these besides finds no such page. ``json``: it
    speaks JSON, errors too. ``weak``: open to a session whose one-time code is still to be given. ``live``: pages ask it by
    themselves, which keeps no session from ending. ``query`` and ``body`` are JSON Schemas of what it takes, for its description."""

    method: str
    path: str
    run: "Callable[[Visit], Response]"
    roles: frozenset[Role] = ANY_ROLE
    json: bool = False
    weak: bool = False
    live: bool = False
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    but: frozenset[Role] = frozenset()


office_endpoint = partial(Endpoint, but=frozenset({Role.HANDLER}))
"""Of the office's desk: a unit's handler who is a sealed reviewer too decides nothing there."""
