"""``fenban run``, ``collect``, ``work``, ``relay``, ``link``."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from app.cli.base import WRONG, SettingsOption, open_system, say
from app.health import HealthServer
from app.metrics import registry
from app.phrases import spoken
from app.readiness import readiness
from app.runner import Parts, keep_loaded, run_parts
from app.texts import text
from app.wiring import System
from domain.errors import HaltForPerson

UntilIdle = Annotated[bool, typer.Option("--until-idle", help="没有可做的就结束 / stop when nothing more is to be done")]
log = structlog.get_logger("fenban")


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("collect")(collect)
    app.command("work")(work)
    app.command("relay")(relay)
    app.command("link")(link)


def run(settings: SettingsOption = None, until_idle: UntilIdle = False) -> None:
    """采集、分办、发布、收反馈，一个进程全做。 / Everything in one process."""
    with _stopping(settings) as system:
        if until_idle:
            _run(system, Parts(), until_idle=True)
            return
        with _health(system):
            _run(system, Parts(), until_idle=False)


def collect(
    channels: Annotated[list[str] | None, typer.Argument(help="渠道编号，缺省全部 / channel ids, default all")] = None,
    settings: SettingsOption = None,
    until_idle: UntilIdle = False,
) -> None:
    """只采集。 / Collects only."""
    with _stopping(settings) as system:
        known = {channel.id for channel in system.settings.channel}
        unknown = [channel for channel in channels or [] if channel not in known]
        if unknown:
            raise HaltForPerson(f"no channel {', '.join(unknown)} in the settings", remedy=f"known: {', '.join(sorted(known))}")
        _run(
            system,
            Parts(work=False, relay=False, feed=False, remind=False, notify=False, link=False, channels=tuple(channels or ())),
            until_idle=until_idle,
        )


def work(settings: SettingsOption = None, until_idle: UntilIdle = False) -> None:
    """只分办：甄别、并件、建议、决定，并催办。 / Screens, joins, suggests and decides, and reminds of deadlines."""
    with _stopping(settings) as system:
        _run(system, Parts(collect=False, relay=False, feed=False, notify=False, link=False), until_idle=until_idle)


def relay(settings: SettingsOption = None, until_idle: UntilIdle = False) -> None:
    """只发布到主题并收反馈。 / Publishes to the topics and takes feedback only."""
    with _stopping(settings) as system:
        _run(system, Parts(collect=False, work=False, remind=False, notify=False, link=False), until_idle=until_idle)


def link(settings: SettingsOption = None, until_idle: UntilIdle = False) -> None:
    """只找不同来信人的相似来信，并告知承办单位。 / Links letters of different persons that say the same, and tells their units."""
    with _stopping(settings) as system:
        alone = Parts(collect=False, work=False, relay=False, feed=False, remind=False, notify=False)
        _run(system, alone, until_idle=until_idle)


def _run(system: System, parts: Parts, *, until_idle: bool) -> None:
    problems = system.problems()
    for problem in problems:
        say(spoken(problem))
    if problems:
        raise typer.Exit(WRONG)
    keep_loaded()
    stop = system.stop
    if not until_idle:
        log.info("started", text=text("run.started"))
        run_parts(system, parts, stop, None)
        log.info("stopped", text=text("run.stopped"))
        return
    with _progress() as told:
        failures = run_parts(system, parts, stop, told)
    for failure in failures:
        say(spoken(failure))
    if failures:
        raise typer.Exit(WRONG)
    say(text("run.stopped" if stop.is_set() else "run.idle"))


@contextmanager
def _health(system: System) -> Iterator[None]:
    http = system.settings.http
    watched = system.operations
    made = registry(watched.status, watched.ledger, watched.live)
    with HealthServer(http.host, http.port, lambda: readiness(system), made) as server:
        log.info("health", address=f"http://{http.host}:{server.port}/healthz")
        yield


@contextmanager
def _stopping(settings: Path | None) -> Iterator[System]:
    """The system, which SIGINT or SIGTERM stops: running steps end at their next safe point, and what is still being opened
    begins nothing."""
    with open_system(settings, may_make_store=True) as system, _stop_signals(system.stop):
        yield system


@contextmanager
def _stop_signals(stop: threading.Event) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """A moving line on a terminal, nothing elsewhere."""
    counts: dict[str, int] = {}
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("…", total=None)

        def told(stage: str, n: int) -> None:
            counts[stage] = counts.get(stage, 0) + n
            bar.update(task, description="  ".join(f"{name} {count}" for name, count in counts.items()))

        yield told
