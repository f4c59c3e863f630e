"""A web hook and a mail server on loopback that keep what they take, and refuse when told to."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Taker:
    """``taken`` in order; while ``refuse`` is set nothing is."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.refuse = False
        self.body: dict[str, Any] = {}
        self.address = ""
        self.port = 0


@contextmanager
def web_hook() -> Iterator[Taker]:
    taker = Taker()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers["Content-Length"]))
            if not taker.refuse:
                taker.taken.append(json.loads(said))
            answer = json.dumps(taker.body).encode()
            self.send_response(503 if taker.refuse else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    taker.port = server.server_address[1]
    taker.address = f"http://127.0.0.1:{taker.port}/hook?token=geheim"
    try:
        yield taker
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def mail_server() -> Iterator[Taker]:
    """As much of SMTP as a mail needs; log-in is taken unless it refuses."""
    taker = Taker()
    listening = socket.create_server(("127.0.0.1", 0))
    taker.port = listening.getsockname()[1]
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with suppress(ConnectionError), connection, connection.makefile("rwb") as file:
                _session(file, taker)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield taker
    finally:
        ended.set()
        with socket.socket() as waker:
            waker.connect_ex(("127.0.0.1", taker.port))
        listening.close()
        thread.join(5)


def _session(file: Any, taker: Taker) -> None:
    def say(line: str) -> None:
        file.write(f"{line}\r\n".encode())
        file.flush()

    say("220 ready")
    for line in iter(file.readline, b""):
        word = line.strip().upper().split(b" ")[0]
        if word == b"EHLO":
            say("250-here")
            say("250 AUTH PLAIN")
        elif word == b"AUTH":
            say("535 no" if taker.refuse else "235 yes")
        elif word == b"DATA":
            say("354 go on")
            data = b""
            for part in iter(file.readline, b".\r\n"):
                data += part
            taker.taken.append(message_from_bytes(data, EmailMessage, policy=policy.default))
            say("250 taken")
        elif word == b"QUIT":
            say("221 bye")
            return
        else:
            say("250 ok")
