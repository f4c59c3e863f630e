"""``fenban labels``: past registers as labels, and labels that the model disputes."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from app.cli.base import ByOption, JsonOption, SettingsOption, emit, open_system, progress_bar, say, show
from app.documents import named
from app.phrases import phrase
from app.reports import unit_names
from app.texts import text


def register(app: typer.Typer) -> None:
    labels = typer.Typer(help="训练用的标注 / labels to learn from", no_args_is_help=True)
    labels.command("import")(import_file)
    labels.command("doubtful")(doubtful)
    app.add_typer(labels, name="labels")


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="往年台账，CSV 或 xlsx / a past register")],
    columns: Annotated[
        str, typer.Option("--columns", help="subject=标题,body=内容,unit=单位,at=时间,reply=答复,group=事项号")
    ] = "",
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """导入往年台账作标注：只存遮蔽后的文字，同一封信只存一次。 / Keeps a past register's letters, masked, each once."""
    from app.labels import import_labels
    from classify.rows import parse_columns

    try:
        mapping = parse_columns(columns)
    except ValueError as error:
        raise typer.BadParameter(phrase(str(error)), param_hint="--columns") from None
    with open_system(settings, may_make_store=True) as system:
        done = import_labels(system, file, mapping, by=by or getpass.getuser())
    if as_json:
        emit(
            {
                "read": done.read,
                "new": done.new,
                "known": done.known,
                "left_out": {
                    "without_unit": done.without_unit,
                    "without_text": done.without_text,
                    "unknown_unit": sum(done.unknown.values()),
                },
                "unknown_units": dict(done.unknown),
                "bad_times": done.bad_times,
                "missing_columns": list(done.columns),
            }
        )
        return
    show(text("labels.imported").format(done.read, done.new, done.known))
    if done.without_unit or done.without_text:
        say(text("labels.left_out").format(done.without_unit, done.without_text))
    if done.unknown:
        most = "、".join(f"{name} {count}" for name, count in list(done.unknown.items())[:10])
        say(text("labels.unknown").format(sum(done.unknown.values()), len(done.unknown), most))
    if done.bad_times:
        say(text("rows.bad_times").format(file, done.bad_times))
    if done.columns:
        say(text("rows.missing").format(file, "、".join(done.columns)))


def doubtful(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="最多列多少件 / how many at most")] = 50,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """交叉验证的模型最不认同的标注，只列编号。 / The labels that the cross-validated model most firmly disputes; numbers, no texts."""
    from app.training import SEED, letters_from_store
    from classify.doubtful import doubtful_labels

    with open_system(settings) as system:
        rows = letters_from_store(system)
        with progress_bar("read") as tell:
            found = doubtful_labels(rows, units=tuple(system.directory.units.values()), seed=SEED, progress=tell)[:limit]
        names = unit_names(system)
    for one in found:
        if as_json:
            document = {"number": one.number, "unit": one.unit, "own": round(one.own, 4)}
            emit({**document, "disputed_by": one.other, "other": round(one.likely, 4)})
        else:
            other = f"{named(one.other, names)} {one.likely:.0%}"
            show(f"{one.number}  {named(one.unit, names)} {one.own:.0%}  → {other}")
    if not found and not as_json:
        say(text("list.empty"))
