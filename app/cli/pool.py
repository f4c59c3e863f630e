"""``fenban pool`` and ``review pool``: letters that are open for claiming (认领)."""

from typing import Annotated, Any

import typer

from app.cli.base import ByOption, JsonOption, ReasonOption, SettingsOption, emit_lines, open_system, say, show
from app.phrases import phrase
from app.reports import pool_rows
from app.texts import text
from domain.decisions import DeadlineClass
from domain.errors import Refused
from domain.events import FeedbackEvent, FeedbackOutcome, FeedbackType
from domain.ids import AssignmentId, EventId, Number

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="编号 / the number")]


def register(app: typer.Typer) -> None:
    pool = typer.Typer(help="待认领的来信 / letters open for claiming", no_args_is_help=True)
    pool.command("list")(pool_list)
    pool.command("claim")(pool_claim)
    pool.command("withdraw")(pool_withdraw)
    app.add_typer(pool, name="pool")


def review_pool(
    number: NumberArgument,
    requirement: Annotated[str, typer.Option("--requirement", help="办理要求 / the requirement")] = "",
    deadline_class: Annotated[DeadlineClass | None, typer.Option("--class", help="simple | complex")] = None,
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """拿不准该谁办：给所有单位认领。密件和有回避单位的不行。 / Opens it to all units for claiming; never what is sealed or excludes units."""
    with open_system(settings) as system:
        system.office(by).offer(Number(number), requirement=requirement, deadline_class=deadline_class)
    say(text("done"))


def pool_list(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """列出待认领的来信。 / Lists what is open for claiming."""
    with open_system(settings) as system:
        rows: list[dict[str, Any]] = pool_rows(system)
    if as_json:
        emit_lines(rows)
        return
    for row in rows:
        show(f"{row['number']}  {row['offered_at'][:16]}  {row['subject'][:50]}  {row['requirement']}".rstrip())
    if not rows:
        say(text("list.empty"))


def pool_claim(
    number: NumberArgument,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="单位代码、名称或简称 / the unit")],
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """替一个单位认领：先到先得。 / Claims it for a unit; the first claim has it."""
    with open_system(settings) as system:
        code = system.directory.resolve(unit)
        if code is None:
            raise Refused(f"there is no unit {unit!r} in the directory", remedy="list them with: fenban units list")
        with system.store.unit_of_work(write=False) as uow:
            message = uow.reads.messages([Number(number)]).get(Number(number))
            row = uow.matters.get(message.matter) if message is not None else None
        if message is None or row is None:
            raise Refused(f"there is no message {number}", remedy="look it up with: fenban pool list")
        # However often the command is repeated it is one event, until the matter moves on.
        event_id = EventId(f"cli:{row.id}:{FeedbackType.CLAIM}:{row.sequence}")
        event = FeedbackEvent(event_id, code, FeedbackType.CLAIM, AssignmentId(row.id))
        result = system.feedback().apply(event, actor=by or system.office().actor)
    if result.outcome is FeedbackOutcome.REJECTED:
        raise Refused(result.reason, remedy="look it up with: fenban pool list")
    note = text("feedback.repeated") if result.outcome is FeedbackOutcome.REPEATED else phrase(result.reason)
    say(f"{text('done')}{f' ({note})' if note else ''}")


def pool_withdraw(number: NumberArgument, reason: ReasonOption, by: ByOption = None, settings: SettingsOption = None) -> None:
    """不再开放认领，由办公室决定。 / Takes it out of the pool; the office decides."""
    with open_system(settings) as system:
        system.office(by).withdraw_offer(Number(number), reason)
    say(text("done"))
