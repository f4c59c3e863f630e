"""The departments' reference handlers as processes: their command lines, settings and databases."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.kafka_units import KafkaUnits

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "docs" / "handlers" / "python"
JAVA = ROOT / "docs" / "handlers" / "java"
JAR = JAVA / "target" / "handler.jar"
REMEDY = "build it: bash deploy/dev/java.sh"
STEP_SECONDS = 0.1


def command_of(language: str) -> list[str]:
    """Skips the test, or fails it in CI, when the Java handler is not built from what stands there now."""
    if language == "python":
        return [sys.executable, "-m", "fenban_handler"]
    sources = [JAVA / "pom.xml", *(JAVA / "src").rglob("*.*")]
    if not JAR.exists() or JAR.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        if os.environ.get("CI") == "true":
            pytest.fail(f"the Java handler is not built → {REMEDY}")
        pytest.skip(f"the Java handler is not built → {REMEDY}")
    return [str(JAVA / "handler")]


@dataclass(slots=True)
class DepartmentHandler:
    """One unit's handler in one folder. ``run`` starts it, ``kill`` and ``end`` stop it, ``say`` is a person at its side."""

    command: list[str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    logs: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)

    def settings(self, units: KafkaUnits, unit: str, **changes: str | list[str]) -> None:
        servers = units.servers
        values: dict[str, str | list[str]] = {
            "unit": unit,
            "bootstrap_servers": servers["KAFKA_BOOTSTRAP"],
            "ca_file": servers["KAFKA_CA"],
            "username": unit,
            "password_file": "password",
            **changes,
        }
        self.folder.joinpath("password").write_text(units.passwords.get(str(values["username"]), "wrong"), encoding="utf-8")
        java = "fenban_handler" not in self.command
        lines = [f"{name} = {_joined(value)}" if java else f"{name} = {json.dumps(value)}" for name, value in values.items()]
        self._settings.write_text("\n".join([*lines, ""]), encoding="utf-8")

    @property
    def _settings(self) -> Path:
        return self.folder / "settings"

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of the command line, to its end."""
        whole = [*self.command, "--settings", str(self._settings), *words]
        return subprocess.run(whole, cwd=PYTHON, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)

    def say(self, *words: str) -> None:
        done = self.call(*words)
        assert done.returncode == 0, done.stderr

    def run(self) -> None:
        log = self.folder / f"log-{len(self.logs)}"
        self.logs.append(log)
        with log.open("wb") as file:
            whole = [*self.command, "--settings", str(self._settings), "run"]
            self.process = subprocess.Popen(whole, cwd=PYTHON, stderr=file, stdout=file)

    def wait_connected(self) -> None:
        self.wait_until(lambda: "connected" in self.logs[-1].read_text(encoding="utf-8"), 180)

    def wait_until(self, holds: Any, seconds: float) -> None:
        for _ in range(int(seconds / STEP_SECONDS)):
            if holds():
                return
            self.wait(STEP_SECONDS)
        raise AssertionError(f"not within {seconds} s:\n{self.log()[-2000:]}")

    def wait(self, seconds: float) -> None:
        """Lets it work for so long; it must not end."""
        assert self.process is not None
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise AssertionError(f"it ended with {code}:\n{self.log()[-2000:]}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def end(self) -> int:
        """Ends it as a service manager does; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def log(self) -> str:
        return "\n".join(log.read_text(encoding="utf-8") for log in self.logs)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = self.folder / "handler.db"
        if not database.exists():
            return []
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as db:
            try:
                return db.execute(query).fetchall()
            except sqlite3.OperationalError:
                return []  # Not made yet.


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
