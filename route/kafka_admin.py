"""What a Kafka cluster has, and carrying out what a plan says. Every step may be repeated.

No SCRAM credential is ever deleted: a broker of Kafka 4.3 that reads the deletion again when it starts may forget every
user's, the administrator's too (docs/adr/0009-kafka.md). Users that are no longer wanted are locked.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from kafka import errors as kafka_errors
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from domain.errors import HaltForPerson
from route.kafka_link import KafkaLink
from route.kafka_plan import OURS, Action, Change, Cluster, Grant, Kind, TopicSpec, user_of

BATCH = 200
SETTINGS = (
    "cleanup.policy",
    "retention.ms",
    "max.message.bytes",
    "min.insync.replicas",
    "message.timestamp.type",
    "compression.type",
)
LOCKED_ITERATIONS = 5417
"""How often a locked user's password is hashed: what the brokers tell of a password, and no other tool's number. A password
that anybody sets anew has another number, and its user is locked no more."""

LOCKED_BYTES = 48
Passwords = Callable[[Change], str]


class ClusterAdmin:
    """As the administrator's user. Raises RetryLater and HaltForPerson as the link does."""

    def __init__(self, link: KafkaLink, mechanism: str) -> None:
        self._link = link
        self._mechanism = ScramMechanism[mechanism.replace("-", "_")]

    def found(self) -> Cluster:
        """Our topics, every user, every permission."""
        return self._link.ask(self._found)

    def apply(self, changes: Sequence[Change], password: Passwords) -> None:
        """Carries the changes out: topics, users, permissions, then what is locked and deleted. ``password`` gives that of the
        user that the change makes or gives a new one, kept by the caller before it is used."""
        made = [change for change in changes if change.action in (Action.CREATE, Action.CHANGE)]
        for kind, step in ((Kind.TOPIC, self._topics), (Kind.USER, self._users), (Kind.PERMISSION, self._permissions)):
            for batch in _batches([change for change in made if change.kind is kind]):
                step(batch, password)
        for batch in _batches([change.name for change in changes if change.action is Action.LOCK]):
            self._lock(batch)
        deleted = [change for change in changes if change.action is Action.DELETE]
        for batch in _batches([_filter(change.grant) for change in deleted if change.grant is not None]):
            self._take_away(batch)
        for batch in _batches([change.name for change in deleted if change.kind is Kind.TOPIC]):
            self._delete(batch)

    def _found(self, admin: KafkaAdminClient) -> Cluster:
        iterations = _users(admin, self._mechanism)
        locked = frozenset(user for user, number in iterations.items() if number == LOCKED_ITERATIONS)
        return Cluster(_topics(admin), frozenset(iterations), frozenset(_grants(admin)), locked)

    def _topics(self, changes: Sequence[Change], _: Passwords) -> None:
        new = {
            change.name: {
                "num_partitions": change.topic.partitions,
                "replication_factor": change.topic.replication or -1,
                "configs": dict(change.topic.settings),
            }
            for change in changes
            if change.topic is not None and change.action is Action.CREATE
        }
        if new:
            self._link.ask(lambda admin: _create(admin, new))
        other = [change.topic for change in changes if change.topic is not None and change.action is Action.CHANGE]
        if other:
            self._link.ask(lambda admin: _change(admin, other))

    def _users(self, changes: Sequence[Change], password: Passwords) -> None:
        self._set([UserScramCredentialUpsertion(change.name, self._mechanism, password(change)) for change in changes])

    def _lock(self, users: Sequence[str]) -> None:
        self._set(
            [
                UserScramCredentialUpsertion(user, self._mechanism, secrets.token_urlsafe(LOCKED_BYTES), LOCKED_ITERATIONS)
                for user in users
            ]
        )

    def _take_away(self, permissions: Sequence[ACLFilter]) -> None:
        self._link.ask(lambda admin: admin.delete_acls(permissions))

    def _delete(self, topics: Sequence[str]) -> None:
        self._link.ask(lambda admin: admin.delete_topics(topics))

    def _set(self, credentials: Sequence[UserScramCredentialUpsertion]) -> None:
        _each_worked(self._link.ask(lambda admin: admin.alter_user_scram_credentials(credentials)))

    def _permissions(self, changes: Sequence[Change], _: Passwords) -> None:
        made = [_acl(change.grant) for change in changes if change.grant is not None]
        failed = self._link.ask(lambda admin: admin.create_acls(made))["failed"]
        if failed:
            what = f"Kafka refused {len(failed)} permissions ({failed[0].__name__})"
            raise HaltForPerson(what, remedy="apply as an administrator: kafka.admin_username")


def _topics(admin: KafkaAdminClient) -> dict[str, TopicSpec]:
    described = [topic for topic in admin.describe_topics() if topic["name"].startswith(OURS) and not topic["error_code"]]
    settings: dict[str, dict[str, Any]] = {}
    for batch in _batches([topic["name"] for topic in described]):
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, list(SETTINGS)) for name in batch]
        settings.update(admin.describe_configs(resources, config_filter="all").get("topic", {}))
    return {
        topic["name"]: TopicSpec(
            topic["name"],
            len(topic["partitions"]),
            min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
            tuple(sorted((key, str(value["value"])) for key, value in settings.get(topic["name"], {}).items())),
        )
        for topic in described
    }


def _create(admin: KafkaAdminClient, topics: dict[str, dict[str, Any]]) -> None:
    """A topic that another apply, or this one before its connection broke, has just made is as good."""
    answers = admin.create_topics(topics, raise_errors=False)["topics"]
    for answer in answers:
        error = kafka_errors.for_code(answer["error_code"])
        if error not in (kafka_errors.NoError, kafka_errors.TopicAlreadyExistsError):
            raise error(answer["error_message"])
    admin.wait_for_topics(list(topics))


def _users(admin: KafkaAdminClient, mechanism: ScramMechanism) -> dict[str, int]:
    """Those who have a password of this mechanism, and how often it is hashed."""
    return {
        user: credential["iterations"]
        for user, held in admin.describe_user_scram_credentials().items()
        for credential in held["credential_infos"]
        if credential["mechanism"] == mechanism
    }


def _grants(admin: KafkaAdminClient) -> list[Grant]:
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    acls, _ = admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ALLOW, anything))
    return [
        Grant(
            user_of(acl.principal),
            acl.operation.name.lower(),
            acl.resource_pattern.resource_type.name.lower(),
            acl.resource_pattern.resource_name,
            acl.resource_pattern.pattern_type is ACLResourcePatternType.PREFIXED,
        )
        for acl in acls
        if acl.host == "*"
    ]


def _change(admin: KafkaAdminClient, topics: Sequence[TopicSpec]) -> None:
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.settings)) for topic in topics]
    refused = {name: said for name, said in admin.alter_configs(resources).get("topic", {}).items() if said != "OK"}
    if refused:
        name = sorted(refused)[0]
        raise HaltForPerson(f"Kafka refused to change {name}", remedy="apply as an administrator: kafka.admin_username")
    grown = {topic.name: topic.partitions for topic in topics}
    has = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(list(grown))}
    more = {name: count for name, count in grown.items() if count > has.get(name, count)}
    if more:
        admin.create_partitions(more)


def _acl(grant: Grant) -> ACL:
    return ACL(
        f"User:{grant.user}",
        "*",
        ACLOperation[grant.operation.upper()],
        ACLPermissionType.ALLOW,
        ResourcePattern(ResourceType[grant.resource.upper()], grant.name, _pattern(grant)),
    )


def _filter(grant: Grant) -> ACLFilter:
    pattern = ResourcePatternFilter(ResourceType[grant.resource.upper()], grant.name, _pattern(grant))
    return ACLFilter(f"User:{grant.user}", "*", ACLOperation[grant.operation.upper()], ACLPermissionType.ALLOW, pattern)


def _pattern(grant: Grant) -> ACLResourcePatternType:
    return ACLResourcePatternType.PREFIXED if grant.prefixed else ACLResourcePatternType.LITERAL


def _each_worked(answers: dict[str, str | None]) -> None:
    failed = sorted(user for user, error in answers.items() if error)
    if failed:
        what = f"Kafka refused to change the user {failed[0]}"
        raise HaltForPerson(what, remedy="apply as an administrator: kafka.admin_username")


def _batches(items: list[Any]) -> list[list[Any]]:
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
