"""The settings' way to Kafka, and whether it is open."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.settings import Settings
from domain.errors import BadSettings, FenbanError, HaltForPerson
from domain.ports import Clock
from route.kafka_link import KafkaLink
from route.kafka_probe import KafkaConfig, tls_context

BELIEVED_SECONDS = 10.0
LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class KafkaState:
    """``ok``; ``down`` (passing: nothing is lost, what waits is sent later); ``halted`` (a person must mend it)."""

    state: str
    error: str = ""


class KafkaWatch:
    """Whether a broker lets the program in, asked at most every ten seconds and answered within a few, whoever wants to know."""

    def __init__(self, config: KafkaConfig, clock: Clock, *, probe: Callable[[KafkaConfig], None] | None = None) -> None:
        self._config = replace(config, timeout=min(config.timeout, LOOK_SECONDS))
        self._clock = clock
        self._probe = probe or _probe
        self._lock = threading.Lock()
        self._known: tuple[float, KafkaState] | None = None

    def state(self) -> KafkaState:
        with self._lock:
            now = self._clock.monotonic()
            if self._known is None or now - self._known[0] >= BELIEVED_SECONDS:
                self._known = now, self._look()
            return self._known[1]

    def _look(self) -> KafkaState:
        try:
            self._probe(self._config)
        except HaltForPerson as error:
            return KafkaState("halted", str(error))
        except FenbanError as error:
            return KafkaState("down", str(error))
        return KafkaState("ok")


def _probe(config: KafkaConfig) -> None:
    KafkaLink(config).probe()


def kafka_config(
    settings: Settings, *, username: str = "", password: str = "", admin: bool = False, only: str = ""
) -> KafkaConfig:
    """As the settings' user, as another one, or as the administrator; to every broker, or to ``only`` one. Raises BadSettings
    when a reference leads nowhere."""
    kafka = settings.kafka
    user, reference, key = kafka.username, kafka.password, "kafka.password"
    if username:
        user, reference, key = username, password or user_password(settings, username), f"the password of {username}"
    elif admin and kafka.admin_username:
        user, reference, key = kafka.admin_username, kafka.admin_password, "kafka.admin_password"
    ca_file = settings.path(kafka.ca_file) if kafka.ca_file is not None else None
    if kafka.security.endswith("SSL"):
        tls_context(ca_file)
    return KafkaConfig(
        servers=(only,) if only else kafka.bootstrap_servers,
        security=kafka.security,
        mechanism=kafka.mechanism,
        username=user,
        password=settings.secret(reference, key) if reference else "",
        ca_file=ca_file,
        timeout=kafka.timeout_seconds,
        delivery_timeout=max(kafka.delivery_seconds, kafka.timeout_seconds + 1.0),
        max_record_bytes=kafka.max_record_bytes,
    )


def user_password(settings: Settings, username: str) -> str:
    """The reference to the password that `fenban topics apply` wrote for this user."""
    file = settings.path(settings.kafka.passwords) / f"{username}.password"
    if not file.exists():
        raise BadSettings([f"there is no {file} → give the password of {username} with --password env:NAME or file:PATH"])
    return f"file:{file.resolve()}"
