"""What production has, for the system tests: a PostgreSQL, a Kafka and a Dovecot of a test's own, and departments that read
their topics in groups of their own with credentials of their own. Nothing here imports the program.
"""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from kafka import KafkaConsumer, TopicPartition
from psycopg import sql

from tests.support.imapserver import Mailbox
from tests.support.servers import ROOT, server

NAMES = ("postgresql", "dovecot", "kafka")
START_SECONDS = 180
QUIET_MILLISECONDS = 1500
PASSWORDS = Path("secrets/kafka")

_SETTINGS = """
[store]
url = "postgresql://{role}@{place}/{database}"
password = "env:STORE_PASSWORD"

[kafka]
bootstrap_servers = ["{bootstrap}"]
username = "fenban"
password = "env:KAFKA_PASSWORD"
admin_username = "{admin}"
admin_password = "file:{admin_password}"
ca_file = "{ca}"
passwords = "{passwords}"
partitions = 3
"""


@dataclass(slots=True)
class Production:
    """Servers under ``folder``, harmed at will: nobody else uses them."""

    folder: Path
    office_password: str = field(default_factory=secrets.token_urlsafe)
    told: dict[str, dict[str, str]] = field(default_factory=dict)

    def start(self, name: str) -> dict[str, str]:
        """Starts the server, or brings back what died."""
        self._script(name, "start")
        lines = (self.folder / f"{name}.env").read_text(encoding="utf-8").splitlines()
        self.told[name] = dict(line.split("=", 1) for line in lines)
        return self.told[name]

    def stop(self, name: str) -> None:
        self._script(name, "stop")

    def pid(self, name: str) -> int:
        return int((self.folder / name / "pid").read_text())

    def database(self) -> str:
        """A new, empty database's name."""
        name = f"city_{secrets.token_hex(4)}"
        with psycopg.connect(self.told["postgresql"]["POSTGRESQL_URL"], autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return name

    def data(self) -> Path:
        """The folder in which PostgreSQL keeps everything."""
        return Path((self.folder / "postgresql" / "data-folder").read_text().strip())

    def settings(self, database: str) -> str:
        """What a city's settings need to run on these servers; its environment needs ``environment()``."""
        url = self.told["postgresql"]["POSTGRESQL_URL"].removeprefix("postgresql://")
        role, _, place = url.rpartition("@")
        kafka = self.told["kafka"]
        return _SETTINGS.format(
            role=role.partition(":")[0],
            place=place.partition("/")[0],
            database=database,
            bootstrap=kafka["KAFKA_BOOTSTRAP"],
            admin=kafka["KAFKA_ADMIN_USERNAME"],
            admin_password=kafka["KAFKA_ADMIN_PASSWORD_FILE"],
            ca=kafka["KAFKA_CA"],
            passwords=PASSWORDS,
        )

    def environment(self) -> dict[str, str]:
        login = self.told["postgresql"]["POSTGRESQL_URL"].removeprefix("postgresql://").partition("@")[0]
        return {"STORE_PASSWORD": login.partition(":")[2], "KAFKA_PASSWORD": self.office_password}

    def mailbox(self) -> Mailbox:
        known = self.told["dovecot"]
        password = Path(known["DOVECOT_PASSWORD_FILE"]).read_text(encoding="ascii").strip()
        return Mailbox(int(known["DOVECOT_PORT"]), known["DOVECOT_USER"], password)

    def read(self, topic: str, username: str, password: str) -> list[dict[str, Any]]:
        """The topic from its start, as this user, in a group of its own that begins with the unit's code."""
        consumer = self._consumer(username, password, f"{username}.check-{secrets.token_hex(4)}", topic)
        try:
            return [_event(record) for record in _to_the_end(consumer)]
        finally:
            consumer.close()

    def _consumer(self, username: str, password: str, group: str | None, *topics: str) -> KafkaConsumer:
        return KafkaConsumer(
            *topics,
            bootstrap_servers=self.told["kafka"]["KAFKA_BOOTSTRAP"],
            security_protocol="SASL_SSL",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_plain_username=username,
            sasl_plain_password=password,
            ssl_cafile=self.told["kafka"]["KAFKA_CA"],
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            consumer_timeout_ms=QUIET_MILLISECONDS,
        )

    def plain(self) -> Iterator[tuple[str, bytes]]:
        """What tables and topics hold, each with its name, as who may read everything gets it: on disk much of it is compressed."""
        url = self.told["postgresql"]["POSTGRESQL_URL"]
        with psycopg.connect(url) as admin:
            databases = [row[0] for row in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'city%'")]
        for database in databases:
            with psycopg.connect(f"{url.rpartition('/')[0]}/{database}") as reading:
                for (table,) in reading.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
                    query = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(table))
                    with reading.cursor().copy(query) as rows:
                        yield f"{database}.{table}", b"".join(bytes(block) for block in rows)
        kafka = self.told["kafka"]
        password = Path(kafka["KAFKA_ADMIN_PASSWORD_FILE"]).read_text(encoding="ascii").strip()
        consumer = self._consumer(kafka["KAFKA_ADMIN_USERNAME"], password, None)
        try:
            for topic in sorted(name for name in consumer.topics() if name.startswith("fenban.")):
                consumer.assign([TopicPartition(topic, part) for part in consumer.partitions_for_topic(topic)])
                records = list(_to_the_end(consumer))
                said = [part for one in records for part in (one.key, one.value, *(value for _, value in one.headers))]
                yield topic, b"\n".join(part for part in said if part)
        finally:
            consumer.close()

    def close(self) -> None:
        for name in reversed(NAMES):
            self.stop(name)
        for marker in ("postgresql/data-folder", "dovecot/place"):
            place = self.folder / marker
            if place.exists() and str(folder := Path(place.read_text().strip())).startswith("/var/tmp/fenban-"):
                shutil.rmtree(Path(*folder.parts[:4]), ignore_errors=True)

    def _script(self, name: str, command: str) -> None:
        call = ["bash", str(ROOT / "deploy" / "dev" / f"{name}.sh"), command]
        environment = {**os.environ, "FENBAN_PORTS": "any", "FENBAN_SERVICES": str(self.folder)}
        # Into a file: a server that inherits a pipe keeps its reader waiting.
        with (self.folder / f"{name}.said").open("ab") as said:
            done = subprocess.run(
                call, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=START_SECONDS, check=False
            )
        assert done.returncode == 0, (self.folder / f"{name}.said").read_text(encoding="utf-8")[-2000:]


@contextmanager
def production(folder: Path) -> Iterator[Production]:
    """Servers of a test's own. Skips the test, or fails it in CI, where ``make services`` has not been."""
    for name in NAMES:
        server(name)
    made = Production(folder)
    try:
        for name in NAMES:
            made.start(name)
        yield made
    finally:
        made.close()


def _to_the_end(consumer: KafkaConsumer) -> Iterator[Any]:
    """The records up to where the partitions end when reading begins."""
    consumer.poll(timeout_ms=QUIET_MILLISECONDS, update_offsets=False)
    parts = consumer.assignment()
    assert parts, "no partition was given to the group"
    consumer.seek_to_beginning()
    left = {part: end for part, end in consumer.end_offsets(list(parts)).items() if end > consumer.position(part)}
    while left:
        got: dict[Any, Sequence[Any]] = consumer.poll(timeout_ms=QUIET_MILLISECONDS)
        for records in got.values():
            yield from records
        left = {part: end for part, end in left.items() if consumer.position(part) < end}


def _event(record: Any) -> dict[str, Any]:
    event: dict[str, Any] = {name.removeprefix("ce_"): value.decode() for name, value in record.headers}
    event["data"] = json.loads(record.value)
    return event
