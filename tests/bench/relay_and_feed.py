"""The relay alone and the feed alone: the outbox full → acknowledged and settled; events on the feedback topics → applied."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.runner import FED, FEED_GROUP, RELAYED, keep_loaded
from app.settings import load_settings
from app.wiring import SHARDS, System
from domain.decisions import Assignment, AssignmentState
from domain.events import EventType, FeedbackEvent, FeedbackType, OutboxRecord, feedback_topic
from domain.ids import EventId
from domain.messages import MessageState
from route.feedback import feedback_headers, feedback_value
from tests.bench.ours import take_in
from tests.bench.world import seconds

REPLY = "您反映的问题已经核实，工作人员到现场处理完毕。感谢您对我们工作的支持。"


def run(folder: Path, captures: Sequence[bytes]) -> dict[str, Any]:
    """Both rates, and how many came out of what was put in."""
    system = System(load_settings(folder / "fenban.toml"))
    take_in(system, captures)
    keep_loaded()
    relay, batch = system.relay(), system.settings.work.batch
    system.topics.publish([])
    with system.store.unit_of_work(write=False) as uow:
        waiting = len(uow.outbox.pending(SHARDS, 10**6, datetime.now(UTC)))
    relay.run_once(SHARDS, 64)
    began, delivered = seconds(), 64
    while done := relay.run_once(SHARDS, RELAYED * batch).delivered:
        delivered += done
    relayed = (delivered - 64) / (seconds() - began)
    events = _events(system)
    system.topics.publish(events)
    desk, feed = system.feedback(), system.topics.feed(FEED_GROUP)
    taken = 0
    while not taken:
        taken = desk.drain(feed, 64)
    began, first = seconds(), taken
    while done := desk.drain(feed, FED * batch):
        taken += done
    applied = (taken - first) / (seconds() - began)
    feed.close()
    result: dict[str, Any] = {
        "relay": relayed,
        "waiting": waiting,
        "delivered": delivered,
        "feed": applied,
        "events": len(events),
    }
    result |= {"taken": taken, "wrong": _wrong(system)}
    system.close()
    return result


def _events(system: System) -> list[OutboxRecord]:
    """Each unit signs each of its assignments, then completes every second one."""
    now = datetime.now(UTC)
    steps: list[tuple[FeedbackType, Assignment]] = []
    with system.store.unit_of_work(write=False) as uow:
        numbers = [message.matter for message in uow.reads.in_state([MessageState.DISPATCHED], limit=10**6)]
        parts = [part for found in uow.assignments.of_matters(list(dict.fromkeys(numbers))).values() for part in found]
    steps += [(FeedbackType.SIGN, part) for part in parts]
    steps += [(FeedbackType.COMPLETE, part) for part in parts[::2]]
    records = []
    for place, (kind, part) in enumerate(steps):
        reply = REPLY if kind is FeedbackType.COMPLETE else ""
        event = FeedbackEvent(EventId(f"{part.id}:{kind}"), part.unit, kind, part.id, reply=reply)
        topic, headers, value = feedback_topic(part.unit), feedback_headers(event, now=now), feedback_value(event)
        records.append(OutboxRecord(place, event.event_id, EventType.ASSIGNED, topic, part.matter, 0, headers, value, now))
    return records


def _wrong(system: System) -> list[str]:
    """What does not hold afterwards."""
    with system.store.unit_of_work(write=False) as uow:
        numbers = [message.matter for message in uow.reads.in_state([MessageState.DISPATCHED], limit=10**6)]
        parts = [part for found in uow.assignments.of_matters(list(dict.fromkeys(numbers))).values() for part in found]
        chain = uow.audit.verify()
    wrong = [f"the audit chain does not verify: {chain}"] if chain else []
    for place, part in enumerate(parts):
        wanted = AssignmentState.SIGNED if place % 2 else AssignmentState.COMPLETED
        if part.state is not wanted:
            wrong.append(f"{part.id} is {part.state}, not {wanted}")
    return wrong[:20]
