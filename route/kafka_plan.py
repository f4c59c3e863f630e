"""Which topics, users and permissions a unit directory asks for, and how that differs from what a cluster has.

Nothing here speaks to a broker: what there is comes in, what is to be done comes out, in the order in which it is done.

A unit's user, named by its code, reads ``fenban.unit``, ``fenban.notice`` and ``fenban.pool`` in groups that begin with
``<code>.``, and writes ``fenban.feedback.<code>``; nothing else. Its sealed topic is for named persons: a user of its own,
``<code>_sealed``, with groups that begin with ``<code>_sealed.``. No code has an underscore or a dot, so no prefix covers
another's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import BadSettings
from domain.events import (
    DEAD_TOPIC,
    POOL_TOPIC,
    TOPIC_PREFIX,
    feedback_topic,
    notice_topic,
    sealed_principal,
    sealed_topic,
    unit_topic,
)
from domain.ids import OFFICE, UnitCode

OURS = f"{TOPIC_PREFIX}."
DAY_MS = 24 * 60 * 60 * 1000
HEADROOM_BYTES = 1024
IN_SYNC = 2
OFFICE_GROUPS = f"{OFFICE}."
ANY = "*"
"""Kafka's name for every topic."""


class Resource(StrEnum):
    TOPIC = "topic"
    GROUP = "group"


class Operation(StrEnum):
    READ = "read"
    WRITE = "write"


class Action(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    LOCK = "lock"
    DELETE = "delete"


class Kind(StrEnum):
    TOPIC = "topic"
    USER = "user"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """``replication`` 0: the brokers' default. ``settings`` are Kafka's own topic settings."""

    name: str
    partitions: int
    replication: int
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """``user`` may do ``operation`` on the resource of this name, or on all whose names begin with it. ``operation`` is a
    plain word for what somebody else granted."""

    user: str
    operation: str
    resource: str
    name: str
    prefixed: bool = False

    def __str__(self) -> str:
        return f"{self.user}: {self.operation} {self.resource} {self.name}{'*' if self.prefixed else ''}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is there, or what there should be. ``locked`` are those of the users whose password nobody has."""

    topics: Mapping[str, TopicSpec]
    users: frozenset[str]
    grants: frozenset[Grant]
    locked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TopicPolicy:
    """What the settings say of every topic."""

    partitions: int
    replication: int
    retention_days: int
    max_record_bytes: int


@dataclass(frozen=True, slots=True)
class Change:
    """One step. ``grant`` and ``topic`` are what it is about, where it is about one."""

    action: Action
    kind: Kind
    name: str
    detail: str = ""
    topic: TopicSpec | None = None
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """``deletions``, users to be locked among them, are carried out only when that was allowed; ``notes`` are for a person."""

    changes: tuple[Change, ...]
    deletions: tuple[Change, ...]
    notes: tuple[str, ...]


def wanted(units: Iterable[UnitCode], policy: TopicPolicy, program: str, *, administrator: str = "") -> Cluster:
    """What the units and the program, whose user is ``program``, need. Raises BadSettings when a unit would get another
    user's rights."""
    codes = sorted(units)
    taken = {program, administrator} & {name for code in codes for name in (code, sealed_principal(code))}
    if taken:
        listed = ", ".join(sorted(taken))
        raise BadSettings(
            [f"kafka.username: {listed} is a unit's name too → give the program's and the administrator's own names"]
        )
    topics = [notice_topic(OFFICE), sealed_topic(OFFICE), POOL_TOPIC, DEAD_TOPIC]
    grants = set(_program_grants(program))
    for code in codes:
        topics += [unit_topic(code), notice_topic(code), sealed_topic(code), feedback_topic(code)]
        grants.update(_unit_grants(code))
    return Cluster(
        topics={name: _spec(name, policy) for name in topics},
        users=frozenset({program, *codes, *map(sealed_principal, codes)}),
        grants=frozenset(grants),
    )


def difference(wanted: Cluster, found: Cluster, *, spared: Iterable[str] = ()) -> Difference:
    """``spared`` are users that are never locked and whose permissions are never taken away: the administrator."""
    changes = [*_topic_changes(wanted, found)]
    changes += [Change(Action.CREATE, Kind.USER, user) for user in sorted(wanted.users - found.users)]
    changes += [
        Change(Action.CHANGE, Kind.USER, user, "was locked: a new password") for user in sorted(wanted.users & found.locked)
    ]
    changes += [Change(Action.CREATE, Kind.PERMISSION, str(grant), grant=grant) for grant in sorted(wanted.grants - found.grants)]
    left_alone = frozenset(spared)
    notes = [*_notes(wanted, found), *_wider_than_ours(found, left_alone)]
    return Difference(tuple(changes), tuple(_deletions(wanted, found, left_alone)), tuple(notes))


def _program_grants(user: str) -> list[Grant]:
    written = [unit_topic(UnitCode("")), notice_topic(UnitCode("")), sealed_topic(UnitCode("")), feedback_topic(UnitCode(""))]
    return [
        *(Grant(user, Operation.WRITE, Resource.TOPIC, prefix, prefixed=True) for prefix in written),
        Grant(user, Operation.WRITE, Resource.TOPIC, POOL_TOPIC),
        Grant(user, Operation.WRITE, Resource.TOPIC, DEAD_TOPIC),
        Grant(user, Operation.READ, Resource.TOPIC, feedback_topic(UnitCode("")), prefixed=True),
        Grant(user, Operation.READ, Resource.TOPIC, notice_topic(OFFICE)),
        Grant(user, Operation.READ, Resource.TOPIC, sealed_topic(OFFICE)),
        Grant(user, Operation.READ, Resource.TOPIC, DEAD_TOPIC),
        Grant(user, Operation.READ, Resource.GROUP, OFFICE_GROUPS, prefixed=True),
    ]


def _unit_grants(code: UnitCode) -> list[Grant]:
    sealed = sealed_principal(code)
    return [
        Grant(code, Operation.READ, Resource.TOPIC, unit_topic(code)),
        Grant(code, Operation.READ, Resource.TOPIC, notice_topic(code)),
        Grant(code, Operation.READ, Resource.TOPIC, POOL_TOPIC),
        Grant(code, Operation.READ, Resource.GROUP, f"{code}.", prefixed=True),
        Grant(code, Operation.WRITE, Resource.TOPIC, feedback_topic(code)),
        Grant(sealed, Operation.READ, Resource.TOPIC, sealed_topic(code)),
        Grant(sealed, Operation.READ, Resource.GROUP, f"{sealed}.", prefixed=True),
        Grant(sealed, Operation.WRITE, Resource.TOPIC, feedback_topic(code)),
    ]


def _spec(name: str, policy: TopicPolicy) -> TopicSpec:
    settings = {
        "cleanup.policy": "delete",
        "retention.ms": str(policy.retention_days * DAY_MS),
        "max.message.bytes": str(policy.max_record_bytes + HEADROOM_BYTES),
    }
    if policy.replication > IN_SYNC:
        settings["min.insync.replicas"] = str(IN_SYNC)
    if name.startswith(feedback_topic(UnitCode(""))):
        # Departments' clocks and codecs are their own: the broker's time orders, and what it stores the feed can read.
        settings["message.timestamp.type"] = "LogAppendTime"
        settings["compression.type"] = "lz4"
    return TopicSpec(name, policy.partitions, policy.replication, tuple(sorted(settings.items())))


def _topic_changes(wanted: Cluster, found: Cluster) -> list[Change]:
    changes = []
    for name, spec in sorted(wanted.topics.items()):
        there = found.topics.get(name)
        if there is None:
            words = ", ".join(f"{key}={value}" for key, value in spec.settings)
            copies = str(spec.replication) if spec.replication else "default"
            detail = f"partitions={spec.partitions}, replicas={copies}, {words}"
            changes.append(Change(Action.CREATE, Kind.TOPIC, name, detail, topic=spec))
            continue
        has = dict(there.settings)
        other = [f"{key}: {has.get(key, '-')} → {value}" for key, value in spec.settings if has.get(key) != value]
        if spec.partitions > there.partitions:
            other.append(f"partitions: {there.partitions} → {spec.partitions}")
        if other:
            changes.append(Change(Action.CHANGE, Kind.TOPIC, name, ", ".join(other), topic=spec))
    return changes


def _deletions(wanted: Cluster, found: Cluster, spared: frozenset[str]) -> list[Change]:
    """Users who have only permissions on our topics that they should not have, these permissions, topics of units that are gone.

    The password goes first, so that no moment leaves one that somebody has with permissions that he should not have.
    """
    ours = {
        grant.user
        for grant in (*wanted.grants, *found.grants)
        if grant.resource == Resource.TOPIC and grant.name.startswith(OURS)
    }
    surplus = [
        grant
        for grant in sorted(found.grants - wanted.grants)
        if grant.user not in spared and (grant.name.startswith(OURS) or (grant.resource == Resource.GROUP and grant.user in ours))
    ]
    left = found.grants - set(surplus)
    only_such = {grant.user for grant in surplus} - wanted.users - {grant.user for grant in left}
    users = (only_such & found.users) - found.locked
    topics = sorted(name for name in found.topics if name.startswith(OURS) and name not in wanted.topics)
    return [
        *(Change(Action.LOCK, Kind.USER, user, "locked: a password that nobody has") for user in sorted(users)),
        *(Change(Action.DELETE, Kind.PERMISSION, str(grant), grant=grant) for grant in surplus),
        *(Change(Action.DELETE, Kind.TOPIC, name, "with every record in it") for name in topics),
    ]


def _notes(wanted: Cluster, found: Cluster) -> list[str]:
    notes = []
    for name, spec in sorted(wanted.topics.items()):
        there = found.topics.get(name)
        if there is None:
            continue
        if there.partitions > spec.partitions:
            notes.append(f"{name} has {there.partitions} partitions, not {spec.partitions}: Kafka cannot take them away")
        if spec.replication and there.replication != spec.replication:
            notes.append(f"{name} has {there.replication} replicas, not {spec.replication}: reassign it with Kafka's own tools")
    return notes


def _wider_than_ours(found: Cluster, spared: frozenset[str]) -> list[str]:
    """Permissions on many topics, ours among them. They are others' to take away, and let their users read sealed letters."""
    return [
        f"{grant} covers {OURS}* too: take it away with Kafka's own tools"
        for grant in sorted(found.grants)
        if grant.resource == Resource.TOPIC
        and grant.user not in spared
        and (grant.name == ANY or (grant.prefixed and OURS.startswith(grant.name) and grant.name != OURS))
    ]


def user_of(principal: str) -> str:
    return principal.removeprefix("User:")


def as_document(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [
        {"action": change.action.value, "kind": change.kind.value, "name": change.name, "detail": change.detail}
        for change in changes
    ]
