"""Users that are no longer wanted, on a real broker that is started again afterwards: everybody else still logs in.

A broker of Kafka 4.3 that reads a deleted credential again when it starts forgets every other one too, where the deleted name
comes first in its hash table. Among these users ``parks`` does.
"""

from collections.abc import Iterator

import pytest

from domain.errors import HaltForPerson
from domain.ids import UnitCode
from route.kafka_link import KafkaLink
from route.kafka_plan import Action, Change, Cluster, Difference, Kind, TopicPolicy, difference, wanted
from tests.support.kafka import Broker, own_broker

POLICY = TopicPolicy(partitions=1, replication=0, retention_days=1, max_record_bytes=100_000)
WATER, PARKS = UnitCode("water"), UnitCode("parks")
PROGRAM = "relay"
FIRST, SECOND = "first", "second"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with own_broker(tmp_path_factory.mktemp("kafka")) as found:
        yield found


@pytest.fixture(scope="module")
def locked(broker: Broker) -> Cluster:
    """Two units' users, then only one unit; the broker killed and started since."""
    apply(broker, [WATER, PARKS], FIRST)
    for user in (PROGRAM, "water", "water_sealed", "parks", "parks_sealed"):
        broker.user(user, f"{user}-{FIRST}")
    asked = apply(broker, [WATER], SECOND)
    restart(broker)
    return asked


def apply(broker: Broker, units: list[UnitCode], mark: str) -> Cluster:
    """As ``fenban topics apply --allow-delete``. Passwords given meanwhile end with ``mark``."""
    admin = broker.admin()
    asked = wanted(units, POLICY, PROGRAM, administrator="admin")
    found = difference(asked, admin.found(), spared=["admin"])
    admin.apply((*found.changes, *found.deletions), lambda change: f"{change.name}-{mark}")
    broker.until(lambda: difference(asked, admin.found(), spared=["admin"]) == Difference((), (), ()))
    return asked


def restart(broker: Broker) -> None:
    broker.link.close()
    broker.kill()
    broker.start()


def refused(broker: Broker, user: str, password: str) -> bool:
    try:
        KafkaLink(broker.config(user, password)).probe()
    except HaltForPerson:
        return True
    return False


def test_everybody_else_logs_in_after_the_next_start(broker: Broker, locked: Cluster) -> None:
    KafkaLink(broker.admin_config).probe()
    assert not [user for user in sorted(locked.users) if refused(broker, user, f"{user}-{FIRST}")]


def test_a_locked_user_is_refused_and_has_no_permission(broker: Broker, locked: Cluster) -> None:
    assert refused(broker, "parks", f"parks-{FIRST}")
    assert refused(broker, "parks_sealed", f"parks_sealed-{FIRST}")
    found = broker.admin().found()
    assert {"parks", "parks_sealed"} <= found.users
    assert not [grant for grant in found.grants if grant.user.startswith("parks")]
    assert difference(locked, found, spared=["admin"]) == Difference((), (), ())


def test_a_unit_that_comes_back_gets_a_password_anew(broker: Broker, locked: Cluster) -> None:
    apply(broker, [WATER, PARKS], SECOND)
    restart(broker)
    assert not refused(broker, "parks", f"parks-{SECOND}")
    assert refused(broker, "parks", f"parks-{FIRST}")
    assert not refused(broker, "water", f"water-{FIRST}"), "who was never locked keeps his password"


def test_permissions_left_behind_by_a_broken_apply_are_taken_away_by_the_next(broker: Broker, locked: Cluster) -> None:
    apply(broker, [WATER, PARKS], FIRST)
    admin = broker.admin()
    admin.apply([Change(Action.LOCK, Kind.USER, "parks")], lambda _: "")
    broker.until(lambda: admin.found().locked >= {"parks"})
    left = difference(wanted([WATER], POLICY, PROGRAM, administrator="admin"), admin.found(), spared=["admin"]).deletions
    assert [change.name for change in left if change.kind is Kind.USER] == ["parks_sealed"]
    assert {change.grant.user for change in left if change.grant} == {"parks", "parks_sealed"}
    apply(broker, [WATER, PARKS], SECOND)
    broker.until(lambda: not refused(broker, "parks", f"parks-{SECOND}"))
