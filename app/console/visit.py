"""One request as a page sees it: who asks, what was sent, and how to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.office import Office
from app.wiring import System
from domain.accounts import Account, Role, Session, Viewer
from domain.errors import Refused

if TYPE_CHECKING:
    from app.console.accounts import Accounts
    from app.console.pages_shown import Shown


@dataclass(frozen=True, slots=True)
class Visit:
    """``form`` holds a form's fields or a JSON body's; ``files`` what was uploaded. ``account`` is None before signing in."""

    request: Request
    system: System
    accounts: "Accounts"
    shown: "Shown"
    account: Account | None = None
    session: Session | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)

    @property
    def me(self) -> Account:
        """Who asks. Only in endpoints that ask for a role."""
        assert self.account is not None
        return self.account

    @property
    def viewer(self) -> Viewer:
        return Viewer.of(self.account) if self.account is not None else Viewer(reads=False)

    @property
    def language(self) -> str:
        if self.account is not None:
            return self.account.language
        return "en" if self.request.cookies.get("language") == "en" else "zh"

    @property
    def partial(self) -> bool:
        """htmx asks for a part of the page."""
        return self.request.headers.get("HX-Request") == "true"

    def has(self, *roles: Role) -> bool:
        return self.account is not None and self.account.has(*roles)

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def sent(self, name: str, default: str = "") -> str:
        """A field of the form or body, as text, without surrounding space."""
        value = self.form.get(name, default)
        return value.strip() if isinstance(value, str) else default

    def sent_number(self, name: str, default: int) -> int:
        """Raises Refused for what is no whole number."""
        value = self.form.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            raise Refused(f"{name} is no whole number", remedy="write digits only") from None

    @property
    def office(self) -> Office:
        """The office's steps, in this person's name."""
        return self.system.office(self.me.login)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """The template, filled in, in the reader's language."""
        return HTMLResponse(self.shown.render(template, self, values), status_code=status)

    def json(self, document: Any, status: int = 200) -> Response:
        return JSONResponse(document, status_code=status)

    def go(self, path: str) -> Response:
        """On to another page after something was done; htmx is told so too."""
        there = RedirectResponse(path, status_code=303)
        if self.partial:
            return Response(status_code=204, headers={"HX-Redirect": there.headers["location"]})
        return there
