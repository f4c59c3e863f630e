"""What must hold of PostgreSQL and Kafka after a short run of two workers."""

from collections import Counter
from contextlib import closing

from app.reports import ledger_document
from app.settings import load_settings
from app.wiring import System
from domain.events import unit_topic
from store.unit_of_work import SqlStore
from tests.bench.check import wrong_record
from tests.bench.on_servers import UNITS, ServerRun


def wrong_on_servers(run: ServerRun, count: int, delivered: int) -> list[str]:
    system = System(load_settings(run.folder / "fenban.toml"))
    try:
        document = ledger_document(system)
        records = _records(system)
        outbox, states = _stored(system.store)
    finally:
        system.close()
    wrong = [f"ledger line {line['name']} differs by {line['difference']}" for line in document["lines"] if line["difference"]]
    if states.total() != count or states["new"]:
        wrong.append(f"{count} messages were given: {dict(states)}")
    if not states["dispatched"] > count // 2 or not states["joined"]:
        wrong.append(f"unlikely states: {dict(states)}")
    if any(state != "delivered" for *_, state in outbox) or delivered < len(outbox):
        wrong.append(f"{len(outbox)} records were to be delivered, {delivered} were")
    if sorted(record[:3] for record in records) != sorted(row[:3] for row in outbox):
        wrong.append("the topics do not hold the outbox's records, each on its topic and key, once")
    wrong += [problem for record in records if (problem := wrong_record(*record))]
    return wrong[:20]


def _records(system: System) -> list[tuple[str, str, str, dict[str, str], str]]:
    found = []
    for unit in UNITS:
        with closing(system.topics.reader(unit_topic(unit))) as reader:
            while part := reader.read(1000):
                found += [(dict(one.headers)["id"], one.topic, one.key, dict(one.headers), one.value) for one in part]
    return found


def _stored(store: SqlStore) -> tuple[list[tuple[str, str, str, str]], Counter[str]]:
    with store.transaction(write=False) as tx:
        outbox = [(row[0], row[1], row[2], row[3]) for row in tx.fetch("SELECT event_id, topic, key, state FROM outbox")]
        states = Counter({row[0]: row[1] for row in tx.fetch("SELECT state, count(*) FROM messages GROUP BY state")})
    return outbox, states
