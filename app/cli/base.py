"""What all commands share: the settings option, output, and how an error is told."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.phrases import phrase
from app.texts import text

if TYPE_CHECKING:
    from app.wiring import System

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", metavar="PATH", help="配置文件 / the settings file (else FENBAN_SETTINGS, ./fenban.toml)"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="机器可读 / for programs: JSON on stdout")]
ByOption = Annotated[str | None, typer.Option("--by", metavar="NAME", help="经办人，记入审计 / who does it, for the audit log")]


def _given(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter(phrase("the reason must not be empty"))
    return reason


ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由 / the reason, kept", callback=_given)]

OK, WRONG = 0, 1


@contextmanager
def open_system(settings: Path | None, *, may_make_store: bool = False) -> Iterator["System"]:
    """The system of the settings file; closed at the end. Only commands that bring letters in may make a store: a report on
    a store that is gone must not say that all is well."""
    from app.failpoints import failpoint_from_environment
    from app.logs import set_up_logs
    from app.settings import load_settings
    from app.wiring import System

    loaded = load_settings(settings)
    set_up_logs(loaded.log)
    system = System(loaded, failpoint=failpoint_from_environment(), may_make_store=may_make_store)
    try:
        yield system
    finally:
        system.close()


def emit(document: Any) -> None:
    """One JSON document on a line of stdout: in UTF-8, as JSON is, whatever the terminal's charset."""
    line = json.dumps(document, ensure_ascii=False, default=str)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.encoding.lower() != "utf-8":
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(line.encode("utf-8", "replace").decode() + "\n")


def emit_lines(documents: Iterable[Any]) -> int:
    """One object a line; how many there were."""
    count = 0
    for document in documents:
        emit(document)
        count += 1
    sys.stdout.flush()
    return count


def lines_in() -> Iterator[tuple[int, str]]:
    """The lines of stdin that hold anything, each with its number. One that is not UTF-8, as JSON must be, is given empty."""
    for place, raw in enumerate(sys.stdin.buffer, 1):
        try:
            line = raw.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError:
            yield place, ""
            continue
        if line.strip():
            yield place, line


def say(line: str) -> None:
    """Words for people: stderr."""
    typer.echo(line, err=True)


def show(line: str = "") -> None:
    """A report for people: stdout."""
    typer.echo(line)


@contextmanager
def progress_bar(first: str) -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error, only where that is a terminal; takes a stage's name and its share done, 0 to 1."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(text(f"stage.{first}"), total=1.0)
        yield lambda stage, share: progress.update(task, description=text(f"stage.{stage}"), completed=share)


def use_settings(path: Path | None) -> None:
    """A ``--settings`` before the command holds for the command."""
    if path is not None:
        os.environ["FENBAN_SETTINGS"] = str(path)
