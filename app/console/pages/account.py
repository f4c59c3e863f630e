"""One's own account: password, language, sessions."""

from starlette.responses import Response

from app.console.endpoints import ANY_ROLE, Endpoint
from app.console.guard import CODE
from app.console.navigation import first_page
from app.console.pages.sign_in import begun
from app.console.visit import Visit
from domain.errors import Refused


def account_page(visit: Visit) -> Response:
    return visit.page("account.html", wrong="", done=visit.query("done"))


def password_page(visit: Visit) -> Response:
    return visit.go(CODE) if _code_is_missing(visit) else visit.page("password.html", wrong="")


def set_password(visit: Visit) -> Response:
    """The old one is asked for where there is one: an open page must not be enough."""
    if _code_is_missing(visit):
        return visit.go(CODE)
    new = visit.sent("new")
    try:
        if visit.me.password_hash and not visit.accounts.matches(visit.me, visit.sent("old")):
            raise Refused("the present password is wrong", remedy="ask an administrator for a log-in link if you forgot it")
        if new != visit.sent("again"):
            raise Refused("the two passwords differ", remedy="type the new one twice")
        opened = visit.accounts.set_password(visit.me, new)
    except Refused as error:
        return visit.page("password.html", 409, wrong=error)
    needs_code = opened.account.privileged and not opened.account.demo
    return begun(visit, opened, CODE if needs_code else first_page(opened.account))


def read_in(visit: Visit) -> Response:
    visit.accounts.read_in(visit.me, visit.sent("language"))
    back = visit.sent("back", "/account")
    return visit.go(back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/account")


def end_sessions(visit: Visit) -> Response:
    if _code_is_missing(visit):
        return visit.go(CODE)
    visit.accounts.end_sessions(visit.me.login, visit.me.login)
    return visit.go("/sign-in")


def _code_is_missing(visit: Visit) -> bool:
    """A password alone changes nothing of an account that uses one-time codes, its lock-out least of all. Where none are in use
    yet the password comes first."""
    return visit.me.privileged and visit.me.totp and visit.session is not None and not visit.session.strong


ENDPOINTS = (
    Endpoint("GET", "/account", account_page, ANY_ROLE),
    Endpoint("GET", "/account/password", password_page, ANY_ROLE, weak=True),
    Endpoint("POST", "/account/password", set_password, ANY_ROLE, weak=True),
    Endpoint("POST", "/account/language", read_in, ANY_ROLE, weak=True),
    Endpoint("POST", "/account/sessions/end", end_sessions, ANY_ROLE, weak=True),
)
