"""Pages that change under the profile's feet: each is read right or refused, and never "success, nothing new"."""

import random
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from domain.errors import FenbanError, RejectItem
from domain.ids import ChannelId
from domain.messages import Batch
from ingest.http import HttpClient, HttpLimits
from ingest.http_gate import HostGate
from ingest.portal import PortalCollector, PortalConfig
from ingest.portal_parser import PortalParser
from ingest.portal_profile import load_profile
from tests.support.hostile_server import Asked, hostile_server, missing, whole
from tests.support.portal_sites import SITES, PortalSite
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen

Mutation = Callable[[random.Random, bytes], bytes]
NAMES = sorted(set(SITES) - {"whole"})
SEEDS = range(15)


def renamed_attributes(rng: random.Random, page: bytes) -> bytes:
    return re.sub(rb"(class|id)=(['\"]?)(\w)", rb"\1=\2new-\3", page)


def renamed_tags(rng: random.Random, page: bytes) -> bytes:
    old, new = rng.choice(
        [(b"table", b"section"), (b"tr", b"div"), (b"td", b"span"), (b"li", b"p"), (b"div", b"article"), (b"dd", b"p")]
    )
    return re.sub(rb"<(/?)" + old + rb"\b", rb"<\1" + new, page)


def renamed_keys(rng: random.Random, page: bytes) -> bytes:
    keys = sorted(set(re.findall(rb"[{,]\s*\"?(\w+)\"?:", page)))
    return page.replace(rng.choice(keys), b"renamed") if keys else renamed_tags(rng, page)


def unknown_labels(rng: random.Random, page: bytes) -> bytes:
    labels = ["内容", "标题", "编号", "时间"]
    return page.replace(rng.choice(labels).encode("gb18030"), "甲乙丙丁".encode("gb18030"))


def emptied(rng: random.Random, page: bytes) -> bytes:
    return re.sub(rb"(?s)<(tr|li|record)\b.*</\1>", b"", page) if b"<" in page else b'{"code":0}'


def cut(rng: random.Random, page: bytes) -> bytes:
    return page[: rng.randrange(len(page))]


def holed(rng: random.Random, page: bytes) -> bytes:
    start = rng.randrange(len(page))
    return page[:start] + page[start + rng.randrange(1, 80) :]


def noisy(rng: random.Random, page: bytes) -> bytes:
    data = bytearray(page)
    for _ in range(rng.randrange(1, 30)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def challenged(rng: random.Random, page: bytes) -> bytes:
    return b"<html><body><script>document.cookie='a=1';location.reload()</script></body></html>"


def replaced(rng: random.Random, page: bytes) -> bytes:
    return "<html><body><h1>网站改版公告</h1><p>我们的网站已经全新改版，欢迎使用新的互动平台提出您的意见。</p></body></html>".encode()


SHAPE: tuple[Mutation, ...] = (renamed_attributes, renamed_tags, renamed_keys, unknown_labels, emptied, cut, challenged, replaced)
BYTES: tuple[Mutation, ...] = (holed, noisy)


@contextmanager
def reading(site: PortalSite, mutate: Mutation, where: str, seed: int) -> Iterator[tuple[PortalCollector, PortalParser]]:
    with hostile_server() as server:
        listed = {urlpath(site)}

        def answer(connection: socket.socket, asked: Asked) -> None:
            found = site.serve(asked)
            if found is None:
                missing(connection, asked)
                return
            is_list = any(asked.target.startswith(path) for path in listed)
            body = mutate(random.Random(seed), found[1]) if is_list == (where == "list") else found[1]
            whole(body, found[0])(connection, asked)

        server.fallback = answer
        clock = HandClock()
        profile = load_profile(site.profile)
        config = PortalConfig(ChannelId("portal"), server.address)
        http = HttpClient(server.address, HttpLimits(min_interval=0.0, deadline=5.0), HostGate(clock, random.Random(seed)))
        yield PortalCollector(config, profile, http, FakeSeen(), clock), PortalParser(profile, config)
        http.close()


def urlpath(site: PortalSite) -> str:
    return re.split(r"[?{]", load_profile(site.profile).list.url)[0]


def poll(collector: PortalCollector) -> Batch | None:
    """A first poll, None when it was refused in one of the ways that are on purpose."""
    with suppress(FenbanError):
        return collector.poll("")
    return None


@pytest.mark.parametrize("where", ["list", "detail"])
@pytest.mark.parametrize("mutate", [*SHAPE, *BYTES], ids=lambda mutation: mutation.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_a_mutated_portal_is_read_right_or_refused(name: str, mutate: Mutation, where: str) -> None:
    site = SITES[name]
    bodies = {str(fields["body"]) for fields in site.expected.values() if "body" in fields}
    for seed in SEEDS[: 1 if mutate in (renamed_attributes, emptied, challenged, replaced) else 3]:
        with reading(site, mutate, where, seed) as (collector, parser):
            batch = poll(collector)
            if batch is None:
                continue
            assert batch.manifest.listed > 0, f"seed {seed}: success with no items"
            assert batch.manifest.listed == batch.manifest.captured == len(batch.captures) + len(batch.rejects)
            for capture in batch.captures:
                with suppress(RejectItem):
                    draft = parser.understand(capture)
                    assert draft.body
                    if mutate in SHAPE and len(bodies) == len(site.expected):
                        assert draft.body in bodies, f"seed {seed}: a body that nobody wrote"
