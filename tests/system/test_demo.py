"""``make demo``, twice: what was planted in the sample city's letters ends where it must, and nothing is done twice."""

import csv
import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.accounts import Role
from tests.support.console import Person

ROOT = Path(__file__).parents[2]
CITY = ROOT / "deploy" / "sample-city"
FENBAN = Path(sys.executable).with_name("fenban")
DEMO_SECONDS = 600
LIVE_LETTERS = 600
FILTERED = {"elsewhere", "auto-reply", "bounce", "list", "own"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What two demos in one folder left: what each printed, and the matters after each."""

    folder: Path
    first: str
    second: str
    matters: list[dict[str, Any]]
    matters_again: list[dict[str, Any]]

    def registered(self, printed: str) -> str:
        return next(line.strip() for line in printed.splitlines() if line.strip().startswith("已登记"))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("demo")
    first = run_demo(folder)
    matters = exported(folder)
    second = run_demo(folder)
    return Shown(folder, first, second, matters, exported(folder))


@pytest.fixture(scope="module")
def truth() -> dict[tuple[str, str], dict[str, str]]:
    with (CITY / "truth.csv").open(encoding="utf-8") as file:
        return {(row["channel"], row["external_id"]): row for row in csv.DictReader(file)}


def test_every_letter_is_registered_once_or_quarantined(shown: Shown, truth: dict[tuple[str, str], dict[str, str]]) -> None:
    registered = Counter((message["channel"], message["external_id"]) for message in messages(shown.matters))
    assert set(registered.values()) == {1}
    missing = [row["case"] for key, row in truth.items() if key not in registered]
    assert set(missing) == {"unreadable"}
    assert len(registered) + len(missing) == LIVE_LETTERS
    assert set(registered) <= set(truth)


def test_what_was_planted_ends_where_it_must(shown: Shown, truth: dict[tuple[str, str], dict[str, str]]) -> None:
    states: dict[str, Counter[str]] = {}
    for message in messages(shown.matters):
        row = truth[message["channel"], message["external_id"]]
        states.setdefault(row["case"], Counter())[message["state"]] += 1
        if row["revised"]:
            assert message["version"] == 2, row["key"]
    assert set(states["accusation"]) == {"sealed_review"}
    assert set(states["illegal"]) == {"held"}
    assert {state for case in FILTERED for state in states[case]} == {"filtered"}
    assert states["out-of-remit"]["out_of_remit"] >= 2
    assert states["urgent"]["dispatched"] >= 2
    assert states["odd"].keys() <= {"dispatched", "in_review"}
    assert states["vague"]["dispatched"] == 0
    everything: Counter[str] = sum(states.values(), Counter())
    assert everything["dispatched"] >= LIVE_LETTERS / 2
    assert everything["in_review"] >= 20


def test_copies_are_in_their_matter_and_repeats_are_not(shown: Shown, truth: dict[tuple[str, str], dict[str, str]]) -> None:
    keys = {row["key"]: key for key, row in truth.items()}
    matter_of = {(one["channel"], one["external_id"]): matter for matter in shown.matters for one in matter["messages"]}
    for key, row in truth.items():
        if not row["original"]:
            continue
        matter, original = matter_of[key], matter_of[keys[row["original"]]]
        sealed = matter["sealed"] or original["sealed"]
        joined = matter["number"] == original["number"]
        assert sealed or joined == (row["case"] in ("copy", "near-copy")), row["key"]


def test_no_accused_unit_holds_its_accusation(shown: Shown, truth: dict[tuple[str, str], dict[str, str]]) -> None:
    parents = {unit["code"]: unit.get("parent") for unit in tomllib.loads((CITY / "units.toml").read_text("utf-8"))["unit"]}
    for matter in shown.matters:
        accused = {code for one in matter["messages"] for code in truth[one["channel"], one["external_id"]]["accused"].split()}
        for part in matter["assignments"]:
            unit = part["unit"]
            while unit:
                assert unit not in accused
                unit = parents[unit]


def test_the_second_demo_does_nothing_twice(shown: Shown) -> None:
    assert shown.registered(shown.first) == shown.registered(shown.second)
    assert shown.matters == shown.matters_again
    assert "≠" not in shown.first + shown.second


def test_departments_signed_completed_and_returned(shown: Shown) -> None:
    states = Counter(part["state"] for matter in shown.matters for part in matter["assignments"])
    assert states["signed"] >= 2
    assert states["completed"] >= 2
    assert states["returned"] >= 2


def test_no_sender_is_found_in_what_the_demo_printed_or_wrote(shown: Shown) -> None:
    sys.path.insert(0, str(CITY))
    try:
        items = import_module("city.live").Live().items()
    finally:
        sys.path.remove(str(CITY))
        for name in [name for name in sys.modules if name == "city" or name.startswith("city.")]:
            del sys.modules[name]
    private = (
        {item.sender.phone for item in items} | {item.sender.email for item in items} | {item.sender.id_number for item in items}
    )
    written = [path.read_bytes() for path in shown.folder.rglob("*") if path.is_file()]
    haystack = b"\n".join((*written, shown.first.encode(), shown.second.encode()))
    assert [value for value in sorted(private) if value.encode() in haystack] == []


def test_without_a_terminal_it_says_how_the_console_is_opened(shown: Shown) -> None:
    for printed in (shown.first, shown.second):
        assert f"fenban console --demo --settings {shown.folder}/fenban.toml" in printed
        assert "/sign-in/link/" not in printed


def test_in_a_terminal_it_ends_with_links_and_stays_until_ctrl_c(shown: Shown) -> None:
    """A link of each role opens that role's first page; Ctrl-C ends everything that was started."""
    with in_a_terminal(shown.folder) as (process, read):
        printed = read(until=lambda text: text.count("/sign-in/link/") == len(Role) and "控制台：" in text)
        links = re.findall(r"http://127\.0\.0\.1:\d+/sign-in/link/[\w-]+", printed)
        assert len(set(links)) == len(Role)
        for link in links:
            person = Person(link.partition("/sign-in/")[0])
            answer = signed_in_by(person, link)
            page = person.get(answer.headers["location"])
            page = person.get(page.headers["location"]) if page.status_code == 303 else page
            assert page.status_code == 200, (page.url, read(until=lambda text: len(text) > len(printed)))
            assert person.post(link.removeprefix(person.base)).status_code == 401, "a link works once"
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        read(until=lambda _: process.poll() is not None)
    assert process.returncode == 0
    with pytest.raises(httpx.TransportError):
        person.get("/sign-in")
    assert matters_are_one(shown)


def test_two_demos_in_one_folder_are_refused_in_one_line(shown: Shown) -> None:
    with (shown.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(demo_command(shown.folder), capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "→" in done.stderr


@contextmanager
def in_a_terminal(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Callable[..., str]]]:
    """The demo with a terminal for all three streams, and a function that reads on until something stands there."""
    ours, its = pty.openpty()
    environment = {**os.environ, "FENBAN_LANG": "zh"}
    process = subprocess.Popen(demo_command(folder), stdin=its, stdout=its, stderr=its, env=environment, start_new_session=True)
    os.close(its)
    seen = bytearray()

    def read(until: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + DEMO_SECONDS
        while not until(text := seen.decode("utf-8", "replace")):
            assert time.monotonic() < deadline, text
            if select.select([ours], [], [], 0.2)[0]:
                with suppress(OSError):
                    seen.extend(os.read(ours, 65536))
        return text

    try:
        yield process, read
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(ours)


def signed_in_by(person: Person, link: str) -> httpx.Response:
    """As soon as the console answers: its address is printed a moment before."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return person.post(link.removeprefix(person.base))
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the console does not answer"
            time.sleep(0.2)


def matters_are_one(shown: Shown) -> bool:
    return {matter["number"] for matter in exported(shown.folder)} == {matter["number"] for matter in shown.matters}


def demo_command(folder: Path) -> list[str]:
    return [sys.executable, str(CITY / "demo.py"), "--folder", str(folder)]


def run_demo(folder: Path) -> str:
    environment = {**os.environ, "FENBAN_LANG": "zh"}
    done = subprocess.run(demo_command(folder), capture_output=True, text=True, env=environment, timeout=DEMO_SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(folder: Path) -> list[dict[str, Any]]:
    command = [str(FENBAN), "export", "matters", "--json", "--settings", str(folder / "fenban.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def messages(matters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for matter in matters for message in matter["messages"]]
