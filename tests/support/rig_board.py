"""The board collector over a scripted board of generation 0: three threads a page, by falling tid."""

import html
import json
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from domain.ids import ChannelId
from ingest.board import BoardCollector, BoardConfig
from ingest.board_parser import BoardParser
from ingest.http import HttpClient, HttpLimits
from ingest.http_gate import HostGate
from tests.support.collector_rig import Rig
from tests.support.hostile_server import Asked, HostileServer, hostile_server, whole
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen

PER_PAGE = 3
FID = "3611"
BROKEN = "（无法读取）"
LISTED = 100


class BoardSource:
    """Threads by key. ``changes`` overrides fields of a key's record."""

    def __init__(self, server: HostileServer, clock: HandClock) -> None:
        self.threads: dict[str, str] = {}
        self.tids: dict[str, int] = {}
        self.changes: dict[str, dict[str, object]] = {}
        self.written: dict[str, int] = {}
        self.gone: set[str] = set()
        self.left: int | None = None
        self.server = server
        self.clicks = 0
        self.envelope: bytes | None = None
        self._clock = clock
        server.script["/threads/queryThreadsList"] = self._list
        server.script["/threads/content"] = self._content

    def add(self, key: str, text: str) -> None:
        self.threads[key] = text
        self.tids.setdefault(key, 9_000_000 + 10 * len(self.tids))
        self.written.setdefault(key, int(self._clock.now().timestamp()))

    def add_late(self, key: str, text: str, tid: int) -> None:
        """A thread written earlier and approved now: its tid is not the largest."""
        self.tids[key] = tid
        self.written[key] = int(self._clock.now().timestamp()) - 40 * 3600
        self.add(key, text)

    def revise(self, key: str, text: str) -> None:
        self.threads[key] = text
        self.changes.setdefault(key, {})["lastUpdate"] = int(self._clock.now().timestamp())

    def remove(self, key: str) -> None:
        del self.threads[key]

    def add_broken(self, key: str) -> None:
        self.add(key, BROKEN)

    def fail(self, after: int = 0) -> None:
        self.left = after

    def heal(self) -> None:
        self.left = None

    def _list(self, connection: socket.socket, asked: Asked) -> None:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if self.left == 0:
            whole(b"down", status="502 Bad Gateway")(connection, asked)
            return
        if asked.method != "POST" or f"fid={FID}" not in asked.headers.get("referer", "") or form.get("fid") != FID:
            whole(b"no", status="405 Method Not Allowed")(connection, asked)
            return
        if self.envelope is not None:
            whole(self.envelope, "application/json")(connection, asked)
            return
        self.clicks += 1
        last = int(form["lastItem"])
        keys = sorted(self.threads, key=lambda key: -self.tids[key])
        records = [self._record(key) for key in keys if not last or self.tids[key] < last][:PER_PAGE]
        answer = {"result": "success", "resultDesc": None, "success": True, "responseData": records}
        whole(json.dumps(answer).encode(), "application/json;charset=UTF-8")(connection, asked)

    def _record(self, key: str) -> dict[str, object]:
        text = self.threads[key]
        record: dict[str, object] = {
            "tid": self.tids[key],
            "userId": 700_000 + self.tids[key],
            "fid": int(FID),
            "typeId": 1,
            "nickName": "甲***",
            "subject": f"留言 {key}",
            "content": text if len(text) <= LISTED else text[:LISTED] + "...",
            "dateline": self.written[key],
            "threadsCheckTime": self.written[key],
            "ip": "203.0.113.*",
            "stateInfo": "待回复",
            "forumName": "澜山市委书记",
            "typeName": "咨询",
            "favNum": self.clicks,
            "from": " 虚构省 澜山市",
        }
        record |= self.changes.get(key, {})
        return {"subject": None, "content": None, "tid": self.tids[key]} if text == BROKEN else record

    def _content(self, connection: socket.socket, asked: Asked) -> None:
        if self.left == 0:
            whole(b"down", status="502 Bad Gateway")(connection, asked)
            return
        self.left = None if self.left is None else self.left - 1
        tid = parse_qs(urlsplit(asked.target).query)["tid"][0]
        key = next((key for key in self.threads if str(self.tids[key]) == tid and key not in self.gone), None)
        if key is None:
            whole(b"<html><body>404</body></html>", status="404 Not Found")(connection, asked)
            return
        text = html.escape(self.threads[key]).replace("\n", "<br/>")
        whole(f"<html><body><div class='content'>{text}</div></body></html>".encode())(connection, asked)


@contextmanager
def board_rig(**changes: Any) -> Iterator[Rig]:
    """``changes`` are fields of the BoardConfig."""
    with hostile_server() as server:
        seen, clock = FakeSeen(), HandClock()
        source = BoardSource(server, clock)
        http = HttpClient(server.address, HttpLimits(min_interval=0.0, deadline=5.0), HostGate(clock, random.Random(1)))
        config = replace(BoardConfig(ChannelId("board"), server.address, FID, batch_items=4), **changes)
        collector = BoardCollector(config, http, seen, clock)
        yield Rig(collector, BoardParser(config), source, seen, clock)
        collector.close()
