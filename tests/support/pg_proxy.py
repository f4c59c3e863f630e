"""A TCP proxy before PostgreSQL that loses connections at the worst moments: around COMMIT."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
BLOCK = 1 << 16


class Cut(StrEnum):
    NONE = "none"
    BEFORE = "before"
    """COMMIT never reaches the server."""
    AFTER = "after"
    """The server commits, and its answer never reaches the client."""


class PgProxy:
    """``cut`` and ``every`` may be changed while it runs: each ``every``-th COMMIT is cut so. ``cuts`` counts them."""

    def __init__(self, host: str, port: int) -> None:
        self.cut = Cut.NONE
        self.every = 1
        self.commits = 0
        self.cuts = 0
        self._target = (host, port)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        silent = threading.Event()
        answers = threading.Thread(target=self._answers, args=(server, client, silent), daemon=True)
        answers.start()
        with suppress(OSError):
            while data := client.recv(BLOCK):
                how = self._wanted(data)
                if how is Cut.BEFORE:
                    break
                if how is Cut.AFTER:
                    silent.set()
                server.sendall(data)
                if how is Cut.AFTER:
                    answers.join(30)
                    break
        _end(client, server)

    @staticmethod
    def _answers(server: socket.socket, client: socket.socket, silent: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(BLOCK):
                if silent.is_set():
                    return
                client.sendall(data)
        _end(client, server)

    def _wanted(self, data: bytes) -> Cut:
        if COMMIT not in data:
            return Cut.NONE
        with self._lock:
            self.commits += 1
            if self.cut is Cut.NONE or self.commits % self.every:
                return Cut.NONE
            self.cuts += 1
            return self.cut


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def proxied(url: str) -> Iterator[tuple[PgProxy, str]]:
    """A proxy to the server of ``url``, and the URL that goes through it."""
    account, _, place = url.partition("@")
    address, _, name = place.partition("/")
    host, _, port = address.partition(":")
    proxy = PgProxy(host, int(port))
    try:
        yield proxy, f"{account}@127.0.0.1:{proxy.port}/{name}"
    finally:
        proxy.close()
