"""The sockets under the polite client: where it may connect, for how long, and to which certificate."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpcore

from domain.errors import HaltForPerson, RetryLater
from domain.ports import Clock

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SLICE = 1.0
"""A stop is noticed within this many seconds, whatever a server does."""


@dataclass(slots=True)
class Deadline:
    """The end of one request, shared by all that it does: connecting, handshake, headers, body, redirects."""

    clock: Clock
    stop: threading.Event
    until: float = field(default=0.0)

    def start(self, seconds: float) -> None:
        self.until = self.clock.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """Seconds that may still be waited, at most ``timeout``. Raises httpcore.ReadTimeout when none are left."""
        if self.stop.is_set():
            raise RetryLater("stopping", after=0.0)
        remaining = self.until - self.clock.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout("the request's whole time is used up")
        return remaining if timeout is None else min(remaining, timeout)


class AddressRule:
    """Which addresses may be connected to: public ones, those of ``networks``, and loopback for a loopback channel."""

    def __init__(self, *, loopback: bool, networks: Sequence[str] = ()) -> None:
        self._loopback = loopback
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(network) for network in networks)

    def allows(self, text: str) -> bool:
        address = _innermost(ipaddress.ip_address(text.split("%", 1)[0]))
        if address.is_loopback:
            return self._loopback
        if any(address.version == network.version and address in network for network in self._networks):
            return True
        return address.is_global and not address.is_multicast


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries (mapped, NAT64, 6to4), else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or address


def is_loopback_host(host: str) -> bool:
    """True for ``localhost`` and addresses of 127/8 and ::1 as written in settings; no name is looked up."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return _innermost(ipaddress.ip_address(host.strip("[]"))).is_loopback
    except ValueError:
        return False


class BoundedBackend(httpcore.NetworkBackend):
    """Connects to allowed addresses only. The address that was checked is the one connected to (no second look-up)."""

    def __init__(self, deadline: Deadline, rule: AddressRule, pinned: bytes | None) -> None:
        self._deadline = deadline
        self._rule = rule
        self._pinned = pinned
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._resolve(host, port, self._deadline.left(timeout))
        allowed = [address for address in addresses if self._rule.allows(address)]
        if not allowed:
            raise HaltForPerson(
                f"{host} is at an address that is not public",
                remedy="correct the address, or list the network in allow_networks if the site is meant to be internal",
            )
        failure: Exception | None = None
        for address in allowed:
            try:
                stream = self._plain.connect_tcp(address, port, self._deadline.left(timeout), local_address, socket_options)
                return _BoundedStream(stream, self._deadline, self._pinned)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("no address")

    def _resolve(self, host: str, port: int, timeout: float) -> list[str]:
        """Addresses of a name. The look-up itself knows no time limit, so it is left behind in its thread when it is over."""
        found: list[str] = []

        def look_up() -> None:
            try:
                answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError):
                return
            found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))

        thread = threading.Thread(target=look_up, name="fenban-resolve", daemon=True)
        thread.start()
        thread.join(timeout)
        if not found:
            raise httpcore.ConnectError(f"the name {host} was not found")
        return list(found)


class _BoundedStream(httpcore.NetworkStream):
    """Reads and writes that end with the request's deadline, in slices so that a stop is noticed."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline, pinned: bytes | None) -> None:
        self._stream = stream
        self._deadline = deadline
        self._pinned = pinned

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        waiting = self._deadline.left(timeout)
        while True:
            part = min(_SLICE, waiting, self._deadline.left(None))
            try:
                return self._stream.read(max_bytes, part)
            except httpcore.ReadTimeout:
                waiting -= part
                if waiting <= 0:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        if self._pinned is not None:
            secure = stream.get_extra_info("ssl_object")
            if secure is None or secure.getpeercert(True) != self._pinned:
                stream.close()
                raise HaltForPerson(
                    "the server shows another certificate than the pinned one",
                    remedy="find out why, then store the new certificate in the file that the channel pins",
                )
        return _BoundedStream(stream, self._deadline, self._pinned)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
