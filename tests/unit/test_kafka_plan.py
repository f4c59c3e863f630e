"""What a unit directory asks of a Kafka cluster, and what is left to do: no broker is needed to decide it."""

from dataclasses import replace

import pytest

from domain.errors import BadSettings
from domain.ids import UnitCode
from route.kafka_plan import (
    Action,
    Change,
    Cluster,
    Difference,
    Grant,
    Kind,
    Operation,
    Resource,
    TopicPolicy,
    TopicSpec,
    difference,
    wanted,
)

POLICY = TopicPolicy(partitions=1, replication=3, retention_days=30, max_record_bytes=1_000_000)
UNITS = [UnitCode("water"), UnitCode("water-east"), UnitCode("roads")]
NOTHING = Cluster({}, frozenset(), frozenset())


def plan(units: list[UnitCode] = UNITS, policy: TopicPolicy = POLICY) -> Cluster:
    return wanted(units, policy, "fenban", administrator="admin")


def may(cluster: Cluster, user: str, operation: Operation, resource: Resource, name: str) -> bool:
    return any(
        grant.user == user
        and grant.operation == operation
        and grant.resource == resource
        and (name.startswith(grant.name) if grant.prefixed else name == grant.name)
        for grant in cluster.grants
    )


def test_a_unit_reads_its_own_and_the_pool_and_writes_its_feedback_and_nothing_else() -> None:
    cluster = plan()
    readable = {name for name in cluster.topics if may(cluster, "water", Operation.READ, Resource.TOPIC, name)}
    writable = {name for name in cluster.topics if may(cluster, "water", Operation.WRITE, Resource.TOPIC, name)}
    assert readable == {"fenban.unit.water", "fenban.notice.water", "fenban.pool"}
    assert writable == {"fenban.feedback.water"}


def test_sealed_topics_are_read_by_a_user_of_their_own() -> None:
    cluster = plan()
    readers = {
        grant.user for grant in cluster.grants if grant.name == "fenban.sealed.water" and grant.operation == Operation.READ
    }
    assert readers == {"water_sealed"}
    assert may(cluster, "water_sealed", Operation.WRITE, Resource.TOPIC, "fenban.feedback.water")
    assert not may(cluster, "water_sealed", Operation.READ, Resource.TOPIC, "fenban.unit.water")


def test_the_office_hears_of_sealed_matters_on_a_topic_that_units_do_not_read() -> None:
    cluster = plan()
    assert "fenban.sealed.office" in cluster.topics
    readers = [user for user in cluster.users if may(cluster, user, Operation.READ, Resource.TOPIC, "fenban.sealed.office")]
    assert readers == ["fenban"]


def test_no_users_groups_are_anothers() -> None:
    cluster = plan()
    users = ["water", "water-east", "roads", "water_sealed", "water-east_sealed", "roads_sealed", "office"]
    for user in users:
        holders = {one for one in cluster.users if may(cluster, one, Operation.READ, Resource.GROUP, f"{user}.desk")}
        assert holders == ({"fenban"} if user == "office" else {user})


def test_nothing_is_left_to_do_once_it_is_done() -> None:
    cluster = plan()
    first = difference(cluster, NOTHING)
    assert {change.action for change in first.changes} == {Action.CREATE}
    assert len([change for change in first.changes if change.kind is Kind.TOPIC]) == 4 + 4 * len(UNITS)
    again = difference(cluster, cluster)
    assert (again.changes, again.deletions, again.notes) == ((), (), ())


def test_a_unit_that_is_gone_leaves_users_to_be_locked_and_topics_and_permissions_to_be_deleted() -> None:
    left = difference(plan(UNITS[:2]), plan())
    assert left.changes == ()
    assert {change.name for change in left.deletions if change.action is Action.LOCK} == {"roads", "roads_sealed"}
    assert {change.kind for change in left.deletions if change.action is Action.LOCK} == {Kind.USER}
    assert {change.kind for change in left.deletions if change.action is Action.DELETE} == {Kind.PERMISSION, Kind.TOPIC}
    assert len([change for change in left.deletions if change.kind is Kind.TOPIC]) == 4
    order = [change.kind for change in left.deletions]
    assert order == sorted(order, key=[Kind.USER, Kind.PERMISSION, Kind.TOPIC].index)


def test_who_is_locked_is_not_locked_again() -> None:
    few = plan(UNITS[:2])
    locked = frozenset({"roads", "roads_sealed"})
    assert difference(few, replace(few, users=plan().users, locked=locked)) == Difference((), (), ())
    broken_off = replace(plan(), topics=few.topics, locked=locked)
    assert difference(few, broken_off).deletions == tuple(
        Change(Action.DELETE, Kind.PERMISSION, str(grant), grant=grant) for grant in sorted(plan().grants - few.grants)
    )


def test_who_is_locked_and_wanted_again_gets_a_new_password_before_his_permissions() -> None:
    few, locked = plan(UNITS[:2]), frozenset({"roads", "roads_sealed", "billing"})
    found = replace(few, users=plan().users | {"billing"}, locked=locked)
    changes = [change for change in difference(plan(), found).changes if change.kind is not Kind.TOPIC]
    assert [(change.action, change.name) for change in changes if change.kind is Kind.USER] == [
        (Action.CHANGE, "roads"),
        (Action.CHANGE, "roads_sealed"),
    ]
    assert [change.kind for change in changes] == [Kind.USER] * 2 + [Kind.PERMISSION] * 8
    still_permitted = difference(plan(), replace(plan(), locked=locked)).changes
    assert [(change.action, change.name) for change in still_permitted] == [
        (Action.CHANGE, "roads"),
        (Action.CHANGE, "roads_sealed"),
    ]


def test_what_is_not_ours_is_left_alone() -> None:
    cluster = plan()
    theirs = {Grant("billing", "read", "topic", "invoices"), Grant("billing", "read", "group", "billing.", prefixed=True)}
    topics = {**cluster.topics, "invoices": TopicSpec("invoices", 3, 3, ())}
    found = Cluster(topics, cluster.users | {"billing"}, cluster.grants | theirs)
    assert difference(cluster, found).deletions == ()


def test_a_permission_that_nobody_should_have_is_shown() -> None:
    cluster = plan()
    stranger = Grant("billing", "read", "topic", "fenban.", prefixed=True)
    elsewhere = Grant("billing", "read", "topic", "invoices")
    found = Cluster(cluster.topics, cluster.users | {"billing"}, cluster.grants | {stranger, elsewhere})
    assert [change.grant for change in difference(cluster, found).deletions] == [stranger]
    assert difference(cluster, found, spared=["billing"]).deletions == ()


def test_a_permission_on_every_topic_is_said_and_left_to_its_owner() -> None:
    cluster = plan()
    wide = {Grant("billing", "read", "topic", "*"), Grant("*", "read", "topic", "fen", prefixed=True)}
    narrow = {Grant("billing", "read", "topic", "fenway", prefixed=True), Grant("billing", "read", "group", "*")}
    found = Cluster(cluster.topics, cluster.users | {"billing"}, cluster.grants | wide | narrow)
    assert difference(cluster, found).deletions == ()
    assert sorted(note.partition(" covers")[0] for note in difference(cluster, found).notes) == [
        "*: read topic fen*",
        "billing: read topic *",
    ]
    assert difference(cluster, found, spared=["billing", "*"]).notes == ()


def test_other_settings_and_more_partitions_are_a_change_fewer_are_a_note() -> None:
    more = plan(policy=replace(POLICY, partitions=2, retention_days=60))
    changed = difference(more, plan()).changes
    assert {change.action for change in changed} == {Action.CHANGE}
    assert "partitions: 1 → 2" in changed[0].detail
    assert "retention.ms: 2592000000 → 5184000000" in changed[0].detail
    back = difference(plan(), plan(policy=replace(POLICY, partitions=2)))
    assert back.changes == ()
    assert "cannot take them away" in back.notes[0]


def test_a_unit_never_gets_the_programs_or_the_administrators_name() -> None:
    for taken in ("fenban", "admin"):
        with pytest.raises(BadSettings, match=taken):
            plan([UnitCode(taken)])
