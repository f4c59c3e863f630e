"""``fenban doctor``: what is wrong with servers and channels, and what to do."""

import typer

from app.cli.base import WRONG, JsonOption, SettingsOption, emit, open_system, show
from app.phrases import phrase


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """连一连每个服务器和渠道，哪里不对、怎么办。 / Asks each server and channel once; says what is wrong and what to do."""
    from app.doctor import examine

    with open_system(settings) as system:
        checks = []
        for check in examine(system):
            checks.append(check)
            if not as_json:
                remedy = f" → {phrase(check.remedy)}" if check.remedy else ""
                show(f"{'✓' if check.ok else '✗'} {check.name}: {phrase(check.said)}{remedy}")
    well = all(check.ok for check in checks)
    if as_json:
        rows = [{"name": check.name, "ok": check.ok, "said": check.said, "remedy": check.remedy} for check in checks]
        emit({"well": well, "checks": rows})
    if not well:
        raise typer.Exit(WRONG)
