"""A collector over a list in memory, for tests of what comes behind collectors; and its rig."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from domain.errors import RejectItem, RetryLater
from domain.ids import ChannelId, ExternalId
from domain.messages import Batch, Capture, CapturePart, Draft, Manifest, Sender
from domain.ports import Clock, Seen
from tests.support.collector_rig import Rig
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen

CHANNEL = ChannelId("fake")


class FakeSource:
    def __init__(self) -> None:
        self.items: dict[str, bytes] = {}
        self.left: int | None = None

    def add(self, key: str, text: str) -> None:
        self.items[key] = text.encode()

    def revise(self, key: str, text: str) -> None:
        self.items[key] = text.encode()

    def remove(self, key: str) -> None:
        del self.items[key]

    def add_broken(self, key: str) -> None:
        self.items[key] = b"\xff\xff"

    def fail(self, after: int = 0) -> None:
        self.left = after

    def heal(self) -> None:
        self.left = None


class FakeCollector:
    """``domain.ports.Collector``: reads the whole source each time, from the cursor's place on."""

    def __init__(self, source: FakeSource, seen: Seen, clock: Clock, batch_items: int = 4) -> None:
        self._source = source
        self._seen = seen
        self._clock = clock
        self._batch_items = batch_items

    def poll(self, cursor: str) -> Batch:
        start = int(cursor or 0)
        captures: list[Capture] = []
        listed = unchanged = 0
        keys = list(self._source.items)[start:]
        for key in keys:
            if len(captures) == self._batch_items:
                return self._batch(captures, listed, unchanged, str(start + listed), more=True)
            ident, mark = ExternalId(key), self._source.items[key].hex()
            known = self._seen.seen(CHANNEL, [ident]).get(ident)
            if known is not None and known.list_mark == mark:
                unchanged += 1
            else:
                if self._source.left == 0 and not captures:
                    raise RetryLater("the fake source fails")
                if self._source.left == 0:
                    return self._batch(captures, listed, unchanged, str(start + listed))
                self._source.left = None if self._source.left is None else self._source.left - 1
                part = CapturePart("message", "text/plain", self._source.items[key])
                captures.append(Capture(CHANNEL, ident, self._clock.now(), (part,), mark))
            listed += 1
        if self._source.left == 0 and not captures:
            raise RetryLater("the fake source fails")
        return self._batch(captures, listed, unchanged, "")

    def acknowledge(self, refs: Sequence[str]) -> None:
        pass

    def close(self) -> None:
        pass

    @staticmethod
    def _batch(captures: list[Capture], listed: int, unchanged: int, cursor: str, more: bool = False) -> Batch:
        return Batch(tuple(captures), (), Manifest(listed, unchanged, len(captures)), cursor, more=more)


class FakeParser:
    """``domain.ports.Parser``: the text is the body."""

    def understand(self, capture: Capture) -> Draft:
        part = capture.part("message")
        try:
            body = part.data.decode() if part is not None else ""
        except UnicodeDecodeError:
            body = ""
        if not body:
            raise RejectItem("the fake item has no text")
        return Draft(subject=body[:20], body=body, body_own=body, sender=Sender())


@contextmanager
def fake_rig() -> Iterator[Rig]:
    source, seen, clock = FakeSource(), FakeSeen(), HandClock()
    yield Rig(FakeCollector(source, seen, clock), FakeParser(), source, seen, clock)


__all__ = ["FakeCollector", "FakeParser", "FakeSource", "fake_rig"]
