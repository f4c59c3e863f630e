"""The mayor's mailbox: pymap's in-memory IMAP server on loopback, in a thread of this process."""

import asyncio
import socket
import threading
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from imapclient import IMAPClient
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer

from city.items import Item
from city.web import LOOPBACK

START_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Mailbox:
    host: str
    port: int
    username: str
    password: str


def serve_mailbox(items: Sequence[Item], port: int, username: str, password: str) -> Mailbox:
    """Starts the server and delivers the mails, oldest first. Raises OSError when the port is taken."""
    started = threading.Event()
    result: list[int | BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_run(port, username, password, started, result))
        except BaseException as error:
            result.append(error)
            started.set()

    threading.Thread(target=run, daemon=True, name="mailbox").start()
    if not started.wait(START_SECONDS) or not result:
        raise OSError("the IMAP server did not start")
    if isinstance(result[0], BaseException):
        raise OSError(f"the IMAP server did not start: {result[0]}") from result[0]
    mailbox = Mailbox(LOOPBACK, result[0], username, password)
    _deliver(mailbox, sorted((item for item in items if item.raw), key=lambda item: item.at))
    return mailbox


async def _run(port: int, username: str, password: str, started: threading.Event, result: list[int | BaseException]) -> None:
    arguments = Namespace(
        debug=False, tls=False, cert=None, key=None, host=[LOOPBACK], port=str(port), inherited_sockets=None, passlib_cfg=None,
        proxy_protocol=None,
        demo_data=False, demo_user=username, demo_password=password,
    )  # fmt: skip
    backend, config = await DictBackend.init(arguments)
    config.apply_context()
    answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
    server = await asyncio.start_server(answer, LOOPBACK, port)
    result.append(server.sockets[0].getsockname()[1])
    started.set()
    with suppress(asyncio.CancelledError):
        await server.serve_forever()


def _deliver(mailbox: Mailbox, items: Sequence[Item]) -> None:
    with IMAPClient(mailbox.host, port=mailbox.port, ssl=False, timeout=START_SECONDS) as client:
        # Without this every literal waits 40 ms for a delayed acknowledgement.
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login(mailbox.username, mailbox.password)
        for item in items:
            client.append("INBOX", item.raw, msg_time=item.at)
