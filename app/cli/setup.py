"""``fenban init``, ``check``, ``upgrade``, ``units``."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from app.city_notes import model_notes, units_elsewhere
from app.cli.base import WRONG, ByOption, JsonOption, SettingsOption, emit, emit_lines, open_system, say, show
from app.phrases import spoken
from app.queries import Queries
from app.settings import SETTINGS_NAME
from app.texts import text
from app.wiring import System
from domain.errors import BadSettings, HaltForPerson
from route.directory import check as check_directory
from store.keys import new_key_file


def register(app: typer.Typer) -> None:
    app.command("init")(init)
    app.command("check")(check)
    app.command("upgrade")(upgrade)
    units = typer.Typer(help="单位目录 / the unit directory", no_args_is_help=True)
    units.command("check")(units_check)
    units.command("list")(units_list)
    app.add_typer(units, name="units")
    calendar = typer.Typer(help="工作日历 / the working calendar", no_args_is_help=True)
    calendar.command("recount")(calendar_recount)
    calendar.callback()(_calendar)
    app.add_typer(calendar, name="calendar")


def init(
    folder: Annotated[Path, typer.Argument(help="放在哪里 / where")] = Path(),
    city_id: Annotated[str, typer.Option("--city-id", help="a-z, 0-9, -")] = "mycity",
    city_name: Annotated[str, typer.Option("--city-name", help="城市名 / the city's name")] = "我的城市",
    region: Annotated[str, typer.Option("--region", help="GB/T 2260, 6 digits")] = "000000",
) -> None:
    """写出带注释的 fenban.toml、密钥和示例目录。 / Writes a commented settings file, keys, an example directory and rules."""
    target = folder / SETTINGS_NAME
    if target.exists():
        raise HaltForPerson(f"{target} exists already", remedy="edit it, or name another folder")
    example = files("app").joinpath("example")
    folder.mkdir(parents=True, exist_ok=True)
    settings = example.joinpath("fenban.toml").read_text(encoding="utf-8")
    for old, new in (("mycity", city_id), ("我的城市", city_name), ("000000", region)):
        settings = settings.replace(f'"{old}"', f'"{new}"')
    for name in ("units.toml", "rules.toml"):
        if not (folder / name).exists():
            sample = example.joinpath(name).read_text(encoding="utf-8").replace('"000000"', f'"{region}"')
            (folder / name).write_text(sample, encoding="utf-8")
    (folder / "keys").mkdir(mode=0o700, exist_ok=True)
    for name in ("master-1.key", "index-1.key"):
        if not (folder / "keys" / name).exists():
            new_key_file(folder / "keys" / name)
    target.write_text(settings, encoding="utf-8")
    say(f"{target}  {folder / 'units.toml'}  {folder / 'rules.toml'}  {folder / 'keys'}/")
    say(f"→ fenban check --settings {target}")


def check(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """不连网络，检查配置、目录、规则、密钥、模型。 / Validates everything that needs no network."""
    notes: list[str] = []
    try:
        with open_system(settings) as system:
            problems = system.problems()
            if not problems:
                notes = _notes(system)
    except BadSettings as error:
        problems = list(error.problems)
    for problem in problems:
        say(spoken(problem))
    for note in notes:
        say(f"({spoken(note)})")
    if as_json:
        emit({"well": not problems, "problems": problems, "notes": notes})
    if problems:
        raise typer.Exit(WRONG)
    say(text("check.good"))


def _notes(system: System) -> list[str]:
    """What is odd without being wrong."""
    found = list(check_directory(system.directory))
    if set(system.settings.city.region) == {"0"}:
        found.append("city.region is still 000000 → write the city's GB/T 2260 code")
    elsewhere = units_elsewhere(system)
    return [*found, *([elsewhere] if elsewhere else []), *model_notes(system)]


def upgrade(settings: SettingsOption = None) -> None:
    """把存储升级到本版本。 / Brings the store to this version."""
    from store.migrate import upgrade as upgrade_store

    with open_system(settings) as system:
        file = system.settings.store_file()
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        upgrade_store(system.settings.store_url())
    say(text("done"))


def units_check(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """检查单位目录和规则。 / Checks the unit directory and the rules that name its units."""
    with open_system(settings) as system:
        notes = [note for note in (*check_directory(system.directory), units_elsewhere(system)) if note]
        levels = {level: sum(unit.level == level for unit in system.directory.units.values()) for level in _LEVELS}
        units, rules, screens = len(system.directory), len(system.rulebook.rules), len(system.rulebook.screens)
    if as_json:
        emit({"units": units, "levels": levels, "rules": rules, "screens": screens, "notes": notes})
        return
    counts = ", ".join(f"{count} {level}" for level, count in levels.items())
    show(f"{units} units ({counts}), {rules} rules, {screens} screens")
    for note in notes:
        show(spoken(note))


def units_list(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """列出单位。 / Lists the units."""
    with open_system(settings) as system:
        rows = [
            {
                "code": unit.code,
                "name": unit.name,
                "level": unit.level,
                "region": unit.region,
                "parent": unit.parent,
                "aliases": list(unit.aliases),
            }
            for unit in system.directory.units.values()
        ]
    if as_json:
        emit_lines(rows)
        return
    for row in rows:
        show(f"{row['code']:24} {row['level']:9} {row['name']}")


def _calendar() -> None:
    """工作日历 / the working calendar"""


def calendar_recount(by: ByOption = None, settings: SettingsOption = None) -> None:
    """次年放假安排公布后，重新计算暂定的期限并通知单位。 / Counts provisional deadlines anew; units are told."""
    with open_system(settings) as system:
        office = system.office(by)
        waiting = Queries(system.store).provisional_assignments()
        changed = [ident for ident in waiting if office.recount(ident) is not None]
    show(f"{len(waiting)} provisional, {len(changed)} changed")


_LEVELS = ("city", "county", "township")
