"""The mailbox collector over pymap and Dovecot on loopback, for the collectors' contract suite."""

import atexit
import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from domain.ids import ChannelId
from ingest.mailbox import MailboxCollector, MailboxConfig
from ingest.mailbox_parser import MailParser
from tests.support.collector_rig import Rig
from tests.support.imap_proxy import ImapProxy
from tests.support.imapserver import PASSWORD, USER, ImapServer
from tests.support.servers import server
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen

CHANNEL = ChannelId("mail")
_folders = itertools.count(1)


@dataclass(frozen=True)
class MailPlace:
    """An account on a server for tests; each rig has a folder of its own in it."""

    port: int
    user: str
    password: str
    host: str = "127.0.0.1"

    def client(self) -> IMAPClient:
        """The test's own connection, one for the whole run (pymap hashes passwords for half a second at each login)."""
        try:
            _client(self).noop()
        except (IMAPClientError, OSError):
            _client.cache_clear()
        return _client(self)

    def new_folder(self) -> str:
        while True:
            name = f"来信{os.getpid()}-{next(_folders)}"
            if not self.client().folder_exists(name):
                self.client().create_folder(name)
                return name

    def delete_folder(self, name: str) -> None:
        """Leaves the folder first: who has a deleted folder open is disconnected."""
        self.client().select_folder("INBOX", readonly=True)
        self.client().delete_folder(name)


@cache
def _client(place: MailPlace) -> IMAPClient:
    client = IMAPClient(place.host, port=place.port, ssl=False, timeout=20)
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.login(place.user, place.password)
    return client


@cache
def _pymap() -> ImapServer:
    started = ImapServer().start()
    atexit.register(started.stop)
    return started


def pymap_place() -> MailPlace:
    return MailPlace(_pymap().port, USER, PASSWORD)


def dovecot_place(user: str = "DOVECOT_USER") -> MailPlace:
    """Skips the test where Dovecot does not run, fails it in CI."""
    known = server("dovecot")
    password = Path(known["DOVECOT_PASSWORD_FILE"]).read_text(encoding="ascii").strip()
    return MailPlace(int(known["DOVECOT_PORT"]), known[user], password)


PLACES = {"pymap": pymap_place, "dovecot": dovecot_place}


def letter(subject: str, text: str) -> bytes:
    head = f"From: =?utf-8?Q?=E6=9D=8E?= <{subject}@letters.example>\r\nSubject: {subject}\r\nDate: Fri, 20 Nov 2026 09:00:00 +0800\r\n"
    kind = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return (head + kind + text.replace("\n", "\r\n") + "\r\n").encode()


class MailSource:
    """``tests.support.collector_rig.Source`` over a folder; the key is the mail's subject."""

    def __init__(self, place: MailPlace, folder: str, proxy: ImapProxy) -> None:
        self.place = place
        self.folder = folder
        self._proxy = proxy

    def add(self, key: str, text: str) -> None:
        self.append(letter(key, text))

    def append(self, mail: bytes) -> None:
        self.place.client().append(self.folder, mail)

    def revise(self, key: str, text: str) -> None:
        raise NotImplementedError("a mail cannot be changed")

    def remove(self, key: str) -> None:
        client = self.place.client()
        client.select_folder(self.folder)
        client.delete_messages(client.search(["SUBJECT", key]))
        client.expunge()

    def add_broken(self, key: str) -> None:
        self.append(f"Received: from mx.letters.example\r\nX-Key: {key}\r\n\r\n".encode())

    def fail(self, after: int = 0) -> None:
        self._proxy.fail(after)

    def heal(self) -> None:
        self._proxy.heal()


def mailbox_config(place: MailPlace, folder: str, /, **changes: object) -> MailboxConfig:
    values: dict[str, object] = {
        "channel": CHANNEL,
        "host": place.host,
        "port": place.port,
        "tls": False,
        "username": place.user,
        "password": place.password,
        "folder": folder,
        "after": "seen",
        "batch_messages": 4,
        "timeout": 10.0,
        "own_addresses": ("sz@city.example",),
    }
    return MailboxConfig(**(values | changes))  # type: ignore[arg-type]


@contextmanager
def mailbox_rig(place: MailPlace, **changes: object) -> Iterator[Rig]:
    proxy = ImapProxy(place.port)
    config = mailbox_config(place, place.new_folder(), port=proxy.port, **changes)
    seen, clock = FakeSeen(), HandClock()
    collector = MailboxCollector(config, seen, clock)
    try:
        yield Rig(collector, MailParser(config), MailSource(place, config.folder, proxy), seen, clock, revisable=False)
    finally:
        collector.close()
        proxy.close()
        # A real server keeps its folders from one run to the next.
        with suppress(IMAPClientError):
            place.delete_folder(config.folder)


@contextmanager
def pymap_rig() -> Iterator[Rig]:
    with mailbox_rig(pymap_place()) as rig:
        yield rig


@contextmanager
def dovecot_rig() -> Iterator[Rig]:
    with mailbox_rig(dovecot_place()) as rig:
        yield rig
