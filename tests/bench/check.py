"""The short run: what comes out must be right. No time is ever judged here."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.messages import messages
from tests.bench.world import fresh

if TYPE_CHECKING:
    from tests.bench.run import Bench

LEAST_RIGHT = 0.85
SEED = 20_261_122


def check(bench: "Bench", count: int) -> int:
    """0 when every result holds; else the wrong ones are named and 1 is given."""
    problems: list[str] = []
    one = fresh(bench.world, bench.folder / "one")
    result = bench.run("ours", count, folder=one)
    problems += [f"one worker: {problem}" for problem in _wrong(one, count, result["delivered"])]
    problems += [f"one worker: {problem}" for problem in _wrong_units(one, count)]
    two = fresh(bench.world, bench.folder / "two")
    half = count // 2
    running = [bench.start("ours", half, worker=f"{which}/2", folder=two, first=which * half) for which in (0, 1)]
    delivered = sum(bench.result(process)["delivered"] for process in running)
    problems += [f"two workers: {problem}" for problem in _wrong(two, 2 * half, delivered)]
    for peer in ("plain", "limit"):
        done = bench.run(peer, count)
        if done["handled"] != count or not done["delivered"]:
            problems.append(f"{peer}: handled {done['handled']} of {count}, delivered {done['delivered']}")
    agreed = bench.run("deadlines", 500)
    if not agreed["ours"]:
        problems.append("deadlines: none were counted")
    for problem in problems:
        print(f"wrong: {problem}")
    print(f"benchmark, short: {count} messages by one and by two workers, {len(problems)} wrong results")
    return 1 if problems else 0


def _wrong(folder: Path, count: int, delivered: int) -> list[str]:
    """What does not hold of a store and its topics after ``count`` messages."""
    from app.reports import ledger_document
    from app.settings import load_settings
    from app.wiring import System
    from domain.clock import SystemClock

    system = System(load_settings(folder / "fenban.toml"), clock=SystemClock())
    document = ledger_document(system)
    system.close()
    found = [f"ledger line {line['name']} differs by {line['difference']}" for line in document["lines"] if line["difference"]]
    with sqlite3.connect(folder / "data" / "fenban.db") as store:
        states = Counter(dict(store.execute("SELECT state, count(*) FROM messages GROUP BY state").fetchall()))
        outbox = store.execute("SELECT event_id, topic, key, state FROM outbox").fetchall()
    if states.total() != count:
        found.append(f"{states.total()} messages registered, {count} were given")
    if states["new"]:
        found.append(f"{states['new']} messages were not worked on")
    if not states["dispatched"] > count // 2 or not states["joined"]:
        found.append(f"unlikely states: {dict(states)}")
    if any(state != "delivered" for *_, state in outbox) or delivered < len(outbox):
        found.append(f"{len(outbox)} records were to be delivered, {delivered} were")
    with sqlite3.connect(folder / "data" / "topics.db") as topics:
        query = "SELECT r.event_id, t.name, r.key, r.headers, r.value FROM records r JOIN topics t ON t.id = r.topic"
        records = topics.execute(query).fetchall()
    if sorted(row[:3] for row in records) != sorted(row[:3] for row in outbox):
        found.append("the topics do not hold the outbox's records, each on its topic and key, once")
    told = [(event_id, topic, key, dict(json.loads(headers)), value) for event_id, topic, key, headers, value in records]
    found += [problem for record in told if (problem := wrong_record(*record))]
    return found[:20]


def wrong_record(event_id: str, topic: str, key: str, attributes: Mapping[str, str], value: str) -> str:
    """What does not hold of a record on a topic, or ""."""
    data = json.loads(value)
    unit = topic.rpartition(".")[2]
    if attributes["id"] != event_id or attributes["subject"] != key or data["matter"] != key:
        return f"{event_id}: header, key and payload disagree"
    if data["assignment"].split(".")[-2] != unit or unit not in {data["lead"], *data["co_units"]}:
        return f"{event_id}: stands on the topic of {unit}"
    if not data["evidence"] or not data["deadline"]["due"]:
        return f"{event_id}: has no evidence or no deadline"
    return ""


def _wrong_units(folder: Path, count: int) -> list[str]:
    """The model knows these letters' grammar: most first suggestions must be right, and the words that spoke be in the text."""
    truth: dict[str, Any] = {}
    for line in messages(count, SEED):
        document = json.loads(line)
        truth[document["id"]] = document
    # A sealed letter's suggestions leave out whom it accuses.
    query = (
        "SELECT m.external_id, d.suggestions FROM decisions d JOIN messages m ON m.number = d.number "
        "WHERE d.suggestions != '' AND d.outcome IN ('dispatch', 'review')"
    )
    with sqlite3.connect(folder / "data" / "fenban.db") as store:
        decided = store.execute(query).fetchall()
    right = unfounded = 0
    for external_id, suggestions in decided:
        first = json.loads(suggestions)[0]
        document = truth[external_id]
        right += first[0] == document["unit"]
        words = [text for kind, text, _ in first[2] if kind == "word"]
        unfounded += any(word not in document["subject"] + document["body"] for word in words)
    found = []
    if not decided or right < LEAST_RIGHT * len(decided):
        found.append(f"only {right} of {len(decided)} first suggestions are right")
    if unfounded:
        found.append(f"{unfounded} suggestions name words that are not in their letter")
    return found
