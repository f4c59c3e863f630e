"""``deploy/prometheus/rules.yml``, made from the alerts' declarations: ``python -m app.alerts_doc > deploy/prometheus/rules.yml``."""

import sys

from app.alerts import ALERTS, Alert

HEAD = """# Made from app/alerts.py by: python -m app.alerts_doc > deploy/prometheus/rules.yml
groups:
  - name: fenban
    rules:
"""
RUNBOOK = "docs/operators.md#{}"


def rules() -> str:
    """The whole file."""
    return HEAD + "".join(map(_rule, ALERTS))


def summary(alert: Alert) -> str:
    """Chinese and English, with Prometheus' own place for the label."""
    place = f"{{{{ $labels.{alert.label} }}}}"
    return f"{alert.chinese} / {alert.english}".replace("{}", place)


def _rule(alert: Alert) -> str:
    return f"""      - alert: {alert.name}
        expr: {alert.expression}
        for: {alert.seconds}s
        labels:
          severity: {alert.severity}
        annotations:
          summary: "{summary(alert)}"
          runbook: "{RUNBOOK.format(alert.anchor)}"
"""


if __name__ == "__main__":
    sys.stdout.write(rules())
