"""``fenban quarantine`` and ``parked``: what stopped, why, and trying it again."""

from typing import Annotated, Any

import typer

from app.cli.base import WRONG, ByOption, JsonOption, ReasonOption, SettingsOption, emit, emit_lines, open_system, say, show
from app.codec import parts_from
from app.documents import iso
from app.phrases import phrase
from app.quarantine import UNDERSTOOD, opened, replay, waiting
from app.reports import EVERYTHING
from app.texts import text
from domain.errors import HaltForPerson, Refused
from domain.events import OutboxState
from domain.records import QuarantineItem

IdsArgument = Annotated[list[int] | None, typer.Argument(metavar="ID…")]
AllOption = Annotated[bool, typer.Option("--all", help="全部 / all of them")]


def register(app: typer.Typer) -> None:
    quarantine = typer.Typer(help="无法读懂的来件 / captures that could not be understood", no_args_is_help=True)
    quarantine.command("list")(quarantine_list)
    quarantine.command("show")(quarantine_show)
    quarantine.command("replay")(quarantine_replay)
    app.add_typer(quarantine, name="quarantine")
    parked = typer.Typer(help="发不出去的记录 / records that could not be delivered", no_args_is_help=True)
    parked.command("list")(parked_list)
    parked.command("replay")(parked_replay)
    parked.command("discard")(parked_discard)
    app.add_typer(parked, name="parked")


def quarantine_list(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """列出隔离的来件。 / Lists what waits in quarantine."""
    with open_system(settings) as system:
        rows = [_row(item) for item in waiting(system, None)]
    if as_json:
        emit_lines(rows)
        return
    for row in rows:
        show(f"{row['id']:>6}  {row['channel']:10} {row['at'][:16]}  {row['external_id'][:32]}  {phrase(row['reason'])}")
    if not rows:
        say(text("list.empty"))


def quarantine_show(
    ident: Annotated[int, typer.Argument(metavar="ID")],
    raw: Annotated[typer.FileBinaryWrite | None, typer.Option("--raw", help="把原始字节写到文件 / write its bytes here")] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """看一件：理由、各部分的大小；--raw 取出原始字节（记入审计）。 / One capture; its bytes with --raw, audited."""
    with open_system(settings) as system:
        items = waiting(system, [ident])
        if not items:
            raise Refused(f"nothing waits in quarantine under {ident}", remedy="look it up with: fenban quarantine list")
        data = opened(system, items[0])
        parts = parts_from(data)
        described = [{"name": part.name, "media_type": part.media_type, "bytes": len(part.data)} for part in parts]
        document = {**_row(items[0]), "parts": described}
        if raw is not None:
            for part in parts:
                raw.write(part.data)
            system.office(by).note("quarantine.read", str(ident))
    if as_json:
        emit(document)
        return
    show(f"{document['id']}  {document['channel']}  {document['external_id']}  {phrase(document['reason'])}")
    for part in parts:
        show(f"  {part.name}: {part.media_type}, {len(part.data)} bytes")


def quarantine_replay(
    ids: IdsArgument = None,
    every: AllOption = False,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """再试一次。 / Tries them again."""
    if not ids and not every:
        raise typer.BadParameter(phrase("name the ids, or --all"))
    with open_system(settings) as system:
        results = replay(system, system.office(by), None if every else ids)
    rows = [{"id": ident, "outcome": outcome} for ident, outcome in results]
    missing = sorted(set(ids or []) - {ident for ident, _ in results})
    if as_json:
        emit_lines(rows)
    else:
        for row in rows:
            show(f"{row['id']}: {_outcome(str(row['outcome']))}")
        if any(outcome in UNDERSTOOD for _, outcome in results):
            say(text("work.goes_on"))
    if missing:
        what, remedy = f"not waiting in quarantine: {', '.join(map(str, missing))}", "look them up with: fenban quarantine list"
        say(f"{phrase(what)} → {phrase(remedy)}")
    if missing or any(outcome not in UNDERSTOOD for _, outcome in results):
        raise typer.Exit(WRONG)


def _outcome(said: str) -> str:
    return text(f"explain.{said}") if said in UNDERSTOOD else phrase(said)


def parked_list(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """列出搁置的记录。 / Lists parked records."""
    with open_system(settings) as system, system.store.unit_of_work(write=False) as uow:
        rows: list[dict[str, Any]] = [
            {
                "id": record.id,
                "topic": record.topic,
                "matter": record.key,
                "type": record.type,
                "attempts": record.attempts,
                "created_at": iso(record.created_at),
                "reason": reason,
            }
            for record, reason in uow.outbox.parked(EVERYTHING)
        ]
    if as_json:
        emit_lines(rows)
        return
    for row in rows:
        show(f"{row['id']:>6}  {row['topic']}  {row['matter']}  {row['type']}  {phrase(row['reason'])}")
    if not rows:
        say(text("list.empty"))


def parked_replay(
    ids: IdsArgument = None, every: AllOption = False, by: ByOption = None, settings: SettingsOption = None
) -> None:
    """重新发布，同一主题同一事项的按原来顺序。 / Has them delivered again, in their order."""
    if not ids and not every:
        raise typer.BadParameter(phrase("name the ids, or --all"))
    with open_system(settings) as system:
        if every:
            with system.store.unit_of_work(write=False) as uow:
                ids = [record.id for record, _ in uow.outbox.parked(EVERYTHING)]
        moved = system.office(by).move_parked(ids or [], OutboxState.PENDING, "")
    _moved(moved, len(ids or []))


def parked_discard(
    ident: Annotated[int, typer.Argument(metavar="ID")],
    reason: ReasonOption,
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """作废，留存备查。 / Gives it up; it is kept."""
    with open_system(settings) as system:
        moved = system.office(by).move_parked([ident], OutboxState.DISCARDED, reason)
    _moved(moved, 1)


def _moved(moved: int, asked: int) -> None:
    say(f"{moved}/{asked} {text('done')}")
    if moved < asked:
        raise HaltForPerson(f"{asked - moved} of them are not parked", remedy="look them up with: fenban parked list")


def _row(item: QuarantineItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "channel": item.channel,
        "external_id": item.external_id,
        "at": iso(item.at),
        "reason": item.reason,
    }
