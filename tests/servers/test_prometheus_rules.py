"""The alert rules, as Prometheus' own tool judges them: they fire when they should and are quiet when they should."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus"
REMEDY = "install it: bash deploy/dev/promtool.sh"


def promtool(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Skips the test, or fails it in CI, where the tool is missing."""
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"promtool is missing → {REMEDY}")
        pytest.skip(f"promtool is missing → {REMEDY}")
    return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("words", [("check", "rules", "rules.yml"), ("check", "config", "prometheus.yml")], ids=" ".join)
def test_the_files_are_valid(words: tuple[str, ...]) -> None:
    answer = promtool(RULES, *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_alert_fires_and_is_quiet_when_it_should() -> None:
    answer = promtool(RULES, "test", "rules", "rules_test.yml")
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("fenban_outbox_parked > 0", "fenban_outbox_parked > 1"),
        (" != 0", " > 0"),
        ("for: 900s", "for: 3600s"),
        ("< 0.1", "<= 0.1"),
    ],
)
def test_a_rule_that_is_wrong_fails_its_tests(tmp_path: Path, right: str, wrong: str) -> None:
    for file in RULES.glob("rules*.yml"):
        text = file.read_text(encoding="utf-8")
        assert file.name != "rules.yml" or right in text
        (tmp_path / file.name).write_text(text.replace(right, wrong) if file.name == "rules.yml" else text, encoding="utf-8")
    assert promtool(tmp_path, "test", "rules", "rules_test.yml").returncode != 0
