"""``fenban models``, ``compare``, ``shadow``, ``promote``, ``rollback``: which models there are, and which one serves."""

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.base import ByOption, JsonOption, SettingsOption, emit, open_system, say, show
from app.documents import named
from app.models_shown import models_document
from app.phrases import phrase, spoken
from app.reports import unit_names
from app.texts import text
from domain.clock import SHANGHAI
from domain.errors import HaltForPerson, Refused
from domain.models import ModelRow, ModelState

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="版本或其开头，或 live、shadow / its version or how that begins, or live, shadow")
]


def register(app: typer.Typer) -> None:
    app.command("models")(models)
    app.command("compare")(compare)
    app.command("shadow")(shadow)
    app.command("promote")(promote)
    app.command("rollback")(rollback)
    app.command("report")(report)


def models(
    history: Annotated[bool, typer.Option("--history", help="启用、回退的经过 / what became of them, oldest first")] = False,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """列出模型：哪个在用，学自什么，效果如何。 / Lists the models: which one serves, what they learned from, how good they are."""
    with open_system(settings) as system:
        registry = system.registry
        rows, moves = registry.rows(), registry.moves() if history or as_json else []
    if as_json:
        emit(models_document(rows, moves))
    elif history:
        for move in moves:
            told = f"{text('model.' + move.action)} {move.version}" + (f" ← {move.before}" if move.before else "")
            show(f"{move.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}  {move.actor}  {told}  {move.reason}".rstrip())
    else:
        for row in rows:
            show(_line(row))
        if not rows:
            say(text("list.empty"))


def _line(row: ModelRow) -> str:
    state = text(f"model.{row.state}")
    return f"{row.version}  {state}  {row.registered_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}  {row.registered_by}  " + text(
        "model.learned"
    ).format(row.n_rows, len(row.units))


def compare(a: ModelArgument, b: ModelArgument, as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """在固定测试集上逐封对比两个模型（McNemar 检验）。 / Two models on the letters set aside, letter by letter."""
    from app.judging import beside, beside_document

    with open_system(settings) as system:
        found = beside(system, system.registry.row(a), system.registry.row(b))
        document = beside_document(system, found)
        names = unit_names(system)
    if as_json:
        emit(document)
        return
    show(text("compare.on").format(document["letters"], document["test_set"][:12], document["left_out"]))
    for side in ("a", "b"):
        figures = document[side]
        right, sure = figures["automatic_right"], figures["automatic_letters"]
        reached = f"{right / sure:.3f}" if sure else "–"
        show(text("compare.side").format(side.upper(), coverage=sure / figures["letters"], precision=reached, **figures))
    for name in ("top1", "top3"):
        show(text("compare.paired").format(text(f"compare.{name}"), **document[name]))
    _show_parted(document["units"], names)


def _show_parted(units: list[dict[str, Any]], names: dict[str, str]) -> None:
    show(text("compare.units"))
    for row in units:
        if row["only_a"] or row["only_b"]:
            parted = f"{row['letters']}  +{row['only_b']} −{row['only_a']}  p {row['mcnemar_mid_p']:.3f}"
            show(f"  {named(row['unit'], names)}  {parted}")


def promote(
    model: ModelArgument,
    anyway: Annotated[
        str,
        typer.Option(
            "--anyway", metavar="REASON", help="明知有不足仍启用的理由，记入审计 / a reason to overrule what speaks against it"
        ),
    ] = "",
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """启用一个模型；测试集上更差、有单位准确率不达标、单位与目录不符的不启用。 / Lets a model serve, unless something speaks against it."""
    from app.promoting import NotPromoted, let_serve

    with open_system(settings) as system:
        row = system.registry.row(model)
        try:
            before, verdict = let_serve(system, row, by or getpass.getuser(), anyway)
        except NotPromoted as error:
            for line in error.objections:
                say(spoken(line))
            if as_json:
                emit({"promoted": False, "version": row.version, "objections": list(error.objections)})
            raise
    for line in (*verdict.objections, *verdict.notes):
        say(f"({spoken(line)})")
    if as_json:
        emit(
            {
                "promoted": True,
                "version": row.version,
                "before": before or None,
                "objections": list(verdict.objections),
                "notes": list(verdict.notes),
            }
        )
    else:
        _tell_moved(row.version, before)


def shadow(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="版本；缺省：看正在试跑的结果 / its version; without: how the shadow does"),
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="停止试跑 / it says nothing more")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """试跑一个模型：只记下它的意见，不影响来信的去向。 / Lets a model say what it thinks beside the live one, which changes nothing."""
    from app.shadow_figures import shadow_document

    if stop and model is not None:
        raise typer.BadParameter(phrase("--stop takes no model"))
    with open_system(settings) as system:
        registry, who = system.registry, by or getpass.getuser()
        if stop:
            stopped = registry.stop_shadow(who)
            if as_json:
                emit({"shadow": None, "stopped": stopped})
            else:
                say(text("shadow.stopped").format(stopped))
            return
        if model is not None:
            row = registry.row(model)
            before = registry.shadow(row.version, who)
            if as_json:
                emit({"shadow": row.version, "before": before or None})
            else:
                say(text("shadow.begun").format(row.version))
            return
        version = registry.placed(ModelState.SHADOW)
        if not version:
            raise Refused("no model is shadow", remedy="begin with: fenban shadow MODEL")
        document = shadow_document(system, registry.row(version))
        names = unit_names(system)
    if as_json:
        emit(document)
        return
    show(text("shadow.said").format(**document))
    for name in ("top1", "top1_of_persons"):
        show(text("compare.paired").format(text(f"shadow.{name}"), **document[name]))
    sure = document["automatic"]
    reached = "–" if sure["precision"] is None else f"{sure['precision']:.3f}"
    show(text("shadow.automatic").format(sure["target_precision"], sure["coverage"], reached))
    _show_parted(document["units"], names)


def report(
    model: ModelArgument,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="写到哪里 / where to (default MODEL.html)")] = None,
    for_console: Annotated[
        bool, typer.Option("--console", help="写到“模型”网页取用的地方 / where the page Models offers it for download")
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """写一页带图的 HTML 报告，可离线阅读和打印。 / One HTML page about a model with its charts, readable offline."""
    from app.model_report import model_report

    if out is not None and for_console:
        raise typer.BadParameter(phrase("--console says where to: it takes no --out"))
    with open_system(settings) as system:
        row = system.registry.row(model)
        page = model_report(system, row)
        target = system.registry.report_path(row.version) if for_console else out or Path(f"{row.version}.html")
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise HaltForPerson(f"{target} cannot be written ({error.strerror})", remedy="free space or mend its rights") from None
    say(text("report.written").format(target))


def rollback(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由，记入审计 / the reason, kept")] = "",
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """换回之前在用的模型。 / Brings back the model that served before."""
    with open_system(settings) as system:
        before, version = system.registry.rollback(by or getpass.getuser(), reason)
    if as_json:
        emit({"live": version, "before": before or None})
    else:
        _tell_moved(version, before)


def _tell_moved(version: str, before: str) -> None:
    if version == before:
        say(text("model.serves_already").format(version))
    else:
        say(text("model.serves").format(version, before or text("model.none")))
