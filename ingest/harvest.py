"""What one poll gathers, and its counts, shared by the collectors that read lists."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.clock import require_aware
from domain.errors import RetryLater
from domain.ids import ChannelId, ExternalId
from domain.messages import Batch, Capture, CapturePart, CaptureReject, Manifest, SeenItem
from domain.ports import Clock

_RECORD = "application/json; charset=utf-8"
_PASSING = 60.0
_LONGEST_ROUND = timedelta(days=1)


class LayoutChanged(RetryLater):
    """The site's pages are not what the profile describes. ``doubtful``: nor may be what this poll gathered before."""

    def __init__(self, what: str, *, remedy: str = "", doubtful: bool = False) -> None:
        super().__init__(f"layout changed: {what}", remedy=remedy or "compare the site with the profile", after=1800.0)
        self.doubtful = doubtful


@dataclass(slots=True)
class Harvest:
    """One poll of one channel. Items are counted when their list row is passed, captures when they are made.

    ``since`` is when the round of polls began that this one goes on with: nothing is looked at again twice in a round.
    """

    channel: ChannelId
    clock: Clock
    most_items: int
    seconds: float
    since: datetime
    captures: list[Capture] = field(default_factory=list)
    rejects: list[CaptureReject] = field(default_factory=list)
    passed: set[ExternalId] = field(default_factory=set)
    unchanged: int = 0
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock.monotonic()

    @property
    def captured(self) -> int:
        return len(self.captures) + len(self.rejects)

    @property
    def full(self) -> bool:
        """Enough for one poll, by items or by time: the rest is for the next one."""
        return self.captured >= self.most_items or self.clock.monotonic() - self._started >= self.seconds

    def capture(self, external_id: ExternalId, mark: str, parts: Iterable[CapturePart]) -> None:
        self.captures.append(self._made(external_id, mark, parts))

    def reject(self, external_id: ExternalId, mark: str, parts: Iterable[CapturePart], reason: str) -> None:
        self.rejects.append(CaptureReject(self._made(external_id, mark, parts), reason))

    def batch(self, cursor: str, *, more: bool, failure: RetryLater | None = None) -> Batch:
        """What was gathered. After a passing ``failure`` the next poll waits as long as it asks."""
        next_at = None if failure is None else self.clock.monotonic() + (failure.after or _PASSING)
        manifest = Manifest(listed=len(self.passed), unchanged=self.unchanged, captured=self.captured)
        return Batch(tuple(self.captures), tuple(self.rejects), manifest, cursor, more=more and failure is None, next_at=next_at)

    def needs_fetch(self, known: SeenItem | None, mark: str, recheck_minutes: float) -> bool:
        """Unknown, changed in the list, or not looked at for so long that its page may have changed unseen."""
        if known is None or known.list_mark != mark:
            return True
        return known.fetched_at < self.since and self.clock.now() - known.fetched_at >= timedelta(minutes=recheck_minutes)

    def _made(self, external_id: ExternalId, mark: str, parts: Iterable[CapturePart]) -> Capture:
        return Capture(self.channel, external_id, self.clock.now(), tuple(parts), mark)


def record_part(data: bytes) -> CapturePart:
    """The list's record as a part of a capture."""
    return CapturePart("list", _RECORD, data)


def moment(text: str | None) -> datetime | None:
    """A time out of a cursor. Raises ValueError when it is none or has no zone."""
    return require_aware(datetime.fromisoformat(text), "a cursor's time") if text else None


def begun(since: datetime | None, now: datetime) -> datetime:
    """When this round of polls began; one that goes on for more than a day counts as a new one."""
    return since if since is not None and now - since < _LONGEST_ROUND else now
