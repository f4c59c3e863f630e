"""The console on a small city, served on loopback, and people who use it over HTTP."""

import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyotp
import uvicorn

from app.console.accounts import Accounts
from app.console.application import make_application
from app.console.guard import COOKIE
from app.wiring import System
from tests.support.desk import Desk

PASSWORD = "correct horse battery"
_CSRF = re.compile(r'name="csrf" content="([^"]*)"')
STARTED_WITHIN = 20.0


@contextmanager
def served(system: System) -> Iterator[str]:
    """The console's address, while it is served from a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_application(system), log_level="warning", access_log=False, timeout_keep_alive=300)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until = time.monotonic() + STARTED_WITHIN
    while not server.started:
        assert thread.is_alive(), "the console did not start"
        assert time.monotonic() < until, "the console did not start in time"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@dataclass
class Person:
    """One browser. Keeps the cookie itself: client libraries do not send a secure one over plain HTTP, browsers do on loopback."""

    base: str
    token: str = ""
    csrf: str = ""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(follow_redirects=False, timeout=30))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self._kept(self.client.get(self.base + path, headers=self._headers(options.pop("headers", {})), **options))

    def post(self, path: str, data: Any = None, **options: Any) -> httpx.Response:
        """A form, or a JSON body with ``json=``, with the session's token."""
        headers = {"X-CSRF-Token": self.csrf, **options.pop("headers", {})}
        return self._kept(self.client.post(self.base + path, data=data or {}, headers=self._headers(headers), **options))

    def post_json(self, path: str, body: Any) -> httpx.Response:
        headers = self._headers({"X-CSRF-Token": self.csrf})
        return self._kept(self.client.post(self.base + path, json=body, headers=headers))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.token}", **more} if self.token else more

    def _kept(self, response: httpx.Response) -> httpx.Response:
        for header in response.headers.get_list("set-cookie"):
            name, _, rest = header.partition("=")
            if name == COOKIE:
                self.token = rest.partition(";")[0].strip('"')
        if found := _CSRF.search(response.text):
            self.csrf = found.group(1)
        return response


@dataclass
class ConsoleCity:
    """A desk with its console. ``person`` makes an account and signs it in, password and one-time code included."""

    desk: Desk
    base: str

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.desk.system)

    def person(self, login: str, roles: Sequence[str], units: Sequence[str] = ()) -> Person:
        """Signed in, on their first page."""
        self.accounts.add(login, login, roles, units, "test")
        person = Person(self.base)
        link = self.accounts.link(login, "test")
        person.post(f"/sign-in/link/{link}")
        person.get("/account/password")
        person.post("/account/password", {"new": PASSWORD, "again": PASSWORD})
        account = self.accounts.by_login(login)
        assert account is not None
        if account.privileged:
            person.get("/sign-in/code")
            self.desk.clock.forward(seconds=60)
            person.post("/sign-in/code", {"code": self.code(login)})
        assert person.get("/account").status_code == 200
        return person

    def demo_person(self, login: str, roles: Sequence[str], units: Sequence[str] = ()) -> Person:
        """Signed in too, in an instant: as a demo's account, which needs neither password nor code."""
        self.accounts.add(login, login, roles, units, "test", demo=True)
        person = Person(self.base)
        person.post(f"/sign-in/link/{self.accounts.link(login, 'test')}")
        assert person.get("/account").status_code == 200
        return person

    def code(self, login: str) -> str:
        """The one-time code of now."""
        account = self.accounts.by_login(login)
        assert account is not None
        system = self.desk.system
        with system.store.unit_of_work(write=False) as uow:
            value = uow.vault.get(f"account:{account.id}", "totp")[-1]  # type: ignore[arg-type]
        return pyotp.TOTP(system.vault.open(value).decode()).at(system.clock.now())


@contextmanager
def console_city(desk: Desk) -> Iterator[ConsoleCity]:
    """The desk's console, while it is served."""
    with served(desk.system) as base:
        yield ConsoleCity(desk, base)
