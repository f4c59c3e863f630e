"""Serving the console, and the links that let people in."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from app.choices import LOOK_SECONDS, DueChoices
from app.search_index import SearchIndexer
from app.wiring import System
from domain.errors import FenbanError, HaltForPerson
from domain.ports import Clock

FIRST_LOGIN = "admin"
FIRST_LINK_MINUTES = 24 * 60
REST_AFTER_FAULT = 15.0
STOP_SECONDS = 5.0

log = structlog.get_logger("fenban.console")


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
    with _beside(system):
        uvicorn.Server(config).run([listening])


@contextmanager
def _beside(system: System) -> Iterator[None]:
    """Inside, threads decide what reviewers chose and did not take back, and fill the register's search index."""
    stop = threading.Event()
    indexer = system.indexer()
    works: list[tuple[str, Callable[[], None]]] = [
        ("choices", lambda: apply_due(system.due_choices(), system.clock, stop)),
        ("index", lambda: keep_indexed(indexer, system.clock, stop)),
    ]
    threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(STOP_SECONDS)
        indexer.close()


def keep_indexed(indexer: SearchIndexer, clock: Clock, stop: threading.Event) -> None:
    """Until ``stop`` is set. `fenban run` does it too; one of all processes at a time."""
    while not stop.is_set():
        rest = REST_AFTER_FAULT
        try:
            rest = indexer.step()
        except FenbanError as error:
            log.warning("retry", part="index", what=str(error))
        except Exception as error:
            # A defect must not end the thread silently; its text may quote a letter.
            log.error("defect", part="index", what=type(error).__name__)
        clock.wait(rest, stop)


def apply_due(choices: DueChoices, clock: Clock, stop: threading.Event) -> None:
    """Looks every second until ``stop`` is set. What meets a fault goes on waiting, and `fenban run` looks too."""
    while not stop.is_set():
        try:
            choices.look()
        except FenbanError as error:
            log.warning("retry", part="choices", what=str(error))
        except Exception as error:
            # A defect must not end the thread silently; its text may quote a letter.
            log.error("defect", part="choices", what=type(error).__name__)
        clock.wait(LOOK_SECONDS, stop)
