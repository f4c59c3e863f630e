"""One IMAP connection, opened safely, with every fault told as what the caller does about it."""

import imaplib
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.response_parser import parse_fetch_response

from domain.errors import BadSettings, HaltForPerson, OutOfReach, RetryLater

_CLIENT = {"name": "fenban", "version": "1.0", "vendor": "fenban", "support-email": "support@fenban.example"}
_PASSING = re.compile(r"UNAVAILABLE|INUSE|SERVERBUG|LIMIT|temporar|try again|too many|busy|later|繁忙|稍后|频繁", re.IGNORECASE)
_UNSAFE = re.compile(r"unsafe login", re.IGNORECASE)
_APP_PASSWORD = "check user name and password; 163, 126, QQ and others want an app password (授权码) and IMAP switched on"
_TRUST = "check host and clock; where the office has an authority of its own, name its PEM file in the channel's certificate"
_SIZE_ITEM = re.compile(rb"\d+ \(UID (\d+) RFC822\.SIZE (\d+)\)")
_BODY_ITEM = re.compile(rb"\d+ \(UID (\d+) BODY\[\] \{\d+\}")
_LASTS = "it is tried again by itself; ask the server's operators if this lasts"


class FetchRefused(Exception):
    """The server answered that it will not deliver; the connection still stands."""


def require_safe(host: str, tls: bool, channel: str) -> None:
    """Plain text is for loopback alone. Raises BadSettings."""
    if not tls and not _is_loopback(host):
        raise BadSettings([f"channel {channel}: mail without TLS is allowed on loopback only → set tls = true"])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def tls_context(channel: str, certificate: Path | None) -> ssl.SSLContext:
    """Trusts the system's authorities, or that certificate alone. Raises BadSettings when it cannot be read."""
    try:
        return ssl.create_default_context(cafile=certificate)
    except (OSError, ssl.SSLError):
        raise BadSettings([f"channel {channel}: certificate {certificate} is no readable PEM file → store it there"]) from None


class _Client(IMAPClient):  # type: ignore[misc] # it has no types
    """imapclient, but for answers that say nothing unusual: cutting those into tokens would take more time than the server."""

    def fetched(self, uids: Sequence[int], what: str) -> dict[int, dict[bytes, Any]]:
        """What ``fetch`` gives for this one item, without SEQ where the answer is plain."""
        if not uids:
            return {}
        answer, data = self._imap.uid("FETCH", _uid_set(uids), f"({what})")
        self._checkok("fetch", answer, data)
        plain = _plain_sizes(data) if what == "RFC822.SIZE" else _plain_bodies(data) if what == "BODY.PEEK[]" else None
        return dict(parse_fetch_response(data)) if plain is None else plain


def _uid_set(uids: Sequence[int]) -> str:
    """``1:3,7`` for 1, 2, 3 and 7: a few hundred UIDs one by one would make a line that is long for some servers."""
    runs: list[list[int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)


def _plain_sizes(data: Sequence[Any]) -> dict[int, dict[bytes, Any]] | None:
    """None where an item says more or less than UID and size."""
    found: dict[int, dict[bytes, Any]] = {}
    for item in data:
        said = _SIZE_ITEM.fullmatch(item) if isinstance(item, bytes) else None
        if said is None:
            return None
        found[int(said[1])] = {b"RFC822.SIZE": int(said[2])}
    return found


def _plain_bodies(data: Sequence[Any]) -> dict[int, dict[bytes, Any]] | None:
    """None where an item says more or less than UID and body, or its body does not come as a literal."""
    found: dict[int, dict[bytes, Any]] = {}
    if len(data) % 2:
        return None
    for item, end in zip(data[::2], data[1::2], strict=True):
        said = _BODY_ITEM.fullmatch(item[0]) if isinstance(item, tuple) and end == b")" else None
        if said is None:
            return None
        found[int(said[1])] = {b"BODY[]": item[1]}
    return found


class Session:
    """A logged-in connection. ``deadline`` seconds bound each command as a whole, so that a trickling server cannot hold it.

    ``tls``: None for plain text. Connecting raises RetryLater when the server cannot be reached or is busy, HaltForPerson
    when it refuses for good.
    """

    def __init__(self, name: str, host: str, port: int, tls: ssl.SSLContext | None, timeout: float, deadline: float) -> None:
        self._name = name
        self._where = f"{host}:{port}"
        self._deadline = deadline
        with self._told("cannot be reached", OutOfReach):
            self._client = _Client(host, port, ssl=tls is not None, ssl_context=tls, timeout=timeout)
            with suppress(OSError):
                # Literals and commands are small writes; waiting to join them costs 40 ms each.
                self._client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def login(self, username: str, password: str) -> None:
        try:
            with self._told("dropped the connection at login"), self._bounded():
                self._client.login(username, password)
        except LoginError as error:
            if isinstance(error.__context__, imaplib.IMAP4.abort) or _PASSING.search(str(error)):
                raise RetryLater(f"mailbox {self._name}: {self._where} does not take the login now", remedy=_LASTS) from None
            raise HaltForPerson(f"mailbox {self._name}: {self._where} refuses the login", remedy=_APP_PASSWORD) from None
        self._introduce()

    def _introduce(self) -> None:
        """163, 126 and QQ refuse SELECT until the client has said who it is (RFC 2971)."""
        with self._told("dropped the connection"), self._bounded(), suppress(IMAPClientError):
            if self._client.has_capability("ID"):
                self._client.id_(_CLIENT)

    def select(self, folder: str, *, readonly: bool) -> tuple[int, int, int]:
        """(UIDVALIDITY, number of mails, UIDNEXT or 0). Raises HaltForPerson when the folder cannot be opened."""
        try:
            with self._told("dropped the connection"), self._bounded():
                answer: Mapping[bytes, Any] = self._client.select_folder(folder, readonly=readonly)
        except IMAPClientError as error:
            if _UNSAFE.search(str(error)):
                raise HaltForPerson(f"mailbox {self._name}: {self._where} calls the login unsafe", remedy=_APP_PASSWORD) from None
            if _PASSING.search(str(error)):
                raise RetryLater(f"mailbox {self._name}: {self._where} does not open the folder now", remedy=_LASTS) from None
            raise HaltForPerson(
                f"mailbox {self._name}: {self._where} has no folder {folder!r} that can be opened",
                remedy="write the folder's name as the server lists it",
            ) from None
        return int(answer.get(b"UIDVALIDITY", 0)), int(answer.get(b"EXISTS", 0)), int(answer.get(b"UIDNEXT", 0))

    def uids_from(self, first: int, last: int | None = None) -> list[int]:
        """UIDs of the folder from ``first`` on, rising. (``n:*`` alone would always name the last mail, even below n.)"""
        with self._told("dropped the connection"), self._obeyed("search"), self._bounded():
            return sorted(uid for uid in self._client.search(["UID", f"{first}:{last or '*'}"]) if uid >= first)

    def uids_among(self, uids: Sequence[int], *criteria: str) -> list[int]:
        """Those of the UIDs that still are in the folder (and fit the criteria)."""
        if not uids:
            return []
        with self._told("dropped the connection"), self._obeyed("search"), self._bounded():
            return sorted(self._client.search(["UID", ",".join(map(str, uids)), *criteria]))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Bytes of each mail that still is there."""
        found = self._fetch(uids, "RFC822.SIZE")
        return {uid: int(data.get(b"RFC822.SIZE") or 0) for uid, data in found.items()}

    def body(self, uid: int) -> bytes | None:
        """A whole mail; None where the server gave no bytes. Marks nothing. Raises FetchRefused, RetryLater."""
        return self.bodies([uid]).get(uid)

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Whole mails of those UIDs that the server gave bytes for. Marks nothing. Raises FetchRefused, RetryLater."""
        found = ((uid, data.get(b"BODY[]")) for uid, data in self._fetch(uids, "BODY.PEEK[]").items())
        return {uid: data for uid, data in found if isinstance(data, bytes)}

    def head(self, uid: int, most: int) -> bytes:
        """The first ``most`` bytes of the header fields."""
        data = self._fetch([uid], f"BODY.PEEK[HEADER]<0.{most}>").get(uid, {})
        return next((value for key, value in data.items() if key.startswith(b"BODY[HEADER]") and value), b"")

    def _fetch(self, uids: Sequence[int], what: str) -> dict[int, dict[bytes, Any]]:
        try:
            with self._told("dropped the connection while mails were fetched"), self._bounded():
                return self._client.fetched(uids, what)
        except IMAPClientError as error:
            if _PASSING.search(str(error)):
                raise RetryLater(f"mailbox {self._name}: {self._where} does not deliver now", remedy=_LASTS) from None
            raise FetchRefused from None

    def mark_seen(self, uids: Sequence[int]) -> None:
        with self._told("dropped the connection"), self._obeyed("mark mails as seen"), self._bounded():
            self._client.add_flags(list(uids), [b"\\Seen"], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Into the folder, which is made when it is missing. Without MOVE: copied, then deleted one by one by UID."""
        with self._told("dropped the connection"), self._obeyed("move mails"), self._bounded():
            if not self._client.folder_exists(folder):
                self._client.create_folder(folder)
                with suppress(IMAPClientError):
                    self._client.subscribe_folder(folder)
            if self._client.has_capability("MOVE"):
                self._client.move(list(uids), folder)
                return
            self._client.copy(list(uids), folder)
            self._client.add_flags(list(uids), [b"\\Deleted"], silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.uid_expunge(list(uids))

    def alive(self) -> bool:
        try:
            with self._told("is gone"), self._bounded():
                self._client.noop()
        except (RetryLater, IMAPClientError):
            return False
        return True

    def close(self) -> None:
        with suppress(OSError, IMAPClientError, AttributeError), self._bounded():
            self._client.logout()
            return
        with suppress(OSError, IMAPClientError, AttributeError):
            self._client.shutdown()

    @contextmanager
    def _told(self, what: str, fault: type[RetryLater] = RetryLater) -> Iterator[None]:
        """Network faults as ``fault``, an untrusted certificate as HaltForPerson; the server's own refusals pass."""
        place = f"mailbox {self._name}: {self._where}"
        try:
            yield
        except ssl.SSLCertVerificationError:
            raise HaltForPerson(f"{place} shows a certificate that cannot be trusted", remedy=_TRUST) from None
        except ssl.SSLError as error:
            if "WRONG_VERSION" in str(error):
                raise HaltForPerson(f"{place} does not speak TLS", remedy="use the TLS port, mostly 993") from None
            raise RetryLater(f"{place} {what} (TLS)", remedy="try again later") from None
        except imaplib.IMAP4.readonly:
            raise HaltForPerson(
                f"{place} lets this account only read the folder",
                remedy='give it the right to mark and move mails, or set after = "none"',
            ) from None
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            reason = getattr(error, "strerror", "") or type(error).__name__
            raise fault(f"{place} {what} ({reason})", remedy="check host, port and network") from None
        except (AssertionError, ValueError, IndexError, KeyError, TypeError) as error:
            raise RetryLater(f"{place} sends what is no IMAP ({type(error).__name__})", remedy="check host and port") from None

    @contextmanager
    def _obeyed(self, what: str) -> Iterator[None]:
        """A command's refusal by the server: passing where it says so, else for a person."""
        try:
            yield
        except imaplib.IMAP4.abort:
            raise
        except IMAPClientError as error:
            if _PASSING.search(str(error)):
                raise RetryLater(f"mailbox {self._name}: {self._where} does not {what} now", remedy=_LASTS) from None
            raise HaltForPerson(
                f"mailbox {self._name}: {self._where} refuses to {what}",
                remedy="check the account's rights, quota and folder names",
            ) from None

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Cuts the socket when a command outlasts the deadline, however little by little its bytes arrive."""
        timer = threading.Timer(self._deadline, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        with suppress(OSError, AttributeError):
            self._client.socket().shutdown(socket.SHUT_RDWR)
