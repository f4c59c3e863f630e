"""A TCP proxy before an IMAP server, which a test makes fail."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_BODY_FETCH = re.compile(rb"UID FETCH ([0-9,:]+) \(BODY\.PEEK\[")


def fetched(line: bytes) -> set[int]:
    """UIDs of the mails whose bytes a client's command asks for."""
    found = _BODY_FETCH.search(line)
    ranges = [part.split(b":") for part in found[1].split(b",")] if found else []
    return {uid for bounds in ranges for uid in range(int(bounds[0]), int(bounds[-1]) + 1)}


class ImapProxy:
    """Listens on loopback; ``port``. ``fail()``: nobody gets through; ``fail(after=n)``: breaks off at every fetch of a mail
    after n more.

    ``poison``: the UID of a mail at whose fetching the connection breaks, as with a server that stumbles over it.
    ``cut_after``: so many bytes of the server's answers later the connection breaks, once.
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
        self.poison: int | None = None
        self.cut_after: int | None = None
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
        wanted = fetched(line)
        if self.poison in wanted:
            return True
        if not wanted or self._left is None:
            return False
        if self._left < len(wanted):
            return True
        self._left -= len(wanted)
        return False

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if self.cut_after is not None:
                    passing, self.cut_after = data[: self.cut_after], self.cut_after - len(data)
                    client.sendall(passing)
                    if self.cut_after <= 0:
                        self.cut_after = None
                        break
                    continue
                client.sendall(data)
        self._end(client, server)

    def _end(self, *sockets: socket.socket) -> None:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            with self._lock:
                self._open.discard(each)
