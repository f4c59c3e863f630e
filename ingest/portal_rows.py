"""A list page's rows, and what one row says. The collector reads rows while polling; the parser reads the same record again."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import re2
from lxml import etree
from lxml.html import HtmlElement

from domain.errors import RejectItem
from domain.ids import ExternalId
from ingest.html_text import element_text, parse_html
from ingest.portal_fields import Found, label_pairs, match_patterns, pick_html, pick_json, select, select_one
from ingest.portal_json import at_path, read_json, scalar
from ingest.portal_labels import Field, Labels
from ingest.portal_profile import PortalProfile

_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_ID_NAMES = re.compile(r"(?i)(?:^|_|[a-z])id$|^(?:no|num|code|bh|xh|tid|aid|key|mailno|letterno)$")
_LAST_NAME = re.compile(r"([^/]+?)(?:\.[A-Za-z]{2,5})?/?$")
_SESSION = re.compile(r";jsessionid=[^?#]*", re.IGNORECASE)
_LONGEST_ID = 120


@dataclass(frozen=True, slots=True)
class Row:
    """One listed item. ``record`` are the bytes kept of it. ``external_id`` is always set; ``problem`` says what is missing.

    ``followup``: 0 for the letter itself, n for the citizen's n-th follow-up in it.
    """

    record: bytes
    external_id: ExternalId
    mark: str
    link: str
    link_id: str
    found: Found
    problem: str = ""
    followup: int = 0


@dataclass(frozen=True, slots=True)
class ListPage:
    """``said_empty``: the profile's marker for "no messages" was seen. ``pages``: the last page's number, where it is said."""

    rows: tuple[Row, ...]
    said_empty: bool
    pages: int | None


def read_list(profile: PortalProfile, text: str, url: str) -> ListPage:
    """The rows of a list page. Raises RejectItem when it cannot be read at all."""
    listing = profile.list
    said_empty = any(marker in text for marker in listing.empty)
    pages = _last_page(profile, text)
    if listing.format == "json":
        rows, said_empty = _json_rows(profile, text, url, said_empty)
    else:
        rows = _html_rows(profile, _html_of(profile, text), url)
    return ListPage(tuple(rows), said_empty, pages)


def read_record(profile: PortalProfile, labels: Labels, data: bytes) -> Row:
    """What one kept record says. Raises RejectItem when the bytes are no record."""
    try:
        record = json.loads(data)
        url = str(record["url"])
        found, link = _json_fields(profile, record) if "json" in record else _html_fields(profile, labels, record)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RejectItem("the list's record cannot be read") from None
    row = _row(profile, data, found, urljoin(url, link) if link else "")
    order = record.get("followup", 0)
    return replace(row, followup=order) if isinstance(order, int) else row


def followup_record(row: Row, order: int, text: str) -> Row:
    """The record of a follow-up: the letter's own, saying which follow-up is meant. Its mark changes with its text."""
    record = json.loads(row.record) | {"followup": order}
    data = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
    return replace(row, record=data, external_id=ExternalId(f"{row.external_id}+{order}"), mark=_sha(text), followup=order)


def _row(profile: PortalProfile, data: bytes, found: Found, link: str) -> Row:
    number = found.first(Field.NUMBER)
    link_id = _id_of_link(link, profile.list.id) if link else ""
    ident = number or link_id or _digest_of(found, profile.list.identity)
    missing = [name for name in profile.list.need if not found.first(name)]
    problem = "" if ident and not missing else f"the list's row lacks {', '.join(missing) or 'a number or link'}"
    if len(ident) > _LONGEST_ID or "\0" in ident:
        ident = _sha(ident)[:32]
    mark = _mark(found, link_id)
    return Row(data, ExternalId(ident or f"row-{mark[:24]}"), mark, link, link_id, found, problem)


def _mark(found: Found, link_id: str) -> str:
    """A digest of what the list says of an item, click counts and running numbers left out."""
    said = sorted((name.value, text) for name, text in found.values if name is not Field.IGNORED)
    return _sha(json.dumps([link_id, said], ensure_ascii=True))


def _digest_of(found: Found, names: Sequence[Field]) -> str:
    values = [found.first(name) for name in names]
    return f"item-{_sha(json.dumps(values))[:24]}" if any(values) else ""


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _id_of_link(link: str, pattern: str) -> str:
    """The item's id in its link: by the profile's pattern, else the query's id parameter, else the last part of the path."""
    link = _SESSION.sub("", link)
    if pattern:
        found = re2.search(pattern, link)
        return str(found.group(1) if found.lastindex else found.group()) if found else ""
    parts = urlsplit(link)
    named = [value for name, value in parse_qsl(parts.query) if value and _ID_NAMES.search(name)]
    if named:
        return named[-1]
    last = _LAST_NAME.search(unquote(parts.path))
    if parts.query:
        return f"{parts.path}?{parts.query}"
    return last.group(1) if last else ""


def _last_page(profile: PortalProfile, text: str) -> int | None:
    paging = profile.paging
    if paging.kind == "single":
        return 1
    if paging.pages:
        found = re2.search(paging.pages, text)
        return _number(found) if found else None
    if paging.total:
        found = re2.search(paging.total, text)
        total = _number(found) if found else None
        return None if total is None else max(1, -(-total // paging.size))
    return None


def _number(found: Any) -> int | None:
    digits = re.sub(r"[,，\s]", "", str(found.group(1) if found.lastindex else found.group()))
    return int(digits) if digits.isdigit() and len(digits) < 10 else None


def _json_rows(profile: PortalProfile, text: str, url: str, said_empty: bool) -> tuple[list[Row], bool]:
    listed = at_path(read_json(text), profile.list.rows)
    if isinstance(listed, str) and listed.strip()[:1] == "[":
        listed = read_json(listed)
    if isinstance(listed, dict):
        listed = list(listed.values())
    if not isinstance(listed, list):
        raise RejectItem("the list's answer has no rows where the profile says they are")
    rows = []
    for record in listed:
        data = json.dumps({"url": url, "json": record}, ensure_ascii=False).encode("utf-8", "replace")
        found, link = _json_fields(profile, {"json": record})
        rows.append(_row(profile, data, found, urljoin(url, link) if link else ""))
    return rows, said_empty


def _json_fields(profile: PortalProfile, record: Mapping[str, Any]) -> tuple[Found, str]:
    found = Found()
    for name, pick in profile.list.fields.items():
        value = pick_json(record["json"], pick)
        if value:
            found.add(name, value)
    pick = profile.list.link
    link = pick_json(record["json"], pick) if pick.at or pick.value else ""
    for pattern in profile.list.patterns:
        match = re2.search(pattern.pattern, scalar(at_path(record["json"], pattern.css)))
        for name, text in (match.groupdict() if match else {}).items():
            if name in Field._value2member_map_ and text:
                found.add(Field(name), text.strip())
    return found, link


def _html_of(profile: PortalProfile, text: str) -> HtmlElement:
    if profile.list.html_in:
        text = scalar(at_path(read_json(text), profile.list.html_in))
    if "<![CDATA[" in text:
        text = _CDATA.sub("", text)
    return parse_html(text)


def _html_rows(profile: PortalProfile, page: HtmlElement, url: str) -> list[Row]:
    listing = profile.list
    labels = Labels(profile.labels)
    skipped = set(select(page, listing.skip)) if listing.skip else set()
    nodes = [node for node in select(page, listing.rows) if node not in skipped]
    columns = list(listing.columns) or _columns(profile, page, nodes, labels)
    rows = []
    for node in nodes:
        if not element_text(node) or _is_header(node, labels):
            continue
        markup = etree.tostring(node, encoding="unicode", method="html", with_tail=False)
        record = {"url": url, "columns": columns, "html": markup}
        found, link = _node_fields(profile, labels, node, columns)
        data = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
        row = _row(profile, data, found, urljoin(url, link) if link else "")
        if not (row.problem and any(marker in markup for marker in listing.empty)):
            rows.append(row)
    return rows


def _is_header(node: HtmlElement, labels: Labels) -> bool:
    """A row of which every cell is a label heads the list and is no item."""
    cells = [element_text(cell) for cell in node if isinstance(cell.tag, str)]
    said = [cell for cell in cells if cell]
    return bool(said) and all(labels.field(cell) is not None for cell in said)


def _columns(profile: PortalProfile, page: HtmlElement, nodes: Sequence[HtmlElement], labels: Labels) -> list[str]:
    """The cells' labels from the header the profile names, else from the header row of the rows' own table."""
    if profile.list.header:
        heads = select(page, profile.list.header)
        return [
            element_text(cell) for head in heads for cell in (head if head.tag == "tr" else [head]) if isinstance(cell.tag, str)
        ]
    table = next((parent for node in nodes[:1] for parent in node.iterancestors("table")), None)
    if table is None:
        return []
    for row in table.iter("tr"):
        if _is_header(row, labels):
            return [element_text(cell) for cell in row if isinstance(cell.tag, str)]
    return []


def _html_fields(profile: PortalProfile, labels: Labels, record: Mapping[str, Any]) -> tuple[Found, str]:
    node = parse_html(f"<table>{record['html']}</table>" if record["html"].lstrip()[:3].lower() == "<tr" else record["html"])
    body = select_one(node, "body")
    first = body[0] if body is not None and len(body) else node
    while first.tag in ("table", "tbody") and len(first):
        first = first[0]
    return _node_fields(profile, labels, first, record["columns"])


def _node_fields(profile: PortalProfile, labels: Labels, node: HtmlElement, columns: Sequence[str]) -> tuple[Found, str]:
    """Fields by selector, by pattern, by column, and by labels inside the row; the link by selector or the first one."""
    listing = profile.list
    found = Found()
    for name, pick in listing.fields.items():
        value = pick_html(node, pick)
        if value:
            found.add(name, value)
    match_patterns(node, listing.patterns, found)
    cells = [cell for cell in node if isinstance(cell.tag, str)] if columns else []
    for label, cell in zip(columns, cells, strict=False):
        column = labels.field(label)
        value = _cell_text(cell)
        if column is not None and value:
            found.add(column, value)
    if not columns:
        label_pairs(node, labels, found)
    return found, _link(profile, node)


def _cell_text(cell: HtmlElement) -> str:
    """A cell's text; where a link's title attribute says more than its shortened text, that."""
    text = element_text(cell)
    for link in cell.iter("a"):
        title = " ".join((link.get("title") or "").split())
        shown = element_text(link).rstrip("….。·")
        if title and shown and len(title) > len(shown) and title.startswith(shown):
            return title
    return text


def _link(profile: PortalProfile, node: HtmlElement) -> str:
    pick = profile.list.link
    if pick.at or pick.attr or pick.pattern or pick.value:
        return pick_html(node, pick)
    for anchor in [node, *node.iter("a")]:
        href = (anchor.get("href") or "").strip()
        if href and not href.lower().startswith(("javascript:", "#", "mailto:")):
            return href
    return ""
