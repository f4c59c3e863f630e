"""Whole matters by command line: closing, merging (并案), splitting (拆分)."""

from typing import Annotated

import typer

from app.cli.base import ByOption, JsonOption, ReasonOption, SettingsOption, emit, emit_lines, open_system, say
from app.cli.office import NumberArgument
from app.office_matters import MatterChanged, SplitTo
from app.reports import changed_document
from app.texts import text
from domain.ids import Number
from domain.messages import MessageState


def register(app: typer.Typer) -> None:
    matter = typer.Typer(help="事项 / matters", no_args_is_help=True)
    matter.command("close")(matter_close)
    matter.command("merge")(matter_merge)
    matter.command("split")(matter_split)
    app.add_typer(matter, name="matter")


def matter_close(number: NumberArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """已答复的事项办结。 / Closes an answered matter."""
    with open_system(settings) as system:
        system.office(by).close(Number(number))
    say(text("done"))


def matter_merge(
    kept: Annotated[str, typer.Argument(metavar="KEPT", help="保留的事项 / the matter that is kept")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="并入的事项 / the one whose letters go into it")],
    reason: ReasonOption,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """并案：另一事项的来信并入保留的事项，可再拆分。 / Merges the other matter's letters into the kept one."""
    with open_system(settings) as system:
        done = system.office(by).merge(Number(kept), Number(other), reason)
    if as_json:
        emit(changed_document(done))
        return
    say(text("matter.merged").format(done.other, done.matter))


def matter_split(
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER…", help="要拆出的来信 / the letters that leave")],
    reason: ReasonOption,
    to: Annotated[
        SplitTo, typer.Option("--to", help="拆出后：重新分办、合并前的单位、本事项的单位 / who has it then")
    ] = SplitTo.ANEW,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """拆分：并入的来信各自成为事项，一封一步。 / Each joined letter becomes a matter of its own, one step a letter."""
    done: list[MatterChanged] = []
    with open_system(settings) as system:
        office = system.office(by)
        try:
            done.extend(office.split(Number(number), reason, to) for number in dict.fromkeys(numbers))
        finally:
            # Also where a later one is refused: what was split stays so.
            if as_json:
                emit_lines(changed_document(one) for one in done)
            else:
                for one in done:
                    goes_on = f"：{text('work.goes_on')}" if one.state is MessageState.NEW else ""
                    say(text("matter.split").format(one.matter, one.other) + goes_on)
