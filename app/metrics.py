"""Every metric, declared once. Values are read from the store at each scrape, so that they survive restarts.

No matter, number or name is ever a label.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from app.operations import HIDDEN
from domain.errors import FenbanError
from domain.messages import MessageState

Document = dict[str, Any]
Labels = tuple[str, ...]
Samples = Mapping[str, Mapping[Labels, float]]
"""Metric → its labels' values, in their declared order → value."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A name that ends in ``_total`` is a counter, every other a gauge."""

    name: str
    help: str
    labels: Labels = ()

    @property
    def counter(self) -> bool:
        return self.name.endswith("_total")


CHANNEL, UNIT, STAGE = ("channel",), ("unit",), ("stage",)
METRICS = (
    Metric("fenban_up", "1 when the store could be read for this scrape"),
    Metric("fenban_channel_last_success_seconds", "Unix time of the channel's last successful poll", CHANNEL),
    Metric("fenban_channel_ok", "1 when the channel's last poll succeeded", CHANNEL),
    Metric("fenban_channel_paused", "1 while a person has paused the channel", CHANNEL),
    Metric("fenban_channel_interval_seconds", "How often it is polled; absent while it is paused or not enabled", CHANNEL),
    Metric("fenban_channel_captures_total", "Captures of the channel since the beginning", CHANNEL),
    Metric("fenban_channel_recent_captures", "Captures of the last six full hours", CHANNEL),
    Metric(
        "fenban_channel_expected_captures",
        "Median captures of the same six hours of the last eight weeks; absent before four weeks are known",
        CHANNEL,
    ),
    Metric("fenban_channel_quarantined", "Captures of the channel that wait in quarantine now", CHANNEL),
    Metric("fenban_channel_quarantine_oldest_seconds", "Age of the capture that has waited longest in quarantine", CHANNEL),
    Metric("fenban_channel_polls_total", "Polls of the channel, failed ones too", CHANNEL),
    Metric("fenban_channel_poll_seconds_total", "How long its polls took, all together", CHANNEL),
    Metric("fenban_channel_last_poll_seconds", "How long its last poll took", CHANNEL),
    Metric(
        "fenban_channel_errors_total",
        "Failed polls by class: unreachable, passing, person (only a person can mend it), refused, defect",
        ("channel", "class"),
    ),
    Metric("fenban_kafka_up", "1 when a Kafka broker lets the program in; absent where topics are embedded"),
    Metric("fenban_messages", "Messages by state; those in the sealed review are left out", ("state",)),
    Metric("fenban_stage_recent", "What passed the stage in the last five minutes", STAGE),
    Metric("fenban_stage_waiting", "What waits before the stage; sealed matters are left out", STAGE),
    Metric("fenban_unprocessed_oldest_seconds", "Age of the oldest message that no worker has decided; 0 for none"),
    Metric("fenban_review_oldest_seconds", "Age of the oldest message that waits for a person; 0 for none"),
    Metric("fenban_deadlines_overdue", "Open assignments past their deadline; sealed ones are left out"),
    Metric("fenban_deadlines_at_risk", "Open assignments due within one working day; sealed ones are left out"),
    Metric("fenban_outbox_pending", "Outbox records that wait to be delivered"),
    Metric("fenban_outbox_parked", "Outbox records that a topic refused, of every kind of topic"),
    Metric("fenban_outbox_parked_oldest_seconds", "How long the record that is parked longest has been; 0 for none"),
    Metric("fenban_outbox_oldest_seconds", "Age of the oldest pending outbox record"),
    Metric("fenban_unit_pending", "Pending records of a unit's topics", UNIT),
    Metric("fenban_unit_delivered_total", "Delivered records of a unit's topics", UNIT),
    Metric("fenban_unit_parked", "Parked records of a unit's topics", UNIT),
    Metric("fenban_unit_unsigned", "Assignments that the unit has not signed; sealed ones are left out", UNIT),
    Metric("fenban_unit_unsigned_oldest_seconds", "Age of the oldest of them; 0 for none", UNIT),
    Metric("fenban_unit_stopped", "1 while nothing goes to the unit without a person, as the model was wrong about it", UNIT),
    Metric("fenban_automatic_stopped", "1 while no threshold keeps the target precision: a person decides every letter"),
    Metric(
        "fenban_automatic_threshold",
        "Least probability that goes out without a person, from letters answered lately; absent where the model's own holds",
    ),
    Metric(
        "fenban_model_drift",
        "PSI of letters of late against those the live model learned: labels (whose they were), words, confidence; absent under 50 letters",
        ("part",),
    ),
    Metric(
        "fenban_model_drift_letters", "Letters of the last seven days, at most 1,000, that words and confidence are counted of"
    ),
    Metric("fenban_model_behind", "1 while this process could not take up the model that was promoted: the earlier one decides"),
    Metric("fenban_model_abstention_rate", "Share of these that waited for a person; absent under 50"),
    Metric("fenban_model_abstention_expected", "The same share of the letters that the live model was tested on"),
    Metric(
        "fenban_unit_return_rate", "Returned among the assignments of the last 30 days; absent under ten; no sealed ones", UNIT
    ),
    Metric("fenban_hot_topics", "Topics that grew against their own past and were found within the last day"),
    Metric("fenban_leases", "Leases held now: channels being polled, shares of the outbox", ("part",)),
    Metric("fenban_linker_waiting", "Decisions that the linker has not looked at yet, counted to 10,000"),
    Metric("fenban_linker_oldest_seconds", "Age of the oldest of them; 0 for none"),
    Metric("fenban_links_total", "Letters that the linker found to say the same as another person's"),
    Metric("fenban_linker_indexed", "Letters in the linker's memory, as it last said"),
    Metric("fenban_linker_memory_bytes", "What they take there"),
    Metric("fenban_disk_free_bytes", "Room left where the store or the topics lie, whichever has less"),
    Metric("fenban_disk_size_bytes", "What may be used of that file system, free or not"),
    Metric("fenban_ledger_difference", "Difference of a line of the ledger: anything but 0 is a defect", ("line",)),
)
DECLARED = {metric.name: metric for metric in METRICS}


def samples(status: Document, ledger: Document, live: Document) -> Samples:
    """The values of every metric, from the status, ledger and operations documents. The last is read most often: from the
    first comes only what nothing but counting whole tables can tell."""
    found: dict[str, Mapping[Labels, float]] = {"fenban_up": {(): 1.0}}
    found |= _of_channels(live)
    found |= _of_stages(live)
    found |= _of_units(status["units"], live["units"])
    found["fenban_messages"] = {
        (state,): float(count) for state, count in status["stages"].items() if state != MessageState.SEALED_REVIEW
    }
    found["fenban_kafka_up"] = {(): float(live["kafka"]["state"] == "ok")} if "kafka" in live else {}
    found |= _of_automation(live["automatic"])
    found |= _of_model(live["drift"])
    found["fenban_model_behind"] = {(): float(live["model"]["behind"])}
    found["fenban_hot_topics"] = {(): float(live["hot"])}
    found["fenban_leases"] = _leases(live["leases"])
    found |= _of_linker(live["linker"])
    found["fenban_disk_free_bytes"] = {(): float(live["disk"]["free_bytes"])}
    found["fenban_disk_size_bytes"] = {(): float(live["disk"]["size_bytes"])}
    found["fenban_ledger_difference"] = {(line["name"],): float(line["difference"]) for line in ledger["lines"]}
    return found


def _of_channels(live: Document) -> dict[str, Mapping[Labels, float]]:
    rows: list[Document] = live["channels"]
    polled = [row for row in rows if row["polls"]]
    watched = [row for row in rows if row["enabled"] and row["state"] != "paused"]

    def each(key: str, rows: Iterable[Document] = rows) -> Mapping[Labels, float]:
        return {(row["id"],): float(row[key]) for row in rows if row[key] is not None}

    return {
        "fenban_channel_last_success_seconds": {
            (row["id"],): datetime.fromisoformat(row["last_success"]).timestamp() for row in rows if row["last_success"]
        },
        "fenban_channel_ok": {(row["id"],): float(row["last_state"] == "ok") for row in rows},
        "fenban_channel_paused": {(row["id"],): float(row["state"] == "paused") for row in rows},
        "fenban_channel_interval_seconds": each("every_seconds", watched),
        "fenban_channel_captures_total": each("captured"),
        "fenban_channel_recent_captures": each("recent"),
        "fenban_channel_expected_captures": each("recent_expected"),
        "fenban_channel_quarantined": each("quarantined"),
        "fenban_channel_quarantine_oldest_seconds": each("quarantined_seconds"),
        "fenban_channel_polls_total": each("polls", polled),
        "fenban_channel_poll_seconds_total": each("poll_seconds", polled),
        "fenban_channel_last_poll_seconds": each("last_poll_seconds", polled),
        "fenban_channel_errors_total": {(one["channel"], one["fault"]): float(one["count"]) for one in live["faults"]},
    }


def _of_stages(live: Document) -> dict[str, Mapping[Labels, float]]:
    stages = {stage["name"]: stage for stage in live["stages"]}
    alone = {
        "fenban_unprocessed_oldest_seconds": stages["decide"]["oldest_seconds"],
        "fenban_review_oldest_seconds": stages["review"]["oldest_seconds"],
        "fenban_deadlines_overdue": live["deadlines"]["overdue"],
        "fenban_deadlines_at_risk": live["deadlines"]["soon"],
        "fenban_outbox_pending": stages["publish"]["waiting"],
        "fenban_outbox_parked": live[HIDDEN]["parked"],
        "fenban_outbox_parked_oldest_seconds": live[HIDDEN]["oldest_seconds"],
        "fenban_outbox_oldest_seconds": stages["publish"]["oldest_seconds"],
    }
    passed: Mapping[Labels, float] = {
        (name,): float(stage["last_5_minutes"]) for name, stage in stages.items() if stage["last_5_minutes"] is not None
    }
    return {
        "fenban_stage_recent": passed,
        "fenban_stage_waiting": {(name,): float(stage["waiting"]) for name, stage in stages.items() if name != "register"},
        **{name: {(): float(value or 0.0)} for name, value in alone.items()},
    }


def _of_model(drift: Document) -> dict[str, Mapping[Labels, float]]:
    def one(key: str) -> Mapping[Labels, float]:
        return {(): float(drift[key])} if key in drift else {}

    return {
        "fenban_model_drift": {(part,): float(value) for part, value in drift.get("drift", {}).items()},
        "fenban_model_drift_letters": one("letters"),
        "fenban_model_abstention_rate": one("abstention"),
        "fenban_model_abstention_expected": one("abstention_expected"),
        "fenban_unit_return_rate": {(unit,): float(rate) for unit, rate in drift.get("returns", {}).items()},
    }


def _of_units(units: list[Document], lags: list[Document]) -> dict[str, Mapping[Labels, float]]:
    """Of every unit of the directory, and of others for which something waits."""
    waiting = {lag["unit"]: lag for lag in lags}
    codes = sorted({unit["code"] for unit in units} | set(waiting))

    def each(key: str) -> Mapping[Labels, float]:
        return {(code,): float((waiting[code][key] if code in waiting else 0) or 0) for code in codes}

    return {
        "fenban_unit_pending": each("pending"),
        "fenban_unit_delivered_total": {(unit["code"],): float(unit["delivered"]) for unit in units},
        "fenban_unit_parked": each("parked"),
        "fenban_unit_unsigned": each("unsigned"),
        "fenban_unit_unsigned_oldest_seconds": each("oldest_unsigned_seconds"),
    }


def _of_automation(automatic: Document) -> dict[str, Mapping[Labels, float]]:
    threshold = automatic["threshold"]
    return {
        "fenban_unit_stopped": {(one["unit"],): float(one["stopped"]) for one in automatic["units"]},
        "fenban_automatic_stopped": {(): float(automatic["stopped"])},
        "fenban_automatic_threshold": {(): float(threshold)} if threshold is not None else {},
    }


def _of_linker(linker: Document) -> dict[str, Mapping[Labels, float]]:
    values = {
        "fenban_linker_waiting": linker["waiting"],
        "fenban_linker_oldest_seconds": linker["oldest_seconds"] or 0.0,
        "fenban_links_total": linker["links"],
        "fenban_linker_indexed": linker["indexed"],
        "fenban_linker_memory_bytes": linker["memory_bytes"],
    }
    return {name: {(): float(value)} for name, value in values.items()}


def _leases(leases: list[Document]) -> Mapping[Labels, float]:
    held: dict[Labels, float] = {("channel",): 0.0, ("relay",): 0.0}
    for lease in leases:
        held[(lease["part"],)] = held.get((lease["part"],), 0.0) + (lease["shards"] or 1)
    return held


class StoreMetrics(Collector):
    """``read`` takes the samples from the store."""

    def __init__(self, read: Callable[[], Samples]) -> None:
        self._read = read

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        try:
            found = self._read()
        except FenbanError:
            found = {"fenban_up": {(): 0.0}}
        for metric in METRICS:
            if metric.name in found:
                yield _family(metric, found[metric.name])


def registry(status: Callable[[], Document], ledger: Callable[[], Document], live: Callable[[], Document]) -> CollectorRegistry:
    made = CollectorRegistry()
    made.register(StoreMetrics(lambda: samples(status(), ledger(), live())))
    return made


def _family(metric: Metric, values: Mapping[Labels, float]) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if metric.counter else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
