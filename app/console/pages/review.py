"""分办: what waits for a reviewer, decided by keyboard, taken back within the time set."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from app.console.choosing import choose, lately, undo, unit_code
from app.console.endpoints import office_endpoint
from app.console.guard import NotThere
from app.console.review_shown import choice_dict, matter_document, pieces, queue_document
from app.console.units_found import finder
from app.console.visit import Visit
from domain.accounts import DECIDERS, Role
from domain.choices import Action, ChoiceState, ReviewChoice
from domain.decisions import DeadlineClass
from domain.errors import Refused
from domain.ids import Number, UnitCode
from domain.messages import MessageKind
from store.desk_review import SOURCES, Narrowed, one, queue

READERS = frozenset({Role.REVIEWER, Role.SEALED_REVIEWER, Role.SUPERVISOR})
LISTED_UNITS = 8
APPLIED_SHOWN = 2
MOST_AT_ONCE = 200


def review_page(visit: Visit) -> Response:
    """The queue, and its first letter open."""
    wanted, after = narrowed(visit), _after(visit)
    document = queue_document(visit.system, visit.me, wanted, after)
    if visit.partial and after is not None:
        return visit.page("review_rows.html", rows=document["rows"], following=document["next"], **_filters(wanted))
    first = document["rows"][0]["number"] if document["rows"] else None
    return _page(visit, wanted, document, first)


def review_json(visit: Visit) -> Response:
    return visit.json(queue_document(visit.system, visit.me, narrowed(visit), _after(visit)))


def matter_page(visit: Visit) -> Response:
    """One letter: alone for htmx, else beside the queue."""
    wanted, number = narrowed(visit), number_of(visit)
    if visit.partial and visit.request.headers.get("HX-History-Restore-Request") != "true":
        return visit.page("review_matter.html", **_matter(visit, number), **_filters(wanted))
    return _page(visit, wanted, queue_document(visit.system, visit.me, wanted), number)


def matter_json(visit: Visit) -> Response:
    return visit.json(matter_document(visit.system, visit.me, number_of(visit)))


def choices_made(visit: Visit) -> Response:
    """One decision for the letter and those chosen beside it; then the next one opens."""
    wanted = narrowed(visit, sent=True)
    number = Number(visit.sent("number"))
    following = _following(visit, wanted, number)
    _, refused = _choose_all(visit, [number, *(Number(other) for other in _many(visit, "also") if other != number)])
    return _moved_on(visit, wanted, following, refused)


def choices_json(visit: Visit) -> Response:
    """``numbers``: one decision for each of them."""
    numbers = [Number(str(number)) for number in _many(visit, "numbers")]
    made, refused = _choose_all(visit, numbers)
    return visit.json({"choices": made, "refused": [{"number": number, "error": error.what} for number, error in refused]}, 201)


def waiting_part(visit: Visit) -> Response:
    """The bar of one's own choices."""
    return visit.page("review_waiting.html", choices=_bar(visit), outside=False, **_filters(narrowed(visit)))


def waiting_json(visit: Visit) -> Response:
    return visit.json({"choices": _lately(visit)})


def undone(visit: Visit) -> Response:
    number = undo(visit.system, visit.me, whole_number(visit, "id"))
    return _moved_on(visit, narrowed(visit, sent=True), number, [])


def undone_json(visit: Visit) -> Response:
    return visit.json({"number": undo(visit.system, visit.me, whole_number(visit, "id"))})


def units_part(visit: Visit) -> Response:
    return visit.page("review_units.html", units=_units(visit))


def units_json(visit: Visit) -> Response:
    return visit.json({"units": _units(visit)})


def narrowed(visit: Visit, *, sent: bool = False) -> Narrowed:
    """What of the queue is wanted, from the address or, in a form, from its fields; what is none of these is ignored."""
    take = visit.sent if sent else visit.query
    source, kind, unit = take("source"), take("kind"), take("unit")
    return Narrowed(
        source if source in SOURCES else "",
        kind if kind in set(MessageKind) else "",
        unit if UnitCode(unit) in visit.system.directory.units else "",
    )


def _page(visit: Visit, wanted: Narrowed, document: dict[str, Any], number: Number | None) -> Response:
    opened = _matter(visit, number) if number is not None else {"matter": None}
    return visit.page(
        "review.html",
        rows=document["rows"],
        following=document["next"],
        counts=document["counts"],
        sources=SOURCES,
        kinds=list(MessageKind),
        units=list(visit.system.directory.units.values()),
        choices=_bar(visit),
        **opened,
        **_filters(wanted),
    )


def _matter(visit: Visit, number: Number) -> dict[str, Any]:
    """What a letter's template takes."""
    document = matter_document(visit.system, visit.me, number)
    return {
        "matter": document,
        "subject": pieces(document["subject"], document["suggestions"]),
        "body": pieces(document["body"], document["suggestions"]),
        "decides": visit.has(*DECIDERS),
        "simple_days": visit.system.settings.decide.simple_days,
        "complex_days": visit.system.settings.decide.complex_days,
    }


def _moved_on(visit: Visit, wanted: Narrowed, number: Number | None, refused: list[tuple[Number, Refused]]) -> Response:
    """The letter that is open now, with the queue and the waiting choices as they are."""
    if not visit.partial:
        return visit.go(f"/review/{number}?{_query(wanted)}" if number else f"/review?{_query(wanted)}")
    document = queue_document(visit.system, visit.me, wanted)
    opened = _matter(visit, number) if number is not None else {"matter": None}
    return visit.page(
        "review_moved.html",
        rows=document["rows"],
        following=document["next"],
        counts=document["counts"],
        sources=SOURCES,
        choices=_bar(visit),
        refused=refused,
        **opened,
        **_filters(wanted),
    )


def _following(visit: Visit, wanted: Narrowed, number: Number) -> Number | None:
    """The letter behind this one in the queue, else its first other one; those chosen beside it are passed over."""
    skipped = {number, *_many(visit, "also")}
    with visit.system.store.transaction(write=False) as tx:
        row = one(tx, visit.viewer, number)
        if row is None:
            raise NotThere(f"there is no {number}, or you may not see it", remedy="look for it in the register")
        behind = queue(tx, visit.viewer, wanted, len(skipped) + 1, row.key)
        rows = [*behind, *queue(tx, visit.viewer, wanted, len(skipped) + 1)]
    return next((found.number for found in rows if found.number not in skipped), None)


def _choose_all(visit: Visit, numbers: list[Number]) -> tuple[list[dict[str, Any]], list[tuple[Number, Refused]]]:
    """Each its own choice. Raises the first refusal where none could be made."""
    if not numbers or len(numbers) > MOST_AT_ONCE:
        raise Refused(f"choose between one and {MOST_AT_ONCE} letters", remedy="choose fewer at once")
    choice = _choice(visit)
    made: list[dict[str, Any]] = []
    refused: list[tuple[Number, Refused]] = []
    for number in dict.fromkeys(numbers):
        try:
            made.append({"number": number, "id": choose(visit.system, visit.me, number, choice)})
        except Refused as error:
            refused.append((number, error))
    if not made:
        raise refused[0][1]
    return made, refused


def _choice(visit: Visit) -> ReviewChoice:
    action = visit.sent("action", Action.DECIDE)
    if action not in set(Action):
        raise Refused("there is no such choice", remedy="open the page anew")
    lead = visit.sent("lead") or visit.sent("lead_said")
    said = [*_many(visit, "co_units"), *_many(visit, "co_said")]
    deadline = visit.sent("deadline_class")
    return ReviewChoice(
        Action(action),
        unit_code(visit.system, lead) if lead and action == Action.DECIDE else None,
        tuple(dict.fromkeys(unit_code(visit.system, one_said) for one_said in said)) if action == Action.DECIDE else (),
        visit.sent("requirement"),
        DeadlineClass(deadline) if deadline in set(DeadlineClass) else None,
        visit.sent("reason"),
    )


def _units(visit: Visit) -> list[dict[str, Any]]:
    said = visit.query("q") or visit.query("lead_said") or visit.query("co_said")
    excluded: list[str] = []
    if number := visit.query("number"):
        excluded = matter_excluded(visit, Number(number))
    found = finder(visit.system.directory).find(said, LISTED_UNITS, [UnitCode(code) for code in excluded])
    return [{"code": one_of.code, "name": one_of.name, "aliases": one_of.said, "excluded": one_of.excluded} for one_of in found]


def matter_excluded(visit: Visit, number: Number) -> list[str]:
    """Units that must not get the letter's matter; none where it may not be seen."""
    with visit.system.store.unit_of_work(write=False) as uow:
        message = uow.reads.messages([number]).get(number)
        row = uow.matters.get(message.matter) if message is not None else None
    with visit.system.store.transaction(write=False) as tx:
        seen = one(tx, visit.viewer, number) is not None
    return list(row.excluded) if row is not None and seen else []


def _lately(visit: Visit) -> list[dict[str, Any]]:
    return [choice_dict(one_of) for one_of in lately(visit.system, visit.me)]


def _bar(visit: Visit) -> list[dict[str, Any]]:
    """What the bar shows: choices that wait or were refused, and the last that went out."""
    found = _lately(visit)
    applied = [one_of for one_of in found if one_of["state"] == ChoiceState.APPLIED][:APPLIED_SHOWN]
    return [one_of for one_of in found if one_of["state"] in {ChoiceState.WAITING, ChoiceState.REFUSED} or one_of in applied]


def _many(visit: Visit, name: str) -> list[str]:
    """A field that may be given several times, or a JSON list."""
    value = visit.form.get(name)
    listed = value if isinstance(value, list) else [value]
    return [one_of.strip() for one_of in listed if isinstance(one_of, str) and one_of.strip()]


def _filters(wanted: Narrowed) -> dict[str, Any]:
    return {"wanted": wanted, "query": _query(wanted)}


def _query(wanted: Narrowed) -> str:
    given = {"source": wanted.source, "kind": wanted.kind, "unit": wanted.unit}
    return urlencode({name: value for name, value in given.items() if value})


def _after(visit: Visit) -> tuple[int, int] | None:
    rank, _, ident = visit.query("after").partition(".")
    short = len(rank) <= 1 and len(ident) <= 18
    return (int(rank), int(ident)) if short and _digits(rank) and _digits(ident) else None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def number_of(visit: Visit) -> Number:
    return Number(visit.request.path_params["number"])


def whole_number(visit: Visit, name: str) -> int:
    """A part of the address. Raises NotThere for what is none."""
    given = str(visit.request.path_params[name])
    if not (given.isascii() and given.isdecimal()) or len(given) > 18:
        raise NotThere(f"there is no {given}, or you may not see it", remedy="look for it in the register")
    return int(given)


_TEXT = {"type": "string"}
_QUEUE = {
    "source": {"type": "string", "enum": ["", *SOURCES]},
    "kind": {"type": "string", "enum": ["", *MessageKind]},
    "unit": _TEXT,
}
QUEUE_QUERY = {"type": "object", "properties": {**_QUEUE, "after": _TEXT}}
CHOICE_BODY = {
    "type": "object",
    "required": ["numbers", "action"],
    "properties": {
        "numbers": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_AT_ONCE},
        "action": {"type": "string", "enum": list(Action)},
        "lead": _TEXT,
        "co_units": {"type": "array", "items": _TEXT},
        "requirement": _TEXT,
        "deadline_class": {"type": "string", "enum": ["", *DeadlineClass]},
        "reason": _TEXT,
    },
}
UNITS_QUERY = {"type": "object", "properties": {"q": _TEXT, "number": _TEXT}}

ENDPOINTS = (
    office_endpoint("GET", "/review", review_page, READERS),
    office_endpoint("GET", "/review/waiting", waiting_part, READERS),
    office_endpoint("GET", "/review/units", units_part, READERS),
    office_endpoint("POST", "/review/choices", choices_made, DECIDERS),
    office_endpoint("POST", "/review/choices/{id}/undo", undone, DECIDERS),
    office_endpoint("GET", "/review/{number}", matter_page, READERS),
    office_endpoint("GET", "/api/review", review_json, READERS, json=True, query=QUEUE_QUERY),
    office_endpoint("GET", "/api/review/choices", waiting_json, READERS, json=True),
    office_endpoint("POST", "/api/review/choices", choices_json, DECIDERS, json=True, body=CHOICE_BODY),
    office_endpoint("POST", "/api/review/choices/{id}/undo", undone_json, DECIDERS, json=True),
    office_endpoint("GET", "/api/review/units", units_json, READERS, json=True, query=UNITS_QUERY),
    office_endpoint("GET", "/api/review/{number}", matter_json, READERS, json=True),
)
