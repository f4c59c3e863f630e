"""A polite HTTP client: bounded in time and size, honest about itself, and clear about what is a failure.

200 with a page                              → Page
404, 410                                     → Gone
429                                          → RetryLater after Retry-After, the host left alone until then
5xx, network faults, cut bodies, deadlines   → RetryLater with a growing pause
403, 412, 418, 521, empty 200, challenges    → Blocked (a RetryLater of half an hour): ask the site for access
an address that is not public, a wrong pin   → HaltForPerson
"""

import email.utils
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urljoin, urlsplit

import httpx

from domain.errors import BadSettings, HaltForPerson, OutOfReach, RejectItem, RetryLater
from ingest.decode import declared_charset, decode
from ingest.http_gate import HostGate
from ingest.http_network import AddressRule, Deadline, is_loopback_host
from ingest.http_refusal import refusal
from ingest.http_transport import BoundedTransport

USER_AGENT = "fenban/0.1 (collects citizens' public letters for the city that runs this site; one request at a time)"
_BLOCKED_FOR = 1800.0
_LASTS = "it is tried again by itself; ask the site's operators if this lasts"
_LONGEST_RETRY_AFTER = 6 * 3600.0
_REFUSING = frozenset({401, 403, 406, 412, 418, 444, 521})
_KEEP_METHOD = frozenset({307, 308})
_PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F))


class Gone(RejectItem):
    """The address is no longer there (404, 410)."""


class TooLarge(RetryLater):
    """The body is over the limit: nothing of it is believed."""


class Blocked(RetryLater):
    """The site refuses or challenges this client."""


class ServerFault(RetryLater):
    """The server answered, and answered wrongly (5xx and the like): perhaps for this address alone."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """``min_interval`` seconds between two requests to a host (0 on loopback only); ``deadline`` for one request in all."""

    min_interval: float = 1.5
    deadline: float = 60.0
    connect_timeout: float = 10.0
    read_timeout: float = 20.0
    max_bytes: int = 8 * 1024 * 1024
    max_redirects: int = 5
    user_agent: str = USER_AGENT
    pinned_certificate: Path | None = None
    allow_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """``url`` may hold any percent-encoding (``%uXXXX`` too): it is sent as it stands. ``body`` makes it a POST."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    allow_empty: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A whole, decoded answer. ``framed`` is False when only the closed connection marked the body's end."""

    url: str
    media_type: str
    body: bytes
    text: str
    framed: bool
    fetched_at: datetime


class Fetcher(Protocol):
    """Where a collector's pages come from."""

    def fetch(self, request: HttpRequest) -> Page:
        """One page. Raises what ``HttpClient.fetch`` raises."""

    def close(self) -> None: ...


class HttpClient:
    """One channel's client. ``home`` is the channel's configured address: only when it is loopback may loopback be reached."""

    def __init__(self, home: str, limits: HttpLimits, gate: HostGate) -> None:
        host = urlsplit(home).hostname or ""
        _check(home, host, limits)
        self._limits = limits
        self._gate = gate
        self._busy = threading.Lock()
        self._deadline = Deadline(gate.clock, gate.stop)
        rule = AddressRule(loopback=is_loopback_host(host), networks=limits.allow_networks)
        context, pinned = _tls(limits.pinned_certificate)
        self._client = httpx.Client(
            transport=BoundedTransport(self._deadline, rule, context, pinned),
            timeout=httpx.Timeout(limits.read_timeout, connect=limits.connect_timeout),
            trust_env=False,
            headers={"User-Agent": limits.user_agent, "Accept-Encoding": "gzip, deflate", "Accept-Language": "zh-CN,zh;q=0.9"},
        )

    def fetch(self, request: HttpRequest) -> Page:
        """One page, redirects followed. Raises Gone, TooLarge, Blocked, ServerFault, RetryLater or HaltForPerson."""
        with self._busy:
            self._client.cookies.jar.clear_expired_cookies()
            for hop in range(self._limits.max_redirects + 1):
                answer = self._once(request, first=hop == 0)
                if isinstance(answer, Page):
                    return answer
                request = answer
        raise ServerFault(f"{_host(request.url)} redirects in a circle", after=self._failed(_host(request.url)))

    def close(self) -> None:
        self._client.close()

    def _once(self, request: HttpRequest, *, first: bool) -> Page | HttpRequest:
        host = _host(request.url)
        with self._gate.turn(host, self._limits.min_interval):
            if first:
                self._deadline.start(self._limits.deadline)
            try:
                return self._exchange(request, host)
            except httpx.TimeoutException:
                raise RetryLater(f"{host} did not answer in time", remedy=_LASTS, after=self._failed(host)) from None
            except httpx.ConnectError as error:
                raise self._unreachable(host, str(error)) from None
            except (httpx.TransportError, httpx.DecodingError):
                raise RetryLater(f"{host} broke off its answer", remedy=_LASTS, after=self._failed(host)) from None

    def _unreachable(self, host: str, why: str) -> RetryLater:
        if "CERTIFICATE_VERIFY_FAILED" in why:
            remedy = "ask its operators to renew it, or store it as PEM and pin it for this channel"
            return RetryLater(f"{host} shows a certificate that is not valid", remedy=remedy, after=self._failed(host))
        return OutOfReach(
            f"{host} cannot be reached", remedy="check the channel's address and the network", after=self._failed(host)
        )

    def _exchange(self, request: HttpRequest, host: str) -> Page | HttpRequest:
        parts = urlsplit(request.url)
        target = quote(f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", safe=_PRINTABLE)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
        with self._client.stream(
            request.method,
            origin,
            headers=dict(request.headers),
            content=request.body,
            extensions={"target": target.encode("ascii")},
        ) as response:
            onward = self._redirect(request, response, host)
            if onward is not None:
                return onward
            self._judge(response, host)
            body = self._read(response, host)
        return self._page(request, response, body, host)

    def _redirect(self, request: HttpRequest, response: httpx.Response, host: str) -> HttpRequest | None:
        if response.status_code not in (301, 302, 303, 307, 308) or "location" not in response.headers:
            return None
        onward = urljoin(request.url, response.headers["location"])
        parts = urlsplit(onward)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HaltForPerson(f"{host} redirects to something that is no web address", remedy="correct the channel's address")
        if urlsplit(request.url).scheme == "https" and parts.scheme == "http":
            raise HaltForPerson(f"{host} redirects from https to http", remedy="write the http address if that is acceptable")
        if response.status_code in _KEEP_METHOD:
            return HttpRequest(onward, request.method, request.headers, request.body, request.allow_empty)
        return HttpRequest(onward, "GET", request.headers, None, request.allow_empty)

    def _judge(self, response: httpx.Response, host: str) -> None:
        """Raises unless the status says that a page follows."""
        status = response.status_code
        if status in (404, 410):
            self._gate.succeeded(host)
            raise Gone(f"the page is no longer there (HTTP {status})")
        if status in (429, 503):
            failures = self._gate.failed(host)
            asked = self._retry_after(response.headers.get("retry-after", ""))
            pause = asked if asked is not None else 60.0 * failures if status == 429 else self._gate.backoff(failures)
            if status == 429 or asked is not None:
                self._gate.close_host(host, pause)
            raise RetryLater(f"{host} asks for a pause (HTTP {status})", remedy="raise min_interval if this lasts", after=pause)
        if status in _REFUSING:
            raise self._blocked(f"{host} refuses this client (HTTP {status})", host)
        if status >= 500:
            raise ServerFault(f"{host} has a fault (HTTP {status})", remedy=_LASTS, after=self._failed(host))
        if status != 200:
            raise ServerFault(
                f"{host} answers HTTP {status}", remedy="compare the address and form with the site", after=self._failed(host)
            )

    def _read(self, response: httpx.Response, host: str) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._limits.max_bytes:
                raise TooLarge(f"{host} sends more than {self._limits.max_bytes} bytes", after=_BLOCKED_FOR)
            chunks.append(chunk)
        return b"".join(chunks)

    def _page(self, request: HttpRequest, response: httpx.Response, body: bytes, host: str) -> Page:
        media_type = response.headers.get("content-type", "")
        text = decode(body, declared_charset(media_type)).text
        why = refusal(body, text)
        if why and not (request.allow_empty and not body.strip()):
            raise self._blocked(f"{host}: {why}", host)
        self._gate.succeeded(host)
        framed = "content-length" in response.headers or "chunked" in response.headers.get("transfer-encoding", "")
        return Page(request.url, media_type, body, text, framed, self._gate.clock.now())

    def _blocked(self, what: str, host: str) -> Blocked:
        self._gate.failed(host)
        return Blocked(what, remedy="ask the site's operators to let this client in", after=_BLOCKED_FOR)

    def _failed(self, host: str) -> float:
        return self._gate.backoff(self._gate.failed(host))

    def _retry_after(self, value: str) -> float | None:
        """Seconds from a Retry-After header (a number or a date), at most six hours; None when there is none to read."""
        seconds: float | None = None
        if value.strip().isdigit():
            seconds = float(value.strip()[:9])
        elif value:
            with suppress(ValueError, TypeError):
                moment = email.utils.parsedate_to_datetime(value)
                seconds = (moment - self._gate.clock.now()).total_seconds()
        return None if seconds is None else min(max(seconds, 1.0), _LONGEST_RETRY_AFTER)


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""


def _check(home: str, host: str, limits: HttpLimits) -> None:
    if urlsplit(home).scheme not in ("http", "https") or not host:
        raise BadSettings([f"url: {home!r} is no http or https address → write it with its scheme and host"])
    if limits.min_interval <= 0 and not is_loopback_host(host):
        raise BadSettings([f"min_interval: 0 is allowed on loopback only, not for {host} → write 1.5 or more seconds"])


def _tls(pinned: Path | None) -> tuple[ssl.SSLContext, bytes | None]:
    if pinned is None:
        return _default_tls(), None
    try:
        der = ssl.PEM_cert_to_DER_cert(pinned.read_text("ascii").strip())
    except (OSError, ValueError):
        raise BadSettings(
            [f"pinned_certificate: {pinned} is no readable PEM certificate → store the server's certificate"]
        ) from None
    context = httpx.create_ssl_context(trust_env=False)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context, der


@cache
def _default_tls() -> ssl.SSLContext:
    """Reading all root certificates takes a while: once for all channels."""
    return httpx.create_ssl_context(trust_env=False)
