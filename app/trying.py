"""``fenban channel try``: what a portal's profile makes of a site, or of pages saved in a folder. Stores and writes nothing."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.channels import CONNECT_SECONDS, NothingSeen
from app.documents import maybe_iso
from domain.clock import SystemClock
from domain.errors import HaltForPerson, RejectItem, RetryLater
from domain.ids import ChannelId, ExternalId
from domain.messages import Capture, Draft
from ingest.http import Fetcher, HttpClient, HttpLimits
from ingest.http_gate import HostGate
from ingest.http_network import is_loopback_host
from ingest.portal import PortalCollector, PortalConfig
from ingest.portal_parser import PortalParser
from ingest.portal_profile import PortalProfile, load_profile
from ingest.saved_pages import SavedPages

CHANNEL = ChannelId("try")
POLITE_SECONDS = 1.5
NOWHERE = "http://saved.invalid/"
"""What addresses of saved pages begin with where nobody says what site they are of."""


@dataclass(frozen=True, slots=True)
class Tried:
    """``document`` is that of ``--json``. ``more``: the list goes on behind the cursor. ``broken``: the site failed on the way.
    ``missing``: pages that a folder does not hold."""

    document: dict[str, Any]
    more: bool
    broken: bool
    missing: tuple[str, ...]


def try_profile(
    profile_file: Path, source: str, *, site: str = "", cursor: str = "", most: int = 20, networks: tuple[str, ...] = ()
) -> Tried:
    """Polls once, as the portal collector would. Raises BadSettings for a wrong profile or address, RetryLater where the site
    or its layout fails before anything is read, HaltForPerson for a folder that is none."""
    profile = load_profile(profile_file)
    clock = SystemClock()
    saved = None
    pages: Fetcher
    if urlsplit(source).scheme in ("http", "https"):
        home = source
        interval = 0.0 if is_loopback_host(urlsplit(source).hostname or "") else POLITE_SECONDS
        limits = HttpLimits(min_interval=interval, connect_timeout=CONNECT_SECONDS, allow_networks=networks)
        pages = HttpClient(source, limits, HostGate(clock, random.Random()))
    else:
        if not Path(source).is_dir():
            raise HaltForPerson(
                f"{source} is neither a web address nor a folder", remedy="write the site's address with http:// or https://"
            )
        home = site or _home(profile)
        pages = saved = SavedPages(Path(source), clock)
    config = PortalConfig(CHANNEL, home, batch_items=most)
    parser = PortalParser(profile, config)
    collector = PortalCollector(config, profile, pages, NothingSeen(), clock, parser.letters)
    try:
        batch = collector.poll(cursor)
    except RetryLater:
        if saved is None or not saved.missing:
            raise
        raise HaltForPerson(
            f"the folder has no file {saved.missing[0]!r}",
            remedy="save the page under that name, or correct list.url in the profile",
        ) from None
    finally:
        collector.close()
    items, wrong = _understood(parser, batch.captures)
    wrong += [{"external_id": one.capture.external_id, "reason": one.reason} for one in batch.rejects]
    document = {"items": items, "not_understood": wrong, "cursor": batch.cursor}
    return Tried(document, batch.more, batch.next_at is not None, tuple(saved.missing) if saved is not None else ())


def _home(profile: PortalProfile) -> str:
    return profile.list.url if urlsplit(profile.list.url).scheme in ("http", "https") else NOWHERE


def _understood(parser: PortalParser, captures: Sequence[Capture]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    items: list[dict[str, Any]] = []
    wrong: list[dict[str, Any]] = []
    for capture in captures:
        try:
            items.append(_document(capture.external_id, parser.understand(capture)))
        except RejectItem as error:
            wrong.append({"external_id": capture.external_id, "reason": error.what})
    return items, wrong


def _document(ident: ExternalId, draft: Draft) -> dict[str, Any]:
    """A letter as it was read. Of the sender only what was found, not what it says."""
    return {
        "external_id": ident,
        "subject": draft.subject,
        "body": draft.body,
        "kind": draft.kind,
        "addressed_to": draft.addressed_to,
        "place": draft.place,
        "submitted_at": maybe_iso(draft.submitted_at),
        "status": draft.upstream_status,
        "answers": [{"unit": one.unit, "text": one.text, "at": maybe_iso(one.at)} for one in draft.answers],
        "sender": [one.name for one in fields(draft.sender) if getattr(draft.sender, one.name)],
        "defects": list(draft.defects),
    }
