"""The mailbox collector over pymap on loopback, for the collectors' contract suite."""

import atexit
import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from imapclient import IMAPClient

from domain.ids import ChannelId
from ingest.mailbox import MailboxCollector, MailboxConfig
from ingest.mailbox_parser import MailParser
from tests.support.collector_rig import Rig
from tests.support.imap_proxy import ImapProxy
from tests.support.imapserver import PASSWORD, USER, ImapServer
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen

CHANNEL = ChannelId("mail")
_folders = itertools.count(1)


@cache
def imap_server() -> ImapServer:
    """One server for the whole test run; each rig has a folder of its own."""
    server = ImapServer().start()
    atexit.register(server.stop)
    return server


@cache
def imap_client() -> IMAPClient:
    """The test's own connection (pymap hashes passwords for half a second at each login)."""
    client = IMAPClient("127.0.0.1", port=imap_server().port, ssl=False, timeout=20)
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.login(USER, PASSWORD)
    return client


def new_folder() -> str:
    name = f"来信{next(_folders)}"
    imap_client().create_folder(name)
    return name


def letter(subject: str, text: str) -> bytes:
    head = f"From: =?utf-8?Q?=E6=9D=8E?= <{subject}@letters.example>\r\nSubject: {subject}\r\nDate: Fri, 20 Nov 2026 09:00:00 +0800\r\n"
    kind = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return (head + kind + text.replace("\n", "\r\n") + "\r\n").encode()


class MailSource:
    """``tests.support.collector_rig.Source`` over a folder; the key is the mail's subject."""

    def __init__(self, folder: str, proxy: ImapProxy) -> None:
        self.folder = folder
        self._proxy = proxy

    def add(self, key: str, text: str) -> None:
        self.append(letter(key, text))

    def append(self, mail: bytes) -> None:
        imap_client().append(self.folder, mail)

    def revise(self, key: str, text: str) -> None:
        raise NotImplementedError("a mail cannot be changed")

    def remove(self, key: str) -> None:
        client = imap_client()
        client.select_folder(self.folder)
        client.delete_messages(client.search(["SUBJECT", key]))
        client.expunge()

    def add_broken(self, key: str) -> None:
        self.append(f"Received: from mx.letters.example\r\nX-Key: {key}\r\n\r\n".encode())

    def fail(self, after: int = 0) -> None:
        self._proxy.fail(after)

    def heal(self) -> None:
        self._proxy.heal()


def mailbox_config(folder: str, port: int, /, **changes: object) -> MailboxConfig:
    values: dict[str, object] = {
        "channel": CHANNEL,
        "host": "127.0.0.1",
        "port": port,
        "tls": False,
        "username": USER,
        "password": PASSWORD,
        "folder": folder,
        "after": "seen",
        "batch_messages": 4,
        "timeout": 10.0,
        "own_addresses": ("sz@city.example",),
    }
    return MailboxConfig(**(values | changes))  # type: ignore[arg-type]


@contextmanager
def mailbox_rig(**changes: object) -> Iterator[Rig]:
    proxy = ImapProxy(imap_server().port)
    config = mailbox_config(new_folder(), proxy.port, **changes)
    seen, clock = FakeSeen(), HandClock()
    collector = MailboxCollector(config, seen, clock)
    try:
        yield Rig(collector, MailParser(config), MailSource(config.folder, proxy), seen, clock, revisable=False)
    finally:
        collector.close()
        proxy.close()
