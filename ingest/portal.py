"""The portal collector: reads a portal's list from its newest page, and each new or changed letter's own page."""

import json
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from domain.errors import RejectItem, RetryLater
from domain.ids import ChannelId, ExternalId
from domain.messages import Batch, CapturePart, SeenItem
from domain.ports import Clock, Seen
from ingest.harvest import Harvest, LayoutChanged, begun, moment, record_part
from ingest.http import Fetcher, Gone, Page, ServerFault, TooLarge
from ingest.portal_detail import Letter, Letters
from ingest.portal_labels import Field
from ingest.portal_paging import Pages, detail_request, whole
from ingest.portal_profile import PortalProfile
from ingest.portal_rows import ListPage, Row, followup_record, read_list

_TRIES = 3
"""A letter whose page alone fails in so many polls is quarantined, so that it does not hold up those behind it."""
_REMEMBERED = 20
_LEAST_BAD = 5


@dataclass(frozen=True, slots=True)
class PortalConfig:
    """``url``: the site; the profile's addresses are relative to it. ``batch_seconds`` bounds one poll, which then has more."""

    channel: ChannelId
    url: str
    batch_items: int = 100
    batch_seconds: float = 120.0
    overlap_pages: int = 2
    full_sweep_hours: float = 24.0
    recheck_minutes: float = 360.0
    place_filter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """The cursor. ``walk``: the page that a whole reading of the list goes on with (the first one, and every sweep), 0 when
    none is under way. ``watch``: the same for the reading of the newest pages. ``swept_at``: when the last walk ended.
    ``since``: when the polls began that say one after another that there is more."""

    walk: int = 1
    watch: int = 0
    quiet: int = 0
    swept_at: datetime | None = None
    since: datetime | None = None

    @classmethod
    def read(cls, cursor: str) -> "_Place":
        """A cursor that cannot be read begins anew: what is known is then found unchanged."""
        try:
            data = json.loads(cursor)
            walk, watch, quiet = (max(0, int(data[name])) for name in ("walk", "watch", "quiet"))
            return cls(walk, watch, quiet, moment(data["swept"]), moment(data["since"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    def write(self) -> str:
        swept = self.swept_at.isoformat() if self.swept_at else None
        since = self.since.isoformat() if self.since and (self.walk or self.watch) else None
        return json.dumps({"v": 1, "walk": self.walk, "watch": self.watch, "quiet": self.quiet, "swept": swept, "since": since})


class PortalCollector:
    """``domain.ports.Collector``. Any number of processes may poll one portal: what is stored decides, not what this remembers."""

    def __init__(
        self,
        config: PortalConfig,
        profile: PortalProfile,
        http: Fetcher,
        seen: Seen,
        clock: Clock,
        letters: Letters | None = None,
    ) -> None:
        """``letters``: the parser's, which then takes what this has read."""
        self._config = config
        self._profile = profile
        self._letters = letters or Letters(profile)
        self._http = http
        self._pages = Pages(profile, config.url, http)
        self._seen = seen
        self._clock = clock
        self._failures: Counter[ExternalId] = Counter()
        self._understood: deque[bool] = deque(maxlen=_REMEMBERED)

    def poll(self, cursor: str) -> Batch:
        self._letters.forget()
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
        """Nothing is marked on a portal."""

    def close(self) -> None:
        self._http.close()

    def _begin(self, place: _Place) -> _Place:
        """A walk begins when none is under way and the last one is old."""
        due = place.swept_at is not None and self._clock.now() - place.swept_at >= timedelta(hours=self._config.full_sweep_hours)
        return replace(place, walk=1, watch=0, quiet=0) if due and not place.walk else place

    def _advance(self, harvest: Harvest) -> bool:
        """Reads the newest pages, then goes on with the walk. True when there is more for the next poll."""
        if self._place.walk != 1 and not self._watch(harvest):
            return True
        return bool(self._place.walk) and not self._walk(harvest)

    def _watch(self, harvest: Harvest) -> bool:
        """From the first page until enough pages in a row hold nothing new. False when the poll is full before that."""
        resumed = self._place.watch
        number = max(1, resumed - 1)
        quiet = self._place.quiet if resumed else 0
        before: list[ExternalId] = []
        while quiet < self._config.overlap_pages and not (self._place.walk and number >= self._place.walk):
            if number > max(1, resumed) and harvest.full:
                return False
            page = self._list(number, before)
            if page is None:
                break
            taken, news = self._take(page, harvest)
            if not taken:
                self._place = replace(self._place, watch=number, quiet=0)
                return False
            quiet = 0 if news else quiet + 1
            before = [row.external_id for row in page.rows]
            number += 1
            self._place = replace(self._place, watch=number, quiet=quiet)
            if page.pages is not None and number > page.pages:
                break
        self._place = replace(self._place, watch=0, quiet=0)
        return True

    def _walk(self, harvest: Harvest) -> bool:
        """All pages, one after another; goes on one page before where the last poll stopped, since pages shift meanwhile."""
        resumed = self._place.walk
        number = max(1, resumed - 1)
        before: list[ExternalId] = []
        while True:
            if number > resumed and harvest.full:
                return False
            page = self._list(number, before)
            if page is None:
                break
            taken, _ = self._take(page, harvest)
            if not taken:
                return False
            before = [row.external_id for row in page.rows]
            number += 1
            self._place = replace(self._place, walk=max(number, resumed))
            if page.pages is not None and number > page.pages:
                break
            if number > self._profile.paging.max_pages:
                raise LayoutChanged("the list does not end", remedy="raise paging.max_pages, or say what ends the list")
        self._place = replace(self._place, walk=0, swept_at=self._clock.now())
        return True

    def _list(self, number: int, before: list[ExternalId]) -> ListPage | None:
        """One page of the list, or None behind its end. Raises LayoutChanged when it is not what the profile describes."""
        page = self._pages.fetch(number)
        if page is None:
            return None
        try:
            found = read_list(self._profile, page.text, page.url)
        except RejectItem as error:
            raise LayoutChanged(f"page {number} of the list: {error.what}") from None
        if not found.rows:
            if found.said_empty or (number > 1 and (self._profile.list.format == "json" or (found.pages or number) < number)):
                return None
            raise LayoutChanged(f"page {number} of the list has no rows and does not say that there are no messages")
        ids = {row.external_id for row in found.rows}
        if 2 * sum(bool(row.problem) for row in found.rows) > len(found.rows):
            raise LayoutChanged(f"most rows on page {number} of the list are not understood: {_first_problem(found)}")
        if len(found.rows) > 2 and 2 * len(ids) <= len(found.rows):
            raise LayoutChanged(
                f"the rows on page {number} share one id", remedy="set list.id or list.fields.number in the profile"
            )
        if before and [row.external_id for row in found.rows] == before:
            if found.pages is not None and number <= found.pages:
                raise LayoutChanged(f"page {number} of the list repeats the page before", remedy="correct the profile's paging")
            return None
        return found

    def _take(self, page: ListPage, harvest: Harvest) -> tuple[bool, bool]:
        """Goes through a page's rows: (whether all were passed, whether any was new or changed)."""
        rows = [row for row in page.rows if row.external_id not in harvest.passed]
        known = self._seen.seen(self._config.channel, [row.external_id for row in rows])
        news = False
        for row in rows:
            if row.external_id in harvest.passed:
                continue
            if harvest.captured and harvest.full:
                return False, news
            before = known.get(row.external_id)
            news = news or before is None or before.list_mark != row.mark
            self._item(row, before, harvest)
            harvest.passed.add(row.external_id)
        return True, news

    def _item(self, row: Row, known: SeenItem | None, harvest: Harvest) -> None:
        parts = (record_part(row.record),)
        changed = known is None or known.list_mark != row.mark
        if row.problem or self._profile.detail.kind == "none":
            if not changed:
                harvest.unchanged += 1
            elif row.problem:
                harvest.reject(row.external_id, row.mark, parts, row.problem)
            else:
                harvest.capture(row.external_id, row.mark, parts)
            return
        if not harvest.needs_fetch(known, row.mark, self._config.recheck_minutes):
            harvest.unchanged += 1
            return
        page = self._detail(row, parts, harvest)
        if page is not None:
            letter = self._judge(page)
            detail = CapturePart("detail", page.media_type, page.body)
            harvest.capture(row.external_id, row.mark, (*parts, detail))
            if letter is not None and letter.followups:
                self._followups(row, letter, detail, harvest)

    def _detail(self, row: Row, parts: tuple[CapturePart, ...], harvest: Harvest) -> Page | None:
        """The letter's page; None when it is quarantined without one."""
        reason = ""
        request = detail_request(self._profile, self._config.url, _detail_places(row))
        if not row.link and "{link}" in self._profile.detail.url:
            reason = "the list gives no link to the letter"
        elif not self._own_host(request.url):
            reason = "the link leads to another site"
        else:
            try:
                page = whole(self._http.fetch(request), self._profile.detail.ends_with)
            except (Gone, TooLarge) as error:
                reason = "the letter is no longer there" if isinstance(error, Gone) else "the letter's page is too large"
            except ServerFault:
                self._failures[row.external_id] += 1
                if self._failures[row.external_id] < _TRIES:
                    raise
                reason = "the letter's page fails again and again"
            else:
                self._failures.pop(row.external_id, None)
                return page
        harvest.reject(row.external_id, row.mark, parts, reason)
        return None

    def _own_host(self, url: str) -> bool:
        host = urlsplit(url).hostname
        return host in (urlsplit(self._config.url).hostname, *self._profile.detail.hosts)

    def _judge(self, page: Page) -> Letter | None:
        """The page as understood; None when it is not (it is then quarantined by its parser). Raises LayoutChanged when
        that is so of most pages."""
        try:
            letter = self._letters.read(page.text)
        except RejectItem:
            letter = None
        understood = letter is not None and not letter.problem
        self._understood.append(understood)
        bad = self._understood.count(False)
        if not understood and bad >= _LEAST_BAD and 2 * bad > len(self._understood):
            why = f": {letter.problem}" if letter is not None else ""
            raise LayoutChanged(f"most letters' pages are not understood{why}", doubtful=True)
        return letter

    def _followups(self, row: Row, letter: Letter, detail: CapturePart, harvest: Harvest) -> None:
        """The citizen's follow-ups are messages of their own."""
        records = [followup_record(row, followup.order, followup.text) for followup in letter.followups]
        known: Mapping[ExternalId, SeenItem] = self._seen.seen(self._config.channel, [record.external_id for record in records])
        for record in records:
            before = known.get(record.external_id)
            harvest.passed.add(record.external_id)
            if before is not None and before.list_mark == record.mark:
                harvest.unchanged += 1
            else:
                harvest.capture(record.external_id, record.mark, (record_part(record.record), detail))


def _detail_places(row: Row) -> dict[str, str]:
    number = row.found.first(Field.NUMBER)
    return {"link": row.link, "id": row.link_id or number, "number": number}


def _first_problem(page: ListPage) -> str:
    return next(row.problem for row in page.rows if row.problem)
