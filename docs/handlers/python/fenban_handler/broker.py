"""Kafka with the unit's own user: reading its topics in its own group, writing its feedback, and saying what stands in the way.

kafka-python tells a wrong password and an absent broker alike, as a bootstrap that timed out, and a reader without permission
nothing at all. So the handler asks before it reads, and asks again while nothing comes.
"""

import logging
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import errors as kafka_errors

from fenban_handler.events import Event, read_event
from fenban_handler.faults import ForPerson, Passing, Refused, Unreadable
from fenban_handler.settings import Settings
from fenban_handler.state import Said

log = logging.getLogger("handler")
POLL_MS = 500
BATCH = 500
TIMEOUT_MS = 10_000
SEND_SECONDS = 20.0
FORBIDDEN, UNKNOWN = 29, 3


class Broker:
    """Nothing is connected before ``connect``. Every method raises ForPerson or Passing."""

    def __init__(self, settings: Settings) -> None:
        # Its own words for a lost connection are many and name nobody who could mend it.
        logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)
        self._settings = settings
        self._options = self._options_of(settings)
        self._consumer: KafkaConsumer | None = None
        self._producer: KafkaProducer | None = None

    def connect(self, *, from_start: bool) -> None:
        """``from_start``: everything the topics hold, wherever the group stopped."""
        self.check()
        with self._named():
            self._consumer = KafkaConsumer(
                group_id=self._settings.group_name,
                # One fixed member: a handler that was killed is back at once, without waiting for its session to end.
                group_instance_id=self._settings.group_name,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                session_timeout_ms=self._settings.session_seconds * 1000,
                heartbeat_interval_ms=self._settings.session_seconds * 300,
                max_poll_records=BATCH,
                allow_auto_create_topics=False,
                **self._options,
            )
            listener = _FromStart(self._consumer) if from_start else None
            self._consumer.subscribe(self._settings.topic_names, listener=listener)
            self._producer = KafkaProducer(
                acks="all",
                enable_idempotence=True,
                linger_ms=5,
                max_block_ms=TIMEOUT_MS,
                delivery_timeout_ms=15_000,
                **self._options,
            )

    def check(self) -> None:
        """Reaches a broker, logs in and asks what the user may do with each topic."""
        self._reach()
        topics = [*self._settings.topic_names, self._settings.feedback_topic]
        with self._named():
            admin = KafkaAdminClient(**self._options)
            try:
                answers = {answer["name"]: answer for answer in admin.describe_topics(topics)}
            finally:
                admin.close()
        for topic in topics:
            needed = "WRITE" if topic == self._settings.feedback_topic else "READ"
            self._check_topic(topic, answers.get(topic, {"error_code": UNKNOWN}), needed)

    def poll(self) -> tuple[list[Event], int]:
        """The next events, and how many records could not be read. Empty after half a second without any."""
        assert self._consumer is not None
        # kafka-python forgets a join for the sake of changed topics when a poll ends in its midst, and would never read again.
        if self._consumer._coordinator.rejoining:
            self._consumer._coordinator.request_rejoin()
        with self._named():
            polled = self._consumer.poll(timeout_ms=POLL_MS)
        events, unreadable = [], 0
        for record in (record for records in polled.values() for record in records):
            try:
                events.append(read_event(record.topic, record.headers or (), record.value))
            except Unreadable as error:
                unreadable += 1
                log.warning("passed over %s:%s:%s: %s", record.topic, record.partition, record.offset, error)
        return events, unreadable

    def commit(self) -> None:
        """What was polled so far is done with. Where this fails the same comes again, and is dropped."""
        assert self._consumer is not None
        try:
            with self._named():
                self._consumer.commit()
        except Passing as error:
            log.warning("place not kept, harmless: %s", error)

    def send(self, said: Sequence[Said]) -> list[str]:
        """Sends answers in their order; the ids of those that the brokers have. The rest is sent again in the next round."""
        assert self._producer is not None
        source = f"/fenban/feedback/{self._settings.unit}"
        with self._named():
            futures = [
                (
                    one.id,
                    self._producer.send(
                        self._settings.feedback_topic, one.data.encode(), one.matter.encode(), _headers(one, source)
                    ),
                )
                for one in said
            ]
            self._producer.flush(timeout=SEND_SECONDS)
        done = [ident for ident, future in futures if future.succeeded()]
        if not done:
            with self._named():
                raise futures[0][1].exception or kafka_errors.KafkaTimeoutError("not acknowledged")
        return done

    def close(self) -> None:
        """Leaves within a few seconds, also when no broker is there."""
        consumer, self._consumer = self._consumer, None
        producer, self._producer = self._producer, None
        try:
            if producer is not None:
                producer.close(timeout=1)
            if consumer is not None:
                consumer.close(autocommit=False, timeout_ms=2000)
        except kafka_errors.KafkaError:
            return

    def _options_of(self, settings: Settings) -> dict[str, Any]:
        try:
            self._tls = ssl.create_default_context(cafile=str(settings.path(settings.ca_file)))
        except OSError:
            raise ForPerson(f"CA 文件不能用：{settings.ca_file}", f"the CA file cannot be used: {settings.ca_file}") from None
        return {
            "bootstrap_servers": [one.strip() for one in settings.bootstrap_servers.split(",")],
            "client_id": settings.group_name,
            "security_protocol": "SASL_SSL",
            "ssl_context": self._tls,
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password(),
            "request_timeout_ms": TIMEOUT_MS,
            "bootstrap_timeout_ms": TIMEOUT_MS,
            "reconnect_backoff_max_ms": 1000,
        }

    def _reach(self) -> None:
        """A TLS connection to any of the brokers, so that what then fails is the log-in."""
        failed = ""
        for server in self._options["bootstrap_servers"]:
            host, _, port = server.rpartition(":")
            try:
                with (
                    socket.create_connection((host, int(port)), timeout=5) as plain,
                    self._tls.wrap_socket(plain, server_hostname=host),
                ):
                    return
            except ssl.SSLCertVerificationError:
                raise ForPerson(
                    f"{server} 的证书不是 ca_file 的 CA 签的", f"the certificate of {server} is not of ca_file's CA"
                ) from None
            except ValueError:
                raise ForPerson(f"地址应是 主机:端口：{server}", f"an address is HOST:PORT: {server}") from None
            except OSError as error:
                failed = f"{server}, {type(error).__name__}"
        raise Passing(f"连不上 Kafka（{failed}）", f"no Kafka broker answers ({failed})")

    def _check_topic(self, topic: str, answer: dict[str, Any], needed: str) -> None:
        user = self._settings.username
        if answer["error_code"] == UNKNOWN:
            raise ForPerson(f"没有主题 {topic}：请办公室建立", f"there is no topic {topic}: ask the office")
        if answer["error_code"] == FORBIDDEN or needed not in (answer.get("authorized_operations") or ()):
            chinese, english = ("写", "write") if needed == "WRITE" else ("读", "read")
            raise ForPerson(
                f"用户 {user} 无权{chinese} {topic}：请办公室授权", f"user {user} may not {english} {topic}: ask the office"
            )

    @contextmanager
    def _named(self) -> Iterator[None]:
        """The client's errors as ours."""
        user, group = self._settings.username, self._settings.group_name
        try:
            yield
        except kafka_errors.GroupAuthorizationFailedError:
            raise ForPerson(f"用户 {user} 无权用消费组 {group}", f"user {user} may not use the group {group}") from None
        except (kafka_errors.TopicAuthorizationFailedError, kafka_errors.ClusterAuthorizationFailedError):
            raise ForPerson(
                f"用户 {user} 对主题没有权限：请办公室授权", f"user {user} has no permission for a topic: ask the office"
            ) from None
        except kafka_errors.FencedInstanceIdError:
            raise ForPerson(f"另一个处理程序在用消费组 {group}", f"another handler uses the group {group}") from None
        except (kafka_errors.KafkaTimeoutError, kafka_errors.KafkaConnectionError) as error:
            if "bootstrap" in str(error):
                self._reach()
                raise Refused(
                    f"Kafka 不接受用户 {user}：用户名或口令不对", f"Kafka refuses user {user}: wrong name or password"
                ) from None
            raise Passing("Kafka 没有应答", f"Kafka does not answer ({type(error).__name__})") from None
        except kafka_errors.KafkaError as error:
            raise Passing("Kafka 暂时不行", f"Kafka cannot do it now ({type(error).__name__})") from None


class _FromStart(ConsumerRebalanceListener):  # type: ignore[misc]
    """Begins what it is given at its beginning, the first time."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self._begun: set[Any] = set()

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing to do."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        new = set(assigned) - self._begun
        if new:
            self._consumer.seek_to_beginning(*new)
        self._begun |= new


def _headers(said: Said, source: str) -> list[tuple[str, bytes]]:
    attributes = {
        "specversion": "1.0",
        "id": said.id,
        "source": source,
        "type": said.type,
        "subject": said.assignment,
        "time": said.made_at,
        "dataschema": f"urn:fenban:contract:feedback-{said.type}:1",
    }
    return [("content-type", b"application/json"), *((f"ce_{name}", text.encode()) for name, text in attributes.items())]
