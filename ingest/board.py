"""The leadership board collector: people.com.cn's list interface of generation 0 (and 0b, by ``list_path``).

The list is asked for by the last item's tid. A post is moderated up to 52 hours after it was written and changes for months,
so the order of tids is not the order of publication: each poll reads a window again, and now and then everything.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode, urljoin

from domain.errors import RejectItem, RetryLater
from domain.ids import ChannelId, ExternalId
from domain.messages import Batch, CapturePart, SeenItem
from domain.ports import Clock, Seen
from ingest.board_detail import read_post
from ingest.board_records import Thread, read_page
from ingest.harvest import Harvest, LayoutChanged, begun, moment, record_part
from ingest.http import Gone, HttpClient, HttpRequest, Page, ServerFault, TooLarge

_EMPTY_BOARD = 1800.0
_TRIES = 3
_LEAST_BAD = 5


@dataclass(frozen=True, slots=True)
class BoardConfig:
    """One office's board: ``url`` the site, ``fid`` the office. ``page_size`` is sent where it is not 0 (generation 0b)."""

    channel: ChannelId
    url: str
    fid: str
    list_path: str = "/threads/queryThreadsList"
    detail_path: str = "/threads/content?tid={tid}"
    page_size: int = 0
    site: str = "people.com.cn"
    batch_items: int = 100
    batch_seconds: float = 120.0
    overlap_hours: float = 72.0
    full_sweep_hours: float = 24.0 * 7
    recheck_minutes: float = 360.0
    details: bool = True
    place_filter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """The cursor. ``walk`` and ``watch`` are the ``lastItem`` that a whole reading, or a reading of the window, goes on with
    ("0" the board's first page, "" none under way). ``since``: when the polls began that say that there is more."""

    walk: str = "0"
    watch: str = ""
    swept_at: datetime | None = None
    since: datetime | None = None

    @classmethod
    def read(cls, cursor: str) -> "_Place":
        """A cursor that cannot be read begins anew: what is known is then found unchanged."""
        try:
            data = json.loads(cursor)
            return cls(str(data["walk"]), str(data["watch"]), moment(data["swept"]), moment(data["since"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    def write(self) -> str:
        swept = self.swept_at.isoformat() if self.swept_at else None
        since = self.since.isoformat() if self.since and (self.walk or self.watch) else None
        return json.dumps({"v": 1, "walk": self.walk, "watch": self.watch, "swept": swept, "since": since})


class BoardCollector:
    """``domain.ports.Collector``."""

    def __init__(self, config: BoardConfig, http: HttpClient, seen: Seen, clock: Clock) -> None:
        self._config = config
        self._http = http
        self._seen = seen
        self._clock = clock
        self._failures: Counter[ExternalId] = Counter()
        self._bad = 0
        self._place = _Place()

    def poll(self, cursor: str) -> Batch:
        start = self._begin(_Place.read(cursor))
        since = begun(start.since, self._clock.now())
        harvest = Harvest(self._config.channel, self._clock, self._config.batch_items, self._config.batch_seconds, since)
        self._place = start = replace(start, since=since)
        try:
            more = self._advance(harvest)
        except RetryLater as failure:
            doubtful = isinstance(failure, LayoutChanged) and failure.doubtful
            if doubtful or (not harvest.captured and self._place == start):
                raise
            return harvest.batch(self._place.write(), more=False, failure=failure)
        return harvest.batch(self._place.write(), more=more)

    def acknowledge(self, refs: Sequence[str]) -> None:
        """Nothing is marked on a board."""

    def close(self) -> None:
        self._http.close()

    def _begin(self, place: _Place) -> _Place:
        due = place.swept_at is not None and self._clock.now() - place.swept_at >= timedelta(hours=self._config.full_sweep_hours)
        return replace(place, walk="0", watch="") if due and not place.walk else place

    def _advance(self, harvest: Harvest) -> bool:
        if self._place.walk != "0" and not self._watch(harvest):
            return True
        return bool(self._place.walk) and not self._walk(harvest)

    def _watch(self, harvest: Harvest) -> bool:
        """From the newest page until one is wholly known and older than the overlap. False when the poll is full before that."""
        since = self._clock.now() - timedelta(hours=self._config.overlap_hours)
        last = self._place.watch or "0"
        passed = {last}
        while True:
            threads = self._list(last)
            taken, news = self._take(threads, harvest)
            if not taken:
                self._place = replace(self._place, watch=last)
                return False
            if not threads or (not news and all(thread.moment < since for thread in threads)):
                break
            last = _onward(threads, passed)
            self._place = replace(self._place, watch=last)
            if harvest.full:
                return False
        self._place = replace(self._place, watch="")
        return True

    def _walk(self, harvest: Harvest) -> bool:
        """All pages to the empty list that ends them. False when the poll is full before that."""
        last = self._place.walk
        passed = {last}
        while True:
            threads = self._list(last)
            if not threads:
                break
            taken, _ = self._take(threads, harvest)
            if not taken:
                return False
            last = _onward(threads, passed)
            self._place = replace(self._place, walk=last)
            if harvest.full:
                return False
        self._place = replace(self._place, walk="", swept_at=self._clock.now())
        return True

    def _list(self, last: str) -> list[Thread]:
        """One page behind ``last``; empty behind the end. An empty board on its first page is a refusal and not the end."""
        config = self._config
        form = {"fid": config.fid, "lastItem": last} | ({"pageSize": str(config.page_size)} if config.page_size else {})
        headers = {
            "Referer": urljoin(config.url, f"/threads/list?fid={config.fid}"),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Requested-With": "XMLHttpRequest",
            "Accept": "application/json, text/javascript, */*; q=0.01",
        }
        request = HttpRequest(urljoin(config.url, config.list_path), "POST", headers, urlencode(form).encode("ascii"))
        try:
            threads = read_page(self._http.fetch(request).text)
        except Gone:
            raise RetryLater(
                "the board's list is no longer at its address", remedy="compare list_path with the site", after=_EMPTY_BOARD
            ) from None
        except RejectItem as error:
            raise RetryLater(f"the board's list: {error.what}", remedy="ask the site's operators", after=_EMPTY_BOARD) from None
        if not threads and last == "0":
            raise RetryLater("the whole board answers empty", remedy="compare fid with the site", after=_EMPTY_BOARD)
        if len(threads) > 2 and 2 * sum(bool(thread.problem) for thread in threads) > len(threads):
            raise LayoutChanged("most of the board's records are not understood", remedy="a newer fenban may know them")
        return threads

    def _take(self, threads: Sequence[Thread], harvest: Harvest) -> tuple[bool, bool]:
        """Goes through a page's threads: (whether all were passed, whether any was new or changed)."""
        rows = [thread for thread in threads if thread.external_id not in harvest.passed]
        known = self._seen.seen(self._config.channel, [thread.external_id for thread in rows])
        news = False
        for thread in rows:
            if thread.external_id in harvest.passed:
                continue
            if harvest.captured and harvest.full:
                return False, news
            before = known.get(thread.external_id)
            news = news or before is None or before.list_mark != thread.mark
            self._item(thread, before, harvest)
            harvest.passed.add(thread.external_id)
        return True, news

    def _item(self, thread: Thread, known: SeenItem | None, harvest: Harvest) -> None:
        parts = (record_part(thread.record),)
        changed = known is None or known.list_mark != thread.mark
        if thread.problem and changed:
            harvest.reject(thread.external_id, thread.mark, parts, thread.problem)
        elif not thread.problem and self._config.details and thread.cut:
            if harvest.needs_fetch(known, thread.mark, self._config.recheck_minutes):
                self._with_detail(thread, parts, harvest)
            else:
                harvest.unchanged += 1
        elif changed:
            harvest.capture(thread.external_id, thread.mark, parts)
        else:
            harvest.unchanged += 1

    def _with_detail(self, thread: Thread, parts: tuple[CapturePart, ...], harvest: Harvest) -> None:
        request = HttpRequest(urljoin(self._config.url, self._config.detail_path.replace("{tid}", thread.external_id)))
        try:
            page = self._http.fetch(request)
        except (Gone, TooLarge) as error:
            reason = "the post is no longer there" if isinstance(error, Gone) else "the post's page is too large"
            harvest.reject(thread.external_id, thread.mark, parts, reason)
        except ServerFault:
            self._failures[thread.external_id] += 1
            if self._failures[thread.external_id] < _TRIES:
                raise
            harvest.reject(thread.external_id, thread.mark, parts, "the post's page fails again and again")
        else:
            self._failures.pop(thread.external_id, None)
            self._judge(page, thread)
            detail = CapturePart("detail", page.media_type, page.body)
            harvest.capture(thread.external_id, thread.mark, (*parts, detail))

    def _judge(self, page: Page, thread: Thread) -> None:
        """Raises LayoutChanged when one page after another holds no post."""
        try:
            read_post(page.text, thread.content)
            self._bad = 0
        except RejectItem as error:
            self._bad += 1
            if self._bad >= _LEAST_BAD:
                remedy = "compare detail_path with the site"
                raise LayoutChanged(f"the posts' pages: {error.what}", remedy=remedy, doubtful=True) from None


def _onward(threads: Sequence[Thread], passed: set[str]) -> str:
    """The next page's ``lastItem``. Raises RetryLater when the board goes in a circle."""
    last = next((thread.external_id for thread in reversed(threads) if thread.external_id.isdigit()), "")
    if not last or last in passed:
        raise RetryLater("the board gives the same page again", remedy="compare list_path with the site", after=_EMPTY_BOARD)
    passed.add(last)
    return last
