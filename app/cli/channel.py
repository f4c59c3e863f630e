"""``fenban channel``: pausing a channel, going on with it, polling it at once; trying a portal's profile."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.base import WRONG, ByOption, JsonOption, SettingsOption, emit, open_system, say, show
from app.phrases import phrase
from app.texts import text

if TYPE_CHECKING:
    from app.trying import Tried

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="渠道编号 / the channel's id")]
WhyOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由 / the reason, kept")]


def register(app: typer.Typer) -> None:
    channel = typer.Typer(
        help="渠道：暂停、恢复、立即采集、试读 / channels: pause, resume, poll now, try a profile", no_args_is_help=True
    )
    channel.command("pause")(channel_pause)
    channel.command("resume")(channel_resume)
    channel.command("poll")(channel_poll)
    channel.command("try")(channel_try)
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


def channel_try(
    profile: Annotated[Path, typer.Argument(metavar="PROFILE", help="门户的解析配置（TOML） / the portal's profile")],
    source: Annotated[
        str,
        typer.Argument(
            metavar="URL|FOLDER", help="网站地址，或存有网页的文件夹 / the site's address, or a folder of saved pages"
        ),
    ],
    most: Annotated[int, typer.Option("--max", min=1, max=2000, help="最多读几封 / at most so many letters")] = 20,
    cursor: Annotated[str, typer.Option("--cursor", help="接着上次的 cursor 读 / go on from the cursor of the last time")] = "",
    site: Annotated[
        str, typer.Option("--site", metavar="URL", help="存下的网页来自哪个网站 / which site the saved pages are of")
    ] = "",
    networks: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-network", metavar="NETWORK", help="网站所在的内网，如 10.1.0.0/16 / the private network it lies in"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """试读：按解析配置读一次网站，或读存下的网页；不入库。 / Reads a site, or saved pages, by a profile; stores nothing."""
    from app.trying import try_profile

    tried = try_profile(profile, source, site=site, cursor=cursor, most=most, networks=tuple(networks or ()))
    if as_json:
        emit(tried.document)
    else:
        _show_tried(tried)
    for name in tried.missing[:10]:
        say(text("channel.try_missing").format(name))
    if tried.broken:
        say(text("channel.try_broken"))
    elif tried.more:
        say(text("channel.try_more").format(tried.document["cursor"]))
    if not tried.document["items"] and tried.document["not_understood"]:
        say(text("channel.try_nothing"))
        raise typer.Exit(WRONG)


def _show_tried(tried: "Tried") -> None:
    for item in tried.document["items"]:
        when = (item["submitted_at"] or "–")[:16]
        kind = text(f"kind.{item['kind']}") if item["kind"] else "–"
        show(f"{item['external_id']}  {when}  {kind}  {item['subject'][:40]}  {item['place']}".rstrip())
        sender = "、".join(text(f"sender.{name}") for name in item["sender"]) or "–"
        body = " ".join(item["body"].split())
        show(f"    {text('channel.try_read').format(sender, len(item['answers']), len(item['body']))}  {body[:60]}")
    for one in tried.document["not_understood"]:
        show(f"{one['external_id']}  ✗ {phrase(one['reason'])}")
