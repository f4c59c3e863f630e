"""What portal and board share: a threaded server on loopback, and which serving is shown now."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

LOOPBACK = "127.0.0.1"
LARGEST_FORM = 64 * 1024


@dataclass(slots=True)
class Serving:
    """Shared by all sites: 1 at first, 2 after the city was advanced. ``requests`` counts what was asked for."""

    number: int = 1
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> int:
        with self.lock:
            self.requests += 1
            return self.requests

    def advance(self) -> int:
        """The second serving; asking again changes nothing."""
        self.number = 2
        return self.number


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    referer: str


@dataclass(frozen=True, slots=True)
class Reply:
    body: bytes
    media_type: str = "text/html; charset=utf-8"
    status: int = HTTPStatus.OK


Answerer = Callable[[Request], Reply]


def serve(answer: Answerer, port: int) -> ThreadingHTTPServer:
    """Starts a server in a thread of its own; port 0 chooses a free one. Raises OSError when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            parts = urlsplit(self.path)
            length = min(int(self.headers.get("Content-Length") or 0), LARGEST_FORM)
            form = dict(parse_qsl(self.rfile.read(length).decode("utf-8", "replace"))) if length else {}
            reply = answer(Request(method, parts.path, dict(parse_qsl(parts.query)), form, self.headers.get("Referer", "")))
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.media_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            """Addresses of citizens' letters belong in no log."""

    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def not_found() -> Reply:
    return Reply("<html><body>您访问的页面不存在</body></html>".encode(), status=HTTPStatus.NOT_FOUND)
