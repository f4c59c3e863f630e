"""Units on a real Kafka for tests: their topics, users and permissions, events for them, and what they say back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    NewTopic,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

READ = ("unit", "notice")


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
def units_on_kafka(servers: Mapping[str, str], codes: Sequence[str]) -> Iterator[KafkaUnits]:
    """Topics, users and permissions as a unit has them: reads its own topics in its own groups, writes its feedback."""
    passwords = {code: f"{code}-parola" for code in codes}
    units = KafkaUnits(servers, passwords)
    admin = KafkaAdminClient(**units.options())
    topics = [topic for code in codes for topic in topics_of(code)]
    try:
        admin.create_topics([NewTopic(topic, 1, int(servers["KAFKA_REPLICATION"])) for topic in topics])
        admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(code, ScramMechanism.SCRAM_SHA_512, passwords[code], iterations=4096) for code in codes]
        )
        admin.create_acls([acl for code in codes for acl in acls_of(code)])
        yield units
    finally:
        admin.delete_topics(topics)
        admin.alter_user_scram_credentials([UserScramCredentialDeletion(code, ScramMechanism.SCRAM_SHA_512) for code in codes])
        admin.close()


def topics_of(code: str) -> list[str]:
    return [f"fenban.{kind}.{code}" for kind in (*READ, "feedback")]


def acls_of(code: str) -> list[ACL]:
    def allow(operation: ACLOperation, kind: ResourceType, name: str, pattern: ACLResourcePatternType) -> ACL:
        resource = ResourcePattern(kind, name, pattern)
        return ACL(f"User:{code}", "*", operation, ACLPermissionType.ALLOW, resource)

    literal, prefixed = ACLResourcePatternType.LITERAL, ACLResourcePatternType.PREFIXED
    return [
        *(allow(ACLOperation.READ, ResourceType.TOPIC, f"fenban.{kind}.{code}", literal) for kind in READ),
        allow(ACLOperation.WRITE, ResourceType.TOPIC, f"fenban.feedback.{code}", literal),
        allow(ACLOperation.READ, ResourceType.GROUP, f"{code}.", prefixed),
    ]
