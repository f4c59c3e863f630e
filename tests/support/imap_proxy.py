"""A TCP proxy before an IMAP server, which a test makes fail."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

BODY_FETCH = b"BODY.PEEK["


class ImapProxy:
    """Listens on loopback; ``port``. ``fail()``: nobody gets through; ``fail(after=n)``: breaks off at every fetch of a mail
    after n more.

    ``drop_on``: bytes in a client's command that break the connection, as a server does that stumbles over one mail.
    ``answer``: a function that may replace a client's line by an answer of its own (None: pass it on).
    """

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._left: int | None = None
        self._shut = False
        self.drop_on: bytes | None = None
        self.answer: Callable[[bytes], bytes | None] = lambda _line: None
        self.lines: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def fail(self, after: int = 0) -> None:
        self._left = after
        if after == 0:
            self._shut = True
            self._cut_all()

    def heal(self) -> None:
        self._left = None
        self._shut = False

    def close(self) -> None:
        self._listener.close()
        self._cut_all()

    def _cut_all(self) -> None:
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            self._open.clear()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._shut:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._upstream))
            with self._lock:
                self._open |= {client, server}
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._commands, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()

    def _commands(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError, ValueError), client.makefile("rb") as lines:
            for line in lines:
                self.lines.append(line)
                if self._breaks(line):
                    break
                own = self.answer(line)
                if own is None:
                    server.sendall(line)
                else:
                    client.sendall(own)
        self._end(client, server)

    def _breaks(self, line: bytes) -> bool:
        if self.drop_on is not None and self.drop_on in line:
            return True
        if BODY_FETCH not in line or self._left is None:
            return False
        if self._left == 0:
            return True
        self._left -= 1
        return False

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        self._end(client, server)

    def _end(self, *sockets: socket.socket) -> None:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            with self._lock:
                self._open.discard(each)
