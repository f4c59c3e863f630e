"""The console as an ASGI application: every page's endpoints behind the guard."""

from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from app.console.accounts import Accounts
from app.console.endpoints import Endpoint
from app.console.guard import Guard
from app.console.headers import Headers
from app.console.pages_shown import Shown
from app.wiring import System

PAGES = (
    "sign_in",
    "account",
    "reveals",
    "review",
    "operations",
    "register",
    "register_merge",
    "statistics",
    "hot",
    "models",
    "settings",
    "settings_users",
    "settings_files",
    "settings_audit",
    "department",
    "department_part",
    "department_papers",
    "description",
)


def endpoints() -> list[Endpoint]:
    """Of all pages, in a fixed order."""
    found: list[Endpoint] = []
    for name in PAGES:
        declared: Sequence[Endpoint] = import_module(f"app.console.pages.{name}").ENDPOINTS
        found += declared
    return found


def make_application(system: System) -> Starlette:
    """``system`` is closed by the caller, after the application ended."""
    accounts = Accounts(system)
    guard = Guard(system, accounts, Shown(system))
    routes: list[Route | Mount] = [Route(one.path, guard.wrap(one), methods=[one.method]) for one in endpoints()]
    routes.append(Mount("/static", StaticFiles(directory=str(files("app.console").joinpath("static"))), name="static"))
    return Starlette(
        routes=routes,
        middleware=[Middleware(Headers), Middleware(GZipMiddleware, minimum_size=2000)],
        exception_handlers={404: guard.not_found, 405: guard.not_found},
    )
