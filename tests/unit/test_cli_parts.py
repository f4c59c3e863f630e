"""Each command is found in the part that is imported for it alone."""

import subprocess
import sys

import pytest

from app.cli.main import PARTS, build, parts_for


def _commands(part: str) -> set[str]:
    built = build((part,))
    names = {known.name or getattr(known.callback, "__name__", "") for known in built.registered_commands}
    return names | {str(group.name) for group in built.registered_groups}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_brings_the_commands_that_are_said_to_be_its(part: str) -> None:
    assert _commands(part) == set(PARTS[part])


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("status --json", "reports"),
        ("--settings /city/fenban.toml status", "reports"),
        ("--settings=fenban.toml review decide 1", "office"),
        ("mail show letter.eml", "mail"),
    ],
)
def test_a_command_imports_its_part_alone(line: str, part: str) -> None:
    assert list(parts_for(line.split())) == [part]


@pytest.mark.parametrize("line", ["", "--help", "nonsense", "--settings", "--settings status", "--nonsense status"])
def test_help_and_mistakes_see_every_command(line: str) -> None:
    assert list(parts_for(line.split())) == list(PARTS)


def test_what_runs_day_and_night_loads_nothing_that_trains() -> None:
    """A second of every command's start, and a hundred megabytes of every process."""
    asked = "import sys, app.cli.run, app.console.application; print(*sorted({'sklearn', 'scipy.optimize', 'pyarrow'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []
