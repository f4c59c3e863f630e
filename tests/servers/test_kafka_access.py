"""Who may read and write what, asked of a real broker with each user's own password: the whole matrix."""

from collections.abc import Iterator

import pytest

from domain.clock import SystemClock
from domain.events import TOPIC_PREFIX, DeliveryStatus, EventType, OutboxRecord, sealed_principal
from domain.ids import EventId, MatterId, UnitCode
from route.kafka_link import KafkaLink
from route.kafka_plan import Cluster, Difference, Resource, TopicPolicy, difference, wanted
from tests.support.kafka import Broker, shared_broker
from tests.support.kafka_raw import fetched, group_refused, produced

# Codes that begin with one another: a prefix must never cover a neighbour.
CODES = ("water", "water-east", "water2", "roads", "east", "east-hill", "parks", "tax", "rail", "fire", "a", "a-b")
UNITS = [UnitCode(code) for code in CODES]
POLICY = TopicPolicy(partitions=1, replication=0, retention_days=1, max_record_bytes=100_000)
PROGRAM = "relay"
NO_TOPIC, NO_GROUP = "TopicAuthorizationFailedError", "GroupAuthorizationFailedError"


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    found = shared_broker()
    found.clear()
    yield found
    found.clear()
    found.link.close()


@pytest.fixture(scope="module")
def city(broker: Broker) -> Cluster:
    """Twelve units' topics, users and permissions, made by the program's own plan, with a record in every topic."""
    admin = broker.admin()
    asked = wanted(UNITS, POLICY, PROGRAM, administrator="admin")
    found = difference(asked, admin.found(), spared=["admin"])
    admin.apply((*found.changes, *found.deletions), lambda change: password_of(change.name))
    broker.until(lambda: difference(asked, admin.found(), spared=["admin"]) == Difference((), (), ()))
    for user in asked.users:
        broker.user(user, password_of(user))
    topics = broker.topics(PROGRAM, password_of(PROGRAM))
    deliveries = topics.publish([record(number, name) for number, name in enumerate(sorted(asked.topics))])
    assert {delivery.status for delivery in deliveries} == {DeliveryStatus.DELIVERED}
    topics.close()
    return asked


def password_of(user: str) -> str:
    return f"secret-of-{user}"


def record(number: int, topic: str) -> OutboxRecord:
    event, matter, now = EventId(f"e{number}"), MatterId(f"m{number}"), SystemClock().now()
    return OutboxRecord(number, event, EventType.ASSIGNED, topic, matter, 1, (("id", event),), "{}", now)


def own(user: str, resource: str, operation: str, names: list[str], city: Cluster) -> set[str]:
    """What the contract gives this user, written out once more by hand for units, read from the plan for the program."""
    if user == PROGRAM:
        held = [grant for grant in city.grants if (grant.user, grant.resource, grant.operation) == (user, resource, operation)]
        return {
            name for name in names for grant in held if name == grant.name or (grant.prefixed and name.startswith(grant.name))
        }
    unit = user.removesuffix("_sealed")
    if operation == "write":
        return {f"{TOPIC_PREFIX}.feedback.{unit}"}
    if user.endswith("_sealed"):
        return {f"{TOPIC_PREFIX}.sealed.{unit}"}
    return {f"{TOPIC_PREFIX}.unit.{unit}", f"{TOPIC_PREFIX}.notice.{unit}", f"{TOPIC_PREFIX}.pool"}


def test_no_user_reads_or_writes_what_is_not_its_own(broker: Broker, city: Cluster) -> None:
    """Every user × every topic, by fetch and produce requests sent straight to the broker."""
    topics = sorted(city.topics)
    crossed = []
    for user in sorted(city.users):
        link = KafkaLink(broker.config(user, password_of(user)))
        readable, writable = own(user, "topic", "read", topics, city), own(user, "topic", "write", topics, city)
        read, written = fetched(link, topics), produced(link, topics, b"from " + user.encode())
        link.close()
        crossed += [(user, "read", name) for name in topics if (read[name] != NO_TOPIC) != (name in readable)]
        crossed += [(user, "write", name) for name in topics if (written[name] != NO_TOPIC) != (name in writable)]
        assert all(isinstance(read[name], int) and read[name] for name in readable)
        assert {written[name] for name in writable} == {""}
    assert not crossed, f"{len(crossed)} of {2 * len(topics) * len(city.users)} cases"
    print(f"\n{len(city.users)} users × {len(topics)} topics × read, write: 0 crossed")


def test_no_user_reads_in_a_group_that_is_not_its_own(broker: Broker, city: Cluster) -> None:
    groups = [f"{user}.desk" for user in sorted(city.users - {PROGRAM})] + ["office.feed", "desk", "fenban.desk", "a.b.desk"]
    crossed = []
    for user in sorted(city.users):
        link = KafkaLink(broker.config(user, password_of(user)))
        prefix = "office." if user == PROGRAM else f"{user}."
        topic = next(iter(own(user, Resource.TOPIC, "read", sorted(city.topics), city)))
        crossed += [(user, group) for group in groups if group_refused(link, group, topic) == group.startswith(prefix)]
        link.close()
    assert not crossed, f"{len(crossed)} of {len(groups) * len(city.users)} cases"


def test_a_user_sees_no_other_topics_names(broker: Broker, city: Cluster) -> None:
    user = sealed_principal(UnitCode("water"))
    link = KafkaLink(broker.config(user, password_of(user)))
    seen = link.ask(lambda admin: admin.list_topics())
    link.close()
    assert sorted(seen) == ["fenban.feedback.water", "fenban.sealed.water"]
