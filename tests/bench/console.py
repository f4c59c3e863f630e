"""``python -m tests.bench.console [--stored 200000] [--users 100] [--seconds 60]``: how long people wait for the console's pages.

A PostgreSQL with many matters, one console process, and signed-in people in another process who open queue, register and
search, reading for a few seconds between two pages. The slowest of the fastest 95 in a hundred answers is told.
"""

import argparse
import asyncio
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
from tests.bench.world import TRAINING, make_world

MADE = 10_000
STORED, USERS, SECONDS = 200_000, 100, 60
READING = (2.0, 8.0)
SEED = 20_261_126
WORDS = ("路灯", "停水", "噪音", "公交", "物业", "医保", "垃圾", "占道", "学区", "拖欠")
ALLOWED_MS = 300.0


def console_figure(world: Path, folder: Path, stored: int, users: int, seconds: int) -> dict[str, Any]:
    """A row for bench.json."""
    with on_servers.server_run(world, folder / "served") as run:
        run_ours(run.folder, list(messages(MADE, SEED, 0)), worker_of=(0, 1))
        fill(run.url, MADE, stored)
        _index(run.folder)
        with _console(run.folder) as base:
            waits = asyncio.run(_mornings(base, _cookies(run.folder, users), seconds))
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
def _console(folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = folder / "fenban.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + f"\n[console]\nport = {port}\n", encoding="utf-8")
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
        yield base
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
    arguments = parser.parse_args()
    if absent := on_servers.missing():
        _say(f"not measured: {' and '.join(absent)} not running → make services")
        return 1
    with tempfile.TemporaryDirectory(prefix="fenban-bench-") as name:
        world = Path(name) / "world"
        make_world(world, TRAINING)
        figure = console_figure(world, Path(name), arguments.stored, arguments.users, arguments.seconds)
        print(json.dumps(figure, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
