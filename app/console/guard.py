"""What stands before every endpoint: session, one-time code, role, CSRF; and how an error is answered."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.console.accounts import Accounts
from app.console.endpoints import Endpoint
from app.console.navigation import first_page
from app.console.pages_shown import Shown
from app.console.schemas import as_object, check_schema, misfits, unwritable
from app.console.visit import Visit
from app.logs import where
from app.phrases import phrase
from app.texts import reading_in
from app.wiring import System
from domain.accounts import Account, Session
from domain.errors import FenbanError, HaltForPerson, Refused, RetryLater

COOKIE = "__Host-fenban"
LONGEST_BODY = 12_000_000
MOST_FIELDS = 1000
SAFE = frozenset({"GET", "HEAD"})
SIGN_IN, CODE = "/sign-in", "/sign-in/code"
log = structlog.get_logger("fenban.console")

Sent = tuple[Mapping[str, Any], Mapping[str, UploadFile]]


class Guard:
    """Wraps each endpoint. Answers 401 or the log-in page without a session, 403 without the role or the CSRF token, 404 for
    what the reader may not know of, 409 for what the lifecycle refuses, 422 for what does not fit the endpoint's declared
    schema, 503 while the store is away."""

    def __init__(self, system: System, accounts: Accounts, shown: Shown) -> None:
        self._system = system
        self._accounts = accounts
        self._shown = shown

    def wrap(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        for schema in (endpoint.query, endpoint.body):
            check_schema(as_object(schema))

        async def answer(request: Request) -> Response:
            try:
                form, files = await _sent(request)
            except HTTPException as error:
                return self._error(self._visit(request, None, None), endpoint, error.status_code, str(error.detail), "")
            return await run_in_threadpool(self._answer, endpoint, request, form, files)

        return answer

    def not_found(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        """For an address that is none."""
        session, account = self._known(request)
        return self._error(self._visit(request, session, account), None, 404, "there is no such page", "")

    def _answer(self, endpoint: Endpoint, request: Request, form: Mapping[str, Any], files: Mapping[str, UploadFile]) -> Response:
        try:
            session, account = self._known(request, used=not endpoint.live)
        except FenbanError as error:
            return self._told(self._visit(request, None, None), endpoint, error)
        self._system.refresh()
        visit = Visit(request, self._system, self._accounts, self._shown, account, session, form, files)
        with reading_in(visit.language):
            refused = self._refusal(endpoint, visit) or self._misfit(endpoint, visit)
            if refused is not None:
                return refused
            try:
                return endpoint.run(visit)
            except FenbanError as error:
                return self._told(visit, endpoint, error)
            except Exception as error:
                # A defect. Its text may quote a letter: neither log nor answer gives it.
                log.error("defect", path=endpoint.path, what=type(error).__name__, where=where(error))
                return self._error(visit, endpoint, 500, "something went wrong here", "tell the administrator when it was")

    def _known(self, request: Request, *, used: bool = True) -> tuple[Session | None, Account | None]:
        return self._accounts.found(request.cookies.get(COOKIE, ""), used=used) or (None, None)

    def _visit(self, request: Request, session: Session | None, account: Account | None) -> Visit:
        return Visit(request, self._system, self._accounts, self._shown, account, session)

    def _refusal(self, endpoint: Endpoint, visit: Visit) -> Response | None:
        """Why the endpoint is not run, None when it may be."""
        if visit.request.method not in SAFE and not _same_origin(visit.request):
            return self._error(visit, endpoint, 403, "the request came from another site", "open the page anew")
        if not endpoint.roles:
            return None
        if visit.account is None or visit.session is None:
            if endpoint.json or visit.request.method not in SAFE:
                return self._error(visit, endpoint, 401, "nobody is signed in", "sign in first")
            return _to(visit, SIGN_IN)
        if visit.account.privileged and not visit.session.strong and not endpoint.weak:
            if endpoint.json:
                return self._error(visit, endpoint, 403, "the one-time code is missing", "give it at /sign-in/code")
            return _to(visit, CODE)
        if not visit.account.has(*endpoint.roles):
            return self._error(visit, endpoint, 403, "your role may not do this", "ask an administrator")
        if visit.request.method not in SAFE and not _token_matches(visit):
            return self._error(visit, endpoint, 403, "the page is too old", "open the page anew")
        if visit.account.has(*endpoint.but):
            return self._error(visit, endpoint, 404, "there is no such page", "")
        return None

    def _misfit(self, endpoint: Endpoint, visit: Visit) -> Response | None:
        """What does not fit the declaration, told by its name alone: what stood there may be a letter's words."""
        request = visit.request
        if unwritable(dict(request.path_params)):
            return self._error(visit, endpoint, 404, "there is no such page", "")
        query = {name: values if len(values) > 1 else values[0] for name, values in _query(request).items()}
        wrong = [("query", "not text")] if unwritable(query) else []
        wrong += [("body", "not text")] if unwritable(dict(visit.form)) else []
        if endpoint.json and not wrong:
            wrong = list(misfits(as_object(endpoint.query), query, texts=True))
            if request.method not in SAFE:
                wrong += misfits(as_object(endpoint.body), dict(visit.form), texts=not _is_json(request))
        if not wrong:
            return None
        field, what = wrong[0]
        remedy = "see what is taken in /api/openapi.json"
        return self._error(visit, endpoint, 422, f"the request's {field} does not fit: {what}", remedy)

    def _told(self, visit: Visit, endpoint: Endpoint, error: FenbanError) -> Response:
        if isinstance(error, NotThere):
            return self._error(visit, endpoint, 404, error.what, error.remedy)
        if isinstance(error, Refused):
            return self._error(visit, endpoint, 409, error.what, error.remedy)
        log.warning("refused", path=endpoint.path, error=type(error).__name__, said=error.what)
        status = 503 if isinstance(error, RetryLater) else 500 if isinstance(error, HaltForPerson) else 422
        return self._error(visit, endpoint, status, error.what, error.remedy)

    def _error(self, visit: Visit, endpoint: Endpoint | None, status: int, what: str, remedy: str) -> Response:
        with reading_in(visit.language):
            what, remedy = phrase(what), phrase(remedy)
        if endpoint is not None and endpoint.json:
            return JSONResponse({"error": what, "remedy": remedy}, status_code=status)
        template = "error_part.html" if visit.partial else "error.html"
        home = first_page(visit.account) if visit.account is not None else SIGN_IN
        return visit.page(template, status, what=what, remedy=remedy, home=home)


class NotThere(Refused):
    """What was asked for is not there, or the reader may not know that it is."""


async def _sent(request: Request) -> Sent:
    """The form's or JSON body's fields and the files. Raises HTTPException for one that is too large or not understood."""
    if request.method in SAFE:
        return {}, {}
    length = request.headers.get("content-length", "")
    if "transfer-encoding" in request.headers:
        # A body in chunks has no end that could be foreseen, whatever length was said beside it.
        raise HTTPException(411, "the request does not say its length")
    if not length.isdigit() or int(length) > LONGEST_BODY:
        raise HTTPException(
            413 if length.isdigit() else 411,
            "the request is too large" if length.isdigit() else "the request does not say its length",
        )
    if _is_json(request):
        try:
            body = await request.json()
        except (ValueError, RecursionError):
            raise HTTPException(400, "the request is not JSON") from None
        if not isinstance(body, dict):
            raise HTTPException(400, "the request is no JSON object")
        return body, {}
    form = await request.form(max_fields=MOST_FIELDS, max_files=20, max_part_size=LONGEST_BODY)
    fields: dict[str, Any] = {}
    files: dict[str, UploadFile] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        elif name in fields:
            fields[name] = [*(fields[name] if isinstance(fields[name], list) else [fields[name]]), value]
        else:
            fields[name] = value
    return fields, files


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _query(request: Request) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        found.setdefault(name, []).append(value)
    return found


def _same_origin(request: Request) -> bool:
    """Browsers say where a change comes from; what says nothing is no browser, and has no cookie of one."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    except ValueError:
        return False


def _token_matches(visit: Visit) -> bool:
    given = visit.request.headers.get("X-CSRF-Token") or visit.form.get("csrf") or ""
    return visit.session is not None and hmac.compare_digest(str(given).encode(), visit.session.csrf.encode())


def _to(visit: Visit, path: str) -> Response:
    if visit.partial:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, status_code=303)


def give_cookie(response: Response, token: str, hours: float) -> Response:
    response.set_cookie(COOKIE, token, max_age=int(hours * 3600), path="/", secure=True, httponly=True, samesite="strict")
    return response


def take_cookie(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response
