"""``python -m tests.bench.run [--short] [--out bench.json]``: the pipeline beside the same work done plainly and the limit.

Each run is a process of its own on a fresh copy of one world. Ours and the peers' take turns, and medians are compared.
``--short`` runs a few hundred messages and fails on wrong results, never on a time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.messages import messages
from tests.bench.world import TRAINING, fresh, make_world

MESSAGES = 20_000
PLAIN_MESSAGES = 4_000
SHORT_MESSAGES, SHORT_TRAINING = 600, 800
ROUNDS = 3
GROWTH = (10_000, 200_000)
GROWTH_MEASURED = 5_000
SEED = 20_261_122


def main() -> int:
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(_child(arguments)))
        return 0
    from tests.bench.channels import channel_figures
    from tests.bench.console import console_figures
    from tests.bench.servers import check_on_servers, server_figures

    with tempfile.TemporaryDirectory(prefix="fenban-bench-", dir=arguments.folder) as name:
        bench = Bench(Path(name), training=SHORT_TRAINING if arguments.short else TRAINING)
        if arguments.short:
            from tests.bench.check import check

            wrong = check(bench, SHORT_MESSAGES) + check_on_servers(bench.world, bench.folder, bench.training)
            channel_figures(bench.folder, 1, short=True)
            return 1 if wrong else 0
        figures = bench.figures(arguments.rounds, growth=not arguments.no_growth)
        figures += channel_figures(bench.folder, arguments.rounds)
        growth = not arguments.no_growth
        figures += server_figures(bench.world, bench.folder, arguments.rounds, bench.training, growth=growth)
        figures += console_figures(bench.world, bench.folder, arguments.rounds) if growth else []
    arguments.out.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for figure in figures:
        _tell(figure)
    print(f"→ {arguments.out}")
    return 0


class Bench:
    """``folder`` is emptied by the caller; every run takes a copy of the world in it."""

    def __init__(self, folder: Path, training: int) -> None:
        self.folder = folder
        self.training = training
        self.world = folder / "world"
        _say(f"training on {training} synthetic letters …")
        make_world(self.world, training)

    def run(self, what: str, count: int, *, worker: str = "0/1", folder: Path | None = None, first: int = 0) -> dict[str, Any]:
        """One child process; its result."""
        process = self.start(what, count, worker=worker, folder=folder, first=first)
        return self.result(process)

    def start(
        self, what: str, count: int, *, worker: str = "0/1", folder: Path | None = None, first: int = 0
    ) -> "subprocess.Popen[str]":
        target = folder or fresh(self.world, self.folder / "run")
        command = [sys.executable, "-m", "tests.bench.run", "--child", what, "--folder", str(target), "--count", str(count)]
        command += ["--worker", worker, "--first", str(first), "--training", str(self.training)]
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | one_thread)

    @staticmethod
    def result(process: "subprocess.Popen[str]") -> dict[str, Any]:
        out, _ = process.communicate()
        if process.returncode != 0:
            raise SystemExit("a run of the benchmark failed: its message stands above")
        answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
        return answer

    def figures(self, rounds: int, *, growth: bool) -> list[dict[str, Any]]:
        rates: dict[str, list[float]] = {"ours": [], "beside": [], "plain": [], "limit": [], "two": []}
        megabytes, stages = 0.0, {}
        for place in range(rounds):
            for what in ("ours", "beside", "plain", "limit"):
                count = PLAIN_MESSAGES if what == "plain" else MESSAGES
                result = self.run(what, count)
                rates[what].append(count / result["seconds"])
                _say(
                    f"round {place + 1} {what:6} {rates[what][-1]:8.0f} messages/s  {result['megabytes']:.0f} MB  {result['stages']}"
                )
                if what == "ours":
                    megabytes, stages = max(megabytes, result["megabytes"]), result["stages"]
            rates["two"].append(self._two_workers())
            _say(f"round {place + 1} two    {rates['two'][-1]:8.0f} messages/s")
        ours, beside, plain, limit, two = (statistics.median(rates[name]) for name in rates)
        figures = [
            _figure("pipeline, one worker, beside plain", ours, "messages/s", "tests/bench/plain.py", plain, 3.0),
            _figure("pipeline, one worker, beside the limit", ours, "messages/s", "tests/bench/limit.py", limit, 0.5),
            _figure("pipeline, two workers, beside one", two, "messages/s", "fenban, one worker", ours),
            _figure("pipeline on a backlog, with linker, index, drift, shadow", beside, "messages/s", "fenban, without", ours),
            {"figure": "memory of one worker process, largest", "value": round(megabytes), "unit": "MB"},
            *(
                {"figure": f"share of time: {name}", "value": round(spent / sum(stages.values()), 3), "unit": "of 1"}
                for name, spent in stages.items()
            ),
            self._deadlines(),
        ]
        return [*figures, *([self._growth()] if growth else [])]

    def _two_workers(self) -> float:
        folder = fresh(self.world, self.folder / "run")
        processes = [
            self.start("ours", MESSAGES // 2, worker=f"{which}/2", folder=folder, first=which * MESSAGES // 2) for which in (0, 1)
        ]
        results = [self.result(process) for process in processes]
        # The slower one's own clock: starting Python is not the pipeline.
        slowest: float = max(result["seconds"] for result in results)
        return MESSAGES / slowest

    def _growth(self) -> dict[str, Any]:
        """What a message costs with many stored beside what it costs with few; less is better."""
        folder = fresh(self.world, self.folder / "grown")
        stored, costs = 0, []
        for level in GROWTH:
            filled = self.run("ours", level - stored, folder=folder, first=stored)
            _say(f"filled to {level}: {(level - stored) / filled['seconds']:.0f} messages/s")
            measured = []
            stored = level
            for _ in range(ROUNDS):
                result = self.run("ours", GROWTH_MEASURED, folder=folder, first=stored)
                measured.append(result["seconds"] / GROWTH_MEASURED * 1e6)
                stored += GROWTH_MEASURED
            costs.append(statistics.median(measured))
            _say(f"cost at {level} stored: {costs[-1]:.0f} µs a message")
        ratio = costs[1] / costs[0]
        name = f"cost at {GROWTH[1]:,} stored messages over that at {GROWTH[0]:,}"
        allowed = 1.3
        return {
            "figure": name,
            "value": round(ratio, 3),
            "unit": "times",
            "peer": "allowed",
            "peer_value": allowed,
            "ratio": round(allowed / ratio, 3),
            "goal": 1.0,
        }

    def _deadlines(self) -> dict[str, Any]:
        result = self.run("deadlines", 20_000)
        return _figure("deadlines counted", result["ours"], "deadlines/s", "a loop over chinese_calendar", result["plain"], 1.0)


def _figure(name: str, value: float, unit: str, peer: str, peer_value: float, goal: float | None = None) -> dict[str, Any]:
    figure: dict[str, Any] = {"figure": name, "value": round(value, 1), "unit": unit, "peer": peer}
    figure |= {"peer_value": round(peer_value, 1), "ratio": round(value / peer_value, 3)}
    return figure | ({"goal": goal} if goal is not None else {})


def _child(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.child == "deadlines":
        from tests.bench.deadlines import run as run_deadlines

        return run_deadlines(arguments.count)
    # The seed depends on where the messages begin, so that no two runs on one store bring the same ones.
    captures = list(messages(arguments.count, SEED + arguments.first, arguments.first))
    if arguments.child in ("ours", "beside"):
        from tests.bench.ours import run as run_ours

        which, _, of = arguments.worker.partition("/")
        beside = SHORT_TRAINING if arguments.child == "beside" else 0
        return run_ours(arguments.folder, captures, worker_of=(int(which), int(of)), beside=beside)
    if arguments.child == "plain":
        from tests.bench.plain import run as run_plain

        return run_plain(arguments.folder, captures, arguments.training)
    from tests.bench.limit import run as run_limit

    return run_limit(arguments.folder, captures)


def _tell(figure: dict[str, Any]) -> None:
    line = f"{figure['figure']:58} {figure['value']:>10} {figure['unit']}"
    if "ratio" in figure:
        line += f"  ({figure['peer']}: {figure['peer_value']}, ratio {figure['ratio']}"
        line += f", goal {figure['goal']})" if "goal" in figure else ")"
    print(line)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a few hundred messages; checks results, not times")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--no-growth",
        action="store_true",
        help="leaves the runs to 200,000 and, on PostgreSQL, a million stored messages out, and the console",
    )
    parser.add_argument("--folder", type=Path, help="where the stores lie; default: the system's folder for such files")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--worker", default="0/1", help=argparse.SUPPRESS)
    parser.add_argument("--training", type=int, default=TRAINING, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
