"""``fenban hot``: what several persons write of lately, more than ever in its own past weeks."""

from typing import Annotated

import typer

from app.cli.base import JsonOption, SettingsOption, emit, open_system, say, show
from app.documents import named
from app.reports import unit_names
from app.texts import text


def register(app: typer.Typer) -> None:
    app.command("hot")(hot)


def hot(
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="按哪一刻算，不写即现在；不写时区即北京时间 / as of when; none: now")
    ] = "",
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """热点：近一日、近七日比自己以往各周明显增多的事。 / Topics that grew against their own past weeks, over 24 hours and 7 days."""
    from route.moments import parse_moment

    try:
        moment = parse_moment(at) if at else None
    except (ValueError, OverflowError):
        raise typer.BadParameter(text("hot.no_time").format(at), param_hint="--at") from None
    with open_system(settings) as system:
        document = system.hot_topics().document(moment or system.clock.now())
        names = unit_names(system)
    if as_json:
        emit(document)
        return
    for one in document["topics"]:
        about = " ".join([*([one["place"]] if one["place"] else []), *one["words"]])
        grew = text("hot.grew").format(one["days"], one["persons"], f"{one['expected']:.1f}", one["most_before"])
        show(f"{about}  {grew}  {'、'.join(named(unit, names) for unit in one['units'])}")
        show(f"  {' '.join(one['numbers'][:10])}{' …' if len(one['numbers']) > 10 else ''}")
    if not document["topics"]:
        say(text("hot.none"))
