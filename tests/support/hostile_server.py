"""A local HTTP server that misbehaves in every way that real sites do, each on a path of its own."""

import contextlib
import gzip
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Answer = Callable[[socket.socket, "Asked"], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in. ``target`` is the raw request target."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class HostileServer:
    """``script`` maps a path (without query) to what is done there, ``fallback`` all others; ``asked`` logs the requests."""

    address: str
    script: dict[str, Answer]
    stop: threading.Event
    asked: list[Asked] = field(default_factory=list)
    fallback: Answer | None = None


def whole(body: bytes, media_type: str = "text/html; charset=utf-8", status: str = "200 OK", extra: str = "") -> Answer:
    """A well-formed answer."""

    def answer(connection: socket.socket, _: Asked) -> None:
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n"
        )
        connection.sendall(head.encode() + body)

    return answer


missing = whole(b"no such page", status="404 Not Found")


def drop(connection: socket.socket, _: Asked) -> None:
    """Closes without a word."""


def reset(connection: socket.socket, _: Asked) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def partial(connection: socket.socket, _: Asked) -> None:
    """Promises 1,000 bytes and sends 10."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<html>1234")


def cut_chunks(connection: socket.socket, _: Asked) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n")


def redirect(to: str, status: str = "302 Found") -> Answer:
    return whole(b"moved", status=status, extra=f"Location: {to}\r\n")


def too_large(connection: socket.socket, _: Asked) -> None:
    """Never stops sending, with no length."""
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        for _number in range(4096):
            connection.sendall(b"<p>" + b"x" * 65536)


def bomb(connection: socket.socket, _: Asked) -> None:
    """Some kilobytes of gzip that grow a thousandfold."""
    body = gzip.compress(b"\x00" * 3_000_000)
    with contextlib.suppress(OSError):
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def unframed(body: bytes) -> Answer:
    """A body whose end is only the closed connection, as old servers send it."""

    def answer(connection: socket.socket, _: Asked) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + body)

    return answer


@contextlib.contextmanager
def hostile_server() -> Iterator[HostileServer]:
    """Serves on a free loopback port until left."""
    server = HostileServer("", {}, threading.Event())

    def trickle(connection: socket.socket, _: Asked) -> None:
        _slowly(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", server.stop, quick=True)
        _slowly(connection, b"y" * 500, server.stop)

    def trickle_head(connection: socket.socket, _: Asked) -> None:
        _slowly(connection, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 500, server.stop)

    def silent(connection: socket.socket, _: Asked) -> None:
        server.stop.wait(30)

    server.script.update(
        {"/drop": drop, "/reset": reset, "/partial": partial, "/cut-chunks": cut_chunks, "/too-large": too_large, "/bomb": bomb}
    )
    server.script.update({"/trickle": trickle, "/trickle-head": trickle_head, "/silent": silent})

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                asked = _read_request(self.request)
                server.asked.append(asked)
                found = server.script.get(asked.target.partition("?")[0], server.fallback or missing)
                found(self.request, asked)

    class Listener(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    listener = Listener(("127.0.0.1", 0), Handler)
    server.address = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


def _slowly(connection: socket.socket, data: bytes, stop: threading.Event, quick: bool = False) -> None:
    if quick:
        connection.sendall(data)
        return
    for byte in data:
        connection.sendall(bytes([byte]))
        if stop.wait(0.05):
            return


def _read_request(connection: socket.socket) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            raise OSError("the client went away")
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    method, target, _ = first.split(" ", 2)
    return Asked(method, target, headers, body)
