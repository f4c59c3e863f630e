"""A matter's whole story as its reader may see it: what ``fenban explain`` tells, less what is not theirs to know."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.console.guard import NotThere
from app.documents import assignment_dict, maybe_iso
from app.repeats import for_units
from app.reports import explain_document, message_row
from app.similar_shown import similar_document
from app.wiring import System
from domain.accounts import Viewer
from domain.errors import Refused
from domain.ids import MatterId, Number
from route.confidentiality import may_see
from store.desk_register import is_sealed, visible_matter

NOT_THERE = "there is no {}, or you may not see it"
UNSEALED = "message.unseal"
_OF_PARTS = ("assigned", "signed", "returned", "completed", "withdrawn")
_PRIVATE: Mapping[str, Any] = {"reason": "", "actor": "", "excluded": [], "evidence": [], "suggestions": []}

Document = dict[str, Any]


def require(system: System, viewer: Viewer, number: str) -> MatterId:
    """The message's matter. Raises NotThere for what the reader may not know of."""
    with system.store.transaction(write=False) as tx:
        matter = visible_matter(tx, viewer, Number(number))
    if matter is None:
        raise NotThere(NOT_THERE.format(number), remedy="look for it in the register")
    return matter


def story(system: System, viewer: Viewer, number: str) -> Document:
    """Raises NotThere. Whether it may be seen is asked after it was read: what is sealed meanwhile is not shown."""
    require(system, viewer, number)
    try:
        document = explain_document(system, Number(number))
    except Refused:
        raise NotThere(NOT_THERE.format(number), remedy="look for it in the register") from None
    matter = MatterId(document["matter"])
    with system.store.unit_of_work(write=False) as uow:
        members = uow.reads.of_matters([matter]).get(matter, [])
        parts = uow.assignments.of_matters([matter]).get(matter, [])
        row = uow.matters.get(matter)
        past = uow.matters.get(MatterId(document["earlier"]["number"])) if document["earlier"] is not None else None
    if past is not None and not all(may_see(unit, past.excluded) for unit in viewer.units or ()):
        document |= {"earlier": None, "repeat_of": None}
    with system.store.transaction(write=False) as tx:
        similar = similar_document(tx, matter, viewer)
    sealed = require_sealed(system, viewer, number)
    repeat = _shown_repeat(system, viewer, document["repeat_of"])
    document |= {
        "sealed": sealed,
        "similar": similar,
        "repeat_of": repeat,
        "repeat_seen": repeat is not None and _sees(system, viewer, repeat),
        "letters": [{**message_row(one), "addressed_to": one.addressed_to} for one in members],
        "assignments": [assignment_dict(part) for part in parts if viewer.sealed or not part.sealed],
        "promised": maybe_iso(row.promised) if row is not None else None,
    }
    if not viewer.sealed:
        unsealed = max((step["at"] for step in document["steps"] if step.get("action") == UNSEALED), default="")
        document["steps"] = [step for step in document["steps"] if not _of_sealing(step, unsealed)]
    return document if viewer.units is None else _for_units(document, viewer.units)


def require_sealed(system: System, viewer: Viewer, number: str) -> bool:
    """Whether the matter, which the reader may see, is sealed. Raises NotThere."""
    matter = require(system, viewer, number)
    with system.store.transaction(write=False) as tx:
        return is_sealed(tx, matter)


def _shown_repeat(system: System, viewer: Viewer, number: str | None) -> str | None:
    """A sealed matter is never linked from."""
    if number is None:
        return None
    with system.store.transaction(write=False) as tx:
        return number if viewer.sealed or not is_sealed(tx, MatterId(number)) else None


def _sees(system: System, viewer: Viewer, number: str) -> bool:
    with system.store.transaction(write=False) as tx:
        return visible_matter(tx, viewer, Number(number)) is not None


def _of_sealing(step: Document, unsealed: str) -> bool:
    """What tells that a letter was sealed once, and why: all that was noted before it was ``unsealed`` too."""
    return (
        (step["step"] == "audited" and step["at"] <= unsealed)
        or bool(step.get("sealed"))
        or "seal" in str(step.get("action", ""))
        or str(step.get("topic", "")).startswith("fenban.sealed.")
        or step.get("outcome") == "sealed_review"
    )


def _for_units(document: Document, units: Sequence[str]) -> Document:
    """As ``fenban export matters --unit``: nobody else's reasons, not who decided and why, no log, the last decision only."""
    decided = [step for step in document["steps"] if step["step"] == "decided"][-1:]
    steps = [
        _less(step, units)
        for step in document["steps"]
        if step["step"] in ("registered", "revised", *_OF_PARTS) or step in decided or _own(step, units)
    ]
    parts = [
        part if part["unit"] in units else {**part, "requirement": "", "reason": "", "suggested_unit": None, "reply": ""}
        for part in document["assignments"]
    ]
    letters = [{**letter, "reason": ""} for letter in document["letters"]]
    return {
        **document,
        "earlier": for_units(document["earlier"], units),
        "steps": steps,
        "assignments": parts,
        "letters": letters,
    }


def _own(step: Document, units: Sequence[str]) -> bool:
    if step["step"] == "feedback":
        return step["unit"] in units
    return step["step"] == "event" and str(step["topic"]).rpartition(".")[2] in units


def _less(step: Document, units: Sequence[str]) -> Document:
    if step["step"] == "decided":
        return {**step, **_PRIVATE}
    if step["step"] in _OF_PARTS and step["unit"] not in units and "reason" in step:
        return {**step, "reason": ""}
    return step
