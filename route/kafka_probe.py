"""One log-in to a broker, to learn what stands in the way.

A broker that refuses a password says so and hangs up at once; kafka-python throws the answer away with the connection and
goes on trying until its time is up. This speaks the few bytes itself: a connection, TLS, the log-in, and one question.
"""

import socket
import ssl
import struct
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from kafka.net.sasl.scram import ScramClient

from domain.errors import BadSettings, HaltForPerson, RetryLater

METADATA, HANDSHAKE, AUTHENTICATE = 3, 17, 36
UNSUPPORTED_MECHANISM, ILLEGAL_STATE, AUTHENTICATION_FAILED = 33, 34, 58
LARGEST_ANSWER = 10_000_000
CORRECT_SECURITY = "correct kafka.security, or the port in kafka.bootstrap_servers"
START_IT = "start it, or correct kafka.bootstrap_servers; what waits is kept and sent later"


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """How to reach the brokers, and as whom. Times are in seconds. ``password`` is never shown."""

    servers: tuple[str, ...]
    security: str = "SASL_SSL"
    mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout: float = 10.0
    delivery_timeout: float = 30.0
    max_record_bytes: int = 1_000_000


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Raises BadSettings when the CA file cannot be used."""
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    except OSError as error:
        problem = f"kafka.ca_file: {ca_file} cannot be used ({type(error).__name__}) → name the CA's certificate as a PEM file"
        raise BadSettings([problem]) from None


def log_in(config: KafkaConfig, server: str) -> None:
    """Connects to ``server``, logs in and asks one question. Raises HaltForPerson when a person must mend something, and
    RetryLater when the broker does not answer within the time allowed."""
    host, _, port = server.rpartition(":")
    with ExitStack() as opened:
        try:
            plain = socket.create_connection((host, int(port)), timeout=config.timeout)
            connection = opened.enter_context(_secured(config, opened.enter_context(plain), host))
            if config.security.startswith("SASL"):
                _authenticate(config, connection)
            _call(connection, METADATA, 1, struct.pack(">i", 0))
        except ssl.SSLCertVerificationError:
            what = f"the certificate of the Kafka broker {server} is not trusted"
            raise HaltForPerson(what, remedy="name its CA's certificate in kafka.ca_file") from None
        except ssl.SSLError:
            what = f"the Kafka broker {server} does not speak TLS on this port, or is just ending"
            raise RetryLater(what, remedy=CORRECT_SECURITY) from None
        except TimeoutError:
            raise RetryLater(f"the Kafka broker {server} does not answer in time", remedy=START_IT) from None
        except (ConnectionRefusedError, socket.gaierror):
            raise RetryLater(f"no Kafka broker answers at {server}", remedy=START_IT) from None
        except OSError:
            what = f"the Kafka broker {server} ended the connection"
            raise RetryLater(what, remedy=f"it is tried again; if it stays so: {CORRECT_SECURITY}") from None


def _secured(config: KafkaConfig, plain: socket.socket, host: str) -> socket.socket:
    return tls_context(config.ca_file).wrap_socket(plain, server_hostname=host) if config.security.endswith("SSL") else plain


def _authenticate(config: KafkaConfig, connection: socket.socket) -> None:
    error, _ = _call(connection, HANDSHAKE, 1, _text(config.mechanism))
    if error in (UNSUPPORTED_MECHANISM, ILLEGAL_STATE):
        what = f"Kafka does not take a log-in by {config.mechanism} here"
        raise HaltForPerson(what, remedy=f"correct kafka.mechanism; {CORRECT_SECURITY}")
    if config.mechanism == "PLAIN":
        _prove(config, connection, f"\0{config.username}\0{config.password}".encode())
        return
    scram = ScramClient(config.username, config.password, config.mechanism)
    scram.process_server_first_message(_prove(config, connection, scram.first_message()))
    _prove(config, connection, scram.final_message())


def _prove(config: KafkaConfig, connection: socket.socket, token: bytes) -> bytes:
    error, rest = _call(connection, AUTHENTICATE, 0, struct.pack(">i", len(token)) + token)
    if error:
        what = f"Kafka refuses the user {config.username!r}: wrong name or password"
        raise HaltForPerson(what, remedy="correct kafka.username and what kafka.password refers to")
    (said,) = struct.unpack_from(">h", rest)
    start = 2 + max(0, said)
    (length,) = struct.unpack_from(">i", rest, start)
    return rest[start + 4 : start + 4 + max(0, length)]


def _call(connection: socket.socket, key: int, version: int, body: bytes) -> tuple[int, bytes]:
    """The answer's first number (the error code of those used here, but for METADATA) and what follows it."""
    request = struct.pack(">hhi", key, version, key) + _text("fenban") + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (length,) = struct.unpack(">i", _exactly(connection, 4))
    if not 6 <= length <= LARGEST_ANSWER:
        raise ConnectionError("no Kafka answer")
    answer = _exactly(connection, length)
    (error,) = struct.unpack_from(">h", answer, 4)
    return error, answer[6:]


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(length - len(parts))
        if not part:
            raise ConnectionError("ended")
        parts += part
    return bytes(parts)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">h", len(encoded)) + encoded
