"""Collectors and parsers from the settings of a channel."""

from app.settings import AnyChannel, Settings
from domain.ports import Clock, Collector, Parser, Seen


def build_parser(settings: Settings, channel: AnyChannel) -> Parser:
    raise NotImplementedError


def build_collector(settings: Settings, channel: AnyChannel, seen: Seen, clock: Clock) -> Collector:
    raise NotImplementedError
