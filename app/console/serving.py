"""Serving the console, and the links that let people in."""

import socket
from collections.abc import Callable

from app.wiring import System
from domain.errors import HaltForPerson

FIRST_LOGIN = "admin"
FIRST_LINK_MINUTES = 24 * 60


def base_address(system: System, port: int | None = None) -> str:
    console = system.settings.console
    scheme = "https" if console.certificate is not None else "http"
    host = f"[{console.host}]" if ":" in console.host else console.host
    return f"{scheme}://{host}:{port or console.port}"


def address_of(system: System) -> str:
    return f"{base_address(system)}/"


def link_address(system: System, token: str) -> str:
    return f"{base_address(system)}/sign-in/link/{token}"


def first_link(system: System) -> str:
    """The one-time link of an administrator, made where there is no account yet; else "". There is no default password."""
    from app.console.accounts import Accounts

    accounts = Accounts(system)
    if accounts.all():
        return ""
    accounts.add(FIRST_LOGIN, "", ["admin"], [], "console")
    return link_address(system, accounts.link(FIRST_LOGIN, "console", minutes=FIRST_LINK_MINUTES))


def serve(system: System, ready: Callable[[str], None] | None = None) -> None:
    """Until SIGINT or SIGTERM. ``ready`` is told the address once it answers. Raises HaltForPerson when the port is taken."""
    import uvicorn

    from app.console.application import make_application

    console = system.settings.console
    try:
        listening = socket.create_server(
            (console.host, console.port), family=socket.AF_INET6 if ":" in console.host else socket.AF_INET
        )
    except OSError as error:
        raise HaltForPerson(
            f"the console's port {console.port} cannot be opened ({error.strerror})",
            remedy="stop what holds it, or set another [console] port",
        ) from None
    if ready is not None:
        ready(base_address(system, listening.getsockname()[1]))
    config = uvicorn.Config(
        make_application(system),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=console.behind_proxy,
        forwarded_allow_ips="127.0.0.1",
        ssl_certfile=str(system.settings.path(console.certificate)) if console.certificate is not None else None,
        ssl_keyfile=str(system.settings.path(console.private_key)) if console.private_key is not None else None,
    )
    uvicorn.Server(config).run([listening])
