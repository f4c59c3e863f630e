"""``fenban deadline``: the last day of so many working days, without settings, store or directory."""

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from domain.errors import BadSettings


def register(app: typer.Typer) -> None:
    """Adds the command ``deadline``."""
    app.command("deadline")(deadline)


def deadline(
    start: Annotated[str, typer.Option("--from", help="起算时间，如 2026-09-30T17:00；不写时区即北京时间", metavar="TIME")],
    days: Annotated[str, typer.Option("--days", help="工作日数（0 到 10000）", metavar="N")],
    calendar: Annotated[Path | None, typer.Option("--calendar", help="本地日历文件（TOML）")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="在标准输出打印一个 JSON 文档")] = False,
) -> None:
    """按中国大陆工作日（含调休）计算办理时限：起算当日不计，最后一个工作日 23:59:59 到期。"""
    from route.calendar import MAX_WORKING_DAYS, WorkingCalendar
    from route.moments import parse_moment
    from route.wire import time_text

    try:
        moment = parse_moment(start)
    except (ValueError, OverflowError):
        _usage(f"--from：{start[:40]!r} 不是可识别的时间，请写成 2026-09-30T17:00 或 2026年9月30日 17:00")
    count = _whole_number(days)
    if count is None or not 0 <= count <= MAX_WORKING_DAYS:
        _usage(f"--days：{days[:40]!r} 不是 0 到 {MAX_WORKING_DAYS} 的整数")
    try:
        due = WorkingCalendar(calendar).deadline(moment, count)
    except BadSettings as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except ValueError:
        _usage("算出的时限超出可表示的年份（1 至 9999 年），请改用较近的时间或较少的天数")
    if as_json:
        typer.echo(json.dumps({"due": time_text(due.due), "provisional": due.provisional}))
        return
    typer.echo(time_text(due.due))
    if due.provisional:
        typer.echo("该年放假安排尚未公布：此时限为暂定，公布后将重算", err=True)


def _whole_number(text: str) -> int | None:
    plain = text.strip().removeprefix("+")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 12 else None


def _usage(line: str) -> NoReturn:
    typer.echo(line, err=True)
    raise typer.Exit(2)
