"""并案, 拆分: on a matter's page, who decides about letters says that two matters are one, or that a letter is another matter."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from app.console.endpoints import office_endpoint
from app.console.register_story import require
from app.console.visit import Visit
from app.office_matters import MatterChanged, SplitTo
from app.reports import changed_document
from domain.accounts import DECIDERS
from domain.errors import Refused
from domain.ids import Number

TAKE, JOIN = "take", "join"
"""``take``: the other matter's letters come into this one; ``join``: this one's go into the other."""


def merge(visit: Visit) -> MatterChanged:
    """Both must be the reader's to see. Raises NotThere, Refused."""
    here, other = _here(visit), Number(visit.sent("other").lower())
    require(visit.system, visit.viewer, other)
    kept, gone = (other, here) if visit.sent("direction", TAKE) == JOIN else (here, other)
    return visit.office.merge(kept, gone, visit.sent("reason"))


def split(visit: Visit) -> MatterChanged:
    """The letter named in the form, or the page's own. Raises NotThere, Refused."""
    letter = Number(visit.sent("letter", _here(visit)).lower())
    require(visit.system, visit.viewer, letter)
    to = visit.sent("to") or SplitTo.ANEW
    if to not in set(SplitTo):
        raise Refused("there is no such choice", remedy="open the page anew")
    return visit.office.split(letter, visit.sent("reason"), SplitTo(to))


def by_form(name: str, step: Callable[[Visit], MatterChanged]) -> Callable[[Visit], Response]:
    def run(visit: Visit) -> Response:
        require(visit.system, visit.viewer, _here(visit))
        done = step(visit)
        return visit.go(f"/register/{done.matter}?done={name}")

    return run


def by_json(step: Callable[[Visit], MatterChanged]) -> Callable[[Visit], Response]:
    def run(visit: Visit) -> Response:
        require(visit.system, visit.viewer, _here(visit))
        return visit.json(changed_document(step(visit)))

    return run


def _here(visit: Visit) -> Number:
    return Number(visit.request.path_params["number"])


_TEXT = {"type": "string", "maxLength": 100}
_REASON = {"type": "string", "maxLength": 2000}
_BODIES: dict[str, dict[str, Any]] = {
    "merge": {
        "type": "object",
        "required": ["other", "reason"],
        "properties": {"other": _TEXT, "reason": _REASON, "direction": {"type": "string", "enum": [TAKE, JOIN]}},
    },
    "split": {
        "type": "object",
        "required": ["reason"],
        "properties": {"letter": _TEXT, "reason": _REASON, "to": {"type": "string", "enum": list(SplitTo)}},
    },
}
_STEPS = {"merge": merge, "split": split}

ENDPOINTS = (
    *(office_endpoint("POST", f"/register/{{number}}/{name}", by_form(name, step), DECIDERS) for name, step in _STEPS.items()),
    *(
        office_endpoint("POST", f"/api/register/{{number}}/{name}", by_json(step), DECIDERS, json=True, body=_BODIES[name])
        for name, step in _STEPS.items()
    ),
)
