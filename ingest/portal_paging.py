"""Asking for a portal's pages: addresses, forms, and ASP.NET's hidden fields."""

from collections.abc import Mapping
from urllib.parse import urlencode, urljoin

from domain.errors import RejectItem, RetryLater
from ingest.html_text import parse_html
from ingest.http import Fetcher, Gone, HttpRequest, Page
from ingest.portal_fields import select
from ingest.portal_profile import Paging, PortalProfile

_FORM = "application/x-www-form-urlencoded"


class Pages:
    """One portal's list pages, by their number from 1. Remembers the hidden fields that the last page gave."""

    def __init__(self, profile: PortalProfile, base: str, http: Fetcher) -> None:
        self._profile = profile
        self._base = base
        self._http = http
        self._hidden: dict[str, str] = {}

    def fetch(self, number: int) -> Page | None:
        """The page, or None when its 404 means the list has ended. Raises what HttpClient.fetch raises."""
        if self._profile.paging.kind == "viewstate" and number > 1 and not self._hidden:
            self.fetch(1)
        try:
            page = whole(self._http.fetch(self._request(number)), self._profile.list.ends_with)
        except Gone:
            if number > 1 and self._profile.paging.gone:
                return None
            raise RetryLater(
                "the list is no longer at its address", remedy="compare list.url in the profile with the site", after=1800.0
            ) from None
        if self._profile.paging.kind == "viewstate":
            self._hidden = hidden_fields(page.text)
        return page

    def _request(self, number: int) -> HttpRequest:
        listing, paging = self._profile.list, self._profile.paging
        places = placeholders(paging, number)
        url = urljoin(self._base, fill(listing.url, places))
        headers = {name: fill(value, places) for name, value in listing.headers.items()}
        if paging.kind == "viewstate":
            if number == 1:
                return HttpRequest(url, headers=headers)
            form = dict(self._hidden) | {name: fill(value, places) for name, value in listing.form.items()}
            form |= {"__EVENTTARGET": paging.target, "__EVENTARGUMENT": fill(paging.argument, places)}
            return _post(url, headers, urlencode(form), _FORM)
        if listing.json_body:
            return _post(url, headers, fill(listing.json_body, places), "application/json; charset=utf-8")
        if listing.form or listing.method == "POST":
            form = {name: fill(value, places) for name, value in listing.form.items()}
            return _post(url, headers, urlencode(form), _FORM)
        return HttpRequest(url, headers=headers)


def placeholders(paging: Paging, number: int) -> dict[str, str]:
    """What stands for ``{page}`` and the others on the n-th page (from 1)."""
    page = paging.first + (number - 1) * paging.step
    return {
        "page": str(page),
        "offset": str((number - 1) * paging.size),
        "start": str((number - 1) * paging.size + 1),
        "end": str(number * paging.size),
        "size": str(paging.size),
        "index": "" if number == 1 else f"_{page}",
    }


def fill(text: str, places: Mapping[str, str]) -> str:
    """``text`` with its placeholders filled; other braces (JSON bodies) stay."""
    for name, value in places.items():
        text = text.replace("{" + name + "}", value)
    return text


def detail_request(profile: PortalProfile, base: str, places: Mapping[str, str]) -> HttpRequest:
    """The request for one item's page."""
    detail = profile.detail
    url = urljoin(base, fill(detail.url, places))
    return HttpRequest(url, headers={name: fill(value, places) for name, value in detail.headers.items()})


def whole(page: Page, ends_with: str) -> Page:
    """The page itself. Raises RetryLater when an HTML document stops before its end."""
    if ends_with and "<html" in page.text[:2000].lower() and ends_with.lower() not in page.text[-4000:].lower():
        raise RetryLater(
            "the page was cut short", remedy=f"if the site never writes {ends_with}, set ends_with = '' in the profile"
        )
    return page


def hidden_fields(text: str) -> dict[str, str]:
    """The hidden inputs of an ASP.NET page."""
    try:
        inputs = select(parse_html(text), "input[type=hidden]")
    except RejectItem:
        return {}
    return {str(field.get("name")): str(field.get("value") or "") for field in inputs if field.get("name")}


def _post(url: str, headers: Mapping[str, str], body: str, media_type: str) -> HttpRequest:
    return HttpRequest(url, "POST", {**headers, "Content-Type": media_type}, body.encode("utf-8"))
