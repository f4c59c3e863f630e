"""Reaching the brokers: the options of every client, what a failure means, what a topic allows this user.

kafka-python tells a wrong password and an absent broker alike, as a bootstrap that timed out, and a reader without permission
nothing at all. So each way to a broker begins with ``probe``, and each topic is asked for before it is read or written.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors

from domain.errors import FenbanError, HaltForPerson, RetryLater
from route.kafka_probe import KafkaConfig, log_in, tls_context

CLIENT_ID = "fenban"
RECONNECT_MS = 1000
"""Brokers that come back are found again within about a second, however long they were away."""

CLOSE_SECONDS = 1.0
UNKNOWN_TOPIC = 3
NOT_AUTHORIZED = 29
ANSWER_TOO_LATE = "Kafka does not answer"
APPLY = "let its administrator run: fenban topics apply"
_Result = TypeVar("_Result")


class TopicState(StrEnum):
    """What the brokers say of one topic to this user. ``unclear``: not now (no leader yet, brokers just starting)."""

    THERE = "there"
    MISSING = "missing"
    FORBIDDEN = "forbidden"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """``allowed`` are the operations this user may do: ``READ``, ``WRITE``, ``DESCRIBE``, …"""

    state: TopicState
    partitions: tuple[int, ...] = ()
    allowed: frozenset[str] = frozenset()


class KafkaLink:
    """One user's way to the brokers. Nothing is connected before it is asked. Safe to share between threads."""

    def __init__(self, config: KafkaConfig) -> None:
        # Its own words for a lost connection are many and name nobody who could mend it.
        logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)
        self.config = config
        self._lock = threading.RLock()
        self._admin: KafkaAdminClient | None = None

    def options(self, **more: Any) -> dict[str, Any]:
        """What producer, consumer and admin client have in common. Raises BadSettings for a CA file that cannot be used."""
        config = self.config
        milliseconds = int(config.timeout * 1000)
        found: dict[str, Any] = {
            "bootstrap_servers": list(config.servers),
            "client_id": CLIENT_ID,
            "security_protocol": config.security,
            "request_timeout_ms": milliseconds,
            "bootstrap_timeout_ms": milliseconds,
            "reconnect_backoff_max_ms": RECONNECT_MS,
        }
        if config.security.endswith("SSL"):
            found["ssl_context"] = tls_context(config.ca_file)
        if config.security.startswith("SASL"):
            found["sasl_mechanism"] = config.mechanism
            found["sasl_plain_username"] = config.username
            found["sasl_plain_password"] = config.password
        return {**found, **more}

    def probe(self) -> None:
        """Connects and logs in once. Raises HaltForPerson when a person must mend something (password, certificate), and
        RetryLater when no broker answers."""
        failures: list[FenbanError] = []
        for server in self.config.servers:
            try:
                log_in(self.config, server)
                return
            except FenbanError as error:
                failures.append(error)
        raise next((error for error in failures if isinstance(error, HaltForPerson)), failures[0])

    def admin(self) -> KafkaAdminClient:
        """The client for questions about topics, groups and users; made when first needed. Raises as ``probe`` does."""
        with self._lock:
            if self._admin is None:
                self.probe()
                try:
                    self._admin = KafkaAdminClient(**self.options())
                except kafka_errors.KafkaError as error:
                    raise self.told(error) from None
            return self._admin

    def ask(self, question: Callable[[KafkaAdminClient], _Result]) -> _Result:
        """The answer to a question about the cluster; asked a second time on a fresh connection where the first was lost.
        Raises RetryLater or HaltForPerson."""
        with self._lock:
            for attempt in (1, 2):
                admin = self.admin()
                try:
                    return question(admin)
                except kafka_errors.KafkaError as error:
                    self._forget_admin()
                    if attempt == 2 or not passing(error):
                        raise self.told(error) from None
            raise AssertionError("unreachable")

    def topics(self, names: Sequence[str]) -> dict[str, TopicInfo]:
        """What the brokers say of these topics to this user. Raises RetryLater or HaltForPerson when they say nothing."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        answers = self.ask(lambda admin: admin.describe_topics(wanted))
        found = {answer["name"]: _info(answer) for answer in answers}
        return {name: found.get(name, TopicInfo(TopicState.MISSING)) for name in wanted}

    def told(self, error: Exception) -> FenbanError:
        """A client's error as one of ours, with the reason found out where the client does not say it."""
        config = self.config
        if isinstance(error, kafka_errors.GroupAuthorizationFailedError):
            what = f"user {config.username!r} may not read in this group"
            return HaltForPerson(what, remedy="use a group that begins with the user's own prefix, CODE.NAME")
        if isinstance(error, kafka_errors.TopicAuthorizationFailedError):
            return HaltForPerson(f"user {config.username!r} has no permission for this topic", remedy=APPLY)
        if isinstance(error, kafka_errors.ClusterAuthorizationFailedError):
            return HaltForPerson(f"user {config.username!r} may not do this on the Kafka cluster", remedy=APPLY)
        if isinstance(error, kafka_errors.SaslAuthenticationFailedError):
            what = f"Kafka refuses the user {config.username!r}: wrong name or password"
            return HaltForPerson(what, remedy="correct kafka.username and what kafka.password refers to")
        if not passing(error):
            return HaltForPerson(f"Kafka refused: {name_of(error)}", remedy="look into the brokers' log")
        try:
            self.probe()
        except FenbanError as found:
            return found
        return RetryLater(f"{ANSWER_TOO_LATE} ({name_of(error)})", remedy="it is tried again")

    def close(self) -> None:
        """Does not wait long for a question that another thread has asked."""
        held = self._lock.acquire(timeout=CLOSE_SECONDS)
        try:
            self._forget_admin()
        finally:
            if held:
                self._lock.release()

    def _forget_admin(self) -> None:
        if self._admin is not None:
            admin, self._admin = self._admin, None
            admin.close()


def passing(error: Exception) -> bool:
    """Whether the same may work later: connections, leaders, coordinators, time."""
    return bool(getattr(error, "retriable", False)) or isinstance(
        error, kafka_errors.KafkaTimeoutError | kafka_errors.KafkaConnectionError | kafka_errors.Cancelled
    )


def name_of(error: Exception) -> str:
    return type(error).__name__.removesuffix("Error")


def _info(answer: dict[str, Any]) -> TopicInfo:
    code = answer["error_code"]
    if code == UNKNOWN_TOPIC:
        return TopicInfo(TopicState.MISSING)
    if code == NOT_AUTHORIZED:
        return TopicInfo(TopicState.FORBIDDEN)
    partitions = tuple(sorted(partition["partition_index"] for partition in answer["partitions"]))
    state = TopicState.UNCLEAR if code or not partitions else TopicState.THERE
    return TopicInfo(state, partitions, frozenset(answer.get("authorized_operations") or ()))
