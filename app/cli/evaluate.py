"""``fenban evaluate``: how good a model trained on one file is on another, or how good it would have been on a file's past."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.base import emit, progress_bar, say
from app.phrases import phrase, told
from app.texts import text
from domain.clock import SystemClock
from domain.errors import FenbanError
from domain.ids import UnitCode

SEED = 20121
"""Fixed: the same files give the same figures."""

Figures = dict[str, Any]
Tell = Callable[[str, float], None]


def register(app: typer.Typer) -> None:
    """Adds the command ``evaluate``."""
    app.command("evaluate")(evaluate)


def evaluate(
    train: Annotated[
        Path | None,
        typer.Option(
            "--train",
            help="训练用的来信，一切选择只依据这个文件 / the letters to learn from (CSV); all that is chosen is chosen on them",
        ),
    ] = None,
    test: Annotated[Path | None, typer.Option("--test", help="测试用的来信 / the letters to test on (CSV)")] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            help="不分训练与测试：一份来信按时间走一遍，边走边重新训练 / instead of two files: one (CSV) walked through time",
        ),
    ] = None,
    start: Annotated[
        float,
        typer.Option(
            "--start",
            min=0.01,
            max=0.99,
            help="按时间排在前面的这一部分先用来训练 / the earliest share is learned first, tests begin after it",
        ),
    ] = 0.6,
    retrain_days: Annotated[
        float,
        typer.Option(
            "--retrain-days",
            min=0.1,
            help="每隔多少天用已有答复的来信重新训练 / days between trainings on what was answered by then",
        ),
    ] = 7.0,
    columns: Annotated[
        str,
        typer.Option(
            "--columns",
            help="列名对应 / the file's columns: subject=标题,body=内容,unit=单位,at=来信时间,reply=答复,answered=答复时间 (--history)",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="机器可读 / for programs: JSON on stdout")] = False,
) -> None:
    """检验模型：首选与前三命中率、自动分办比例与准确率。用一份已办来信训练、在另一份上检验；或用 --history 沿时间走一遍，
    每封来信的单位从答复之时起才算已知，并按季度列出。无需配置文件和数据库。 / How good a model learned from one file is on another,
    or would have been along one file's past. Needs neither settings nor a store."""
    from classify.rows import parse_columns

    try:
        mapping = parse_columns(columns)
    except ValueError as error:
        raise typer.BadParameter(phrase(str(error)), param_hint="--columns") from error
    try:
        figures = _chosen(train, test, history, mapping, start, retrain_days)
    except FenbanError as error:
        say(told(error))
        raise typer.Exit(1) from error
    if as_json:
        emit(figures)
    else:
        _say(figures, sys.stdout)


def _chosen(
    train: Path | None, test: Path | None, history: Path | None, columns: dict[str, str], start: float, retrain_days: float
) -> Figures:
    clock = SystemClock()
    began = clock.monotonic()

    def elapsed() -> float:
        return clock.monotonic() - began

    with progress_bar("read") as tell:
        if history is not None and train is None and test is None:
            return _walked(history, columns, start, retrain_days, elapsed, tell)
        if train is None or test is None or history is not None:
            raise typer.BadParameter(text("evaluate.which"), param_hint="--train/--test/--history")
        return _split(train, test, columns, elapsed, tell)


def _split(train: Path, test: Path, columns: dict[str, str], elapsed: Callable[[], float], tell: Tell) -> Figures:
    from classify.evaluate import evaluate_split

    learned, tested = _letters(train, columns, replies=True), _letters(test, columns, replies=False)
    now = SystemClock().now()
    return evaluate_split(learned, tested, seed=SEED, trained_at=now, elapsed=elapsed, progress=tell)


def _walked(
    path: Path, columns: dict[str, str], start: float, retrain_days: float, elapsed: Callable[[], float], tell: Tell
) -> Figures:
    from classify.evaluate_history import evaluate_history
    from classify.history import PastLetter, known_from
    from classify.labelled import LabelledText

    rows = _rows(path, columns, replies=True)
    past = [
        PastLetter(
            LabelledText(_clean(row.subject), _clean(row.body), UnitCode(row.unit), row.at, row.reply, row.group),
            row.at,
            known_from(row.at, row.answered),
        )
        for row in rows
        if row.at is not None
    ]
    if len(past) < len(rows):
        say(text("evaluate.untimed").format(path, len(rows) - len(past)))
    if unanswered := sum(one.known is None for one in past):
        say(text("evaluate.unanswered").format(path, unanswered))
    return evaluate_history(
        past, start=start, retrain_days=retrain_days, seed=SEED, elapsed=elapsed, tell=lambda share: tell("walk", share)
    )


def _letters(path: Path, columns: dict[str, str], *, replies: bool) -> list[Any]:
    from classify.labelled import LabelledText

    return [
        LabelledText(_clean(row.subject), _clean(row.body), UnitCode(row.unit), row.at, row.reply, row.group)
        for row in _rows(path, columns, replies=replies)
    ]


def _rows(path: Path, columns: dict[str, str], *, replies: bool) -> tuple[Any, ...]:
    from classify.rows import read_letters

    found = read_letters(path, columns, replies=replies)
    if found.without_unit:
        say(text("rows.without_unit").format(path, found.without_unit))
    if found.bad_times:
        say(text("rows.bad_times").format(path, found.bad_times))
    if absent := [column for column in found.missing if replies or column != columns.get("reply")]:
        say(text("rows.missing").format(path, "、".join(absent)))
    return found.rows


def _clean(text: str) -> str:
    from ingest.mask import mask
    from ingest.normalise import normalise

    return str(mask(normalise(text)))


def _say(figures: Figures, out: Any) -> None:
    for key in ("evaluate.counts", "evaluate.hits", "evaluate.calibration"):
        print(text(key).format(**figures), file=out)
    for row in figures["automatic"]:
        print(text("evaluate.automatic").format(row["target_precision"], row["coverage"], _reached(row)), file=out)
    for period in figures.get("periods", ()):
        line = text("evaluate.period").format(reached=_reached(period), **period)
        print(
            line + (text("evaluate.stopped").format("、".join(period["stopped_units"])) if period["stopped_units"] else ""),
            file=out,
        )


def _reached(row: Figures) -> str:
    return text("evaluate.none") if row["precision"] is None else f"{row['precision']:.1%}"
