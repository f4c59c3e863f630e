"""Signing in: password, one-time code, link; and out."""

import pyotp
import segno
from starlette.responses import RedirectResponse, Response

from app.console.accounts import Opened
from app.console.endpoints import ANY_ROLE, Endpoint
from app.console.guard import give_cookie, take_cookie
from app.console.navigation import first_page
from app.console.visit import Visit
from domain.errors import Refused

ISSUER = "fenban"


def home(visit: Visit) -> Response:
    return visit.go(first_page(visit.me))


def sign_in_page(visit: Visit) -> Response:
    return visit.page("sign_in.html", wrong="")


def sign_in(visit: Visit) -> Response:
    try:
        opened = visit.accounts.sign_in(visit.sent("login"), visit.sent("password"), address(visit))
    except Refused as error:
        return visit.page("sign_in.html", 401, wrong=error)
    return begun(visit, opened, "/sign-in/code" if opened.account.privileged else first_page(opened.account))


def sign_in_by_link_page(visit: Visit) -> Response:
    """A page with a button: what only looks at links (mail scanners, previews) must not use one up."""
    return visit.page("sign_in_link.html", token=visit.request.path_params["token"], wrong="")


def sign_in_by_link(visit: Visit) -> Response:
    token = visit.request.path_params["token"]
    try:
        opened = visit.accounts.sign_in_by_link(token, address(visit))
    except Refused as error:
        return visit.page("sign_in_link.html", 401, token=token, wrong=error)
    return begun(visit, opened, first_page(opened.account) if opened.account.demo else "/account/password")


def code_page(visit: Visit) -> Response:
    return _code_page(visit, "")


def give_code(visit: Visit) -> Response:
    assert visit.session is not None
    try:
        opened = visit.accounts.confirm_code(visit.me, visit.session, visit.sent("code").replace(" ", ""))
    except Refused as error:
        return _code_page(visit, error, 401)
    return begun(visit, opened, first_page(opened.account))


def sign_out(visit: Visit) -> Response:
    assert visit.session is not None
    visit.accounts.sign_out(visit.session, visit.me)
    return take_cookie(RedirectResponse("/sign-in", status_code=303))


def begun(visit: Visit, opened: Opened, path: str) -> Response:
    """The new session's cookie, and on to the page."""
    return give_cookie(RedirectResponse(path, status_code=303), opened.token, visit.system.settings.console.session_hours)


def address(visit: Visit) -> str:
    client = visit.request.client
    return client.host if client is not None else ""


def _code_page(visit: Visit, wrong: object, status: int = 200) -> Response:
    """With the secret as a picture for an account that has no codes yet."""
    if visit.me.totp:
        return visit.page("code.html", status, wrong=wrong, secret="", picture="")
    secret = visit.accounts.secret(visit.me)
    name = f"{visit.me.login}@{visit.system.settings.city.id}"
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    return visit.page("code.html", status, wrong=wrong, secret=secret, picture=segno.make(uri, error="m").svg_data_uri(scale=4))


ENDPOINTS = (
    Endpoint("GET", "/", home),
    Endpoint("GET", "/sign-in", sign_in_page, frozenset()),
    Endpoint("POST", "/sign-in", sign_in, frozenset()),
    Endpoint("GET", "/sign-in/link/{token}", sign_in_by_link_page, frozenset()),
    Endpoint("POST", "/sign-in/link/{token}", sign_in_by_link, frozenset()),
    Endpoint("GET", "/sign-in/code", code_page, ANY_ROLE, weak=True),
    Endpoint("POST", "/sign-in/code", give_code, ANY_ROLE, weak=True),
    Endpoint("POST", "/sign-out", sign_out, ANY_ROLE, weak=True),
)
