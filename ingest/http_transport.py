"""httpx over httpcore with our own network backend, which httpx's own transport has no way to take."""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpcore
import httpx

from ingest.http_network import AddressRule, BoundedBackend, Deadline

_IDLE_SECONDS = 4.0
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.NetworkError, httpx.ReadError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
)


class BoundedTransport(httpx.BaseTransport):
    """One connection at a time, HTTP/1.1, no proxies, every read and write within the deadline."""

    def __init__(self, deadline: Deadline, rule: AddressRule, context: ssl.SSLContext, pinned: bytes | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=1,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=BoundedBackend(deadline, rule, pinned),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(request.stream, httpx.SyncByteStream):
            raise httpx.UnsupportedProtocol("the request has no body that can be read here")
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        with _named():
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
                )
            )
        if not isinstance(response.stream, Iterable):
            raise httpx.RemoteProtocolError("the answer has no body that can be read here")
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response.stream), extensions=response.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _named():
            yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            with _named():
                close()


@contextmanager
def _named() -> Iterator[None]:
    """httpcore's errors under httpx's names."""
    try:
        yield
    except Exception as error:
        for kind, named in _ERRORS:
            if isinstance(error, kind):
                raise named(str(error)) from error
        raise
