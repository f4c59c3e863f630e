"""What the demo prints at its end: the ledger, counts per unit, three matters explained, what to try next."""

import json
import os
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

MOST_UNITS, MOST_STEPS = 12, 9
Lines = Callable[..., list[dict[str, Any]]]
Text = Callable[..., str]
STATES = {
    "dispatched": ("已自动交办", "dispatched automatically"),
    "in_review": ("待人工分办（附建议）", "waiting for a person, with suggestions"),
    "sealed_review": ("举报密件，只有专人可见", "accusations, sealed: only a few people see them"),
    "joined": ("同一人重复来信，已并件", "copies, joined to their matter"),
    "held": ("违法内容，暂扣待查", "held: illegal content"),
    "filtered": ("自动回复、外市留言等，已过滤", "filtered: auto-replies, other cities' posts"),
    "out_of_remit": ("不属本市受理，已告知", "not this city's: the sender is told where to turn"),
    "new": ("待处理", "new"),
    "rejected": ("不予受理", "rejected"),
}


def words(chinese: str, english: str) -> str:
    """Chinese unless English is asked for, by the variables that fenban itself reads."""
    asked = os.environ.get("FENBAN_LANG") or os.environ.get("LANG") or "zh"
    return english if asked.lower().startswith("en") else chinese


class Summary:
    """``lines`` runs a fenban command and gives its JSON lines, ``text`` gives what it printed."""

    def __init__(self, lines: Lines, text: Text, units: Path, folder: str) -> None:
        self._lines = lines
        self._text = text
        self._folder = folder
        self._names = {unit["code"]: unit["name"] for unit in tomllib.loads(units.read_text(encoding="utf-8"))["unit"]}

    def show(self, *, first: bool, started: float, ports: dict[str, int]) -> int:
        """Prints the summary; 1 when the ledger shows a difference. Commands that do not need each other run side by side."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            matters_read = pool.submit(self._lines, "export", "matters", "--json")
            ledger_read = pool.submit(self._text, "ledger", "--json")
            ledger_shown = pool.submit(self._text, "ledger")
            matters = [matter for matter in matters_read.result() if not matter.get("sealed")]
            explained = {number: pool.submit(self._text, "explain", number) for number in three_matters(matters)}
            ledger = json.loads(ledger_read.result())
            print(f"\n{ledger_shown.result().rstrip()}")
            self._states(ledger)
            self._units(matters)
            print(f"\n{words('三个事项是怎么走的', 'Three matters explained')}")
            for number, told in explained.items():
                _show_matter(number, told.result())
        self._next(ports)
        done = words("完成", "done") if first else words("完成（沿用上次的库）", "done, on the store of the last time")
        print(f"\n{done}: {time.monotonic() - started:.0f} s")
        differs = [line["name"] for line in ledger["lines"] if line["difference"]]
        if differs:
            print(words(f"台账不平：{'、'.join(differs)}", f"the ledger does not balance: {', '.join(differs)}"))
        return 1 if differs else 0

    def _states(self, ledger: dict[str, Any]) -> None:
        lines = {line["name"]: line["right"] for line in ledger["lines"]}
        print(f"\n{words('来信去向', 'Where the letters went')}")
        for state, count in sorted(lines["registered"].items(), key=lambda entry: -entry[1]):
            if count:
                print(f"  {count:>5}  {words(*STATES.get(state, (state, state)))}")
        unread = words("读不懂的邮件，原样隔离", "mails that cannot be read, quarantined with their bytes")
        print(f"  {lines['captured']['quarantined']:>5}  {unread}")

    def _units(self, matters: list[dict[str, Any]]) -> None:
        """Sealed matters are not counted: who has one is nobody's business."""
        live = Counter(
            part["unit"] for matter in matters for part in matter["assignments"] if part["state"] not in ("withdrawn", "returned")
        )
        print(f"\n{words('各单位收到的事项', 'Matters by unit')} ({words(f'{len(live)} 个单位', f'{len(live)} units')})")
        for unit, count in live.most_common(MOST_UNITS):
            print(f"  {count:>5}  {self._names.get(unit, unit)}  {unit}")
        rest = sum(count for _, count in live.most_common()[MOST_UNITS:])
        if rest:
            print(f"  {rest:>5}  {words('其余单位', 'the others')}")

    def _next(self, ports: dict[str, int]) -> None:
        settings = f"--settings {self._folder}/fenban.toml"
        serve = " ".join(f"--{name}-port {port}" for name, port in ports.items())
        tries = (
            (f"fenban review list {settings}", words("待人工分办的来信和建议单位", "what waits for a person, with suggestions")),
            (f"fenban held list {settings}", words("暂扣的来信", "what is held")),
            (f"fenban quarantine list {settings}", words("读不懂的邮件", "mails that cannot be read")),
            (f"fenban consume heating {settings}", words("供热中心收到的事项", "what the heating centre received")),
            (f"fenban status {settings}", words("渠道、环节、各单位", "channels, stages, units")),
            (f"fenban audit verify {settings}", words("审计链完好", "the audit chain holds")),
            ("make -s ledger-json", words("台账（JSON）", "the ledger as JSON")),
        )
        print(words("接着可以试", "What to try next"))
        width = max(len(command) for command, _ in tries)
        for command, why in tries:
            prefix = "" if command.startswith("make") else ".venv/bin/"
            print(f"  {prefix}{command:<{width}}  {why}")
        print(f"  {words('再开出这座城市', 'Serve the city again')}:")
        print(
            f"  .venv/bin/python deploy/sample-city/serve.py --advanced --password-file {self._folder}/keys/mailbox-password {serve}"
        )


def _show_matter(number: str, told: str) -> None:
    lines = told.rstrip().splitlines()
    print("\n".join(f"  {line}" for line in lines[:MOST_STEPS]))
    if len(lines) > MOST_STEPS:
        more = words(f"……还有 {len(lines) - MOST_STEPS} 行", f"… {len(lines) - MOST_STEPS} more lines")
        print(f"  {more}: fenban explain {number}")
    print()


def three_matters(matters: list[dict[str, Any]]) -> list[str]:
    """One decided by the rule of an emergency, one with several letters of one person, one that the model decided."""
    tests: tuple[Callable[[dict[str, Any]], bool], ...] = (
        lambda matter: (matter["decision"] or {}).get("urgency") == "urgent",
        lambda matter: len(matter["messages"]) > 1 or any(message["version"] > 1 for message in matter["messages"]),
        lambda matter: (matter["decision"] or {}).get("rule") == "model" and bool((matter["decision"] or {}).get("lead")),
        lambda matter: bool(matter["assignments"]),
    )
    chosen: list[str] = []
    for test in tests:
        found = next((matter["number"] for matter in matters if matter["number"] not in chosen and test(matter)), None)
        if found is not None and len(chosen) < 3:
            chosen.append(found)
    return chosen
