"""Collectors and parsers from the settings of a channel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from app.settings import AnyChannel, BoardChannel, MailboxChannel, PortalChannel, Settings, WebChannel
from domain.errors import BadSettings
from domain.ids import ChannelId, ExternalId
from domain.messages import SeenItem
from domain.ports import Clock, Collector, Parser, Seen
from ingest.board import BoardCollector, BoardConfig
from ingest.board_parser import BoardParser
from ingest.http import HttpClient, HttpLimits
from ingest.http_gate import HostGate
from ingest.mailbox import MailboxCollector, MailboxConfig
from ingest.mailbox_parser import MailParser
from ingest.portal import PortalCollector, PortalConfig
from ingest.portal_parser import PortalParser
from ingest.portal_profile import load_profile

CONNECT_SECONDS = 4.0
"""A connection under way cannot be interrupted, and stopping must not take longer than five seconds."""


class NothingSeen:
    """Where a channel is only tried: every item of it is new."""

    def seen(self, channel: ChannelId, external_ids: Sequence[ExternalId]) -> Mapping[ExternalId, SeenItem]:  # noqa: ARG002
        return {}


def build_parser(settings: Settings, channel: AnyChannel) -> Parser:
    """Raises BadSettings when a profile is wrong."""
    match channel:
        case PortalChannel():
            return PortalParser(load_profile(settings.path(channel.profile)), _portal(channel))
        case BoardChannel():
            return BoardParser(_board(channel))
        case MailboxChannel():
            return MailParser(_mailbox(channel, password=""))


def build_collector(
    settings: Settings, channel: AnyChannel, seen: Seen, clock: Clock, gate: HostGate, parser: Parser | None = None
) -> Collector:
    """Opens no connection yet. ``parser``: the one that its captures go to. Raises BadSettings for what only shows when all is
    put together."""
    match channel:
        case PortalChannel():
            profile = load_profile(settings.path(channel.profile))
            letters = parser.letters if isinstance(parser, PortalParser) else None
            return PortalCollector(_portal(channel), profile, _http(settings, channel, gate), seen, clock, letters)
        case BoardChannel():
            return BoardCollector(_board(channel), _http(settings, channel, gate), seen, clock)
        case MailboxChannel():
            password = settings.secret(channel.password, f"channel {channel.id}: password")
            config = replace(_mailbox(channel, password), certificate=_certificate(settings, channel))
            return MailboxCollector(config, seen, clock)


def _http(settings: Settings, channel: WebChannel, gate: HostGate) -> HttpClient:
    limits = HttpLimits(
        min_interval=channel.min_interval,
        deadline=channel.timeout_seconds,
        read_timeout=min(20.0, channel.timeout_seconds),
        connect_timeout=min(CONNECT_SECONDS, channel.timeout_seconds),
        allow_networks=channel.allow_networks,
        pinned_certificate=_certificate(settings, channel),
    )
    return HttpClient(channel.url, limits, gate)


def _certificate(settings: Settings, channel: WebChannel | MailboxChannel) -> Path | None:
    if channel.certificate is None:
        return None
    certificate = settings.path(channel.certificate)
    if not certificate.exists():
        raise BadSettings([f"channel {channel.id}: certificate {certificate} does not exist → name a PEM file"])
    return certificate


def _portal(channel: PortalChannel) -> PortalConfig:
    return PortalConfig(
        channel=ChannelId(channel.id),
        url=channel.url,
        batch_items=channel.batch_items,
        full_sweep_hours=channel.full_sweep_hours,
        recheck_minutes=channel.recheck_minutes,
        place_filter=channel.place_filter,
    )


def _board(channel: BoardChannel) -> BoardConfig:
    return BoardConfig(
        channel=ChannelId(channel.id),
        url=channel.url,
        fid=channel.fid,
        list_path=channel.list_path,
        page_size=channel.page_size,
        site=channel.site,
        batch_items=channel.batch_items,
        overlap_hours=channel.overlap_hours,
        full_sweep_hours=channel.full_sweep_hours,
        recheck_minutes=channel.recheck_minutes,
        place_filter=channel.place_filter,
    )


def _mailbox(channel: MailboxChannel, password: str) -> MailboxConfig:
    return MailboxConfig(
        channel=ChannelId(channel.id),
        host=channel.host,
        port=channel.port,
        tls=channel.tls,
        username=channel.username,
        password=password,
        folder=channel.folder,
        after=channel.after,
        move_to=channel.move_to,
        own_addresses=channel.own_addresses,
        max_bytes=channel.max_bytes,
        timeout=channel.timeout_seconds,
        place_filter=channel.place_filter,
    )
