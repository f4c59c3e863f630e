"""The portal collector over a scripted site: three rows a page, newest first."""

import html
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from domain.ids import ChannelId
from ingest.http import HttpClient, HttpLimits
from ingest.http_gate import HostGate
from ingest.portal import PortalCollector, PortalConfig
from ingest.portal_parser import PortalParser
from ingest.portal_profile import load_profile
from tests.support.collector_rig import Rig
from tests.support.hostile_server import Asked, HostileServer, hostile_server, whole
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen

PER_PAGE = 3
PROFILE = Path(__file__).parent.parent / "data" / "portals" / "table.toml"
BROKEN = "（无法读取）"


class PortalSource:
    """Letters by key. ``clicks`` rises with every look, as click counts do. ``status`` may be set for any key."""

    def __init__(self, server: HostileServer) -> None:
        self.letters: dict[str, str] = {}
        self.status: dict[str, str] = {}
        self.gone: set[str] = set()
        self.left: int | None = None
        self.clicks = 0
        self.list_override: bytes | None = None
        self.numbers: dict[str, int] = {}
        self.server = server
        server.script["/list"] = self._list
        server.script["/view"] = self._view

    def add(self, key: str, text: str) -> None:
        self.letters = {key: text, **self.letters}
        self.numbers.setdefault(key, len(self.numbers) + 1)

    def add_below(self, key: str, text: str, place: int) -> None:
        """A letter that appears late, further down than the newest ones."""
        entries = list(self.letters.items())
        self.letters = dict([*entries[:place], (key, text), *entries[place:]])
        self.numbers.setdefault(key, len(self.numbers) + 1)

    def revise(self, key: str, text: str) -> None:
        self.letters[key] = text
        self.status[key] = "补充待办"

    def remove(self, key: str) -> None:
        del self.letters[key]

    def add_broken(self, key: str) -> None:
        self.add(key, BROKEN)

    def fail(self, after: int = 0) -> None:
        self.left = after

    def heal(self) -> None:
        self.left = None

    def _list(self, connection: socket.socket, asked: Asked) -> None:
        self.clicks += 1
        if self.left == 0:
            whole(b"down", status="502 Bad Gateway")(connection, asked)
            return
        if self.list_override is not None:
            whole(self.list_override)(connection, asked)
            return
        page = int(parse_qs(urlsplit(asked.target).query)["page"][0])
        keys = list(self.letters)
        pages = max(1, -(-len(keys) // PER_PAGE))
        rows = "".join(self._row(key) for key in keys[(page - 1) * PER_PAGE : page * PER_PAGE]) or "<tr><td>暂无来信</td></tr>"
        head = "<tr><th>信件编号</th><th>标题</th><th>状态</th><th>来信时间</th><th>点击次数</th></tr>"
        text = f"<html><body><table class='letters'>{head}{rows}</table><p>第{page}页 共{pages}页</p></body></html>"
        whole(text.encode("gb18030"), "text/html; charset=gb2312")(connection, asked)

    def _row(self, key: str) -> str:
        if self.letters[key] == BROKEN:
            return f"<tr><td>{self.numbers[key]}</td><td></td><td></td><td></td><td>{self.clicks}</td></tr>"
        number = self.numbers[key]
        link = f"<a href='/view?id={number}'>来信 {html.escape(key)}</a>"
        cells = (str(number), link, self.status.get(key, "待办理"), "2026-11-20 08:00", str(self.clicks))
        return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"

    def _view(self, connection: socket.socket, asked: Asked) -> None:
        self.clicks += 1
        if self.left == 0:
            whole(b"down", status="502 Bad Gateway")(connection, asked)
            return
        self.left = None if self.left is None else self.left - 1
        number = parse_qs(urlsplit(asked.target).query)["id"][0]
        key = next((key for key in self.letters if str(self.numbers[key]) == number and key not in self.gone), None)
        if key is None:
            whole(b"<html><body>404</body></html>", status="404 Not Found")(connection, asked)
            return
        text = html.escape(self.letters[key]).replace("\n", "<br>")
        rows = (
            ("信件编号", number),
            ("信件标题", f"来信 {html.escape(key)}"),
            ("来信内容", text),
            ("办理状态", self.status.get(key, "待办理")),
        )
        table = "".join(f"<tr><td>{label}：</td><td>{value}</td></tr>" for label, value in rows)
        page = f"<html><body><table class='letter'>{table}</table><p>浏览次数：{self.clicks}</p></body></html>"
        whole(page.encode("gb18030"), "text/html; charset=gb2312")(connection, asked)


@contextmanager
def portal_rig(**changes: Any) -> Iterator[Rig]:
    """``changes`` are fields of the PortalConfig."""
    with hostile_server() as server:
        source, seen, clock = PortalSource(server), FakeSeen(), HandClock()
        http = HttpClient(server.address, HttpLimits(min_interval=0.0, deadline=5.0), HostGate(clock, random.Random(1)))
        config = replace(PortalConfig(ChannelId("portal"), server.address, batch_items=4), **changes)
        profile = load_profile(PROFILE)
        parser = PortalParser(profile, config)
        collector = PortalCollector(config, profile, http, seen, clock, parser.letters)
        yield Rig(collector, parser, source, seen, clock)
        collector.close()
