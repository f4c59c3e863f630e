"""What it costs the pipeline that somebody keeps the operations page open.

The pipeline works a backlog; in every other window a signed-in person's browser asks a console process for the page, its live
part and its charts as often as the page's script does. Told is the processor time that the console and its sessions in the
database take for it, as a share of all cores: what else the machine does meanwhile makes that no larger. How many messages a
second went through is told beside it, as the smaller of two noises.
"""

import os
import re
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg

from app.console.guard import COOKIE

PIECE = 5_000
ALLOWED_PERCENT = 2.0
SESSIONS = "fenban-console"
"""The name of the console's sessions, so that they are told from the pipeline's."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """A console process, the database it reads, and somebody signed in to it."""

    base: str
    process: int
    database: str
    cookie: str


@dataclass(slots=True)
class Window:
    """``percent`` of all cores; ``rates`` in messages a second."""

    percent: float = 0.0
    refreshes: int = 0
    rates: list[float] = field(default_factory=list)


def watched_figure(
    served: Served, work: Callable[[int, int], float], *, first: int, rounds: int, seconds: float
) -> dict[str, Any]:
    """A row for bench.json. ``work`` takes so many messages from the so manieth on to their topics and tells its seconds."""
    places = count(first, PIECE)
    windows: dict[bool, list[Window]] = {False: [], True: []}
    with _person(served):
        pass
    for turn in range(rounds):
        for seen in (False, True):
            window = _window(served, lambda: work(PIECE, next(places)), seen=seen, seconds=seconds)
            windows[seen].append(window)
            _say(
                f"round {turn + 1} {'seen' if seen else 'unseen':7} console and its sessions {window.percent:5.2f} % of all cores, "
                f"{statistics.median(window.rates):6.0f} messages/s, {window.refreshes} refreshes"
            )
    alone, watched = (statistics.median(window.percent for window in windows[which]) for which in (False, True))
    percent = max(watched - alone, 0.01)
    return {
        "figure": "operations page kept open: processor time of console and database for it",
        "value": round(percent, 2),
        "unit": "% of all cores",
        "peer": "allowed",
        "peer_value": ALLOWED_PERCENT,
        "ratio": round(ALLOWED_PERCENT / percent, 3),
        "goal": 1.0,
    }


def _window(served: Served, work: Callable[[], float], *, seen: bool, seconds: float) -> Window:
    window = Window()
    before, began = _spent(served), time.monotonic()
    with _person(served) if seen else _nobody() as asked:
        while time.monotonic() < began + seconds:
            window.rates.append(PIECE / work())
        window.refreshes = len(asked)
    took = time.monotonic() - began
    cores = os.cpu_count() or 1
    window.percent = 100 * (_spent(served) - before) / took / cores
    return window


@contextmanager
def _nobody() -> Iterator[list[str]]:
    yield []


@contextmanager
def _person(served: Served) -> Iterator[list[str]]:
    """Has the page open until the end; what was asked for."""
    asked: list[str] = []
    done = threading.Event()
    look, draw = _intervals()
    with httpx.Client(base_url=served.base, headers={"Cookie": f"{COOKIE}={served.cookie}"}, timeout=60) as client:

        def ask(path: str, **headers: str) -> None:
            answer = client.get(path, headers=headers)
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}")
            asked.append(path)

        def watch() -> None:
            drawn = time.monotonic()
            while not done.wait(look):
                ask("/operations/live", **{"HX-Request": "true"})
                if time.monotonic() > drawn + draw:
                    drawn += draw
                    ask("/api/operations")

        ask("/operations")
        ask("/api/operations")
        person = threading.Thread(target=watch)
        person.start()
        try:
            yield asked
        finally:
            done.set()
            person.join()


def _intervals() -> tuple[float, float]:
    """Seconds between two looks and between two drawings, as the page's script has them."""
    script = files("app.console").joinpath("static", "operations.js").read_text(encoding="utf-8")
    found = re.search(r"LOOK = (\d+), DRAW = (\d+)", script)
    assert found is not None
    return int(found[1]) / 1000, int(found[2]) / 1000


def _spent(served: Served) -> float:
    """Seconds of processor time so far, of the console and of its sessions that are there now."""
    with psycopg.connect(served.database, autocommit=True) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
        sessions = [int(row[0]) for row in connection.execute(query, (SESSIONS,))]
    return sum(map(_ticks, [served.process, *sessions])) / _TICKS


def _ticks(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
