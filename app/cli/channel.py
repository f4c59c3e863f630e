"""``fenban channel``: pausing a channel, going on with it, polling it at once."""

from typing import Annotated

import typer

from app.cli.base import ByOption, SettingsOption, open_system, say
from app.texts import text

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="渠道编号 / the channel's id")]
WhyOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由 / the reason, kept")]


def register(app: typer.Typer) -> None:
    channel = typer.Typer(help="渠道：暂停、恢复、立即采集 / channels: pause, resume, poll now", no_args_is_help=True)
    channel.command("pause")(channel_pause)
    channel.command("resume")(channel_resume)
    channel.command("poll")(channel_poll)
    app.add_typer(channel, name="channel")


def channel_pause(ident: IdArgument, reason: WhyOption = "", by: ByOption = None, settings: SettingsOption = None) -> None:
    """暂停采集；正在进行的一次先做完。 / Polls it no more; a poll that runs ends first."""
    from app.channel_controls import ChannelControls

    with open_system(settings) as system:
        changed = ChannelControls(system).pause(ident, system.office(by).actor, reason)
    say(text("channel.paused" if changed else "channel.paused_already"))


def channel_resume(ident: IdArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """恢复采集。 / Goes on with it."""
    from app.channel_controls import ChannelControls

    with open_system(settings) as system:
        changed = ChannelControls(system).resume(ident, system.office(by).actor)
    say(text("channel.resumed" if changed else "channel.resumed_already"))


def channel_poll(ident: IdArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """马上采集一次，不等到下一个间隔。 / Polls it at once instead of when it is due."""
    from app.channel_controls import ChannelControls

    with open_system(settings) as system:
        ChannelControls(system).poll_now(ident, system.office(by).actor)
    say(text("channel.asked"))
