"""Asking to see a sender, answering, looking; files of the original."""

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from app.console import reveals
from app.console.endpoints import office_endpoint
from app.console.pages.review import READERS, number_of, whole_number
from app.console.visit import Visit
from app.documents import iso, maybe_iso
from domain.reveals import Reveal


def reveals_page(visit: Visit) -> Response:
    """What waits for one's answer, and what one asked for."""
    return visit.page("reveals.html", **_listed(visit))


def reveals_json(visit: Visit) -> Response:
    return visit.json(_listed(visit))


def asked(visit: Visit) -> Response:
    reveals.ask(visit.system, visit.me, number_of(visit), visit.sent("reason"))
    return visit.go("/review/reveals")


def asked_json(visit: Visit) -> Response:
    return visit.json({"id": reveals.ask(visit.system, visit.me, number_of(visit), visit.sent("reason"))}, 201)


def answered(visit: Visit) -> Response:
    _answer(visit, grant=visit.sent("grant") == "yes")
    return visit.go("/review/reveals")


def answered_json(visit: Visit) -> Response:
    _answer(visit, grant=visit.form.get("grant") is True)
    return visit.json(_listed(visit))


def opened(visit: Visit) -> Response:
    return visit.page("revealed.html", shown=reveals.view(visit.system, visit.me, whole_number(visit, "id")))


def opened_json(visit: Visit) -> Response:
    shown = reveals.view(visit.system, visit.me, whole_number(visit, "id"))
    return visit.json(
        {
            **_reveal(visit, shown.reveal),
            "subject": shown.subject,
            "body": shown.body,
            "addressed_to": shown.addressed_to,
            "place": shown.place,
            "sender": shown.sender,
            "attachments": list(shown.attachments),
        }
    )


def downloaded(visit: Visit) -> Response:
    """A file as the citizen sent it. A browser only ever saves it: what it holds is not to be trusted."""
    file = reveals.attachment(visit.system, visit.me, whole_number(visit, "id"), whole_number(visit, "file"))
    return as_download(file.name, file.data)


def as_download(name: str, data: bytes) -> Response:
    """With a type and a disposition that no browser opens."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name or 'file', safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)


def _answer(visit: Visit, *, grant: bool) -> None:
    reveals.answer(visit.system, visit.me, whole_number(visit, "id"), grant=grant, reason=visit.sent("reason"))


def _listed(visit: Visit) -> dict[str, Any]:
    return {
        "pending": [_reveal(visit, one) for one in reveals.pending(visit.system, visit.me)],
        "own": [_reveal(visit, one) for one in reveals.own(visit.system, visit.me)],
    }


def _reveal(visit: Visit, one: Reveal) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "by": one.name or one.login,
        "unit": one.unit,
        "reason": one.reason,
        "asked_at": iso(one.asked_at),
        "state": one.state,
        "sealed": one.sealed,
        "answered_by": one.answered_by,
        "answer": one.answer,
        "expires_at": maybe_iso(one.expires_at),
        "open": one.open_at(visit.system.clock.now()),
    }


_REASON = {"type": "string", "maxLength": 500}
ASK_BODY = {"type": "object", "required": ["reason"], "properties": {"reason": {**_REASON, "minLength": 1}}}
ANSWER_BODY = {"type": "object", "required": ["grant"], "properties": {"grant": {"type": "boolean"}, "reason": _REASON}}

ENDPOINTS = (
    office_endpoint("GET", "/review/reveals", reveals_page, READERS),
    office_endpoint("POST", "/review/reveals/{id}/answer", answered, READERS),
    office_endpoint("POST", "/review/reveals/{id}/open", opened, READERS),
    office_endpoint("POST", "/review/reveals/{id}/files/{file}", downloaded, READERS),
    office_endpoint("POST", "/review/{number}/reveal", asked, READERS),
    office_endpoint("GET", "/api/review/reveals", reveals_json, READERS, json=True),
    office_endpoint("POST", "/api/review/reveals/{id}/answer", answered_json, READERS, json=True, body=ANSWER_BODY),
    office_endpoint("POST", "/api/review/reveals/{id}/open", opened_json, READERS, json=True),
    office_endpoint("POST", "/api/review/{number}/reveal", asked_json, READERS, json=True, body=ASK_BODY),
)
