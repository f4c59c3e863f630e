"""What must hold of a city after its channels were served: read from the program's faces and from its files."""

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahocorasick_rs import BytesAhoCorasick

from tests.support.corpus import Corpus
from tests.support.fenban import City
from tests.support.scenario import MAIL, Item, Scenario

TOPICS = ("unit", "sealed")
OFFSETS_ONLY = {".index", ".timeindex"}
"""Kafka's own files of numbers, ten megabytes each from the start."""
STOPPED = {"held", "sealed_review"}
_HAN = re.compile("[^\u4e00-\u9fff]")
_REPLACED = re.compile("【[^】]{2,4}】")


@dataclass(frozen=True, slots=True)
class Seen:
    """One message as ``export matters`` shows it."""

    matter: str
    number: str
    version: int
    state: str
    sealed: bool


@dataclass(slots=True)
class Outcome:
    """``by_item`` maps a scenario's item to its message; ``externals`` an item to the id its channel gives it."""

    matters: dict[str, dict[str, Any]]
    by_item: dict[int, Seen]
    events: dict[str, list[dict[str, Any]]]

    def of(self, item: Item) -> Seen:
        return self.by_item[item.ident]


def read(city: City, corpus: Corpus, scenario: Scenario, externals: dict[int, str], *, every_topic: bool = False) -> Outcome:
    """Reads ``export matters`` and the topics that status says are in use, or every unit's. Fails when an item is registered
    twice, or something is that was not served."""
    matters = {row["number"]: row for row in city.lines("export", "matters")}
    known = {(item.channel, externals[item.ident]): item for item in scenario.items if item.ident in externals}
    by_item: dict[int, Seen] = {}
    for number, row in matters.items():
        for message in row["messages"]:
            item = known.get((message["channel"], message["external_id"]))
            assert item is not None, f"registered but never served: {message}"
            assert item.ident not in by_item, f"registered twice: {message}"
            by_item[item.ident] = Seen(number, message["number"], message["version"], message["state"], bool(row["sealed"]))
    return Outcome(matters, by_item, _events(city, corpus, matters, every_topic))


def _events(city: City, corpus: Corpus, matters: dict[str, Any], every_topic: bool) -> dict[str, list[dict[str, Any]]]:
    status = city.run("status", "--json").document()["units"]
    used = {f"unit.{unit['code']}" for unit in status if unit["delivered"]}
    used |= {f"sealed.{part['unit']}" for row in matters.values() if row["sealed"] for part in row["assignments"]}
    if every_topic:
        used |= {f"{topic}.{unit.code}" for topic in TOPICS for unit in corpus.units}
    return city.topics(sorted(used))


def check_registered_once(city: City, scenario: Scenario, outcome: Outcome, serving: int) -> None:
    """Every letter served has exactly one message; numbers have no gaps; status and export agree."""
    wanted = {item.ident for item in scenario.items if item.serving <= serving and not item.poison}
    poisoned = {item.ident for item in scenario.items if item.poison}
    missing = wanted - set(outcome.by_item)
    assert not missing, f"{len(missing)} letters were not registered, first: {scenario.get(min(missing))}"
    assert not set(outcome.by_item) & poisoned, "a poison item was registered"
    running: dict[str, list[int]] = defaultdict(list)
    for seen in outcome.by_item.values():
        day_and_channel, _, number = seen.number.rpartition("-")
        running[day_and_channel].append(int(number))
    # A run past midnight in Shanghai begins a second series; each of them has no gap.
    for series, numbers in running.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), f"{series} has gaps"
    status = city.run("status", "--json").document()
    counted = {channel["id"]: channel for channel in status["channels"]}
    states = Counter(seen.state for seen in outcome.by_item.values())
    stages = {state: count for state, count in status["stages"].items() if count}
    assert stages == dict(states)
    assert status["outbox"]["pending"] == 0
    poison = Counter(item.channel for item in scenario.items if item.poison)
    assert {name: channel["quarantined"] for name, channel in counted.items()} == dict(poison)


def check_ledger(city: City) -> dict[str, Any]:
    """Every line 0."""
    document = city.run("ledger", "--json").document()
    assert [line["name"] for line in document["lines"]] == ["listed", "captured", "registered", "outbox"]
    for line in document["lines"]:
        assert line["difference"] == 0, line
        if line["name"] != "listed":
            assert line["left"] == sum(line["right"].values()), line
    return document


def check_cases(scenario: Scenario, outcome: Outcome, serving: int) -> None:
    """Each planted case stands where it belongs."""
    served = [item for item in scenario.items if item.serving <= serving and not item.poison]
    stopped = 0
    for item in served:
        seen = outcome.of(item)
        assert seen.state != "new", f"{item.ident} was never worked on"
        if item.role == "copy":
            original = outcome.of(scenario.get(item.of or 0))
            told = f"{item} is a copy of {scenario.get(item.of or 0)}: {seen}, {original}"
            if STOPPED & {seen.state, original.state}:
                # A screen stopped the text: then it stopped both, and neither is joined with anything.
                assert seen.state == original.state, told
                assert seen.matter != original.matter, told
                stopped += 1
                continue
            assert seen.matter == original.matter, told
            assert (seen.state == "joined") != (original.state == "joined"), told
        elif item.role == "repeat":
            original = outcome.of(scenario.get(item.of or 0))
            assert seen.matter != original.matter, f"{item} repeats and was joined"
            assert seen.state != "joined"
        elif item.role == "accusation":
            assert seen.state == "sealed_review", f"{item}: {seen}"
            assert seen.sealed
        if item.revised:
            assert seen.version == (2 if serving > 1 else 1), f"{item}: {seen}"
        else:
            assert seen.version == 1, f"{item}: {seen}"
    joined = {item.ident for item in served if outcome.of(item).state == "joined"}
    copies = {item.ident for item in served if item.role == "copy"}
    assert len(joined) == len(copies) - stopped, "something that is nobody's copy was joined"
    letters = [outcome.of(item).state for item in served if item.role == "letter"]
    screened = sum(state in STOPPED for state in letters)
    print(f"{screened} of {len(letters)} ordinary letters were sealed or held by a screen")
    assert screened <= 0.06 * len(letters)
    # Few copies say little of a share: one more may be stopped.
    assert stopped <= 1 + 0.15 * len(copies)


def standing(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a consumer holds after reading a topic: by assignment, repeated ids and lower sequences of a matter dropped."""
    seen: set[str] = set()
    last: dict[str, str] = {}
    held: dict[str, dict[str, Any]] = {}
    for event in events:
        matter = event["subject"]
        if event["id"] in seen or event["sequence"] <= last.get(matter, ""):
            continue
        seen.add(event["id"])
        last[matter] = event["sequence"]
        assignment = event["data"]["assignment"]
        if event["type"] == "recall":
            held.pop(assignment, None)
        else:
            held[assignment] = event["data"]
    return held


def check_topics(corpus: Corpus, outcome: Outcome) -> None:
    """``export matters`` and the topics hold the same assignments, with the same role, deadline and letters."""
    exported: dict[str, dict[str, Any]] = {}
    for row in outcome.matters.values():
        for part in row["assignments"]:
            place = ("sealed." if row["sealed"] else "unit.") + part["unit"]
            exported[part["id"]] = part | {"place": place, "matter": row["number"]}
    held: dict[str, dict[str, Any]] = {}
    for topic, events in outcome.events.items():
        for assignment, data in standing(events).items():
            assert assignment not in held, f"{assignment} stands on two topics"
            held[assignment] = data | {"place": topic}
    live = {ident for ident, part in exported.items() if part["state"] in {"sent", "signed", "completed"}}
    # A unit that returned its part may still hold it, until the return is decided and recalled.
    returned = {ident for ident, part in exported.items() if part["state"] == "returned"}
    odd = {ident: exported.get(ident, {}).get("state") for ident in (set(held) ^ live) - (set(held) & returned)}
    assert not odd, f"topics and export differ: {odd}"
    for assignment, data in held.items():
        part = exported[assignment]
        assert data["place"] == part["place"]
        assert data["role"] == part["role"]
        assert data["matter"] == part["matter"]
        messages = outcome.matters[part["matter"]]["messages"]
        message = next(message for message in messages if message["number"] == data["number"])
        # While a revision waits for a person, units hold the version before it.
        undecided = message["state"] == "in_review" and data["version"] < message["version"]
        assert data["version"] == message["version"] or undecided, assignment


def check_accusations(city: City, corpus: Corpus, scenario: Scenario, outcome: Outcome, *, thorough: bool = False) -> None:
    """The accused unit and all under it never meet the accusation; ``thorough``: on none of their four topics."""
    ordinary = {row["number"] for row in city.lines("review", "list")}
    sealed = {row["number"] for row in city.lines("review", "list", "--sealed")}
    held = {row["number"] for row in city.lines("held", "list")} | {row["number"] for row in city.lines("filtered", "list")}
    assignments = {row["matter"] for row in city.lines("assignment", "list")}
    accusations = scenario.of_role("accusation")
    near = {item.ident: corpus.under(corpus.unit(item.accused).code) for item in accusations}
    units = sorted(set().union(*near.values()))
    exports = dict(zip(units, city.all_lines([("export", "matters", "--unit", code) for code in units]), strict=True))
    places = {f"{topic}.{code}" for topic in (("unit", "notice", "sealed", "feedback") if thorough else TOPICS) for code in units}
    topics = city.topics(sorted(places - outcome.events.keys())) | outcome.events
    for item in accusations:
        seen = outcome.of(item)
        assert seen.number in sealed
        assert seen.number not in ordinary | held
        assert seen.matter not in assignments
        for code in near[item.ident]:
            assert seen.number not in str(exports[code])
            for place in places:
                if place.endswith(f".{code}"):
                    assert seen.number not in str(topics[place])


def check_words(scenario: Scenario, outcome: Outcome) -> tuple[int, int]:
    """(letters on topics whose words are those written, letters on topics), by their Han characters; nothing garbled."""
    same = compared = 0
    by_number = {seen.number: scenario.get(ident) for ident, seen in outcome.by_item.items()}
    for events in outcome.events.values():
        for event in events:
            data = event["data"]
            if event["type"] == "recall":
                continue
            assert "\ufffd" not in data["body"] + data["subject"], f"garbled: {by_number[data['number']]}"
            item = by_number[data["number"]]
            written = item.revised if data["version"] > 1 else item.content
            compared += 1
            same += _han(data["body"]) == _han(_without_sender(written, item))
    return same, compared


def _without_sender(text: str, item: Item) -> str:
    return text.replace(item.person.name, "")


def _han(text: str) -> str:
    return _HAN.sub("", unicodedata.normalize("NFKC", _REPLACED.sub("", text)))


def check_secrets(city: City, secrets: list[str], written_by_test: set[Path]) -> int:
    """None of the secrets stands in plain in a file that the program wrote, or in what it printed. How many bytes were read."""
    needles = sorted({data for secret in secrets for data in _encoded(secret)})
    search = BytesAhoCorasick(needles)
    read_bytes = 0
    places = [city.folder] if city.servers is None else [city.folder, city.servers.data(), city.servers.folder / "kafka"]
    found_files = (path for place in places for path in place.rglob("*") if path.is_file() and path not in written_by_test)
    files = [path for path in found_files if path.suffix not in OFFSETS_ONLY]
    for path in files:
        data = path.read_bytes()
        read_bytes += len(data)
        found = search.find_matches_as_indexes(data)
        assert not found, f"{path} holds {data[found[0][1] : found[0][2]]!r} in plain"
    for name, data in city.servers.plain() if city.servers is not None else ():
        read_bytes += len(data)
        found = search.find_matches_as_indexes(data)
        assert not found, f"{name} holds {data[found[0][1] : found[0][2]]!r} in plain"
    for said in city.said:
        data = (said.out + said.err).encode()
        found = search.find_matches_as_indexes(data)
        assert not found, f"fenban {said.command} printed {data[found[0][1] : found[0][2]].decode()}"
    return read_bytes


def _encoded(secret: str) -> set[bytes]:
    return {secret.encode("utf-8"), secret.encode("utf-16-le"), secret.encode("utf-16-be"), secret.encode("gb18030")}


def sets(outcome: Outcome, scenario: Scenario) -> dict[str, set[Any]]:
    """What two runs of one scenario must have in common, whatever happened on the way."""
    copies = {item.ident: item.of or 0 for item in scenario.of_role("copy")}
    pairs = {frozenset((ident, original)) for ident, original in copies.items()}
    in_pairs = {ident for pair in pairs for ident in pair}
    plain = {(ident, seen.version, seen.state) for ident, seen in outcome.by_item.items() if ident not in in_pairs}
    # Which of two copies came first is the channels' matter; what the two are together is not.
    together = {(tuple(sorted(pair)), tuple(sorted(outcome.by_item[ident].state for ident in pair))) for pair in pairs}
    by_number = {seen.number: ident for ident, seen in outcome.by_item.items()}
    units = set()
    parts = set()
    for row in outcome.matters.values():
        for part in row["assignments"]:
            ident = by_number[row["number"]]
            parts.add((copies.get(ident, ident), part["unit"], part["role"], part["state"]))
    for topic, events in outcome.events.items():
        for data in standing(events).values():
            ident = by_number[data["number"]]
            units.add((topic, copies.get(ident, ident), data["role"], data["version"]))
    return {"messages": plain, "copies": together, "standing": units, "assignments": parts}


def externals_of(scenario: Scenario, mail_digests: dict[int, str]) -> dict[int, str]:
    """Item → the id its channel gives it: tid or page id, a mail's the SHA-256 of its bytes."""
    return {item.ident: mail_digests[item.ident] if item.channel == MAIL else str(item.ident) for item in scenario.items}
