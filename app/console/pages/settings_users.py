"""Settings: accounts, their roles and units, links, sessions. Administrators alone."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from app.console.endpoints import Endpoint
from app.console.serving import link_address
from app.console.settings_sections import ADMIN, sections_of
from app.console.visit import Visit
from app.documents import iso, maybe_iso
from domain.accounts import Account, Role, SignedIn
from domain.errors import Refused

PAGE = "/settings/users"
TEXT: dict[str, Any] = {"type": "string", "maxLength": 200}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT, "maxItems": 200}
ROLES: dict[str, Any] = {"type": "array", "items": {"type": "string", "enum": [role.value for role in Role]}, "maxItems": 20}
ADD: dict[str, Any] = {
    "type": "object",
    "required": ["login", "roles"],
    "properties": {"login": {"type": "string", "minLength": 1, "maxLength": 64}, "name": TEXT, "roles": ROLES, "units": TEXTS},
}
CHANGE: dict[str, Any] = {
    "type": "object",
    "properties": {"name": TEXT, "roles": ROLES, "units": TEXTS, "disabled": {"type": "boolean"}},
}


def users_page(visit: Visit) -> Response:
    return _page(visit)


def users_json(visit: Visit) -> Response:
    return visit.json(_rows(visit))


def add(visit: Visit) -> Response:
    login = visit.sent("login")
    return _linked(visit, login, lambda: _add(visit))


def add_json(visit: Visit) -> Response:
    return visit.json({"login": visit.sent("login"), "link": link_address(visit.system, _add(visit))}, 201)


def change(visit: Visit) -> Response:
    """A form sends roles and units whole: what is not ticked is taken away."""
    try:
        visit.accounts.change(
            _login(visit), visit.me.login, roles=_listed(visit, "roles"), units=_listed(visit, "units"), name=visit.sent("name")
        )
    except Refused as error:
        return _page(visit, 409, wrong=error)
    return visit.go(PAGE)


def change_json(visit: Visit) -> Response:
    """What is left out stays."""
    form = visit.form
    visit.accounts.change(
        _login(visit),
        visit.me.login,
        roles=_listed(visit, "roles") if "roles" in form else None,
        units=_listed(visit, "units") if "units" in form else None,
        name=visit.sent("name") if "name" in form else None,
        disabled=bool(form["disabled"]) if "disabled" in form else None,
    )
    return visit.json(_row(visit, _account(visit), None))


def shut(visit: Visit) -> Response:
    return _shut(visit, disabled=True)


def open_again(visit: Visit) -> Response:
    return _shut(visit, disabled=False)


def reset(visit: Visit) -> Response:
    return _linked(visit, _login(visit), lambda: visit.accounts.reset(_login(visit), visit.me.login))


def reset_json(visit: Visit) -> Response:
    return visit.json({"link": link_address(visit.system, visit.accounts.reset(_login(visit), visit.me.login))})


def link(visit: Visit) -> Response:
    return _linked(visit, _login(visit), lambda: visit.accounts.link(_login(visit), visit.me.login))


def link_json(visit: Visit) -> Response:
    return visit.json({"link": link_address(visit.system, visit.accounts.link(_login(visit), visit.me.login))})


def end_sessions(visit: Visit) -> Response:
    try:
        visit.accounts.end_sessions(_login(visit), visit.me.login)
    except Refused as error:
        return _page(visit, 409, wrong=error)
    return visit.go(PAGE)


def end_sessions_json(visit: Visit) -> Response:
    return visit.json({"ended": visit.accounts.end_sessions(_login(visit), visit.me.login)})


def _add(visit: Visit) -> str:
    login = visit.sent("login")
    visit.accounts.add(login, visit.sent("name"), _listed(visit, "roles"), _listed(visit, "units"), visit.me.login)
    return visit.accounts.link(login, visit.me.login)


def _linked(visit: Visit, login: str, made: Callable[[], str]) -> Response:
    """The page with the link that was just made: it is shown this once."""
    try:
        token = made()
    except Refused as error:
        return _page(visit, 409, wrong=error)
    return _page(visit, link=link_address(visit.system, token), linked=login)


def _shut(visit: Visit, *, disabled: bool) -> Response:
    try:
        visit.accounts.change(_login(visit), visit.me.login, disabled=disabled)
    except Refused as error:
        return _page(visit, 409, wrong=error)
    return visit.go(PAGE)


def _page(visit: Visit, status: int = 200, **told: Any) -> Response:
    values = {"wrong": "", "link": "", "linked": "", **told}
    return visit.page(
        "settings_users.html",
        status,
        sections=sections_of(visit.me),
        section="users",
        rows=_rows(visit),
        roles=list(Role),
        units=list(visit.system.directory.units.values()),
        **values,
    )


def _rows(visit: Visit) -> list[dict[str, Any]]:
    signed_in = visit.accounts.signed_in()
    return [_row(visit, one, signed_in.get(one.id)) for one in visit.accounts.all()]


def _row(visit: Visit, one: Account, signed_in: SignedIn | None) -> dict[str, Any]:
    locked = one.locked_until is not None and one.locked_until > visit.system.clock.now()
    return {
        "login": one.login,
        "name": one.name,
        "roles": list(one.roles),
        "units": list(one.units),
        "password": bool(one.password_hash),
        "totp": one.totp,
        "disabled": one.disabled,
        "demo": one.demo,
        "locked_until": maybe_iso(one.locked_until) if locked else None,
        "sessions": signed_in.sessions if signed_in is not None else 0,
        "seen_at": iso(signed_in.seen_at) if signed_in is not None else None,
    }


def _account(visit: Visit) -> Account:
    account = visit.accounts.by_login(_login(visit))
    assert account is not None
    return account


def _login(visit: Visit) -> str:
    return str(visit.request.path_params["login"])


def _listed(visit: Visit, name: str) -> list[str]:
    """A form's boxes of one name, one or several; a list of JSON."""
    value = visit.form.get(name, [])
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


ENDPOINTS = (
    Endpoint("GET", PAGE, users_page, ADMIN),
    Endpoint("POST", PAGE, add, ADMIN),
    Endpoint("POST", PAGE + "/{login}", change, ADMIN),
    Endpoint("POST", PAGE + "/{login}/disable", shut, ADMIN),
    Endpoint("POST", PAGE + "/{login}/enable", open_again, ADMIN),
    Endpoint("POST", PAGE + "/{login}/reset", reset, ADMIN),
    Endpoint("POST", PAGE + "/{login}/link", link, ADMIN),
    Endpoint("POST", PAGE + "/{login}/end-sessions", end_sessions, ADMIN),
    Endpoint("GET", "/api" + PAGE, users_json, ADMIN, json=True),
    Endpoint("POST", "/api" + PAGE, add_json, ADMIN, json=True, body=ADD),
    Endpoint("POST", "/api" + PAGE + "/{login}", change_json, ADMIN, json=True, body=CHANGE),
    Endpoint("POST", "/api" + PAGE + "/{login}/reset", reset_json, ADMIN, json=True),
    Endpoint("POST", "/api" + PAGE + "/{login}/link", link_json, ADMIN, json=True),
    Endpoint("POST", "/api" + PAGE + "/{login}/end-sessions", end_sessions_json, ADMIN, json=True),
)
