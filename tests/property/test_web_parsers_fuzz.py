"""Whatever bytes come, parsers give a draft or refuse the item, and the readers below them keep their promises."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import RejectItem
from domain.ids import ChannelId, ExternalId
from domain.messages import Capture, CapturePart, Draft
from domain.ports import Parser
from ingest.board import BoardConfig
from ingest.board_parser import BoardParser
from ingest.board_records import read_page
from ingest.decode import decode, decode_percent
from ingest.html_text import html_to_text, text_of
from ingest.portal import PortalConfig
from ingest.portal_dates import parse_time, without_time
from ingest.portal_json import read_json
from ingest.portal_parser import PortalParser
from ingest.portal_profile import load_profile
from ingest.portal_rows import read_list
from tests.support.portal_sites import SITES
from tests.support.web_clock import HandClock

CHANNEL = ChannelId("fuzzed")
AT = HandClock().now()
PORTAL = PortalConfig(CHANNEL, "http://portal.example")
BOARD = BoardConfig(CHANNEL, "http://board.example", "1")

MARKUP = "<table> <tr> <td> <th> <dl> <dt> <dd> <div> <p> <li> </td> </tr> </div> <b> </b> <br> <![CDATA[ ]]> <script> &nbsp; &#x110000;"
WORDS = "标题 内容 回复内容 回复单位及时间 来信时间： 编号： 1 ： 0001-01-01T00:00:00 9999999999999 2025年13月40日 class=letters"
MARKS = "{ } [ ] \" ' , : null true \\ud800 cb( ) ; \\x"
PIECES = st.one_of(st.sampled_from(f"{MARKUP} {WORDS} {MARKS}".split()), st.text(max_size=6))
PAGES = st.lists(PIECES, max_size=40).map("".join)
BYTES = st.one_of(
    st.binary(max_size=200),
    PAGES.map(lambda text: text.encode("utf-8", "replace")),
    PAGES.map(lambda text: text.encode("gb18030", "replace")),
)
KEYS = st.sampled_from(
    ["url", "json", "html", "columns", "tid", "content", "subject", "TITLE", "CONTENT", "REPLYS", "followup", "userId"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | PAGES
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=15
)
HTML_RECORDS = PAGES.map(lambda page: {"url": "http://portal.example/", "columns": ["编号", "标题", "内容"], "html": page})
JSON_RECORDS = VALUES.map(lambda value: {"url": "http://portal.example/", "json": value})
RECORDS = st.one_of(BYTES, st.one_of(HTML_RECORDS, JSON_RECORDS, VALUES).map(lambda value: json.dumps(value).encode()))


def check(parser: Parser, record: bytes, detail: bytes, media_type: str) -> None:
    parts = (CapturePart("list", "application/json", record), CapturePart("detail", media_type, detail))
    with suppress(RejectItem):
        draft = parser.understand(Capture(CHANNEL, ExternalId("1"), AT, parts))
        assert isinstance(draft, Draft)
        assert draft.body
        draft.body.encode("utf-8")
        draft.subject.encode("utf-8")
        assert draft.submitted_at is None or draft.submitted_at.tzinfo is not None


@pytest.mark.parametrize("name", sorted(SITES))
@settings(max_examples=60, deadline=None, print_blob=True)
@given(record=RECORDS, detail=BYTES, media_type=st.sampled_from(["", "text/html; charset=gb2312", "text/html; charset=nonsense"]))
def test_a_portal_parser_refuses_in_one_way(name: str, record: bytes, detail: bytes, media_type: str) -> None:
    check(PortalParser(load_profile(SITES[name].profile), PORTAL), record, detail, media_type)


@settings(max_examples=200, deadline=None, print_blob=True)
@given(record=RECORDS, detail=BYTES)
def test_a_board_parser_refuses_in_one_way(record: bytes, detail: bytes) -> None:
    check(BoardParser(BOARD), record, detail, "text/html")


@pytest.mark.parametrize("name", sorted(SITES))
@settings(max_examples=40, deadline=None, print_blob=True)
@given(page=PAGES)
def test_a_list_is_read_or_refused(name: str, page: str) -> None:
    with suppress(RejectItem):
        for row in read_list(load_profile(SITES[name].profile), page, "http://portal.example/").rows:
            assert row.external_id
            assert len(row.external_id) <= 200


@settings(max_examples=200, deadline=None, print_blob=True)
@given(text=PAGES)
def test_a_board_page_is_read_or_refused(text: str) -> None:
    with suppress(RejectItem):
        read_page(text)


@settings(max_examples=300, deadline=None, print_blob=True)
@given(data=BYTES, declared=st.sampled_from(["", "gb2312", "utf-7", "hz-gb-2312", "big5", "no such charset", "iso-2022-jp"]))
def test_decoding_never_fails_and_utf8_and_gb_come_back(data: bytes, declared: str) -> None:
    decode(data, declared)
    decode_percent(decode(data).text)


@settings(max_examples=200, deadline=None, print_blob=True)
@given(text=st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=12, max_size=60))
def test_chinese_is_read_in_either_charset_under_any_label(text: str) -> None:
    for charset in ("utf-8", "gb18030", "utf-8-sig", "utf-16"):
        data = text.encode(charset)
        for declared in ("gb2312", "", "utf-8", "iso-8859-1"):
            if charset == "gb18030" and declared != "gb2312" and is_utf8(data):
                continue  # 一 alone is U+04BB in UTF-8: nothing but a label can tell
            assert decode(data, declared).text == text


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=300, deadline=None, print_blob=True)
@given(text=st.one_of(PAGES, st.text(max_size=80)))
def test_text_readers_never_fail(text: str) -> None:
    html_to_text(text).encode("utf-8")
    text_of(text).encode("utf-8")
    without_time(text)
    moment = parse_time(text)
    assert moment is None or moment.tzinfo is not None
    with suppress(RejectItem):
        read_json(text)
