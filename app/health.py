"""/healthz, /readyz and /metrics on one loopback port."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import CollectorRegistry

from domain.errors import HaltForPerson

Readiness = Callable[[], tuple[bool, dict[str, Any]]]
"""(ready, document): a failing channel is "degraded" and still ready; a store that cannot be read is not ready."""


class HealthServer:
    """Serves from its own thread until closed. Raises HaltForPerson when the port is taken."""

    def __init__(self, host: str, port: int, readiness: Readiness, registry: CollectorRegistry) -> None:
        handler = _handler(readiness, registry)
        try:
            self._server = ThreadingHTTPServer((host, port), handler)
        except OSError as error:
            what = f"port {port} for /healthz and /metrics cannot be opened ({error.strerror})"
            raise HaltForPerson(what, remedy="stop what holds it, or set [http] port = 0 to take a free one") from None
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="health", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(readiness: Readiness, registry: CollectorRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                self._answer(200, "application/json", b'{"status": "ok"}\n')
            elif self.path == "/readyz":
                ready, document = readiness()
                body = json.dumps(document, ensure_ascii=False).encode() + b"\n"
                self._answer(200 if ready else 503, "application/json; charset=utf-8", body)
            elif self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/":
                self._answer(200, "text/plain; charset=utf-8", b"/healthz /readyz /metrics\n")
            else:
                self._answer(404, "text/plain; charset=utf-8", b"/healthz /readyz /metrics\n")

        def _answer(self, status: int, media_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Requests of monitors are not news."""

    return Handler
