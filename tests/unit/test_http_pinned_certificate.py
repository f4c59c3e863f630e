"""An expired certificate is refused, unless the channel pins just that certificate."""

import contextlib
import random
import socketserver
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.clock import SystemClock
from domain.errors import BadSettings, HaltForPerson, RetryLater
from ingest.http import HttpClient, HttpLimits, HttpRequest
from ingest.http_gate import HostGate


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate that expired in 2021, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return certificate(tmp_path, "portal")


@pytest.fixture
def address(files: tuple[Path, Path]) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    body = b"<html><p>a page behind an expired certificate</p></html>"

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), context.wrap_socket(self.request, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Listener(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def client(address: str, pinned: Path | None) -> HttpClient:
    limits = HttpLimits(min_interval=0.0, deadline=5.0, pinned_certificate=pinned)
    return HttpClient(address, limits, HostGate(SystemClock(), random.Random(1)))


def test_an_expired_certificate_is_refused(address: str) -> None:
    with pytest.raises(RetryLater, match="not valid"):
        client(address, None).fetch(HttpRequest(address))


def test_the_pinned_certificate_is_accepted(address: str, files: tuple[Path, Path]) -> None:
    assert "behind an expired" in client(address, files[0]).fetch(HttpRequest(address)).text


def test_another_certificate_than_the_pinned_one_is_refused(address: str, tmp_path: Path) -> None:
    other, _ = certificate(tmp_path, "other")
    with pytest.raises(HaltForPerson, match="another certificate"):
        client(address, other).fetch(HttpRequest(address))


def test_a_pin_that_is_no_certificate_is_bad_settings(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    with pytest.raises(BadSettings, match="PEM"):
        client("https://127.0.0.1:1", wrong)
