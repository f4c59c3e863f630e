"""The office's work by command line: review, held, filtered, assignment, matter, reveal."""

from typing import Annotated, Any

import typer

from app.cli.base import ByOption, JsonOption, ReasonOption, SettingsOption, emit, emit_lines, open_system, say, show
from app.cli.pool import review_pool
from app.documents import document_lines, iso, named
from app.office import Choice
from app.phrases import phrase
from app.reports import EVERYTHING, assignment_rows, message_document, message_row, review_rows, unit_names
from app.texts import text
from domain.decisions import DeadlineClass
from domain.errors import HaltForPerson, Refused
from domain.events import FeedbackEvent, FeedbackOutcome, FeedbackType
from domain.ids import AssignmentId, EventId, Number, UnitCode
from domain.messages import MessageState

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="编号 / the number")]
AssignmentArgument = Annotated[str, typer.Argument(metavar="ID", help="交办编号 / the assignment's id")]
LIST_UNITS = "list them with: fenban units list"
RELEASABLE = {
    "held": (MessageState.HELD, MessageState.REJECTED),
    "filtered": (MessageState.FILTERED,),
    "joined": (MessageState.JOINED,),
}


def register(app: typer.Typer) -> None:
    review = typer.Typer(help="待分办的来信 / letters that wait for a person", no_args_is_help=True)
    review.command("list")(review_list)
    review.command("show")(review_show)
    review.command("decide")(review_decide)
    review.command("pool")(review_pool)
    app.add_typer(review, name="review")
    held = typer.Typer(help="暂扣的来信 / held letters", no_args_is_help=True)
    held.command("list")(held_list)
    held.command("release")(held_release)
    held.command("reject")(held_reject)
    app.add_typer(held, name="held")
    filtered = typer.Typer(help="过滤的邮件和外地留言 / filtered mails and posts", no_args_is_help=True)
    filtered.command("list")(filtered_list)
    filtered.command("release")(filtered_release)
    app.add_typer(filtered, name="filtered")
    joined = typer.Typer(help="并件 / copies", no_args_is_help=True)
    joined.command("list")(joined_list)
    joined.command("release")(joined_release)
    app.add_typer(joined, name="joined")
    assignment = typer.Typer(help="各单位的交办件 / assignments", no_args_is_help=True)
    for name, command in (
        ("list", assignment_list),
        ("sign", assignment_sign),
        ("return", assignment_return),
        ("complete", assignment_complete),
        ("extend", assignment_extend),
        ("reopen", assignment_reopen),
        ("remind", assignment_remind),
    ):
        assignment.command(name)(command)
    app.add_typer(assignment, name="assignment")
    app.command("reveal")(reveal)


def review_list(
    sealed: Annotated[bool, typer.Option("--sealed", help="密件 / sealed ones")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """列出待分办和被退回的事项；密件另列。 / Lists what waits for a decision; sealed matters only with --sealed."""
    with open_system(settings) as system:
        rows, names = review_rows(system, sealed=sealed), unit_names(system)
        if sealed:
            system.office(by).note("review.list_sealed", "review", count=len(rows))
    if as_json:
        emit_lines(rows)
        return
    for row in rows:
        offered = "  ".join(f"{named(one['unit'], names)} {one['probability']:.0%}" for one in row["suggestions"][:3])
        mark = f"【{text('urgency.urgent')}】" if row["urgency"] == "urgent" else ""
        mark += f"【{text('review.arbitration')}】" if row["arbitration"] else ""
        show(
            f"{row['number']}  {mark}{text('state.' + row['state'])}  {row['subject'][:40]}  → {offered}  ({phrase(row['reason'])})"
        )
    if not rows:
        say(text("list.empty"))


def review_show(
    number: NumberArgument, by: ByOption = None, as_json: JsonOption = False, settings: SettingsOption = None
) -> None:
    """看一件：正文、建议单位、线索。 / One letter with its suggestions and evidence."""
    with open_system(settings) as system:
        document, names = message_document(system, Number(number)), unit_names(system)
        if document["sealed"]:
            system.office(by).note("message.view_sealed", number)
    if as_json:
        emit(document)
        return
    for line in document_lines(document, names):
        show(line)


def review_decide(
    number: NumberArgument,
    lead: Annotated[str | None, typer.Option("--lead", help="主办单位：代码、名称或简称 / the lead unit")] = None,
    co: Annotated[list[str] | None, typer.Option("--co", help="协办单位，可多次 / co-handling units")] = None,
    requirement: Annotated[str, typer.Option("--requirement", help="办理要求 / the requirement")] = "",
    deadline_class: Annotated[DeadlineClass | None, typer.Option("--class", help="simple | complex")] = None,
    out_of_remit: Annotated[str | None, typer.Option("--out-of-remit", metavar="REASON", help="不属本市受理 / not ours")] = None,
    seal: Annotated[str | None, typer.Option("--seal", metavar="REASON", help="是举报，转密件 / it is an accusation")] = None,
    hold: Annotated[str | None, typer.Option("--hold", metavar="REASON", help="暂扣 / hold it")] = None,
    not_accusation: Annotated[
        str | None, typer.Option("--not-accusation", metavar="REASON", help="不是举报 / it is none")
    ] = None,
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """决定一件：交办、不受理、转密件、暂扣。 / Decides one letter; exactly one of the choices."""
    chosen = [choice for choice in (lead, out_of_remit, seal, hold, not_accusation) if choice is not None]
    if len(chosen) != 1:
        raise typer.BadParameter(phrase("choose exactly one of --lead, --out-of-remit, --seal, --hold, --not-accusation"))
    if not chosen[0].strip():
        raise typer.BadParameter(phrase("the choice needs its unit or its reason"))
    with open_system(settings) as system:
        office = system.office(by)
        if lead is not None:
            decision = office.decide(Number(number), Choice(lead, tuple(co or ()), requirement, deadline_class))
            due = iso(decision.deadline.due) if decision.deadline else ""
            say(f"{number} → {', '.join([decision.lead or '', *decision.co_units])}  {text('show.due')} {due[:10]}")
        elif out_of_remit is not None:
            office.out_of_remit(Number(number), out_of_remit)
        elif seal is not None:
            office.seal(Number(number), seal)
        elif hold is not None:
            office.hold(Number(number), hold)
        elif not_accusation is not None:
            office.not_accusation(Number(number), not_accusation)
    say(text("done"))


def held_list(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """列出暂扣的来信。 / Lists held letters."""
    _list_states((MessageState.HELD,), as_json, settings)


def held_release(number: NumberArgument, reason: ReasonOption, by: ByOption = None, settings: SettingsOption = None) -> None:
    """放行：同一条规则不再扣它。 / Releases it past the rule that held it."""
    with open_system(settings) as system:
        system.office(by).release(Number(number), reason, RELEASABLE["held"])
    _done_and_goes_on()


def held_reject(number: NumberArgument, reason: ReasonOption, by: ByOption = None, settings: SettingsOption = None) -> None:
    """不予受理，留存备查。 / Refuses it, and keeps it."""
    with open_system(settings) as system:
        system.office(by).reject(Number(number), reason)
    say(text("done"))


def filtered_list(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """列出过滤的邮件和外地留言。 / Lists filtered mails and posts."""
    _list_states((MessageState.FILTERED,), as_json, settings)


def filtered_release(number: NumberArgument, reason: ReasonOption, by: ByOption = None, settings: SettingsOption = None) -> None:
    """放行一件被过滤的。 / Lets a filtered one be worked on."""
    with open_system(settings) as system:
        system.office(by).release(Number(number), reason, RELEASABLE["filtered"])
    _done_and_goes_on()


def joined_list(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """列出并到别的来信的。 / Lists copies."""
    _list_states((MessageState.JOINED,), as_json, settings)


def joined_release(number: NumberArgument, reason: ReasonOption, by: ByOption = None, settings: SettingsOption = None) -> None:
    """不是同一件事：单独成为一个事项。 / It is no copy: a matter of its own."""
    with open_system(settings) as system:
        system.office(by).release(Number(number), reason, RELEASABLE["joined"])
    _done_and_goes_on()


def assignment_list(
    unit: Annotated[str | None, typer.Option("--unit", help="只看一个单位 / one unit's only")] = None,
    sealed: Annotated[bool, typer.Option("--sealed", help="含密件 / sealed ones too")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """列出交办件，密件除外。 / Lists assignments, sealed ones only with --sealed."""
    with open_system(settings) as system:
        code = None
        if unit is not None:
            code = system.directory.resolve(unit)
            if code is None:
                raise HaltForPerson(f"there is no unit {unit!r} in the directory", remedy=LIST_UNITS)
        rows = [row for row in assignment_rows(system, code) if sealed or not row["sealed"]]
        if sealed:
            system.office(by).note("assignment.list_sealed", code or "all")
    if as_json:
        emit_lines(rows)
        return
    for row in rows:
        stands = f"{text('role.' + row['role'])} {text('state.' + row['state'])} {row['due'][:10]}"
        show(f"{row['id']:48} {stands} {row['subject'][:40]}  {phrase(row['reason'])}")


def assignment_sign(ident: AssignmentArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """签收。 / Signs for it."""
    _feedback(ident, FeedbackType.SIGN, by, settings)


def assignment_return(
    ident: AssignmentArgument,
    reason: ReasonOption,
    suggest: Annotated[str, typer.Option("--suggest", metavar="UNIT", help="建议单位 / which unit instead")] = "",
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """退回，说明理由。 / Returns it with the reason."""
    _feedback(ident, FeedbackType.RETURN, by, settings, reason=reason, suggested_unit=suggest)


def assignment_complete(
    ident: AssignmentArgument,
    reply: Annotated[str, typer.Option("--reply", metavar="TEXT", help="答复 / the reply")],
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """办结，附答复。 / Completes it with the reply."""
    _feedback(ident, FeedbackType.COMPLETE, by, settings, reply=reply)


def assignment_extend(
    ident: AssignmentArgument,
    days: Annotated[int, typer.Option("--days", min=1, max=120, help="增加的工作日 / more working days")],
    reason: ReasonOption,
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """批准延期。 / Grants more working days."""
    with open_system(settings) as system:
        deadline = system.office(by).extend(AssignmentId(ident), days, reason)
    say(f"{text('show.due')} {iso(deadline.due)}")


def assignment_reopen(
    ident: AssignmentArgument, reason: ReasonOption, by: ByOption = None, settings: SettingsOption = None
) -> None:
    """重新办理已办结的。 / Has a completed one worked on again."""
    with open_system(settings) as system:
        system.office(by).reopen(AssignmentId(ident), reason)
    say(text("done"))


def assignment_remind(
    ident: AssignmentArgument, reason: ReasonOption, by: ByOption = None, settings: SettingsOption = None
) -> None:
    """督办：催单位办理。 / Presses the unit for an answer."""
    with open_system(settings) as system:
        system.office(by).remind(AssignmentId(ident), reason)
    say(text("done"))


def reveal(
    number: NumberArgument,
    reason: ReasonOption,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """查看原文和来信人，记入审计。 / Shows the original words and the sender; audited with the reason."""
    with open_system(settings) as system:
        revealed = system.office(by).reveal(Number(number), reason)
    if as_json:
        emit(revealed)
        return
    show(f"{text('show.subject')}：{revealed['subject']}\n{revealed['body']}\n{text('show.sender')}：")
    for name, value in revealed["sender"].items():
        if value:
            show(f"  {text('sender.' + name)}: {value if isinstance(value, str) else ', '.join(value)}")


def _feedback(
    ident: str, kind: FeedbackType, by: str | None, settings: Any, *, reason: str = "", suggested_unit: str = "", reply: str = ""
) -> None:
    with open_system(settings) as system:
        with system.store.unit_of_work(write=False) as uow:
            assignment = uow.assignments.get(AssignmentId(ident))
            matter = uow.matters.get(assignment.matter) if assignment is not None else None
        if suggested_unit and system.directory.resolve(suggested_unit) is None:
            raise Refused(f"there is no unit {suggested_unit!r} in the directory", remedy=LIST_UNITS)
        if assignment is None or matter is None:
            raise Refused(f"there is no assignment {ident}", remedy="look it up with: fenban assignment list")
        # However often the command is repeated it is one event, until the office moves the matter on.
        event_id = EventId(f"cli:{ident}:{kind}:{matter.sequence}")
        event = FeedbackEvent(
            event_id, UnitCode(assignment.unit), kind, assignment.id, reason=reason, suggested_unit=suggested_unit, reply=reply
        )
        result = system.feedback().apply(event, actor=by or system.office().actor)
    if result.outcome is FeedbackOutcome.REJECTED:
        raise Refused(result.reason, remedy="look it up with: fenban assignment list")
    note = text("feedback.repeated") if result.outcome is FeedbackOutcome.REPEATED else phrase(result.reason)
    say(f"{text('done')}{f' ({note})' if note else ''}")


def _list_states(states: tuple[MessageState, ...], as_json: bool, settings: Any) -> None:
    with open_system(settings) as system, system.store.unit_of_work(write=False) as uow:
        rows = [message_row(message) for message in uow.reads.in_state(states, EVERYTHING) if not message.sealed]
    if as_json:
        emit_lines(rows)
        return
    for row in rows:
        show(f"{row['number']}  {row['registered_at'][:16]}  {row['subject'][:50]}  ({phrase(row['reason'])})")
    if not rows:
        say(text("list.empty"))


def _done_and_goes_on() -> None:
    say(f"{text('done')}：{text('work.goes_on')}")
