"""Every metric, declared once. Values are read from the store at each scrape, so that they survive restarts.

No matter, number or name is ever a label.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from domain.errors import FenbanError


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    help: str
    labels: tuple[str, ...] = ()


METRICS = (
    Metric("fenban_up", "1 when the store could be read for this scrape"),
    Metric("fenban_channel_last_success_seconds", "Unix time of the channel's last successful poll", ("channel",)),
    Metric("fenban_channel_ok", "1 when the channel's last poll succeeded", ("channel",)),
    Metric("fenban_channel_captured", "Captures of the channel since the beginning", ("channel",)),
    Metric("fenban_channel_quarantined", "Captures of the channel that wait in quarantine now", ("channel",)),
    Metric("fenban_kafka_up", "1 when a Kafka broker lets the program in; absent where topics are embedded"),
    Metric("fenban_messages", "Messages by state", ("state",)),
    Metric("fenban_outbox_pending", "Outbox records that wait to be delivered"),
    Metric("fenban_outbox_parked", "Outbox records that a topic refused, of every kind of topic"),
    Metric("fenban_outbox_oldest_seconds", "Age of the oldest pending outbox record"),
    Metric("fenban_unit_pending", "Pending records of a unit's topics", ("unit",)),
    Metric("fenban_unit_delivered", "Delivered records of a unit's topics", ("unit",)),
    Metric("fenban_unit_parked", "Parked records of a unit's topics", ("unit",)),
    Metric("fenban_ledger_difference", "Difference of a line of the ledger: anything but 0 is a defect", ("line",)),
)
DECLARED = {metric.name: metric for metric in METRICS}


class StoreMetrics(Collector):
    """Turns the status and ledger documents into samples. ``status`` and ``ledger`` read the store."""

    def __init__(self, status: Callable[[], dict[str, Any]], ledger: Callable[[], dict[str, Any]]) -> None:
        self._status = status
        self._ledger = ledger

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            status, ledger = self._status(), self._ledger()
        except FenbanError:
            yield _gauge("fenban_up", [((), 0.0)])
            return
        yield _gauge("fenban_up", [((), 1.0)])
        channels = status["channels"]
        yield _gauge(
            "fenban_channel_last_success_seconds",
            [((c["id"],), datetime.fromisoformat(c["last_success"]).timestamp()) for c in channels if c["last_success"]],
        )
        yield _gauge("fenban_channel_ok", [((c["id"],), float(c["state"] == "ok")) for c in channels])
        yield _gauge("fenban_channel_captured", [((c["id"],), c["captured"]) for c in channels])
        yield _gauge("fenban_channel_quarantined", [((c["id"],), c["quarantined"]) for c in channels])
        kafka: list[tuple[tuple[str, ...], float]] = [((), float(status["kafka"]["state"] == "ok"))] if "kafka" in status else []
        yield _gauge("fenban_kafka_up", kafka)
        yield _gauge("fenban_messages", [((state,), count) for state, count in status["stages"].items()])
        yield _gauge("fenban_outbox_pending", [((), status["outbox"]["pending"])])
        yield _gauge("fenban_outbox_parked", [((), status["parked"])])
        yield _gauge("fenban_outbox_oldest_seconds", [((), status["outbox"]["oldest_seconds"] or 0.0)])
        for part in ("pending", "delivered", "parked"):
            yield _gauge(f"fenban_unit_{part}", [((unit["code"],), unit[part]) for unit in status["units"]])
        yield _gauge("fenban_ledger_difference", [((line["name"],), line["difference"]) for line in ledger["lines"]])


def registry(status: Callable[[], dict[str, Any]], ledger: Callable[[], dict[str, Any]]) -> CollectorRegistry:
    made = CollectorRegistry()
    made.register(StoreMetrics(status, ledger))
    return made


def _gauge(name: str, samples: list[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    metric = DECLARED[name]
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
