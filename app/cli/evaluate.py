"""``fenban evaluate``: how good a model trained on one file is on another."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from domain.clock import SystemClock
from domain.errors import FenbanError
from domain.ids import UnitCode

SEED = 20121
"""Fixed: the same files give the same figures."""

_STAGES = {"read": "读取来信", "features": "提取特征", "folds": "交叉验证", "fit": "训练模型", "test": "测试", "done": "完成"}


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
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
    else:
        _say(figures, sys.stdout)


def _figures(train: Path, test: Path, columns: dict[str, str]) -> dict[str, Any]:
    from classify.evaluate import evaluate_split

    clock = SystemClock()
    began = clock.monotonic()
    with _bar() as tell:
        learned, tested = _letters(train, columns, replies=True), _letters(test, columns, replies=False)
        return evaluate_split(
            learned, tested, seed=SEED, trained_at=clock.now(), elapsed=lambda: clock.monotonic() - began, progress=tell
        )


def _letters(path: Path, columns: dict[str, str], *, replies: bool) -> list[Any]:
    from classify.rows import read_letters
    from classify.train import LabelledText

    found = read_letters(path, columns, replies=replies)
    if found.without_unit:
        typer.echo(f"{path}：{found.without_unit} 行没有单位，已跳过", err=True)
    if found.bad_times:
        typer.echo(f"{path}：{found.bad_times} 个时间无法识别，按没有时间处理", err=True)
    if absent := [column for column in found.missing if replies or column != columns.get("reply")]:
        typer.echo(f"{path}：没有列 {'、'.join(absent)}，按空处理", err=True)
    return [
        LabelledText(_clean(row.subject), _clean(row.body), UnitCode(row.unit), row.at, row.reply, row.group)
        for row in found.rows
    ]


def _clean(text: str) -> str:
    from ingest.mask import mask
    from ingest.normalise import normalise

    return str(mask(normalise(text)))


@contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar on standard error, only where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(_STAGES["read"], total=1.0)

        def tell(stage: str, share: float) -> None:
            progress.update(task, description=_STAGES.get(stage, stage), completed=share)

        yield tell


def _say(figures: dict[str, Any], out: Any) -> None:
    print(
        f"训练 {figures['n_train']} 封，测试 {figures['n_test']} 封，{figures['units']} 个单位，{figures['seconds']:.1f} 秒",
        file=out,
    )
    print(f"首选命中 {figures['top1']:.1%}，前三命中 {figures['top3']:.1%}，宏平均 F1 {figures['macro_f1']:.3f}", file=out)
    print(f"置信度误差 {figures['calibration_error']:.3f}", file=out)
    for row in figures["automatic"]:
        reached = "无" if row["precision"] is None else f"{row['precision']:.1%}"
        print(f"目标准确率 {row['target_precision']:.0%}：自动分办 {row['coverage']:.1%}，实际准确率 {reached}", file=out)
