"""What an operator is told of: declared once, for Prometheus (``deploy/prometheus/rules.yml``) and for the notices built in.

A limit stands here once and is filled into both the expression and the check.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.metrics import Labels, Samples

MINUTE, HOUR, DAY = 60, 3600, 86400
LATE_POLLS, LATE_GRACE = 3, 10 * MINUTE
EXPECTED_LEAST = 5
BACKLOG_SECONDS, OUTBOX_SECONDS = 15 * MINUTE, 5 * MINUTE
REVIEW_SECONDS, QUARANTINE_SECONDS, UNSIGNED_SECONDS = 3 * DAY, DAY, 2 * DAY
LINKER_SECONDS = 30 * MINUTE
DISK_SHARE = 0.1
DRIFT, MORE_ABSTENTION, RETURN_RATE = 0.25, 0.2, 0.3
"""A PSI that matters; how much more than expected waits for a person; what a unit returns."""

Check = Callable[[Samples, float], list[Labels]]


@dataclass(frozen=True, slots=True)
class Alert:
    """``expression`` is PromQL, ``check`` the same on one moment's samples and its Unix time: the labels for which it holds. It must hold for
    ``seconds``. ``label`` names what stands for ``{}`` in the summaries."""

    name: str
    expression: str
    check: Check
    seconds: int
    critical: bool
    chinese: str
    english: str
    label: str = ""

    @property
    def severity(self) -> str:
        return "critical" if self.critical else "warning"

    @property
    def anchor(self) -> str:
        """Of its runbook entry in docs/operators.md."""
        return self.name.lower()


def _values(samples: Samples, name: str) -> Mapping[Labels, float]:
    return samples.get(name, {})


def _where(name: str, compare: Callable[[float, float], bool], limit: float) -> Check:
    return lambda samples, _: [labels for labels, value in _values(samples, name).items() if compare(value, limit)]


def _above(name: str, limit: float) -> tuple[str, Check]:
    return f"{name} > {limit:g}", _where(name, operator.gt, limit)


def _stale(samples: Samples, now: float) -> list[Labels]:
    every = _values(samples, "fenban_channel_interval_seconds")
    last = _values(samples, "fenban_channel_last_success_seconds")
    return [
        labels for labels, seconds in every.items() if labels in last and now - last[labels] > LATE_POLLS * seconds + LATE_GRACE
    ]


def _failing(samples: Samples, _: float) -> list[Labels]:
    every, well = _values(samples, "fenban_channel_interval_seconds"), _values(samples, "fenban_channel_ok")
    return [labels for labels in every if well.get(labels) == 0]


def _silent(samples: Samples, _: float) -> list[Labels]:
    every = _values(samples, "fenban_channel_interval_seconds")
    expected, got = _values(samples, "fenban_channel_expected_captures"), _values(samples, "fenban_channel_recent_captures")
    return [labels for labels in every if expected.get(labels, 0) >= EXPECTED_LEAST and got.get(labels) == 0]


def _disk(samples: Samples, _: float) -> list[Labels]:
    free, size = _values(samples, "fenban_disk_free_bytes"), _values(samples, "fenban_disk_size_bytes")
    return [labels for labels, value in free.items() if size.get(labels) and value / size[labels] < DISK_SHARE]


def _abstains(samples: Samples, _: float) -> list[Labels]:
    expected, got = _values(samples, "fenban_model_abstention_expected"), _values(samples, "fenban_model_abstention_rate")
    return [labels for labels, value in got.items() if labels in expected and value - expected[labels] > MORE_ABSTENTION]


_WATCHED = "and on (channel) fenban_channel_interval_seconds"

ALERTS = (
    Alert(
        "FenbanDown",
        "fenban_up == 0 or absent(fenban_up)",
        _where("fenban_up", operator.eq, 0),
        2 * MINUTE,
        True,
        "分办没有运行，或读不到库",
        "fenban does not run, or cannot read its store",
    ),
    Alert(
        "FenbanChannelStale",
        f"time() - fenban_channel_last_success_seconds > on (channel) {LATE_POLLS} * fenban_channel_interval_seconds + {LATE_GRACE}",
        _stale,
        5 * MINUTE,
        True,
        "渠道 {} 久未采集成功",
        "channel {} has not been polled successfully for long",
        "channel",
    ),
    Alert(
        "FenbanChannelFailing",
        f"fenban_channel_ok == 0 {_WATCHED}",
        _failing,
        15 * MINUTE,
        False,
        "渠道 {} 一直采集失败",
        "every poll of channel {} fails",
        "channel",
    ),
    Alert(
        "FenbanChannelSilent",
        f"fenban_channel_recent_captures == 0 and on (channel) fenban_channel_expected_captures >= {EXPECTED_LEAST} {_WATCHED}",
        _silent,
        30 * MINUTE,
        False,
        "渠道 {} 六小时没有来信，往周同时段都有",
        "channel {} brought nothing for six hours in which other weeks brought letters",
        "channel",
    ),
    Alert(
        "FenbanBacklog",
        *_above("fenban_unprocessed_oldest_seconds", BACKLOG_SECONDS),
        5 * MINUTE,
        True,
        "有来信超过一刻钟没有分办",
        "a letter has waited over a quarter of an hour for a worker",
    ),
    Alert(
        "FenbanReviewWaiting",
        *_above("fenban_review_oldest_seconds", REVIEW_SECONDS),
        HOUR,
        False,
        "有来信等人工分办超过三天",
        "a letter has waited over three days for a person",
    ),
    Alert(
        "FenbanOutboxOld",
        *_above("fenban_outbox_oldest_seconds", OUTBOX_SECONDS),
        5 * MINUTE,
        True,
        "待发记录超过五分钟没有发出",
        "an outbox record has waited over five minutes to be delivered",
    ),
    Alert(
        "FenbanParked",
        *_above("fenban_outbox_parked", 0),
        5 * MINUTE,
        False,
        "有记录发不出去，已搁置",
        "records that a topic refused are parked",
    ),
    Alert(
        "FenbanQuarantineOld",
        *_above("fenban_channel_quarantine_oldest_seconds", QUARANTINE_SECONDS),
        HOUR,
        False,
        "渠道 {} 有隔离件超过一天没有处理",
        "channel {} has had a capture in quarantine for over a day",
        "channel",
    ),
    Alert(
        "FenbanUnitLag",
        *_above("fenban_unit_unsigned_oldest_seconds", UNSIGNED_SECONDS),
        HOUR,
        False,
        "单位 {} 有交办件超过两天未签收",
        "unit {} has not signed an assignment for over two days",
        "unit",
    ),
    Alert(
        "FenbanDeadlineRisk",
        *_above("fenban_deadlines_at_risk", 0),
        HOUR,
        False,
        "有交办件一个工作日内到期",
        "assignments are due within one working day",
    ),
    Alert(
        "FenbanDeadlineOverdue",
        *_above("fenban_deadlines_overdue", 0),
        HOUR,
        False,
        "有交办件超期未办结",
        "assignments are past their deadline",
    ),
    Alert(
        "FenbanModelDrift",
        *_above("fenban_model_drift", DRIFT),
        HOUR,
        False,
        "来信与模型所学的已不同（{}）",
        "letters are no longer what the model learned ({})",
        "part",
    ),
    Alert(
        "FenbanModelBehind",
        *_above("fenban_model_behind", 0),
        5 * MINUTE,
        False,
        "有进程没有启用新模型，仍用原来的",
        "a process could not take up the model that was promoted: it decides with the earlier one",
    ),
    Alert(
        "FenbanModelAbstains",
        f"fenban_model_abstention_rate - fenban_model_abstention_expected > {MORE_ABSTENTION:g}",
        _abstains,
        HOUR,
        False,
        "等人工分办的来信比模型测试时多得多",
        "many more letters wait for a person than when the model was tested",
    ),
    Alert(
        "FenbanUnitReturns",
        *_above("fenban_unit_return_rate", RETURN_RATE),
        HOUR,
        False,
        "单位 {} 退回近三成以上的交办件",
        "unit {} returns more than three in ten assignments",
        "unit",
    ),
    Alert(
        "FenbanLedgerDifference",
        "fenban_ledger_difference != 0",
        _where("fenban_ledger_difference", operator.ne, 0),
        2 * MINUTE,
        True,
        "台账 {} 一行有差额",
        "the ledger's line {} does not balance",
        "line",
    ),
    Alert(
        "FenbanDiskLow",
        f"fenban_disk_free_bytes / fenban_disk_size_bytes < {DISK_SHARE:g}",
        _disk,
        5 * MINUTE,
        True,
        "磁盘剩余不足一成",
        "less than a tenth of the disk is free",
    ),
    Alert(
        "FenbanUnitStopped",
        *_above("fenban_unit_stopped", 0),
        0,
        False,
        "模型给单位 {} 的建议近来错得多，已停止自动分办",
        "the model is wrong about unit {} too often: a person decides its letters",
        "unit",
    ),
    Alert(
        "FenbanAutomaticStopped",
        *_above("fenban_automatic_stopped", 0),
        0,
        False,
        "没有门槛能保持要求的准确率，全部来信转人工分办",
        "no threshold keeps the target precision: a person decides every letter",
    ),
    Alert(
        "FenbanHotTopic",
        *_above("fenban_hot_topics", 0),
        0,
        False,
        "有热点：近日反映的人明显增多，见网页“热点”",
        "a topic grew: many more persons wrote of it lately, see the page Hot topics",
    ),
    Alert(
        "FenbanLinkerBehind",
        *_above("fenban_linker_oldest_seconds", LINKER_SECONDS),
        15 * MINUTE,
        False,
        "相似来信的查找落后半小时以上",
        "looking for letters that say the same is over half an hour behind",
    ),
    Alert(
        "FenbanKafkaDown",
        "fenban_kafka_up == 0",
        _where("fenban_kafka_up", operator.eq, 0),
        5 * MINUTE,
        True,
        "连不上 Kafka",
        "Kafka cannot be reached",
    ),
)
