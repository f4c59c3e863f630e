"""A mailbox on loopback: pymap in a process of its own, filled over IMAP."""

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


class ImapServer:
    """``start`` returns itself; ``port`` is on 127.0.0.1, in plain."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
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
        client.login(USER, PASSWORD)
        return client
