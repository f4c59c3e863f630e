"""``python -m tests.bench.servers``: the pipeline, the relay, the feed, a letter's wait and growth on PostgreSQL and Kafka.

Runs only where both servers of ``make services`` run. Each run is a process of its own on a database of its own; runs take
turns and medians are compared. The broker's and the database's work is done by the same cores.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import on_servers
from tests.bench.filled import fill
from tests.bench.messages import messages
from tests.bench.visible import LEAST_HERE, waits
from tests.bench.world import TRAINING, make_world

MESSAGES, PLAIN_MESSAGES, SENT_MESSAGES = 10_000, 3_000, 8_000
SHORT_MESSAGES = 300
VISIBLE_SECONDS = 30
GROWN_FROM, GROWN_TO, GROWTH_MEASURED = 10_000, 1_000_000, 5_000
ROUNDS = 3
SEED = 20_261_125


def server_figures(world: Path, folder: Path, rounds: int, training: int, *, growth: bool = True) -> list[dict[str, Any]]:
    """Rows for bench.json; none, and a line saying so, where a server does not run. ``growth``: the run to a million too."""
    if absent := on_servers.missing():
        _say(f"no figures on servers: {' and '.join(absent)} not running → make services")
        return []
    bench = ServerBench(world, folder, training)
    return [*bench.pipeline(rounds), *bench.relay_and_feed(rounds), bench.visible(), *([bench.growth()] if growth else [])]


def check_on_servers(world: Path, folder: Path, training: int) -> int:
    """How many results are wrong, each told; no time is ever judged. 0, and a line saying so, where a server does not run."""
    if absent := on_servers.missing():
        _say(f"not checked on servers: {' and '.join(absent)} not running → make services")
        return 0
    from tests.bench.check_on_servers import wrong_on_servers

    problems: list[str] = []
    bench = ServerBench(world, folder, training)
    with on_servers.server_run(world, folder / "served") as run:
        delivered = bench.two_workers(run.folder, SHORT_MESSAGES)[1]
        problems += wrong_on_servers(run, SHORT_MESSAGES, delivered)
    for peer in ("plain", "limit"):
        with on_servers.server_run(world, folder / "served") as run:
            done = bench.told(peer, run.folder, SHORT_MESSAGES)
            if done["handled"] != SHORT_MESSAGES or not done["delivered"]:
                problems.append(f"{peer}: handled {done['handled']} of {SHORT_MESSAGES}, delivered {done['delivered']}")
    with on_servers.server_run(world, folder / "served") as run:
        said = bench.told("relay_and_feed", run.folder, SHORT_MESSAGES)
        problems += said["wrong"]
        if not said["events"] or (said["waiting"], said["events"]) != (said["delivered"], said["taken"]):
            problems.append(f"relay and feed: {said}")
    for problem in problems:
        print(f"wrong on servers: {problem}")
    print(f"benchmark on servers, short: {SHORT_MESSAGES} messages, {len(problems)} wrong results")
    return len(problems)


class ServerBench:
    def __init__(self, world: Path, folder: Path, training: int) -> None:
        self.world = world
        self.folder = folder
        self.training = training

    def pipeline(self, rounds: int) -> list[dict[str, Any]]:
        rates: dict[str, list[float]] = {"ours": [], "plain": [], "limit": [], "two": []}
        for place in range(rounds):
            for what, found in rates.items():
                count = PLAIN_MESSAGES if what == "plain" else MESSAGES
                with on_servers.server_run(self.world, self.folder / "served") as run:
                    seconds = (
                        self.two_workers(run.folder, count)[0] if what == "two" else self.told(what, run.folder, count)["seconds"]
                    )
                found.append(count / seconds)
                _say(f"round {place + 1} on servers {what:6} {found[-1]:8.0f} messages/s  (load {os.getloadavg()[0]:.1f})")
        ours, plain, limit, two = (statistics.median(found) for found in rates.values())
        where = "pipeline on PostgreSQL and Kafka"
        return [
            _figure(f"{where}, one worker, beside plain", ours, "messages/s", "tests/bench/plain_on_servers.py", plain, 3.0),
            _figure(f"{where}, one worker, beside the limit", ours, "messages/s", "tests/bench/limit_on_servers.py", limit, 0.5),
            _figure(f"{where}, two workers, beside plain", two, "messages/s", "tests/bench/plain_on_servers.py", plain, 3.0),
            _figure(f"{where}, two workers, beside the limit", two, "messages/s", "tests/bench/limit_on_servers.py", limit, 0.5),
        ]

    def relay_and_feed(self, rounds: int, count: int = SENT_MESSAGES) -> list[dict[str, Any]]:
        results = []
        for place in range(rounds):
            with on_servers.server_run(self.world, self.folder / "served") as run:
                results.append(self.told("relay_and_feed", run.folder, count))
            relay, feed = results[-1]["relay"], results[-1]["feed"]
            _say(f"round {place + 1} relay {relay:.0f} records/s, feed {feed:.0f} events/s  (load {os.getloadavg()[0]:.1f})")
        relay, feed = (statistics.median(result[name] for result in results) for name in ("relay", "feed"))
        return [
            _figure("relay alone: outbox to Kafka, settled", relay, "records/s", "asked for", 10_000, 1.0),
            _figure("feedback applied", feed, "events/s", "asked for", 3_000, 1.0),
        ]

    def visible(self) -> dict[str, Any]:
        """The longest of 99 in a hundred waits; less is better."""
        with on_servers.server_run(self.world, self.folder / "served") as run:
            result = waits(run.folder, VISIBLE_SECONDS)
        found = result["waits"]
        if len(found) < LEAST_HERE * result["shown"]:
            raise SystemExit(f"only {len(found)} of {result['shown']} letters came to the topics")
        slow = found[int(len(found) * 0.99)]
        _say(f"visible to topic: median {found[len(found) // 2]:.2f} s, p99 {slow:.2f} s  (load {os.getloadavg()[0]:.1f})")
        return _allowed("visible upstream to on the topic, beyond the poll interval, p99", slow, "s", 1.0)

    def growth(self) -> dict[str, Any]:
        """What a message costs with a million stored beside what it costs with ten thousand; less is better.

        The two databases are measured in turn, so that what else the machine does falls on both alike.
        """
        with (
            on_servers.server_run(self.world, self.folder / "few") as few,
            on_servers.server_run(self.world, self.folder / "many", topics=False) as many,
        ):
            for run in (few, many):
                self.told("ours", run.folder, GROWN_FROM)
            fill(many.url, GROWN_FROM, GROWN_TO)
            fill(few.url, GROWN_FROM, GROWN_FROM)
            costs: dict[str, list[float]] = {few.url: [], many.url: []}
            for turn in range(ROUNDS):
                for run in (few, many):
                    first = GROWN_TO + turn * GROWTH_MEASURED
                    took = self.told("ours", run.folder, GROWTH_MEASURED, first=first)["seconds"]
                    costs[run.url].append(took / GROWTH_MEASURED * 1e6)
                    _say(f"cost with {'few' if run is few else 'many'} stored: {costs[run.url][-1]:.0f} µs a message")
            ratio = statistics.median(costs[many.url]) / statistics.median(costs[few.url])
        return _allowed(f"cost at {GROWN_TO:,} messages stored on PostgreSQL over that at {GROWN_FROM:,}", ratio, "times", 1.3)

    def two_workers(self, folder: Path, count: int) -> tuple[float, int]:
        """Seconds of the slower one, and how many records both delivered."""
        half = count // 2
        running = [self.start("ours", folder, half, worker=f"{which}/2", first=which * half) for which in (0, 1)]
        results = [_result(process) for process in running]
        return max(result["seconds"] for result in results), sum(result["delivered"] for result in results)

    def told(self, what: str, folder: Path, count: int, first: int = 0) -> dict[str, Any]:
        return _result(self.start(what, folder, count, first=first))

    def start(self, what: str, folder: Path, count: int, *, worker: str = "0/1", first: int = 0) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.bench.servers", "--child", what, "--folder", str(folder), "--count", str(count)]
        command += ["--worker", worker, "--first", str(first), "--training", str(self.training)]
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | one_thread)


def _result(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit("a run of the benchmark failed: its message stands above")
    answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return answer


def _child(arguments: argparse.Namespace) -> dict[str, Any]:
    captures = list(messages(arguments.count, SEED + arguments.first, arguments.first))
    which, _, of = arguments.worker.partition("/")
    runs: dict[str, Callable[[], dict[str, Any]]] = {
        "ours": lambda: _ours(arguments.folder, captures, (int(which), int(of))),
        "plain": lambda: _plain(arguments.folder, captures, arguments.training),
        "limit": lambda: _limit(arguments.folder, captures),
        "relay_and_feed": lambda: _relay_and_feed(arguments.folder, captures),
    }
    return runs[arguments.child]()


def _ours(folder: Path, captures: list[bytes], worker_of: tuple[int, int]) -> dict[str, Any]:
    from tests.bench.ours import run

    return run(folder, captures, worker_of=worker_of)


def _plain(folder: Path, captures: list[bytes], training: int) -> dict[str, Any]:
    from tests.bench.plain_on_servers import run

    return run(folder, captures, training)


def _limit(folder: Path, captures: list[bytes]) -> dict[str, Any]:
    from tests.bench.limit_on_servers import run

    return run(folder, captures)


def _relay_and_feed(folder: Path, captures: list[bytes]) -> dict[str, Any]:
    from tests.bench.relay_and_feed import run

    return run(folder, captures)


def _figure(name: str, value: float, unit: str, peer: str, peer_value: float, goal: float) -> dict[str, Any]:
    figure: dict[str, Any] = {"figure": name, "value": round(value, 1), "unit": unit, "peer": peer}
    return figure | {"peer_value": round(peer_value, 1), "ratio": round(value / peer_value, 3), "goal": goal}


def _allowed(name: str, value: float, unit: str, allowed: float) -> dict[str, Any]:
    figure: dict[str, Any] = {"figure": name, "value": round(value, 3), "unit": unit, "peer": "allowed", "peer_value": allowed}
    return figure | {"ratio": round(allowed / value, 3), "goal": 1.0}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--no-growth", action="store_true", help="leaves the run to a million stored messages out")
    for name in ("child", "folder"):
        parser.add_argument(f"--{name}", type=Path if name == "folder" else str, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--worker", default="0/1", help=argparse.SUPPRESS)
    parser.add_argument("--training", type=int, default=TRAINING, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(_child(arguments)))
        return 0
    with tempfile.TemporaryDirectory(prefix="fenban-bench-") as name:
        world = Path(name) / "world"
        make_world(world, arguments.training)
        for figure in server_figures(world, Path(name), arguments.rounds, arguments.training, growth=not arguments.no_growth):
            print(json.dumps(figure, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
