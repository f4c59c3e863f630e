"""``fenban notices``: trying the ways by which operators are told, and what goes on now."""

import typer

from app.cli.base import WRONG, JsonOption, SettingsOption, emit_lines, open_system, say, show
from app.documents import iso
from app.phrases import spoken
from app.texts import text


def register(app: typer.Typer) -> None:
    notices = typer.Typer(help="报警通知 / notices to operators", no_args_is_help=True)
    notices.command("test")(notices_test)
    notices.command("list")(notices_list)
    app.add_typer(notices, name="notices")


def notices_test(settings: SettingsOption = None) -> None:
    """向配置的每个去处各发一条测试通知。 / Sends one to each way of the settings."""
    from app.notices import send_test

    with open_system(settings) as system:
        answers = send_test(system)
    for way, wrong in answers:
        show(f"{way}: {spoken(wrong) if wrong else text('done')}")
    if not answers:
        say(text("notices.none"))
    if not answers or any(wrong for _, wrong in answers):
        raise typer.Exit(WRONG)


def notices_list(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """现在有哪些情况（由 fenban run 写下）。 / What goes on now, as `fenban run` wrote it down."""
    from app.notices import notice_of, ongoing

    with open_system(settings) as system:
        found = [(notice_of(system, one), one.told) for one in ongoing(system)]
    if as_json:
        emit_lines({**notice.document(), "told": told} for notice, told in found)
        return
    for notice, _ in found:
        show(f"{iso(notice.began_at)[:16]}  {notice.line}")
    if not found:
        say(text("list.empty"))
