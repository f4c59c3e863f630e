"""Kafka killed, frozen, away, and one of three brokers gone, while a city goes on writing: short versions of what
``make soak`` does at length. Nothing is lost, each matter's order stands, writing is not held up, and what waited moves by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kafka import Broker, own_broker
from tests.support.outage import UNIT_TOPICS, WritingCity

SEED = 20261125
SHORT_DRAIN = 120.0
SLOWEST_WRITE = 20.0
"""No write waits for Kafka; what it may wait for is a slow disk on a busy machine."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with own_broker(tmp_path_factory.mktemp("kafka")) as found:
        yield found


@pytest.fixture
def city(broker: Broker, tmp_path: Path) -> Iterator[WritingCity]:
    broker.fresh(UNIT_TOPICS)
    print(f"seed {SEED}")
    with WritingCity(tmp_path / "city", broker, seed=SEED, timeout=2.0, delivery=4.0) as writing:
        writing.until_written(200)
        yield writing


def all_is_there(city: WritingCity, broker: Broker, within: float = SHORT_DRAIN) -> None:
    took = city.drained(within)
    wrong, dropped = city.lost_or_disordered(broker)
    print(
        f"{city.count} events, {len(wrong)} wrong, {dropped} repeats dropped, drained in {took:.1f} s, slowest write {city.slowest:.2f} s"
    )
    assert not wrong
    assert city.slowest < SLOWEST_WRITE


def test_a_killed_broker_loses_nothing(city: WritingCity, broker: Broker) -> None:
    for _ in range(2):
        broker.kill()
        city.until_written(100)
        broker.start()
        city.until_written(200)
    all_is_there(city, broker)


def test_a_frozen_broker_loses_nothing(city: WritingCity, broker: Broker) -> None:
    with broker.frozen():
        city.until_written(2500)
    city.until_written(200)
    all_is_there(city, broker)


def test_a_broker_that_is_away_loses_nothing(city: WritingCity, broker: Broker) -> None:
    broker.kill()
    city.until_written(2500)
    broker.start()
    all_is_there(city, broker)


def test_one_of_three_brokers_killed_loses_nothing(tmp_path: Path) -> None:
    with own_broker(tmp_path / "services", brokers=3) as cluster:
        cluster.fresh(UNIT_TOPICS)
        with WritingCity(tmp_path / "city", cluster, seed=SEED) as city:
            city.until_written(200)
            cluster.kill(2)
            city.until_written(1000)
            all_is_there(city, cluster)
