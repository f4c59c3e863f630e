"""``fenban deadline``: its face for programs, many ways to write a time, and one line for a wrong one."""

import json
from datetime import datetime

import pytest
import typer
from typer.testing import CliRunner

from app.cli.deadline import register
from domain.clock import SHANGHAI
from route.moments import parse_moment


def run(*arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    result = CliRunner().invoke(app, ["deadline", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_json_face() -> None:
    code, out, _ = run("--from", "2026-09-30T18:00", "--days", "15", "--json")
    assert code == 0
    assert json.loads(out) == {"due": "2026-10-27T23:59:59+08:00", "provisional": False}


def test_a_provisional_one_says_so() -> None:
    assert json.loads(run("--from", "2026-12-25", "--days", "5", "--json")[1])["provisional"] is True
    code, out, err = run("--from", "2026-12-25", "--days", "5")
    assert (code, out.strip()) == (0, "2027-01-04T23:59:59+08:00")
    assert "暂定" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "not a time", "--days", "5"),
        ("--from", "2026-02-30", "--days", "5"),
        ("--from", "2026-13-01T00:00", "--days", "5"),
        ("--from", "", "--days", "5"),
        ("--from", "2026-03-02", "--days", "-1"),
        ("--from", "2026-03-02", "--days", "five"),
        ("--from", "2026-03-02", "--days", "2.5"),
        ("--from", "2026-03-02", "--days", "10001"),
        ("--from", "2026-03-02", "--days", "1_0"),
        ("--from", "9999-12-31", "--days", "5"),
        ("--from", "0001-01-01T00:00+14:00", "--days", "5"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments, "--json")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1


def test_a_wrong_calendar_file_is_named(tmp_path: object) -> None:
    code, _, err = run("--from", "2026-03-02", "--days", "5", "--calendar", f"{tmp_path}/none.toml")
    assert code == 1
    assert "none.toml" in err


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05T15:07:00",
        "2026-03-05 15:07",
        "2026-3-5 15:07:00",
        "2026/3/5 15:07",
        "2026.03.05 15:07:00",
        "2026年3月5日 15:07",
        "2026年3月5日15时07分",
        "2026年3月5日 15点07分00秒",
        "2026年3月5日 下午3点07分",
        "2026年03月05日 星期四 15:07",
        "2026-03-05 3:07 PM",
        "20260305150700",
        "20260305T1507",
        "2026-03-05T15:07:00+08:00",
        "2026-03-05T15:07+0800",
        "2026-03-05 15:07:00 +08:00",
        "2026-03-05T07:07:00Z",
        "2026-03-05T07:07:00.000Z",
        "2026-03-05 15:07 北京时间",
        "２０２６－０３－０５　１５：０７",
        "Thu, 05 Mar 2026 15:07:00 +0800",
        "Thu, 5 Mar 2026 07:07:00 GMT",
        "1772694420",
        "1772694420000",
        " 2026-03-05T15:07 ",
    ],
)
def test_many_ways_to_write_one_moment(text: str) -> None:
    assert parse_moment(text) == datetime(2026, 3, 5, 15, 7, tzinfo=SHANGHAI)


@pytest.mark.parametrize("text", ["2026-03-05", "20260305", "2026年3月5日", "2026/3/5"])
def test_a_date_alone_is_its_first_second(text: str) -> None:
    assert parse_moment(text) == datetime(2026, 3, 5, tzinfo=SHANGHAI)


@pytest.mark.parametrize("text", ["2026-03-04T24:00:00", "2026年3月4日 24:00"])
def test_midnight_may_be_written_as_the_24th_hour(text: str) -> None:
    assert parse_moment(text) == datetime(2026, 3, 5, tzinfo=SHANGHAI)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026", "2026-03", "2026-03-05 25:00", "2026-03-05 13:00 pm", "12:00", "明天"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text)
