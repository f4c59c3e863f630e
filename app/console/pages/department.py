"""部门: a unit's own queue, and what is open for claiming."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from app.console.department_shown import Document, line_document, offer_document
from app.console.department_work import DepartmentWork
from app.console.endpoints import Endpoint
from app.console.units_found import FoundUnit, finder
from app.console.visit import Visit
from app.feedback import FeedbackResult
from domain.accounts import Role
from domain.errors import Refused
from domain.events import FeedbackOutcome
from domain.ids import UnitCode
from store import desk_department as desk

HANDLER = frozenset({Role.HANDLER})
SHOWN = 50
MOST_SIGNED = 200
REPLY_FIELDS = ("looked_into", "opinion", "result")
WORDS = 5
LONGEST_ASKED = 100
LISTED_UNITS = 8


def asked(visit: Visit, work: DepartmentWork) -> desk.Queue:
    """The queue as the address asks for it. What is not understood is left out: an old bookmark still opens."""
    tab = visit.query("tab")
    unit = visit.query("unit")
    return desk.Queue(
        desk.Tab(tab) if tab in set(desk.Tab) else desk.Tab.OPEN,
        work.edges(),
        tuple(visit.query("q")[:LONGEST_ASKED].replace("\0", " ").split()[:WORDS]),
        UnitCode(unit) if unit in visit.me.units else None,
    )


def queue_document(visit: Visit) -> Document:
    """One page of the queue with its counts. ``next``: where the page after it begins, "" for the last."""
    work = DepartmentWork(visit)
    wanted = asked(visit, work)
    viewer, after = visit.viewer, _place(visit.query("after"))
    lines, counted, offered = work.read(
        lambda tx: (
            desk.queue(tx, viewer, wanted, after, SHOWN + 1),
            desk.counts(tx, viewer, wanted.edges, wanted.unit),
            len(desk.offers(tx, viewer, limit=desk.COUNTED)),
        )
    )
    shown = lines[:SHOWN]
    if sealed := sum(line.sealed for line in shown):
        visit.office.note("department.list_sealed", " ".join(visit.me.units), count=sealed)
    more = len(lines) > SHOWN
    return {
        "tab": wanted.tab,
        "words": " ".join(wanted.words),
        "unit": wanted.unit or "",
        "counts": {tab: counted[tab] for tab in counted},
        "offered": offered,
        "rows": [line_document(visit.system, line) for line in shown],
        "next": f"{shown[-1].place[0]}.{shown[-1].place[1]}" if more else "",
    }


def queue_page(visit: Visit) -> Response:
    document = queue_document(visit)
    return visit.page(
        "department.html",
        queue=document,
        many=desk.COUNTED,
        done=visit.query("done"),
        signed=_digits(visit, "signed"),
        missed=_digits(visit, "missed"),
    )


def queue_json(visit: Visit) -> Response:
    return visit.json(queue_document(visit))


def sign_many(visit: Visit) -> Document:
    """Signs every part chosen that still can be; what was moved on meanwhile is counted, and hinders no other."""
    chosen = visit.form.get("parts", [])
    listed = [chosen] if isinstance(chosen, str) else list(chosen) if isinstance(chosen, list) else []
    if len(listed) > MOST_SIGNED or not all(isinstance(one, str) for one in listed):
        raise Refused("too many were chosen at once", remedy=f"choose at most {MOST_SIGNED}")
    work = DepartmentWork(visit)
    signed = 0
    for ident in dict.fromkeys(listed):
        try:
            signed += work.sign(ident).outcome is FeedbackOutcome.APPLIED
        except Refused:
            continue
    return {"signed": signed, "passed_over": len(set(listed)) - signed}


def sign_many_page(visit: Visit) -> Response:
    done = sign_many(visit)
    return visit.go(f"/department?tab=signed&signed={done['signed']}&missed={done['passed_over']}")


def sign_many_json(visit: Visit) -> Response:
    return visit.json(sign_many(visit))


def pool_document(visit: Visit) -> Document:
    work, viewer = DepartmentWork(visit), visit.viewer
    after = visit.query("after")
    offers = work.read(lambda tx: desk.offers(tx, viewer, after=int(after) if _is_number(after) else 0, limit=SHOWN + 1))
    shown = offers[:SHOWN]
    return {"rows": [offer_document(one) for one in shown], "next": str(shown[-1].position) if len(offers) > SHOWN else ""}


def pool_page(visit: Visit) -> Response:
    return visit.page("department_pool.html", pool=pool_document(visit))


def pool_json(visit: Visit) -> Response:
    return visit.json(pool_document(visit))


def claim(visit: Visit) -> tuple[FeedbackResult, str]:
    number = str(visit.request.path_params["number"])
    work = DepartmentWork(visit)
    result = work.claim(number, visit.sent("unit") or (visit.me.units[0] if len(visit.me.units) == 1 else ""))
    return result, work.own_part(number) or ""


def claim_page(visit: Visit) -> Response:
    _, ident = claim(visit)
    return visit.go(f"/department/parts/{ident}?done=claim" if ident else "/department/pool")


def claim_json(visit: Visit) -> Response:
    result, ident = claim(visit)
    return visit.json({**said_document(result), "assignment": ident})


def units_part(visit: Visit) -> Response:
    return visit.page("department_units.html", units=_units(visit, visit.query("suggest")))


def units_json(visit: Visit) -> Response:
    return visit.json({"units": [{"code": unit.code, "name": unit.name} for unit in _units(visit, visit.query("q"))]})


def _units(visit: Visit, typed: str) -> list[FoundUnit]:
    return finder(visit.system.directory).find(typed, LISTED_UNITS) if typed.strip() else []


def still_here(visit: Visit) -> Response:  # noqa: ARG001
    """Asked while somebody types a reply, so that no session ends over it."""
    return Response(status_code=204)


def said_document(result: FeedbackResult) -> Document:
    return {"outcome": result.outcome, "reason": result.reason}


def _place(text: str) -> desk.Place | None:
    due, _, position = text.partition(".")
    return (int(due), int(position)) if _is_number(due) and _is_number(position) else None


def _digits(visit: Visit, name: str) -> int:
    text = visit.query(name)
    return int(text) if _is_number(text) else 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


_TEXT: dict[str, Any] = {"type": "string"}
_QUERY: dict[str, Any] = {
    "type": "object",
    "properties": {"tab": {"enum": [tab.value for tab in desk.Tab]}, "q": _TEXT, "unit": _TEXT, "after": _TEXT},
}


def body_schema(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


ENDPOINTS = (
    Endpoint("GET", "/department", queue_page, HANDLER),
    Endpoint("GET", "/api/department", queue_json, HANDLER, json=True, query=_QUERY),
    Endpoint("POST", "/department/sign", sign_many_page, HANDLER),
    Endpoint(
        "POST",
        "/api/department/sign",
        sign_many_json,
        HANDLER,
        json=True,
        body=body_schema(["parts"], parts={"type": "array", "items": _TEXT, "maxItems": MOST_SIGNED}),
    ),
    Endpoint("GET", "/department/pool", pool_page, HANDLER),
    Endpoint("GET", "/api/department/pool", pool_json, HANDLER, json=True),
    Endpoint("POST", "/department/pool/{number}/claim", claim_page, HANDLER),
    Endpoint("POST", "/api/department/pool/{number}/claim", claim_json, HANDLER, json=True, body=body_schema([], unit=_TEXT)),
    Endpoint("GET", "/department/units", units_part, HANDLER),
    Endpoint("GET", "/api/department/units", units_json, HANDLER, json=True, query=body_schema([], q=_TEXT)),
    Endpoint("GET", "/department/here", still_here, HANDLER),
)
