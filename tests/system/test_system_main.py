"""The whole way, from three real channels to the departments' answers and back, and what must hold afterwards."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support import outcome as outcomes
from tests.support.fenban import City
from tests.system.conftest import FULL_RUN, Channels, World

pytestmark = [pytest.mark.timeout(1800), *([pytest.mark.slow] if FULL_RUN else [])]
BUSY_UNITS = 6


@pytest.mark.parametrize("channels", ["embedded", "production"], indirect=True)
def test_every_letter_reaches_its_place_once(world: World, model: Path, channels: Channels, tmp_path: Path) -> None:
    city = channels.city(tmp_path / "city", world.corpus)
    shutil.copytree(model, city.folder / "models")
    written = set(city.folder.rglob("*.toml"))
    city.run("check")
    channels.serve(1)
    city.run("run", "--until-idle")
    first = outcomes.read(city, world.corpus, world.scenario, channels.externals())
    outcomes.check_ledger(city)
    outcomes.check_registered_once(city, world.scenario, first, 1)
    outcomes.check_cases(world.scenario, first, 1)
    outcomes.check_topics(world.corpus, first)

    before = outcomes.check_ledger(city)["lines"][1:]
    city.run("run", "--until-idle")
    assert outcomes.check_ledger(city)["lines"][1:] == before, "a second look at unchanged channels changed something"

    answered = _departments_work(city, world)
    channels.serve(2)
    city.run("run", "--until-idle")
    found = _check_everything(city, world, channels, written)
    _check_feedback_held(city, answered)
    _check_sealed_decision(city, world, found)
    found = _check_everything(city, world, channels, written, sealed_decided=True)
    if city.servers is not None:
        _check_groups(city, found)


def _departments_work(city: City, world: World) -> dict[str, list[str]]:
    """The busiest departments sign, return and complete, twice over, with somebody else's and broken events between."""
    delivered = {unit["code"]: unit["delivered"] for unit in city.run("status", "--json").document()["units"]}
    most = sorted(delivered, key=lambda code: -delivered[code])[:BUSY_UNITS]
    queues = dict(zip(most, city.topics([f"unit.{code}" for code in most]).values(), strict=True))
    busy = sorted(queues, key=lambda code: -len(queues[code]))[:BUSY_UNITS]
    done: dict[str, list[str]] = {"sign": [], "return": [], "complete": []}
    sent: list[list[str]] = []
    for code in busy:
        work = [event["data"]["assignment"] for event in queues[code] if event["type"] == "assigned"]
        events = []
        for place, assignment in enumerate(work[:30]):
            kind = ("sign", "return", "complete")[place % 3]
            done[kind].append(assignment)
            event: dict[str, Any] = {"id": f"{code}-{place}", "type": kind, "assignment": assignment}
            event |= {"reason": "不属我单位职责"} if kind == "return" else {}
            event |= {"reply": "已办理完毕，并电话告知来信人。"} if kind == "complete" else {}
            events.append(json.dumps(event, ensure_ascii=False))
        sent.append(events)
    texts = ["\n".join(events) + "\n" for events in sent]
    commands = [("feedback", code) for code in busy]
    for events, answers in zip(sent, city.all_lines(commands, texts), strict=True):
        assert [answer["id"] for answer in answers] == [json.loads(event)["id"] for event in events]
        assert {answer["outcome"] for answer in answers} <= {"applied"}
    for again in city.all_lines(commands, texts):
        assert {answer["outcome"] for answer in again} <= {"repeated"}
    _other_units_events_are_refused(city, busy, queues)
    return done


def _other_units_events_are_refused(city: City, busy: list[str], queues: dict[str, list[dict[str, Any]]]) -> None:
    mine, other = busy[0], busy[1]
    foreign = queues[other][0]["data"]["assignment"]
    lines = [json.dumps({"id": "x1", "type": "sign", "assignment": foreign}), "no json", json.dumps({"id": "x2", "type": "sign"})]
    said = city.run("feedback", mine, "--json", text="\n".join(lines) + "\n", code=1)
    assert [line["outcome"] for line in said.lines()] == ["rejected"] * 3
    assert all(line["reason"] for line in said.lines())


def _check_everything(
    city: City, world: World, channels: Channels, written: set[Path], *, sealed_decided: bool = False
) -> outcomes.Outcome:
    found = outcomes.read(city, world.corpus, world.scenario, channels.externals(), every_topic=FULL_RUN)
    outcomes.check_ledger(city)
    outcomes.check_registered_once(city, world.scenario, found, 2)
    outcomes.check_topics(world.corpus, found)
    if not sealed_decided:
        outcomes.check_cases(world.scenario, found, 2)
        outcomes.check_accusations(city, world.corpus, world.scenario, found, thorough=FULL_RUN)
    same, compared = outcomes.check_words(world.scenario, found)
    print(f"words kept whole: {same} of {compared}")
    assert same >= 0.97 * compared
    assert city.run("audit", "verify", "--json").document()["intact"] is True
    searched = outcomes.check_secrets(city, list(world.secrets), written)
    print(f"searched {searched / 1e6:.1f} MB for {len(world.secrets)} planted names and numbers")
    quarantined = city.lines("quarantine", "list")
    poison = world.scenario.of_role("poison")
    # A mail that is too large is never fetched whole, so its id is not that of its bytes.
    whole = {channels.externals()[item.ident] for item in poison if item.poison != "too large"}
    assert whole < {row["external_id"] for row in quarantined}
    assert len(quarantined) == len(poison)
    assert all(row["reason"] for row in quarantined)
    return found


def _check_feedback_held(city: City, answered: dict[str, list[str]]) -> None:
    states = {row["id"]: row["state"] for row in city.lines("assignment", "list")}
    for kind, state in (
        ("sign", {"signed", "withdrawn"}),
        ("return", {"returned"}),
        ("complete", {"completed", "sent", "withdrawn"}),
    ):
        for assignment in answered[kind]:
            assert states[assignment] in state, f"{assignment} is {states[assignment]} after {kind}"


def _check_sealed_decision(city: City, world: World, found: outcomes.Outcome) -> None:
    """A sealed matter may be given to a unit that it does not concern, and to no other."""
    item = next(
        item
        for item in world.scenario.of_role("accusation")
        if len(world.corpus.under(world.corpus.unit(item.accused).code)) >= 1
    )
    number = found.of(item).number
    accused = world.corpus.unit(item.accused).code
    under = world.corpus.under(accused)
    for code in sorted(under):
        refused = city.run("review", "decide", number, "--lead", code, code=1)
        assert len(refused.err.strip().splitlines()) == 1
    free = next(unit.code for unit in world.corpus.units if unit.code not in under and unit.level == "city")
    co = city.run("review", "decide", number, "--lead", free, "--co", accused, code=1)
    assert co.err.strip()
    city.run("review", "decide", number, "--lead", free)
    city.run("run", "--until-idle")
    sealed = city.topic(f"sealed.{free}")
    assert [event["data"]["number"] for event in sealed if event["type"] == "assigned"] == [number]
    assert all(number not in str(event) for event in city.topic(f"unit.{free}"))
    for code in under:
        assert all(number not in str(row) for row in city.lines("export", "matters", "--unit", code))


def _check_groups(city: City, found: outcomes.Outcome) -> None:
    """On Kafka a unit's group remembers what was read, and another unit's user is told that it may not read."""
    places = sorted(place for place in found.events if place.startswith("unit."))[:2]
    codes = [place.partition(".")[2] for place in places]
    for place, code in zip(places, codes, strict=True):
        call = ("consume", code, "--user", code, "--group", "system")
        assert {event["id"] for event in city.lines(*call)} == {event["id"] for event in found.events[place]}
        assert city.lines(*call) == []
    refused = city.run("consume", codes[0], "--user", codes[1], code=1)
    assert len(refused.err.strip().splitlines()) == 1
    assert not (city.folder / "data" / "topics.db").exists()
