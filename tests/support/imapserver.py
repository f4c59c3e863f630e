"""A mailbox on loopback, filled over IMAP: pymap in a process of its own, or an account of another server."""

import hashlib
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from imapclient import IMAPClient

USER, PASSWORD = "mayor", "loopback-only"
START_SECONDS = 30


class Mailbox:
    """An account on 127.0.0.1, in plain. ``start`` returns itself."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.port = port
        self.user = user
        self.password = password

    def start(self) -> "Mailbox":
        """The account is there already; its inbox is emptied."""
        with self._client() as client:
            client.select_folder("INBOX")
            client.delete_messages(client.search("ALL"))
            client.expunge()
        return self

    def stop(self) -> None:
        """The server is others' to stop."""

    def deliver(self, mails: Sequence[bytes]) -> None:
        with self._client() as client:
            # Without this every literal waits 40 ms for a delayed acknowledgement.
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for mail in mails:
                client.append("INBOX", mail)

    def digests(self) -> list[str]:
        """SHA-256 of every mail as the server gives it, in UID order."""
        with self._client() as client:
            client.select_folder("INBOX", readonly=True)
            uids = client.search("ALL")
            found = client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
            return [hashlib.sha256(found[uid][b"BODY[]"]).hexdigest() for uid in uids]

    def _client(self) -> IMAPClient:
        client = IMAPClient("127.0.0.1", port=self.port, ssl=False, timeout=START_SECONDS)
        client.login(self.user, self.password)
        return client


class ImapServer(Mailbox):
    """A server of its own."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        super().__init__(port, USER, PASSWORD)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "ImapServer":
        command = [str(Path(sys.executable).with_name("pymap")), "--host", "127.0.0.1", "--port", str(self.port), "--no-tls"]
        command += ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with self._client() as client:
                    client.select_folder("INBOX")
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("pymap did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
