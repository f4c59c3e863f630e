"""From "visible upstream" to "on the topic": a portal shows 50 new letters a second, ``fenban run`` takes them to Kafka.

Each letter's wait is counted from the moment the portal first would show it to the moment a consumer of all units has it. The
poll interval is subtracted: nobody can see a letter before the next poll.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from kafka import KafkaConsumer

from domain.events import unit_topic
from tests.bench.mails import START
from tests.bench.on_servers import UNITS, Addresses
from tests.support.fenban import FENBAN, PROFILE
from tests.support.webserver import PORTAL_PAGE

RATE, SHOWN = 50, 20
EVERY_SECONDS = 1.0
LEAST_HERE = 0.5
"""At least this share of the letters is decided without a person; with fewer something is wrong."""
QUIET_SECONDS = 10.0
READY_SECONDS = 120.0
_CHANNEL = """
[http]
port = 0
[[channel]]
id = "portal"
kind = "portal"
url = "{url}"
profile = "portal.toml"
min_interval = 0
every_seconds = {every}
"""


def waits(folder: Path, seconds: int) -> dict[str, Any]:
    """Seconds beyond the poll interval, sorted, of the letters shown in so many seconds."""
    count = SHOWN + RATE * seconds
    portal = [sys.executable, "-m", "tests.bench.growing_portal", str(count), str(RATE), str(SHOWN)]
    with _process(portal, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as site:
        assert site.stdin is not None
        assert site.stdout is not None
        url = site.stdout.readline().strip()
        with (folder / "fenban.toml").open("a", encoding="utf-8") as settings:
            settings.write(_CHANNEL.format(url=url, every=EVERY_SECONDS))
        (folder / "portal.toml").write_text(PROFILE.format(url=url, page=PORTAL_PAGE), encoding="utf-8")
        consumer = KafkaConsumer(
            *map(unit_topic, UNITS), **Addresses.read(folder).kafka, group_id=None, auto_offset_reset="earliest"
        )
        command = [FENBAN, "--settings", str(folder / "fenban.toml"), "run"]
        with _process(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
            _arrivals(consumer, least=1, until=time.time() + READY_SECONDS)
            site.stdin.write("go\n")
            site.stdin.flush()
            began = float(site.stdout.readline())
            seen = _arrivals(consumer, least=count, until=began + seconds + QUIET_SECONDS)
        consumer.close()
    found = sorted(at - (began + (ident - SHOWN) / RATE) - EVERY_SECONDS for ident, at in seen.items() if ident > SHOWN)
    return {"waits": found, "shown": count - SHOWN}


def _arrivals(consumer: KafkaConsumer, *, least: int, until: float) -> dict[int, float]:
    """When each letter came first; ends with so many of them, or at ``until``."""
    seen: dict[int, float] = {}
    while len(seen) < least and time.time() < until:
        for records in consumer.poll(timeout_ms=20).values():
            now = time.time()
            for record in records:
                seen.setdefault(_ident(record.value), now)
    return seen


def _ident(value: bytes) -> int:
    """The letter's number on the portal, from when it was written."""
    return round((datetime.fromisoformat(orjson.loads(value)["submitted_at"]) - START).total_seconds() / 40)


@contextmanager
def _process(command: list[str], **options: Any) -> "Iterator[subprocess.Popen[Any]]":
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)
