"""``fenban evaluate``: how good a model trained on one file is on another."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.base import progress_bar
from app.phrases import told
from app.texts import text
from domain.clock import SystemClock
from domain.errors import FenbanError
from domain.ids import UnitCode

SEED = 20121
"""Fixed: the same files give the same figures."""


def register(app: typer.Typer) -> None:
    """Adds the command ``evaluate``."""
    app.command("evaluate")(evaluate)


def evaluate(
    train: Annotated[Path, typer.Option("--train", help="训练用的来信（CSV），一切选择只依据这个文件")],
    test: Annotated[Path, typer.Option("--test", help="测试用的来信（CSV）")],
    columns: Annotated[
        str, typer.Option("--columns", help="列名对应：subject=标题列,body=正文列,unit=单位列,at=时间列,reply=答复列")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="在标准输出打印一个 JSON 文档")] = False,
) -> None:
    """用一份已办来信训练，在另一份上检验：首选与前三命中率、自动分办比例与准确率。无需配置文件和数据库。"""
    from classify.rows import parse_columns

    try:
        mapping = parse_columns(columns)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--columns") from error
    try:
        figures = _figures(train, test, mapping)
    except FenbanError as error:
        typer.echo(told(error), err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
    else:
        _say(figures, sys.stdout)


def _figures(train: Path, test: Path, columns: dict[str, str]) -> dict[str, Any]:
    from classify.evaluate import evaluate_split

    clock = SystemClock()
    began = clock.monotonic()
    with progress_bar("read") as tell:
        learned, tested = _letters(train, columns, replies=True), _letters(test, columns, replies=False)
        return evaluate_split(
            learned, tested, seed=SEED, trained_at=clock.now(), elapsed=lambda: clock.monotonic() - began, progress=tell
        )


def _letters(path: Path, columns: dict[str, str], *, replies: bool) -> list[Any]:
    from classify.rows import read_letters
    from classify.train import LabelledText

    found = read_letters(path, columns, replies=replies)
    if found.without_unit:
        typer.echo(text("rows.without_unit").format(path, found.without_unit), err=True)
    if found.bad_times:
        typer.echo(text("rows.bad_times").format(path, found.bad_times), err=True)
    if absent := [column for column in found.missing if replies or column != columns.get("reply")]:
        typer.echo(text("rows.missing").format(path, "、".join(absent)), err=True)
    return [
        LabelledText(_clean(row.subject), _clean(row.body), UnitCode(row.unit), row.at, row.reply, row.group)
        for row in found.rows
    ]


def _clean(text: str) -> str:
    from ingest.mask import mask
    from ingest.normalise import normalise

    return str(mask(normalise(text)))


def _say(figures: dict[str, Any], out: Any) -> None:
    for key in ("evaluate.counts", "evaluate.hits", "evaluate.calibration"):
        print(text(key).format(**figures), file=out)
    for row in figures["automatic"]:
        reached = text("evaluate.none") if row["precision"] is None else f"{row['precision']:.1%}"
        print(text("evaluate.automatic").format(row["target_precision"], row["coverage"], reached), file=out)
