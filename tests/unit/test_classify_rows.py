"""Labelled letters from files as people export them."""

from datetime import datetime
from pathlib import Path

import pytest

from classify.rows import parse_columns, parse_time, read_letters, stream_letters
from domain.clock import SHANGHAI
from domain.errors import HaltForPerson

TABLE = '标题,正文,单位,时间\n路灯不亮,"第一行\n第二行",市政处,2024-1-8 18:49:17\n没有单位,内容,,2024-01-09\n井盖,丢了,市政处,\n'
COLUMNS = {"subject": "标题", "body": "正文", "unit": "单位", "at": "时间"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_common_encodings_read_alike(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "letters.csv"
    path.write_bytes(TABLE.encode(encoding))
    found = read_letters(path, COLUMNS)
    assert [(row.subject, row.body, row.unit) for row in found.rows] == [
        ("路灯不亮", "第一行\n第二行", "市政处"),
        ("井盖", "丢了", "市政处"),
    ]
    assert found.rows[0].at == datetime(2024, 1, 8, 18, 49, 17, tzinfo=SHANGHAI)
    assert found.rows[1].at is None
    assert found.without_unit == 1


def test_default_columns_and_tabs(tmp_path: Path) -> None:
    path = tmp_path / "letters.tsv"
    path.write_text("subject\tbody\tunit\na\tb, c\td\n", encoding="utf-8")
    (row,) = read_letters(path).rows
    assert (row.subject, row.body, row.unit, row.at, row.reply) == ("a", "b, c", "d", None, "")


def test_replies_are_read_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    path.write_text("subject,body,unit,reply\na,b,c,answer\n", encoding="utf-8")
    assert read_letters(path).rows[0].reply == "answer"
    assert read_letters(path, replies=False).rows[0].reply == ""


def test_a_missing_optional_column_is_told_and_a_missing_needed_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    path.write_text("subject,body,unit\na,b,c\n", encoding="utf-8")
    assert read_letters(path, {"at": "asked_at"}).missing == ("asked_at",)
    with pytest.raises(HaltForPerson, match=r"letters\.csv line 1 has no column 'title'"):
        read_letters(path, {"subject": "title"})


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"subject,body,unit\n\xff\xfe\xff,b,c\n", "line 2 is neither"),
        (b"subject,body,unit\na,b,c\nonly\n", "line 3 has 1 cells and none for body"),
        (b"\x00\x01PK\x03\x04", "not a CSV"),
    ],
)
def test_bad_files_name_file_and_line(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    with pytest.raises(HaltForPerson, match=f"bad.csv.*{told}") as refused:
        read_letters(path)
    assert refused.value.remedy
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(HaltForPerson, match="cannot be read"):
        read_letters(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2024-01-08 18:49:17", 18),
        ("2024-1-8 18:49", 18),
        ("2024/1/8 18:49:17", 18),
        ("2024.1.8 18:49", 18),
        ("2024年1月8日 18时49分17秒", 18),
        ("2024年1月8日18:49", 18),
        ("2024年01月08日 下午6:49", 18),
        ("2024-01-08T10:49:17Z", 18),
        ("2024-01-08T18:49:17+08:00", 18),
        ("2024/01/08", 0),
        ("2024年1月8日", 0),
    ],
)
def test_times_as_written(text: str, hour: int) -> None:
    moment = parse_time(text)
    assert moment is not None
    assert moment.astimezone(SHANGHAI).strftime("%Y%m%d%H") == f"20240108{hour:02d}"


@pytest.mark.parametrize("text", ["昨天", "2024-13-40", "1月8日", "2024-01-08 99:00", "2024-01-08 some words"])
def test_an_unreadable_time_is_none(text: str) -> None:
    assert parse_time(text) is None


def test_columns_are_parsed_and_refused() -> None:
    assert parse_columns("subject=标题, body=正文,unit=单位") == {"subject": "标题", "body": "正文", "unit": "单位"}
    assert parse_columns("") == {}
    for wrong in ("subject", "subject=", "colour=red"):
        with pytest.raises(ValueError, match="field"):
            parse_columns(wrong)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_stream_gives_the_same_letters(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "letters.csv"
    path.write_bytes(TABLE.encode(encoding))
    assert tuple(stream_letters(path, COLUMNS)) == read_letters(path, COLUMNS).rows


def test_a_stream_says_what_is_wrong_as_a_file_does(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    with pytest.raises(HaltForPerson, match="cannot be read"):
        list(stream_letters(path))
    path.write_bytes(b"subject,body,unit\na,b,c\n\xff\xfe\xff,b,c\n")
    with pytest.raises(HaltForPerson, match="line 3 is neither UTF-8 nor GB18030"):
        list(stream_letters(path))
    path.write_text("subject,body\na,b\n")
    with pytest.raises(HaltForPerson, match="no column 'unit'"):
        list(stream_letters(path))
    path.write_bytes(b"")
    with pytest.raises(HaltForPerson, match="is empty"):
        list(stream_letters(path))
