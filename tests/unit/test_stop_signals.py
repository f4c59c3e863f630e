"""A process told to stop while it is still being opened begins nothing and ends well; while it still loads, it ends without a trace."""

import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import main as program
from app.wiring import System
from tests.support.desk import Desk


def test_a_stop_while_the_system_is_opened_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city = Desk(tmp_path / "city").folder
    problems = System.problems

    def told_meanwhile(system: System) -> list[str]:
        os.kill(os.getpid(), signal.SIGTERM)
        return problems(system)

    monkeypatch.setattr(System, "problems", told_meanwhile)
    for command in ("run", "work", "relay", "link"):
        said = CliRunner().invoke(program.build(), ["--settings", str(city / "fenban.toml"), command])
        assert (said.exit_code, "stopped" in said.output) == (0, True), (command, said.output)


def test_ctrl_c_while_a_command_loads_shows_no_trace(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "build", interrupted)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 128 + signal.SIGINT
    assert capsys.readouterr() == ("", "")
