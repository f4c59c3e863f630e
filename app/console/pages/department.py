"""部门: a unit's own queue, one part of it, what its people do about it, and what is open for claiming."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response

from app.console.department_shown import Document, line_document, offer_document, part_document
from app.console.department_work import RESULT, DepartmentWork
from app.console.endpoints import Endpoint
from app.console.reply_files import ReplyFiles
from app.console.unit_search import find_units
from app.console.visit import Visit
from app.feedback import FeedbackResult
from domain.accounts import Role
from domain.errors import Refused
from domain.events import FeedbackOutcome
from domain.ids import UnitCode
from route.feedback import MAX_EXTRA_DAYS, MAX_REASON, MAX_REPLY, REPLY_PARTS
from store import desk_department as desk

HANDLER = frozenset({Role.HANDLER})
SHOWN = 50
MOST_SIGNED = 200
REPLY_FIELDS = ("looked_into", "opinion", "result")
WORDS = 5


def asked(visit: Visit, work: DepartmentWork) -> desk.Queue:
    """The queue as the address asks for it. What is not understood is left out: an old bookmark still opens."""
    tab = visit.query("tab")
    unit = visit.query("unit")
    return desk.Queue(
        desk.Tab(tab) if tab in set(desk.Tab) else desk.Tab.OPEN,
        work.edges(),
        tuple(visit.query("q").replace("\0", " ").split()[:WORDS]),
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


def document_of(visit: Visit, ident: str) -> Document:
    """Raises NotThere. A sealed one that is looked at is audited."""
    work = DepartmentWork(visit)
    found = work.part(ident)
    mine = found.line.part
    others, told, said = work.read(lambda tx: (desk.others(tx, mine), desk.told(tx, mine), desk.said(tx, mine)))
    files = [one.document for one in ReplyFiles(visit).of(found)]
    if found.line.sealed:
        visit.office.note("assignment.view_sealed", mine.id)
    return part_document(visit.system, found, others, told, said, files)


def part_page(visit: Visit) -> Response:
    return _part_page(visit, wrong="")


def part_json(visit: Visit) -> Response:
    return visit.json(document_of(visit, _ident(visit)))


def sign(visit: Visit) -> FeedbackResult:
    return DepartmentWork(visit).sign(_ident(visit))


def give_back(visit: Visit) -> FeedbackResult:
    """``suggested_unit`` is one chosen of the list, ``suggest`` what was typed."""
    suggested = visit.sent("suggested_unit") or visit.sent("suggest")
    return DepartmentWork(visit).give_back(_ident(visit), visit.sent("reason"), suggested)


def extend(visit: Visit) -> FeedbackResult:
    return DepartmentWork(visit).extend(_ident(visit), visit.sent_number("days", 0), visit.sent("reason"))


def complete(visit: Visit) -> FeedbackResult:
    reply = {name: visit.sent(field) for name, field in zip(REPLY_PARTS, REPLY_FIELDS, strict=True)}
    return DepartmentWork(visit).complete(_ident(visit), reply)


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
    return visit.json({**_said(result), "assignment": ident})


def units_part(visit: Visit) -> Response:
    return visit.page("department_units.html", units=find_units(visit.system.directory, visit.query("suggest")))


def units_json(visit: Visit) -> Response:
    found = find_units(visit.system.directory, visit.query("q"))
    return visit.json({"units": [{"code": unit.code, "name": unit.name, "aliases": list(unit.aliases)} for unit in found]})


def still_here(visit: Visit) -> Response:  # noqa: ARG001
    """Asked while somebody types a reply, so that no session ends over it."""
    return Response(status_code=204)


def _part_page(visit: Visit, *, wrong: object, status: int = 200) -> Response:
    """With what was typed, where it was refused: a reply is never lost."""
    form = {name: visit.sent(name) for name in (*REPLY_FIELDS, "reason", "days", "suggest", "contact_reason")}
    return visit.page(
        "department_part.html",
        status,
        part=document_of(visit, _ident(visit)),
        wrong=wrong,
        form=form,
        failed=visit.request.url.path.rpartition("/")[2] if wrong else "",
        done=visit.query("done"),
        note=visit.query("note"),
        result_part=RESULT,
        longest={"reason": MAX_REASON, "reply": MAX_REPLY, "days": MAX_EXTRA_DAYS},
    )


def _by_form(name: str, step: Callable[[Visit], FeedbackResult]) -> Callable[[Visit], Response]:
    def run(visit: Visit) -> Response:
        _seen(visit)
        try:
            result = step(visit)
        except Refused as error:
            return _part_page(visit, wrong=error, status=409)
        note = "" if result.outcome is FeedbackOutcome.APPLIED else f"&note={result.outcome}"
        return visit.go(
            f"/department/parts/{_ident(visit)}?done={name}{note}" if name != "return" else f"/department?done={name}"
        )

    return run


def _by_json(step: Callable[[Visit], FeedbackResult]) -> Callable[[Visit], Response]:
    def run(visit: Visit) -> Response:
        _seen(visit)
        return visit.json(_said(step(visit)))

    return run


def _seen(visit: Visit) -> None:
    """Before anything that was sent is looked at: of what may not be seen nothing is answered but that."""
    DepartmentWork(visit).part(_ident(visit))


def _said(result: FeedbackResult) -> Document:
    return {"outcome": result.outcome, "reason": result.reason}


def _ident(visit: Visit) -> str:
    return str(visit.request.path_params["assignment"])


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


def _body(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


_STEPS: tuple[tuple[str, Callable[[Visit], FeedbackResult], dict[str, Any]], ...] = (
    ("sign", sign, _body([])),
    ("return", give_back, _body(["reason"], reason={**_TEXT, "maxLength": MAX_REASON}, suggested_unit=_TEXT)),
    (
        "extend",
        extend,
        _body(["days", "reason"], days={"type": "integer", "minimum": 1, "maximum": MAX_EXTRA_DAYS}, reason=_TEXT),
    ),
    ("complete", complete, _body(["result"], looked_into=_TEXT, opinion=_TEXT, result=_TEXT)),
)
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
        body=_body(["parts"], parts={"type": "array", "items": _TEXT, "maxItems": MOST_SIGNED}),
    ),
    Endpoint("GET", "/department/pool", pool_page, HANDLER),
    Endpoint("GET", "/api/department/pool", pool_json, HANDLER, json=True),
    Endpoint("POST", "/department/pool/{number}/claim", claim_page, HANDLER),
    Endpoint("POST", "/api/department/pool/{number}/claim", claim_json, HANDLER, json=True, body=_body([], unit=_TEXT)),
    Endpoint("GET", "/department/units", units_part, HANDLER),
    Endpoint("GET", "/api/department/units", units_json, HANDLER, json=True, query=_body([], q=_TEXT)),
    Endpoint("GET", "/department/here", still_here, HANDLER),
    Endpoint("GET", "/department/parts/{assignment}", part_page, HANDLER),
    Endpoint("GET", "/api/department/parts/{assignment}", part_json, HANDLER, json=True),
    *(Endpoint("POST", f"/department/parts/{{assignment}}/{name}", _by_form(name, step), HANDLER) for name, step, _ in _STEPS),
    *(
        Endpoint("POST", f"/api/department/parts/{{assignment}}/{name}", _by_json(step), HANDLER, json=True, body=body)
        for name, step, body in _STEPS
    ),
)
