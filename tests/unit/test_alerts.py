"""Alerts, dashboards and metrics name the same things; the notices built in judge as the rules do."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from app.alerts import ALERTS, Alert
from app.alerts_doc import rules
from app.metrics import DECLARED, METRICS

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
NAME = re.compile(r"\bfenban_\w+")
SERIES = re.compile(r"(\w+)(?:\{(.*)\})?")
BY = re.compile(r"\b(?:by|on|ignoring|without)\s*\(([^)]*)\)")
MATCHER = re.compile(r"(fenban_\w+)\{([^}]*)\}")
LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def panels() -> list[Any]:
    return [
        pytest.param(panel, id=f"{file.stem} {panel['title']}")
        for file in DASHBOARDS
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]
    ]


def labels_named(expression: str) -> set[str]:
    """In by (…), on (…) and matchers."""
    found = {label.strip() for part in BY.findall(expression) for label in part.split(",") if label.strip()}
    for _, matchers in MATCHER.findall(expression):
        found |= {re.split(r"[=!~]", one)[0].strip() for one in matchers.split(",") if one.strip()}
    return found


def checked(expression: str, more: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    names = set(NAME.findall(expression))
    assert names, expression
    assert names <= set(DECLARED), f"{sorted(names - set(DECLARED))} are no metrics of /metrics"
    known = {label for name in names for label in DECLARED[name].labels}
    assert labels_named(expression) | more <= known, f"{expression}: labels of {sorted(names)} are {sorted(known)}"


def test_the_rules_are_made_from_the_declarations() -> None:
    file = RULES / "rules.yml"
    assert file.read_text(encoding="utf-8") == rules(), "python -m app.alerts_doc > deploy/prometheus/rules.yml"


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_names_declared_metrics_and_has_its_runbook_in_both_languages(alert: Alert) -> None:
    checked(alert.expression, {alert.label} if alert.label else set())
    assert ("{}" in alert.chinese) == ("{}" in alert.english) == bool(alert.label)
    for page in ("operators.md", "operators.zh-CN.md"):
        assert f"\n### {alert.name}\n" in (ROOT / "docs" / page).read_text(encoding="utf-8"), page


@pytest.mark.parametrize("panel", panels())
def test_a_panel_asks_for_declared_metrics_and_labels(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    for target in panel["targets"]:
        checked(target["expr"], set(LEGEND.findall(target["legendFormat"])))


def test_dashboards_name_no_server_and_lay_panels_beside_each_other() -> None:
    assert [file.stem for file in DASHBOARDS] == ["departments", "operations"]
    for file in DASHBOARDS:
        board = json.loads(file.read_text(encoding="utf-8"))
        places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in board["panels"]]
        for index, (x, y, w, h) in enumerate(places):
            assert x + w <= 24
            for other_x, other_y, other_w, other_h in places[:index]:
                assert x >= other_x + other_w or other_x >= x + w or y >= other_y + other_h or other_y >= y + h
        assert {panel["datasource"]["uid"] for panel in board["panels"]} == {"${source}"}


def test_metrics_have_base_units_and_no_personal_label() -> None:
    allowed = {"channel", "unit", "state", "line", "stage", "class", "part"}
    for metric in METRICS:
        assert set(metric.labels) <= allowed, metric.name
        assert not re.search(r"_(ms|minutes|hours|days|kb|mb|percent)(_total)?$", metric.name), metric.name


def judged() -> list[Any]:
    document = yaml.safe_load((RULES / "rules_test.yml").read_text(encoding="utf-8"))
    return [
        pytest.param(one["input_series"], rule, id=f"{index} {rule['alertname']}")
        for index, one in enumerate(document["tests"])
        for rule in one["alert_rule_test"]
    ]


@pytest.mark.parametrize(("series", "rule"), judged())
def test_the_built_in_check_says_what_the_rule_says(series: list[dict[str, str]], rule: dict[str, Any]) -> None:
    """On the moment's values of Prometheus' own tests; how long it must hold is the caller's."""
    alert = next(one for one in ALERTS if one.name == rule["alertname"])
    minute = int(rule["eval_time"].removesuffix("m"))
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for one in series:
        match = SERIES.fullmatch(one["series"])
        assert match is not None
        labels = tuple(part.split("=")[1].strip('"') for part in (match[2] or "").split(",") if part)
        found.setdefault(match[1], {})[labels] = at_minute(one["values"], minute)
    if "fenban_up" not in found and alert.name == "FenbanDown":
        return  # nothing is scraped at all: only another program can tell
    expected = [
        tuple(value for name, value in sorted(given["exp_labels"].items()) if name == alert.label) for given in rule["exp_alerts"]
    ]
    assert alert.check(found, minute * 60.0) == expected or (not expected and is_short(series, alert))


def at_minute(values: str, minute: int) -> float:
    spread: list[float] = []
    for part in values.split():
        value, _, times = part.partition("x")
        spread += [float(value)] * (int(times or 0) + 1)
    return spread[minute]


def is_short(series: list[dict[str, str]], alert: Alert) -> bool:
    """It holds now and has not held for long enough: the quiet ones of these tests that flicker or have just begun."""
    flickers = any(len(set(one["values"].split())) > 1 for one in series)
    return flickers or alert.name == "FenbanChannelStale"


def test_every_alert_is_tested_firing_and_quiet() -> None:
    document = yaml.safe_load((RULES / "rules_test.yml").read_text(encoding="utf-8"))
    seen = {(rule["alertname"], bool(rule["exp_alerts"])) for one in document["tests"] for rule in one["alert_rule_test"]}
    assert seen == {(alert.name, fires) for alert in ALERTS for fires in (True, False)}
