"""Kafka killed twenty times, frozen for two minutes, away for ten, one of three brokers killed again and again: at length."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.test_kafka_outages import SEED, all_is_there
from tests.support.kafka import Broker, own_broker
from tests.support.outage import UNIT_TOPICS, WritingCity

pytestmark = pytest.mark.soak
KILLS = 20
FROZEN_SECONDS = 120.0
AWAY_SECONDS = 600.0
DRAIN_SECONDS = 300.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with own_broker(tmp_path_factory.mktemp("kafka")) as found:
        yield found


@pytest.fixture
def city(broker: Broker, tmp_path: Path) -> Iterator[WritingCity]:
    broker.fresh(UNIT_TOPICS)
    print(f"\nseed {SEED}")
    with WritingCity(tmp_path / "city", broker, seed=SEED) as writing:
        writing.until_written(200)
        yield writing


def passes(seconds: float) -> None:
    """Time is what these tests are about: the outage lasts so long, whatever else happens."""
    threading.Event().wait(seconds)


def test_a_broker_killed_twenty_times(city: WritingCity, broker: Broker) -> None:
    for _ in range(KILLS):
        broker.kill()
        city.until_written(100)
        broker.start()
        city.until_written(300)
    all_is_there(city, broker, DRAIN_SECONDS)


def test_a_broker_frozen_for_two_minutes(city: WritingCity, broker: Broker) -> None:
    with broker.frozen():
        passes(FROZEN_SECONDS)
    all_is_there(city, broker, DRAIN_SECONDS)


def test_a_broker_away_for_ten_minutes(city: WritingCity, broker: Broker) -> None:
    broker.kill()
    passes(AWAY_SECONDS)
    broker.start()
    all_is_there(city, broker, DRAIN_SECONDS)


def test_three_brokers_with_one_killed_in_turn(tmp_path: Path) -> None:
    with own_broker(tmp_path / "services", brokers=3) as cluster:
        cluster.fresh(UNIT_TOPICS)
        with WritingCity(tmp_path / "city", cluster, seed=SEED) as city:
            for node in (1, 2, 3, 1, 2, 3):
                city.until_written(500)
                cluster.kill(node)
                city.until_written(1500)
                cluster.start()
            all_is_there(city, cluster, DRAIN_SECONDS)
