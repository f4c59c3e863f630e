"""One part of a department's queue: what it is, and what its people do about it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from app.console import department_contact as contact
from app.console.department_shown import Document, part_document
from app.console.department_work import RESULT, DepartmentWork
from app.console.endpoints import Endpoint
from app.console.pages.department import HANDLER, body_schema, said_document
from app.console.reply_files import ReplyFiles, attach
from app.console.visit import Visit
from app.feedback import FeedbackResult
from app.similar_shown import similar_document
from domain.errors import Refused
from domain.events import FeedbackOutcome
from route.feedback import MAX_EXTRA_DAYS, MAX_REASON, MAX_REPLY, REPLY_PARTS
from store import desk_department as desk

FORMS = ("sign", "return", "extend", "complete", "files")
REPLY_FIELDS = ("looked_into", "opinion", "result")


def document_of(visit: Visit, ident: str) -> Document:
    """Raises NotThere. A sealed one that is looked at is audited."""
    work = DepartmentWork(visit)
    found = work.part(ident)
    mine = found.line.part
    others, told, said = work.read(lambda tx: (desk.others(tx, mine), desk.told(tx, mine), desk.said(tx, mine)))
    letters = work.letters(found)
    unit = replace(visit.viewer, units=(mine.unit,))
    similar = work.read(lambda tx: similar_document(tx, mine.matter, unit))
    files = [one.document for one in ReplyFiles(visit).of(found)]
    if found.line.sealed:
        visit.office.note("assignment.view_sealed", mine.id)
    document = part_document(visit.system, found, others, told, said, files, letters)
    return {**document, "similar": similar, "contact": contact.wishes(visit, contact.numbers(found, letters))}


def part_page(visit: Visit) -> Response:
    return shown(visit, done=visit.query("done"))


def back_page(visit: Visit) -> Response:
    """For who opens a form's address anew: the page that it stands on."""
    DepartmentWork(visit).part(_ident(visit))
    return visit.go(f"/department/parts/{_ident(visit)}")


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
    """Files that were chosen and not attached yet come with it."""
    attach(visit, _ident(visit))
    reply = {name: visit.sent(field) for name, field in zip(REPLY_PARTS, REPLY_FIELDS, strict=True)}
    return DepartmentWork(visit).complete(_ident(visit), reply)


def ask_contact(visit: Visit) -> FeedbackResult:
    work = DepartmentWork(visit)
    found = work.part(_ident(visit))
    number = contact.chosen(visit.sent("letter"), contact.numbers(found, work.letters(found)))
    asked = contact.ask(visit, found, number, visit.sent("contact_reason"))
    return FeedbackResult("", FeedbackOutcome.APPLIED if asked else FeedbackOutcome.REPEATED)


def contact_document(visit: Visit) -> Document:
    work = DepartmentWork(visit)
    found = work.part(_ident(visit))
    return contact.view(visit, contact.chosen(visit.query("letter"), contact.numbers(found, work.letters(found))))


def contact_page(visit: Visit) -> Response:
    return visit.page("department_contact.html", seen=contact_document(visit), ident=_ident(visit))


def contact_json(visit: Visit) -> Response:
    return visit.json(contact_document(visit))


def shown(visit: Visit, *, wrong: object = "", done: str = "", status: int = 200) -> Response:
    """The part's page, with what was typed: a reply is never lost, whatever else was done or refused meanwhile."""
    form = {name: visit.sent(name) for name in (*REPLY_FIELDS, "reason", "days", "suggest", "contact_reason")}
    return visit.page(
        "department_part.html",
        status,
        part=document_of(visit, _ident(visit)),
        wrong=wrong,
        form=form,
        failed=visit.request.url.path.rpartition("/")[2] if wrong else "",
        done=done,
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
            return shown(visit, wrong=error, status=409)
        note = "" if result.outcome is FeedbackOutcome.APPLIED else f"&note={result.outcome}"
        return visit.go(
            f"/department/parts/{_ident(visit)}?done={name}{note}" if name != "return" else f"/department?done={name}"
        )

    return run


def _by_json(step: Callable[[Visit], FeedbackResult]) -> Callable[[Visit], Response]:
    def run(visit: Visit) -> Response:
        _seen(visit)
        return visit.json(said_document(step(visit)))

    return run


def _seen(visit: Visit) -> None:
    """Before anything that was sent is looked at: of what may not be seen nothing is answered but that."""
    DepartmentWork(visit).part(_ident(visit))


def _ident(visit: Visit) -> str:
    return str(visit.request.path_params["assignment"])


_TEXT: dict[str, Any] = {"type": "string"}
CONTACT_QUERY = {"type": "object", "properties": {"letter": _TEXT}}
_STEPS: tuple[tuple[str, Callable[[Visit], FeedbackResult], dict[str, Any]], ...] = (
    ("sign", sign, body_schema([])),
    ("return", give_back, body_schema(["reason"], reason={**_TEXT, "maxLength": MAX_REASON}, suggested_unit=_TEXT)),
    (
        "extend",
        extend,
        body_schema(["days", "reason"], days={"type": "integer", "minimum": 1, "maximum": MAX_EXTRA_DAYS}, reason=_TEXT),
    ),
    ("contact", ask_contact, body_schema(["contact_reason"], contact_reason=_TEXT, letter=_TEXT)),
    ("complete", complete, body_schema(["result"], looked_into=_TEXT, opinion=_TEXT, result=_TEXT)),
)
ENDPOINTS = (
    Endpoint("GET", "/department/parts/{assignment}", part_page, HANDLER),
    Endpoint("GET", "/api/department/parts/{assignment}", part_json, HANDLER, json=True),
    *(Endpoint("GET", f"/department/parts/{{assignment}}/{name}", back_page, HANDLER) for name in FORMS),
    Endpoint("GET", "/department/parts/{assignment}/contact", contact_page, HANDLER),
    Endpoint("GET", "/api/department/parts/{assignment}/contact", contact_json, HANDLER, json=True, query=CONTACT_QUERY),
    *(Endpoint("POST", f"/department/parts/{{assignment}}/{name}", _by_form(name, step), HANDLER) for name, step, _ in _STEPS),
    *(
        Endpoint("POST", f"/api/department/parts/{{assignment}}/{name}", _by_json(step), HANDLER, json=True, body=body)
        for name, step, body in _STEPS
    ),
)
