"""Decoding, HTML to text, lenient JSON and portals' dates."""

from datetime import UTC, datetime

import pytest

from domain.clock import SHANGHAI
from domain.errors import RejectItem
from ingest.decode import decode, decode_percent
from ingest.html_text import html_to_text, text_of
from ingest.portal_dates import parse_time, without_time
from ingest.portal_json import at_path, read_json


@pytest.mark.parametrize("declared", ["", "gb2312", "utf-8", "iso-8859-1"])
def test_gbk_only_characters_survive_a_gb2312_label(declared: str) -> None:
    assert decode("喆镕堃的来信".encode("gbk"), declared).text == "喆镕堃的来信"


def test_a_cut_utf8_text_stays_utf8_and_says_so() -> None:
    found = decode("中文来信内容".encode() * 20 + b"\xe4\xb8")
    assert found.text.startswith("中文来信内容")
    assert (found.charset, bool(found.defects)) == ("utf-8", True)


def test_bytes_of_no_charset_are_replaced_with_a_defect() -> None:
    assert decode(b"\xff\xff\xfeabc").defects


def test_addresses_of_old_sites_are_readable() -> None:
    assert decode_percent("%u6240%u6709&x=%C4%E3%BA%C3&y=%E4%BD%A0&z=100%") == "所有&x=你好&y=你&z=100%"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>甲</p><p>乙</p>", "甲\n乙"),
        ("甲<br>乙<br/><br/>丙", "甲\n乙\n\n丙"),
        ("<div><div>甲</div></div><div>乙</div>", "甲\n乙"),
        ("甲&nbsp;&nbsp;乙&lt;丙&gt;&#20013;", "甲 乙<丙>中"),
        ("<script>x()</script>甲<style>p{}</style><img src=x alt=y>乙<!-- 注 -->", "甲乙"),
        ("<table><tr><td>甲</td><td>乙</td></tr><tr><td>丙</td></tr></table>", "甲 乙\n丙"),
        ("<pre>一\n  二</pre>", "一\n二"),
        ("", ""),
        ("没有标记\n的文字", "没有标记 的文字"),
    ],
)
def test_html_becomes_readable_text(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


def test_deep_and_odd_markup_is_bounded_and_keeps_its_text() -> None:
    assert "还在" in html_to_text("<div>" * 30_000 + "还在")
    assert "还在" in html_to_text("<b>" * 100_000 + "还在")
    assert html_to_text("<div>" * 3_000 + "<script>" * 50_000) == ""
    assert len(html_to_text("<p>x</p>" * 1_000_000)) < 4_000_001


def test_plain_text_keeps_its_lines() -> None:
    assert text_of("甲\n乙 < 丙") == "甲\n乙 < 丙"
    assert text_of("甲<br>乙") == "甲\n乙"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"id": 0012, "n": 1.50}', {"id": "0012", "n": "1.50"}),
        ('cb({"a": "b"});', {"a": "b"}),
        ("{a: 'b', c: [1, 2,], // note\n d: undefined, e: new Date(1600000000000), f: true}", None),
        ('\ufeff{"a": null}', {"a": None}),
        ('{"a": "行\n行"}', {"a": "行\n行"}),
    ],
)
def test_json_that_is_not_quite_json_is_read(text: str, value: object) -> None:
    expected = value or {"a": "b", "c": ["1", "2"], "d": None, "e": "1600000000000", "f": True}
    assert read_json(text) == expected


@pytest.mark.parametrize("text", ['{"a":', "[" * 5000, "<html></html>", '{"a":1} trailing', "{a}", ""])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(RejectItem):
        read_json(text)


def test_paths_go_through_objects_arrays_and_json_in_strings() -> None:
    document = read_json('{"a": [{"b": "{\\"c\\": \\"d\\"}"}]}')
    assert at_path(document, "a.0.b.c") == "d"
    assert at_path(document, "a.7.b") is None


SHANGHAI_NOON = datetime(2025, 3, 4, 12, 5, 6, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-03-04 12:05:06", SHANGHAI_NOON),
        ("2025/3/4 12:05:06", SHANGHAI_NOON),
        ("2025年3月4日 12时5分6秒", SHANGHAI_NOON),
        ("2025年03月04日下午12:05:06", SHANGHAI_NOON),
        ("2025-03-04T04:05:06Z", SHANGHAI_NOON),
        ("2025-03-04T12:05:06.123+08:00", SHANGHAI_NOON),
        ("1741061106", SHANGHAI_NOON),
        ("1741061106000", SHANGHAI_NOON),
        ("/Date(1741061106000+0800)/", SHANGHAI_NOON),
        ("20250304120506", SHANGHAI_NOON),
        ("提交于 2025-03-04", datetime(2025, 3, 4, tzinfo=SHANGHAI)),
        ("04.03.2025", datetime(2025, 3, 4, tzinfo=SHANGHAI)),
        ("0001-01-01T00:00:00", None),
        ("2025-13-40", None),
        ("1900-01-01", None),
        ("三天前", None),
        ("", None),
    ],
)
def test_times_as_portals_write_them(text: str, moment: datetime | None) -> None:
    assert parse_time(text, ("%d.%m.%Y",)) == moment


def test_an_epoch_is_utc_and_a_unit_stands_beside_its_time() -> None:
    found = parse_time("1741061106")
    assert found is not None
    assert found.tzinfo is UTC
    assert without_time("市住建局 2025-03-04 12:05") == "市住建局"
