"""The benchmark's world on the PostgreSQL and the Kafka of ``make services``: each run has a database of its own and fresh topics."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.settings import load_settings
from domain.events import feedback_topic, unit_topic
from domain.ids import UnitCode
from tests.bench.messages import UNIT_CODES
from tests.bench.world import fresh
from tests.support import databases
from tests.support.kafka import shared_broker
from tests.support.servers import known

UNITS = tuple(UnitCode(code) for code in UNIT_CODES.values())
_SETTINGS = """
[store]
url = "{url}"
password = "file:secrets/store"
[kafka]
bootstrap_servers = [{servers}]
username = "{user}"
password = "file:{password}"
ca_file = "{ca}"
"""


def missing() -> list[str]:
    """The servers that do not run."""
    return [name for name in ("postgresql", "kafka") if not known(name)]


@dataclass(frozen=True, slots=True)
class ServerRun:
    """``folder`` holds settings that lead to the database ``url`` and the broker."""

    folder: Path
    url: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """What leads to a run's store and broker, for peers: a URL with its password, and kafka-python's arguments."""

    store: str
    kafka: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Addresses":
        settings = load_settings(folder / "fenban.toml")
        kafka = settings.kafka
        return cls(
            settings.store_url(),
            {
                "bootstrap_servers": list(kafka.bootstrap_servers),
                "security_protocol": kafka.security,
                "sasl_mechanism": kafka.mechanism,
                "sasl_plain_username": kafka.username,
                "sasl_plain_password": settings.secret(kafka.password or "", "kafka.password"),
                "ssl_cafile": str(kafka.ca_file),
            },
        )


def clear_topics() -> None:
    """The units' topics and their feedback topics, empty; none other of fenban's."""
    shared_broker().fresh([topic(unit) for unit in UNITS for topic in (unit_topic, feedback_topic)])


@contextmanager
def server_run(world: Path, folder: Path, *, topics: bool = True) -> Iterator[ServerRun]:
    """A copy of the world whose store is an empty database; ``topics``: they are made anew, else shared with other runs."""
    fresh(world, folder)
    if topics:
        clear_topics()
    url = databases.new_store()
    try:
        (folder / "secrets").mkdir()
        login, _, place = url.removeprefix("postgresql://").rpartition("@")
        role, _, password = login.partition(":")
        (folder / "secrets" / "store").write_text(password, encoding="ascii")
        kafka = known("kafka")
        servers = ", ".join(f'"{one}"' for one in kafka["KAFKA_BOOTSTRAP"].split(","))
        told = _SETTINGS.format(
            url=f"postgresql://{role}@{place}",
            servers=servers,
            user=kafka["KAFKA_ADMIN_USERNAME"],
            password=kafka["KAFKA_ADMIN_PASSWORD_FILE"],
            ca=kafka["KAFKA_CA"],
        )
        with (folder / "fenban.toml").open("a", encoding="utf-8") as settings:
            settings.write(told)
        yield ServerRun(folder, url)
    finally:
        databases.drop(url)
