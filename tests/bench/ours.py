"""fenban's own pipeline on its embedded defaults: captures in hand → records on topics."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from app.registrar import Registrar
from app.runner import RELAYED, keep_loaded
from app.second_reader import Reader
from app.settings import load_settings
from app.wiring import SHARDS, System
from domain.ids import ChannelId, ExternalId
from domain.messages import Batch, Capture, CapturePart, Draft, Manifest, MessageState, Sender
from tests.bench.world import peak_megabytes, seconds

BATCH = 256
RELAY_BATCH = RELAYED * BATCH
LAST = "last"


class JsonParser:
    """Reads the benchmark's captures; what a channel's own parser costs is measured apart."""

    def understand(self, capture: Capture) -> Draft:
        said = orjson.loads(capture.parts[0].data)
        return Draft(
            subject=said["subject"],
            body=said["body"],
            body_own=said["body"],
            sender=Sender(name=said["name"], phones=(said["phone"],), emails=(said["email"],)),
            submitted_at=datetime.fromisoformat(said["at"]),
        )


def run(folder: Path, captures: Sequence[bytes], *, worker_of: tuple[int, int] = (0, 1), beside: int = 0) -> dict[str, Any]:
    """Takes every capture to its topic; seconds in all and per stage. ``worker_of``: (which, of how many) processes. ``beside``:
    what else a process does runs too, a shadow that learned so many letters among it."""
    which, of = worker_of
    name = channel = f"bench{which}"
    shards = [shard for shard in SHARDS if shard % of == which]
    system = System(load_settings(folder / "fenban.toml"))
    channel_id = ChannelId(channel)
    registrar = Registrar(system.store, system.vault, Reader({channel_id: JsonParser()}, cores=1), system.clock)
    worker, relay = system.worker(name), system.relay()
    with system.store.unit_of_work() as uow:
        now = datetime.now(UTC)
        lease = uow.channels.acquire(f"channel:{channel}", name, now, now + timedelta(hours=6))
        uow.commit()
    if lease is None:
        raise RuntimeError("the benchmark's channel is held by another process")
    system.classifier.suggest([("暖气不热", "家里暖气一直不热")])
    others = ExitStack()
    if beside:
        from tests.bench.beside import parts_beside

        others.enter_context(parts_beside(system, beside))
    keep_loaded()
    spent = {"register": 0.0, "work": 0.0, "relay": 0.0}
    handled = delivered = 0
    began = seconds()
    for start in range(0, len(captures), BATCH):
        at = seconds()
        cursor = f"{LAST if start + BATCH >= len(captures) else 'at'} {start}"
        batch = _batch(captures[start : start + BATCH], channel_id, cursor)
        registrar.register(channel_id, batch, fence=lease.token)
        spent["register"] += seconds() - at
        at = seconds()
        handled += worker.run_once()
        spent["work"] += seconds() - at
        at = seconds()
        delivered += relay.run_once(shards, RELAY_BATCH).delivered
        spent["relay"] += seconds() - at
    while not _done(system, shards, of):
        handled += (more := worker.run_once())
        delivered += (sent := relay.run_once(shards, RELAY_BATCH).delivered)
        if not more and not sent:
            # Another worker still holds messages whose records will be this one's to relay.
            time.sleep(0.002)
    took = seconds() - began
    others.close()
    system.close()
    return {"seconds": took, "handled": handled, "delivered": delivered, "stages": spent, "megabytes": peak_megabytes()}


def take_in(system: System, captures: Sequence[bytes]) -> None:
    """Registers and decides all of them, relaying nothing."""
    channel = ChannelId("bench0")
    registrar = Registrar(system.store, system.vault, Reader({channel: JsonParser()}, cores=1), system.clock)
    worker = system.worker("bench0")
    with system.store.unit_of_work() as uow:
        now = datetime.now(UTC)
        lease = uow.channels.acquire(f"channel:{channel}", "bench0", now, now + timedelta(hours=6))
        uow.commit()
    if lease is None:
        raise RuntimeError("the benchmark's channel is held by another process")
    for start in range(0, len(captures), BATCH):
        registrar.register(channel, _batch(captures[start : start + BATCH], channel, f"at {start}"), fence=lease.token)
        worker.run_once()
    while worker.run_once():
        pass


def _done(system: System, shards: Sequence[int], workers: int) -> bool:
    """Whether all workers have taken in all of theirs, no message waits for anybody and no record of these shards is left."""
    with system.store.unit_of_work(write=False) as uow:
        cursors = [uow.channels.cursor(ChannelId(f"bench{which}")) for which in range(workers)]
        if any(not cursor.startswith(LAST) for cursor in cursors):
            return False
        waiting = uow.reads.in_state([MessageState.NEW], limit=1)
        return not waiting and not uow.outbox.pending(shards, 1, datetime.now(UTC))


def _batch(lines: Sequence[bytes], channel: ChannelId, cursor: str) -> Batch:
    now = datetime.now(UTC)
    captures = tuple(
        Capture(channel, ExternalId(_external_id(line)), now, (CapturePart("message", "application/json", line),))
        for line in lines
    )
    return Batch(captures, (), Manifest(len(lines), 0, len(lines)), cursor)


def _external_id(line: bytes) -> str:
    at = line.rindex(b'"id": "') + 7
    return line[at : line.index(b'"', at)].decode()
