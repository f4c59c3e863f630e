"""``fenban status``, ``ledger``, ``export``, ``show``, ``explain``."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.base import WRONG, ByOption, JsonOption, SettingsOption, emit, open_system, say, show
from app.documents import document_lines, explain_lines, named
from app.phrases import phrase, spoken
from app.queries import Queries
from app.reports import explain_document, ledger_document, message_document, status_document, unit_names
from app.texts import text
from app.wiring import System
from domain.errors import HaltForPerson
from domain.ids import Number, UnitCode


def register(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("ledger")(ledger)
    export = typer.Typer(help="导出 / export", no_args_is_help=True)
    export.callback()(_exports)
    export.command("matters")(export_matters)
    export.command("labels")(export_labels)
    app.add_typer(export, name="export")
    app.command("show")(show_message)
    app.command("explain")(explain)


def _exports() -> None:
    """导出 / export"""


CAME_LATER = frozenset({"automatic", "linker"})


def status(
    as_json: JsonOption = False,
    everything: Annotated[
        bool,
        typer.Option("--all", help="JSON 里也写自动分办和相似来信的状况 / in JSON also of automation and the linker"),
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """各渠道、各环节、发件箱、各单位。 / Channels, stages, outbox, units."""
    with open_system(settings) as system:
        document = status_document(system)
    if as_json:
        # Programs that read this document know its keys: what came later is given to who asks for it.
        emit({key: value for key, value in document.items() if everything or key not in CAME_LATER})
        return
    show(text("status.channels"))
    for channel in document["channels"]:
        last = channel["last_success"] or text("status.never")
        show(f"  {channel['id']:12} {channel['state']:9} {last[:19]:20} {channel['captured']:>8} {spoken(channel['error'])}")
    show(text("status.stages"))
    for state, count in document["stages"].items():
        show(f"  {text('state.' + state)}: {count}")
    outbox = document["outbox"]
    show(f"{text('status.outbox')}: {text('ledger.pending')} {outbox['pending']}, {outbox['oldest_seconds'] or 0:.0f} s")
    linker = document["linker"]
    show(f"{text('status.linker')}: {text('ledger.pending')} {linker['waiting']}, {linker['oldest_seconds'] or 0:.0f} s")
    if "kafka" in document:
        show(f"Kafka: {document['kafka']['state']} {spoken(document['kafka']['error'])}".rstrip())
    for line in automatic_lines(document["automatic"]):
        show(line)
    show(text("status.units"))
    for unit in document["units"]:
        if unit["pending"] or unit["delivered"] or unit["parked"]:
            show(f"  {unit['code']:24} {unit['pending']:>6} {unit['delivered']:>8} {unit['parked']:>6}")


def automatic_lines(document: dict[str, Any]) -> Iterator[str]:
    """What the model may do without a person: a line for all units, one for each that is stopped or needs more."""
    if document["since"] is not None:
        yield f"{text('status.automatic')}: {_allowed(document)}  {phrase(document['reason'])}"
    for unit in document["units"]:
        if unit["stopped"] or unit["threshold"] is not None:
            yield f"  {unit['unit']:24} {_allowed(unit)}  {unit['since'][:16]}  {phrase(unit['reason'])}"


def _allowed(row: dict[str, Any]) -> str:
    if row["stopped"]:
        return text("status.automatic_stopped")
    return text("status.automatic_own") if row["threshold"] is None else f"≥ {row['threshold']:.3f}"


def ledger(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """台账核对：每一行两边都打印，差额必须是 0。 / Both sides of every line; a difference is a defect."""
    with open_system(settings) as system:
        document = ledger_document(system)
    differs = any(line["difference"] for line in document["lines"])
    if as_json:
        emit(document)
    else:
        for line in ledger_lines(document):
            show(line)
    if differs:
        say(text("ledger.differs"))
        raise typer.Exit(WRONG)


def ledger_lines(document: dict[str, Any]) -> list[str]:
    """The ledger for people."""
    lines = [f"{text('ledger.title')}  {document['as_of'][:19]}"]
    for line in document["lines"]:
        right = " + ".join(f"{_word(state)} {count}" for state, count in line["right"].items())
        sign = "=" if not line["difference"] else "≠"
        lines.append(f"  {text('ledger.' + line['name'])} {line['left']} {sign} {right}")
    if not any(line["difference"] for line in document["lines"]):
        lines.append(f"  {text('ledger.balanced')}")
    return lines


def _word(state: str) -> str:
    return text(f"ledger.{state}") if text(f"ledger.{state}") != state else text(f"state.{state}")


def export_matters(
    as_json: JsonOption = False,
    unit: Annotated[str | None, typer.Option("--unit", help="只导出这个单位看得到的 / as this unit may see them")] = None,
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """导出每个事项，一行一件。 / Every matter, one a line."""
    with open_system(settings) as system:
        code, names = _code(system, unit), unit_names(system)
        system.office(by).note("export.matters", code or "all")
        for row in Queries(system.store).export_matters(code):
            if as_json:
                emit(row)
            else:
                lead = (row["decision"] or {}).get("lead") or ""
                sealed = f"【{text('sealed')}】" if row["sealed"] else ""
                show(f"{row['number']}  {sealed}{text('state.' + row['state'])}  {len(row['messages'])}  {named(lead, names)}")
        sys.stdout.flush()


def export_labels(
    parquet: Annotated[Path | None, typer.Option("--parquet", metavar="FILE", help="写成 Parquet / as Parquet")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="写成 CSV / as CSV")] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """导出已知归属的来信（遮蔽后的正文，不含密件），供分析。 / The labelled letters, masked, none that is sealed, for analysts."""
    from app.label_export import label_rows, write_csv, write_parquet

    if parquet is None and csv is None:
        raise typer.BadParameter(phrase("say where to: --parquet FILE or --csv FILE"))
    with open_system(settings) as system:
        rows = label_rows(system)
        system.office(by).note("export.labels", "all", letters=len(rows))
        if parquet is not None:
            write_parquet(rows, parquet)
        if csv is not None:
            write_csv(rows, csv)
    if as_json:
        emit({"letters": len(rows), "frozen": sum(row["frozen"] for row in rows)})
    else:
        say(text("export.labels").format(len(rows)))


def _code(system: System, unit: str | None) -> UnitCode | None:
    if unit is None:
        return None
    code = system.directory.resolve(unit)
    if code is None:
        raise HaltForPerson(f"there is no unit {unit!r} in the directory", remedy="list them with: fenban units list")
    return code


def show_message(
    number: Annotated[str, typer.Argument(metavar="NUMBER")],
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """看一件：遮蔽后的正文、决定、各单位办理。 / One letter, masked, with its decision and assignments."""
    with open_system(settings) as system:
        document, names = message_document(system, Number(number)), unit_names(system)
        if document["sealed"]:
            system.office(by).note("message.view_sealed", number)
    if as_json:
        emit(document)
        return
    for line in document_lines(document, names):
        show(line)


def explain(
    number: Annotated[str, typer.Argument(metavar="NUMBER")],
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """一个事项走过的每一步：规则、模型、线索、时间。 / Every step of one matter's way."""
    with open_system(settings) as system:
        document, names = explain_document(system, Number(number)), unit_names(system)
        if document["sealed"]:
            system.office(by).note("message.view_sealed", number)
    if as_json:
        emit(document)
        return
    for line in explain_lines(document, names):
        show(line)
