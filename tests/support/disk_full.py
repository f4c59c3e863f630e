"""A store whose disk fills up while a channel is polled: nothing is acknowledged upstream that is not stored."""

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.collect import ChannelPoller
from app.settings import BoardChannel
from domain.errors import RetryLater
from domain.messages import Batch, Capture, Manifest
from store.migrate import upgrade
from tests.support.desk import Desk
from tests.support.private_postgresql import Ballast, private_postgresql, small_disk

MEGABYTES = 48
LETTER = 200_000


class EndlessChannel:
    """Always has one more letter, too long for what is left on a full disk; keeps what was acknowledged."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.polled = 0
        self.acknowledged: list[str] = []

    def poll(self, cursor: str) -> Batch:
        self.polled += 1
        item = str(int(cursor or 0) + 1)
        plain = self._desk.capture(item, f"停水 {os.urandom(LETTER).hex()}")
        capture = Capture(plain.channel, plain.external_id, plain.fetched_at, plain.parts, ref=item)
        return Batch((capture,), (), Manifest(1, 0, 1), item)

    def acknowledge(self, refs: Sequence[str]) -> None:
        self.acknowledged += refs

    def close(self) -> None:
        return None


def prove_disk_full(kind: str, folder: Path) -> None:
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(MEGABYTES))
        url = ""
        if kind == "postgresql":
            server = stack.enter_context(private_postgresql(folder / "services"))
            url = _database_on(server.url, disk)
        desk = Desk((disk if kind == "sqlite" else folder) / "city", store=url)
        stack.callback(desk.system.close)
        channel = EndlessChannel(desk)
        desk.system.__dict__["collector"] = lambda _: channel
        settings = BoardChannel(id="portal", kind="board", url="http://127.0.0.1/", fid="1")
        poller = ChannelPoller(desk.system, settings, desk.registrar, "test/collector-1")
        for _ in range(2):
            poller.poll()
        assert channel.acknowledged == ["1", "2"]

        ballast = Ballast(disk)
        ballast.fill()
        polled = channel.polled
        for _ in range(3):
            with pytest.raises(RetryLater, match=r"disk is full|disk full"):
                poller.poll()
        assert channel.acknowledged == ["1", "2"]
        assert _stored(desk) == {"1", "2"}

        ballast.empty()
        poller.poll()
        assert channel.polled > polled
        assert channel.acknowledged == ["1", "2", "3"]
        assert _stored(desk) == {"1", "2", "3"}
        assert desk.balanced()


def _stored(desk: Desk) -> set[str]:
    documents = _exported(desk)
    assert all(len(document["messages"]) == 1 for document in documents)
    return {document["messages"][0]["external_id"] for document in documents}


def _exported(desk: Desk) -> list[dict[str, Any]]:
    from store.export import export_matters

    with desk.system.store.transaction(write=False) as tx:
        return [json.loads(json.dumps(document)) for document in export_matters(tx)]


def _database_on(url: str, disk: Path) -> str:
    """A store whose tables lie on the disk; the server's own log does not."""
    place = disk / "tables"
    place.mkdir(mode=0o700)
    shutil.chown(place, "postgres")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        admin.execute("CREATE DATABASE small TABLESPACE small")
    made = url.rpartition("/")[0] + "/small"
    upgrade(made)
    return made
