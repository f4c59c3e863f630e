"""``python -m tests.bench.console [--stored 200000] [--users 100] [--seconds 60]``: how long people wait for the console's pages.

A PostgreSQL with many matters, one console process, and signed-in people in another process who open queue, register and
search, reading for a few seconds between two pages. The slowest of the fastest 95 in a hundred answers is told. Afterwards
the pipeline works a backlog there, with and without somebody who keeps the operations page open: ``tests.bench.watched``.
"""

import argparse
import asyncio
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from app.console.accounts import Accounts
from app.console.guard import COOKIE
from app.settings import load_settings
from app.wiring import System
from tests.bench import on_servers
from tests.bench.filled import fill
from tests.bench.messages import messages
from tests.bench.ours import run as run_ours
from tests.bench.servers import ServerBench
from tests.bench.watched import SESSIONS, Served, watched_figure
from tests.bench.world import TRAINING, make_world

MADE = 10_000
STORED, USERS, SECONDS, ROUNDS = 200_000, 100, 60, 3
READING = (2.0, 8.0)
SEED = 20_261_126
WORDS = ("路灯", "停水", "噪音", "公交", "物业", "医保", "垃圾", "占道", "学区", "拖欠")
ALLOWED_MS = 300.0


def console_figures(
    world: Path, folder: Path, rounds: int, *, stored: int = STORED, users: int = USERS, seconds: int = SECONDS
) -> list[dict[str, Any]]:
    """Rows for bench.json; none, and a line saying so, where a server does not run."""
    if absent := on_servers.missing():
        _say(f"no figures of the console: {' and '.join(absent)} not running → make services")
        return []
    bench = ServerBench(world, folder, TRAINING)
    with on_servers.server_run(world, folder / "served") as run:
        run_ours(run.folder, list(messages(MADE, SEED, 0)), worker_of=(0, 1))
        fill(run.url, MADE, stored)
        _index(run.folder)
        with _console(run.folder) as (base, process):
            cookies = _cookies(run.folder, users)
            waits = asyncio.run(_mornings(base, cookies, seconds))
            served = Served(base, process, run.url, cookies[0])
            watched = watched_figure(served, partial(_worked, bench, run.folder), first=stored, rounds=rounds, seconds=seconds)
    return [_waits_figure(waits, stored, users), watched]


def _worked(bench: ServerBench, folder: Path, count: int, first: int) -> float:
    seconds: float = bench.told("ours", folder, count, first=first)["seconds"]
    return seconds


def _waits_figure(waits: dict[str, list[float]], stored: int, users: int) -> dict[str, Any]:
    for name, found in sorted(waits.items()):
        found.sort()
        _say(f"{name:10} {len(found):6} answers  median {_at(found, 0.5):5.0f} ms  p95 {_at(found, 0.95):5.0f} ms")
    everything = sorted(wait for found in waits.values() for wait in found)
    slow = _at(everything, 0.95)
    figure = f"console: {users} signed-in users, {stored:,} matters on PostgreSQL, p95 of queue, register and search"
    return {
        "figure": figure,
        "value": round(slow, 1),
        "unit": "ms",
        "peer": "allowed",
        "peer_value": ALLOWED_MS,
        "ratio": round(ALLOWED_MS / slow, 3),
        "goal": 1.0,
    }


def _index(folder: Path) -> None:
    """What a running city has indexed long ago."""
    from app.search_index import SearchIndexer

    system = System(load_settings(folder / "fenban.toml"))
    indexer = SearchIndexer(system.store, system.clock)
    try:
        while indexer.look():
            pass
    finally:
        indexer.close()
        system.close()


def _cookies(folder: Path, users: int) -> list[str]:
    """A session for each, as after signing in."""
    system = System(load_settings(folder / "fenban.toml"))
    try:
        accounts, cookies = Accounts(system), []
        for place in range(users):
            login = f"user{place}"
            accounts.add(login, "", ["reviewer", "supervisor"], [], "bench", demo=True)
            cookies.append(accounts.sign_in_by_link(accounts.link(login, "bench"), str(place)).token)
        return cookies
    finally:
        system.close()


@contextmanager
def _console(folder: Path) -> Iterator[tuple[str, int]]:
    """Its address and process; its sessions in the database bear a name of their own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    told = (folder / "fenban.toml").read_text(encoding="utf-8")
    named = re.sub(r'(?m)^url = "([^"]*)"', rf'url = "\1?application_name={SESSIONS}"', told)
    settings = folder / "console.toml"
    settings.write_text(f"{named}\n[console]\nport = {port}\n", encoding="utf-8")
    command = [str(Path(sys.executable).with_name("fenban")), "console", "--settings", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{base}/sign-in")
                break
            except httpx.TransportError:
                if time.monotonic() > until or process.poll() is not None:
                    raise SystemExit("the console did not start: its message stands above") from None
                time.sleep(0.2)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(20)


async def _mornings(base: str, cookies: list[str], seconds: int) -> dict[str, list[float]]:
    waits: dict[str, list[float]] = {}
    until = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=len(cookies), max_keepalive_connections=len(cookies))
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        await asyncio.gather(*(_morning(client, base, cookie, place, until, waits) for place, cookie in enumerate(cookies)))
    return waits


async def _morning(
    client: httpx.AsyncClient, base: str, cookie: str, place: int, until: float, waits: dict[str, list[float]]
) -> None:
    chosen = random.Random(SEED + place)
    await asyncio.sleep(chosen.uniform(0, READING[1]))
    while time.monotonic() < until:
        name, path = chosen.choice(
            (
                ("queue", "/review"),
                ("register", "/register"),
                ("search", f"/register?words={quote(chosen.choice(WORDS))}"),
            )
        )
        began = time.perf_counter()
        answer = await client.get(base + path, headers={"Cookie": f"{COOKIE}={cookie}"})
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}")
        waits.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(chosen.uniform(*READING))


def _at(found: list[float], share: float) -> float:
    return found[min(len(found) - 1, int(len(found) * share))]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stored", type=int, default=STORED)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fenban-bench-") as name:
        world = Path(name) / "world"
        make_world(world, TRAINING)
        figures = console_figures(
            world, Path(name), arguments.rounds, stored=arguments.stored, users=arguments.users, seconds=arguments.seconds
        )
        for figure in figures:
            print(json.dumps(figure, ensure_ascii=False))
    return 0 if figures else 1


if __name__ == "__main__":
    sys.exit(main())
