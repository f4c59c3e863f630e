"""kill -9 at named points and at random moments, restarts, two workers at once, Ctrl-C: the same sets at the end."""

import json
import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import outcome as outcomes
from tests.support.fenban import City
from tests.system.conftest import FULL_RUN, SEED, Channels, World

pytestmark = [pytest.mark.timeout(3600), *([pytest.mark.slow] if FULL_RUN else [])]

COLLECTING = (
    "collect.polled:1",
    "register.write:1",
    "register.commit:1",
    "collect.understood:2",
    "collect.acknowledge:1",
    "register.commit:2",
    "collect.acknowledge:2",
    "register.write:2",
    "collect.polled:3",
)
WORKING = (
    "work.claim:1",
    "work.plan:1",
    "work.write:1",
    "work.commit:1",
    "relay.read:1",
    "relay.published:1",
    "relay.settled:1",
    "work.write:2",
    "work.commit:2",
    "relay.published:2",
    "work.claim:2",
    "relay.settled:2",
)
ANSWERING = ("feed.write:1", "feed.write:3")
FEEDING = ("feed.polled:1", "feed.applied:2", "feed.commit:1")
REVISING = ("register.write:1", "register.commit:1", "work.write:1", "relay.published:1")
KILLED = -9
RANDOM_MOMENTS = 40 if FULL_RUN else 4
LONGEST_MOMENT = 8.0 if FULL_RUN else 4.0
ANSWERED_SHARE = 2

assert len(COLLECTING + WORKING + ANSWERING + FEEDING + REVISING) == 30


class Story:
    """One city's way through both servings, with the departments' answers between; ``killed`` on the way or not."""

    def __init__(self, city: City, world: World, channels: Channels) -> None:
        self.city = city
        self.world = world
        self.channels = channels
        self.deaths: list[str] = []

    def die_at(self, *points: str) -> None:
        for point in points:
            said = self.city.run("run", "--until-idle", code=None, env={"FENBAN_FAILPOINT": point})
            assert said.code == KILLED, f"{point} was not passed: exit {said.code}\n{said.err[-1500:]}"
            self.deaths.append(point)

    def die_at_random_moments(self, rng: random.Random, times: int) -> None:
        for _ in range(times):
            running = self.city.start("run", "--until-idle")
            moment = rng.uniform(0.3, LONGEST_MOMENT)
            time.sleep(moment)
            running.kill()
            self.deaths.append(f"{moment:.2f} s")

    def go_on(self) -> None:
        self.city.run("run", "--until-idle")

    def answer(self, *points: str) -> None:
        """Departments answer some of what they got, by letter, so that every story has the same answers."""
        externals = self.channels.externals()
        known = {(item.channel, externals[item.ident]): item for item in self.world.scenario.items if item.ident in externals}
        plans: dict[str, list[str]] = {}
        for row in self.city.lines("export", "matters"):
            first = row["messages"][0]
            item = known[first["channel"], first["external_id"]]
            if item.role != "letter" or item.ident % ANSWERED_SHARE:
                continue
            for part in row["assignments"]:
                plans.setdefault(part["unit"], []).append(_answer(item.ident, part["id"]))
        answering = sorted(plans.items(), key=lambda plan: (-len(plan[1]), plan[0]))
        texts = ["\n".join(lines) + "\n" for _, lines in answering]
        for point, (unit, _), text in zip(points, answering, texts, strict=False):
            said = self.city.run("feedback", unit, "--json", code=None, text=text, env={"FENBAN_FAILPOINT": point})
            assert said.code == KILLED, f"{point} was not passed: {said}"
            self.deaths.append(point)
        for answers in self.city.all_lines([("feedback", unit) for unit, _ in answering], texts):
            outcome = {line["outcome"] for line in answers}
            assert outcome <= {"applied", "repeated"}, outcome

    def read(self) -> outcomes.Outcome:
        return outcomes.read(self.city, self.world.corpus, self.world.scenario, self.channels.externals())

    def check(self) -> tuple[dict[str, set[Any]], dict[str, Any]]:
        found = self.read()
        document = outcomes.check_ledger(self.city)
        outcomes.check_registered_once(self.city, self.world.scenario, found, 2)
        outcomes.check_cases(self.world.scenario, found, 2)
        outcomes.check_topics(self.world.corpus, found)
        assert self.city.run("audit", "verify", "--json").document()["intact"] is True
        ends = {line["name"]: dict(line["right"]) for line in document["lines"] if line["name"] != "listed"}
        # Whether the office was told yet of a unit that stopped depends on when somebody looked; what units got is compared as sets.
        del ends["outbox"]["delivered"]
        return outcomes.sets(found, self.world.scenario), ends


@pytest.mark.parametrize("channels", ["embedded", "production"], indirect=True)
def test_killed_anywhere_and_worked_by_two_it_ends_as_if_nothing_had_happened(
    world: World, model: Path, channels: Channels, tmp_path: Path
) -> None:
    _killed_anywhere(world, model, channels, tmp_path, SEED, RANDOM_MOMENTS)


@pytest.mark.soak
@pytest.mark.parametrize("channels", ["production"], indirect=True)
@pytest.mark.parametrize("seed", range(SEED + 1, SEED + 5))
def test_three_hundred_kills_on_servers(world: World, model: Path, channels: Channels, tmp_path: Path, seed: int) -> None:
    """Four stories of at least 76 kills each."""
    _killed_anywhere(world, model, channels, tmp_path, seed, 46)


def _killed_anywhere(world: World, model: Path, channels: Channels, folder: Path, seed: int, moments: int) -> None:
    rng = random.Random(seed)
    calm, killed, *two = _stories(world, model, channels, folder)
    channels.serve(1)
    calm.go_on()
    killed.die_at(*COLLECTING, *WORKING)
    killed.die_at_random_moments(rng, moments // 2)
    killed.go_on()
    calm.answer()
    killed.answer(*ANSWERING)
    killed.die_at(*FEEDING)
    for story in two:
        _two_at_once(story.city)
        story.answer()
    channels.serve(2)
    calm.go_on()
    killed.die_at(*REVISING)
    killed.die_at_random_moments(rng, moments - moments // 2)
    for story in (killed, *two):
        _two_at_once(story.city)
    print(f"seed {seed}; killed {len(killed.deaths)} times: {', '.join(killed.deaths)}")
    assert len(killed.deaths) >= 30 + moments
    wanted, ends = calm.check()
    for story in (killed, *two):
        found, its_ends = story.check()
        for name, members in wanted.items():
            assert found[name] == members, f"{name}: {sorted(map(str, found[name] ^ members))[:6]}"
        assert its_ends == ends
    written = set(killed.city.folder.rglob("*.toml"))
    outcomes.check_secrets(killed.city, list(world.secrets), written)


def _stories(world: World, model: Path, channels: Channels, folder: Path) -> list[Story]:
    """One undisturbed on embedded defaults, one that will be killed, on servers where there are some, and without servers one
    that two workers share from the start."""
    names = ["calm", "killed", *(["two"] if channels.servers is None else [])]
    cities = [channels.city(folder / name, world.corpus, batch=10, work_batch=8, on_servers=name == "killed") for name in names]
    for city in cities:
        shutil.copytree(model, city.folder / "models")
    return [Story(city, world, channels) for city in cities]


def _two_at_once(city: City) -> None:
    """Collected by one process, relayed by another while two work on it."""
    city.run("collect", "--until-idle")
    relay = city.start("relay")
    workers = [city.start("work", "--until-idle") for _ in range(2)]
    for worker in workers:
        worker.end()
    relay.begun()
    relay.stop(within=5)
    city.run("run", "--until-idle")


def _answer(ident: int, assignment: str) -> str:
    kind = ("sign", "return", "complete")[ident // ANSWERED_SHARE % 3]
    event = {"id": f"answer-{ident}-{assignment.rpartition('.')[2]}", "type": kind, "assignment": assignment}
    event |= {"reason": "不属我单位职责"} if kind == "return" else {}
    event |= {"reply": "已办理完毕。"} if kind == "complete" else {}
    return json.dumps(event, ensure_ascii=False)


def test_ctrl_c_stops_within_five_seconds_and_loses_nothing(
    world: World, model: Path, channels: Channels, tmp_path: Path
) -> None:
    city = channels.city(tmp_path / "city", world.corpus, batch=20, work_batch=32)
    shutil.copytree(model, city.folder / "models")
    channels.serve(1)
    running = city.start("run")
    _until(city, lambda status: sum(channel["captured"] for channel in status["channels"]) > 20)
    running.stop(within=5)
    channels.portal.serving.gate.clear()
    before = channels.portal.serving.count("/zmhd/list")
    waiting = city.start("run")
    end = time.monotonic() + 300
    while channels.portal.serving.requests["/zmhd/list"] == before and time.monotonic() < end:
        time.sleep(0.05)
    waiting.stop(within=5)
    channels.portal.serving.gate.set()
    city.run("run", "--until-idle")
    found = outcomes.read(city, world.corpus, world.scenario, channels.externals())
    outcomes.check_ledger(city)
    outcomes.check_registered_once(city, world.scenario, found, 1)
    outcomes.check_cases(world.scenario, found, 1)
    outcomes.check_topics(world.corpus, found)


def _until(city: City, enough: Any, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        said = city.run("status", "--json", code=None)
        if said.code == 0 and enough(said.document()):
            return
    raise AssertionError("the program did not get as far as it should in time")


def test_a_channel_is_polled_by_one_process_at_a_time(world: World, channels: Channels, tmp_path: Path) -> None:
    city = channels.city(tmp_path / "city", world.corpus)
    channels.serve(1)
    channels.portal.serving.gate.clear()
    first = city.start("collect", "portal", "--until-idle")
    end = time.monotonic() + 300
    while not channels.portal.serving.requests and time.monotonic() < end:
        time.sleep(0.05)
    second = city.run("collect", "portal", "--until-idle", code=1)
    told = [line for line in second.err.splitlines() if line.strip()]
    assert len(told) == 1
    assert "portal" in told[0]
    assert "→" in told[0]
    channels.portal.serving.gate.set()
    first.end()
    third = city.run("collect", "--until-idle")
    assert third.code == 0
    outcomes.check_ledger(city)
