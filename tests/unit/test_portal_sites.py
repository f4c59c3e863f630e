"""Eight portals built like the products that cities really use, each read by its profile alone."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from domain.ids import ChannelId
from domain.messages import Capture, Draft
from ingest.http import HttpClient, HttpLimits
from ingest.http_gate import HostGate
from ingest.portal import PortalCollector, PortalConfig
from ingest.portal_parser import PortalParser
from ingest.portal_profile import load_profile
from tests.support.hostile_server import hostile_server, whole
from tests.support.portal_sites import SITES, PortalSite
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen


@contextmanager
def reading(site: PortalSite) -> Iterator[tuple[PortalCollector, PortalParser, FakeSeen, HandClock]]:
    with hostile_server() as server:
        clock, seen = HandClock(), FakeSeen()

        def answer(connection, asked) -> None:  # type: ignore[no-untyped-def]
            found = site.serve(asked)
            made = whole(b"gone", status="404 Not Found") if found is None else whole(found[1], found[0])
            made(connection, asked)

        server.fallback = answer
        config = PortalConfig(ChannelId("portal"), server.address)
        profile = load_profile(site.profile)
        http = HttpClient(server.address, HttpLimits(min_interval=0.0, deadline=5.0), HostGate(clock, random.Random(1)))
        yield PortalCollector(config, profile, http, seen, clock), PortalParser(profile, config), seen, clock
        http.close()


def said(draft: Draft, name: str) -> object:
    """A field of a draft in the form that the expectations are written in."""
    if name in ("name", "phones", "ip"):
        return getattr(draft.sender, name)
    value = getattr(draft, name)
    if name == "submitted_at":
        return value.isoformat(timespec="seconds") if value else None
    if name == "answers":
        return [(each.unit, each.text, each.at.date().isoformat() if each.at else None) for each in value]
    return value


def key(capture: Capture, draft: Draft) -> str:
    return f"item:{draft.sender.name}" if capture.external_id.startswith("item-") else capture.external_id


@pytest.mark.parametrize("name", sorted(SITES))
def test_every_letter_is_read_as_it_stands(name: str) -> None:
    site = SITES[name]
    with reading(site) as (collector, parser, seen, clock):
        batch = collector.poll("")
        assert not batch.rejects
        drafts = {}
        for capture in batch.captures:
            draft = parser.understand(capture)
            drafts[key(capture, draft)] = draft
        assert set(drafts) == set(site.expected)
        for ident, fields in site.expected.items():
            assert {field: said(drafts[ident], field) for field in fields} == fields
        assert batch.manifest.listed == batch.manifest.captured == len(site.expected)
        seen.commit(batch, clock.now())
        again = collector.poll(batch.cursor)
        assert not again.captures
        assert again.manifest.listed == again.manifest.unchanged > 0
