"""Units on a real Kafka for tests: their topics, users and permissions, events for them, and what they say back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from domain.ids import UnitCode
from route.kafka_plan import Action, Cluster, TopicPolicy, difference, wanted
from tests.support.kafka import shared_broker

POLICY = TopicPolicy(partitions=1, replication=0, retention_days=1, max_record_bytes=1_000_000)

NOTHING = Cluster({}, frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class KafkaUnits:
    """The units of one test. Every name holds the test's own mark, so that tests never meet."""

    servers: Mapping[str, str]
    passwords: Mapping[str, str]

    def options(self) -> dict[str, Any]:
        """Options of a client that may do anything."""
        password = Path(self.servers["KAFKA_ADMIN_PASSWORD_FILE"]).read_text(encoding="utf-8").strip()
        return self.options_of(self.servers["KAFKA_ADMIN_USERNAME"], password)

    def options_of(self, user: str, password: str) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.servers["KAFKA_BOOTSTRAP"].split(","),
            "security_protocol": self.servers["KAFKA_SECURITY"],
            "sasl_mechanism": self.servers["KAFKA_MECHANISM"],
            "ssl_cafile": self.servers["KAFKA_CA"],
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }

    def send(self, topic: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Structured events as records in binary mode, in this order."""
        producer = KafkaProducer(acks="all", **self.options())
        try:
            sent = [producer.send(topic, **binary(event)) for event in events]
            producer.flush(timeout=30)
            for one in sent:
                one.get(timeout=0)
        finally:
            producer.close(timeout=5)

    def read(self, topic: str) -> list[Any]:
        """All that the topic holds now."""
        consumer = KafkaConsumer(enable_auto_commit=False, **self.options())
        try:
            partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            ends = consumer.end_offsets(partitions)
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            found: list[Any] = []
            while any(consumer.position(one) < ends[one] for one in partitions):
                for records in consumer.poll(timeout_ms=500).values():
                    found += records
            return found
        finally:
            consumer.close(autocommit=False)


def binary(event: Mapping[str, Any]) -> dict[str, Any]:
    """A structured CloudEvent as ``KafkaProducer.send`` takes it, in binary mode."""
    attributes = {name: value for name, value in event.items() if name not in {"data", "datacontenttype"}}
    headers = [
        ("content-type", b"application/json"),
        *((f"ce_{name}", str(value).encode()) for name, value in attributes.items()),
    ]
    return {"key": event["subject"].encode(), "value": orjson.dumps(event["data"]), "headers": headers}


@contextmanager
def units_on_kafka(codes: Sequence[str]) -> Iterator[KafkaUnits]:
    """Topics, users and permissions as `fenban topics apply` makes them for these units; users locked, the rest taken away in the end."""
    broker = shared_broker()
    admin = broker.admin()
    asked = wanted([UnitCode(code) for code in codes], POLICY, f"relay-{codes[0]}", administrator="admin")
    made = difference(asked, admin.found(), spared=["admin"]).changes
    try:
        admin.apply(made, lambda change: password_of(change.name))
        broker.until(lambda: difference(asked, admin.found(), spared=["admin"]).changes == ())
        for code in codes:
            broker.user(code, password_of(code))
        yield KafkaUnits(broker.told, {code: password_of(code) for code in codes})
    finally:
        topics = {change.name: change.topic for change in made if change.topic is not None and change.action is Action.CREATE}
        own = Cluster(topics, asked.users, frozenset(change.grant for change in made if change.grant is not None))
        admin.apply(difference(NOTHING, own).deletions, lambda _: "")
        broker.link.close()


def password_of(user: str) -> str:
    return f"{user}-kouling"
