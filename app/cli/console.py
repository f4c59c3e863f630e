"""``fenban console`` and ``fenban users``: the pages, and who may sign in."""

import signal
from typing import Annotated

import typer

from app.cli.base import ByOption, JsonOption, SettingsOption, emit_lines, open_system, say, show
from app.console.serving import address_of, first_link, link_address, serve
from app.texts import text
from app.wiring import System

LoginArgument = Annotated[str, typer.Argument(metavar="LOGIN", help="登录名 / the log-in name")]
RoleOption = Annotated[list[str] | None, typer.Option("--role", metavar="ROLE", help="角色，可多次 / roles")]
UnitOption = Annotated[list[str] | None, typer.Option("--unit", metavar="UNIT", help="单位，可多次 / a handler's units")]


def register(app: typer.Typer) -> None:
    app.command("console")(console)
    users = typer.Typer(help="控制台账号 / accounts of the console", no_args_is_help=True)
    for name, command in (
        ("list", users_list),
        ("add", users_add),
        ("link", users_link),
        ("reset", users_reset),
        ("change", users_change),
        ("disable", users_disable),
        ("enable", users_enable),
        ("end-sessions", users_end_sessions),
    ):
        users.command(name)(command)
    app.add_typer(users, name="users")


def console(
    demo: Annotated[
        bool, typer.Option("--demo", help="演示：每个角色一个账号，只在本机 / a demo: an account of each role, on loopback only")
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """打开网页控制台；第一次启动打印管理员的一次性登录链接。 / Serves the pages; the first start prints an administrator's one-time link."""
    with open_system(settings) as system:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if demo:
            _invite(system)
        link = first_link(system)
        show(f"{text('console.address')} {address_of(system)}")
        if link:
            show(f"{text('console.first_link')} {link}")
        serve(system)


def _invite(system: System) -> None:
    from app.console.demo import guests
    from app.console.texts import said

    show(text("console.guests"))
    for guest in guests(system):
        units = "、".join(system.directory.units[code].name for code in guest.units if code in system.directory.units)
        role = f"{said('role.' + guest.role)}{f'（{units}）' if units else ''}"
        show(f"  {role}\n    {guest.link}")


def users_list(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """列出账号。 / Lists the accounts."""
    from app.console.accounts import Accounts

    with open_system(settings) as system:
        found = Accounts(system).all()
    rows = [
        {
            "login": one.login,
            "name": one.name,
            "roles": list(one.roles),
            "units": list(one.units),
            "password": bool(one.password_hash),
            "totp": one.totp,
            "disabled": one.disabled,
        }
        for one in found
    ]
    if as_json:
        emit_lines(rows)
        return
    for one in found:
        shut = f"  [{text('users.disabled')}]" if one.disabled else ""
        show(f"{one.login:20} {one.name}  {', '.join(one.roles)}  {', '.join(one.units)}{shut}")
    if not found:
        say(text("list.empty"))


def users_add(
    login: LoginArgument,
    role: RoleOption = None,
    unit: UnitOption = None,
    name: Annotated[str, typer.Option("--name", help="姓名 / the person's name")] = "",
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """新增账号，打印一次性登录链接。 / Adds an account and prints its one-time log-in link."""
    from app.console.accounts import Accounts

    with open_system(settings) as system:
        accounts, actor = Accounts(system), system.office(by).actor
        accounts.add(login, name, role or [], unit or [], actor)
        show(link_address(system, accounts.link(login, actor)))


def users_link(login: LoginArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """打印一次性登录链接。 / Prints a one-time log-in link."""
    from app.console.accounts import Accounts

    with open_system(settings) as system:
        show(link_address(system, Accounts(system).link(login, system.office(by).actor)))


def users_reset(login: LoginArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """作废密码和验证码，打印一次性登录链接。 / Forgets password and codes and prints a one-time log-in link."""
    from app.console.accounts import Accounts

    with open_system(settings) as system:
        show(link_address(system, Accounts(system).reset(login, system.office(by).actor)))


def users_change(
    login: LoginArgument, role: RoleOption = None, unit: UnitOption = None, by: ByOption = None, settings: SettingsOption = None
) -> None:
    """改角色或单位。 / Gives other roles or units."""
    from app.console.accounts import Accounts

    with open_system(settings) as system:
        Accounts(system).change(login, system.office(by).actor, roles=role, units=unit)
    say(text("done"))


def users_disable(login: LoginArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """停用账号。 / Shuts an account off."""
    _shut(login, by, settings, shut=True)


def users_enable(login: LoginArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """重新启用账号。 / Opens it again."""
    _shut(login, by, settings, shut=False)


def users_end_sessions(login: LoginArgument, by: ByOption = None, settings: SettingsOption = None) -> None:
    """结束此账号的所有会话。 / Ends every session of the account."""
    from app.console.accounts import Accounts

    with open_system(settings) as system:
        Accounts(system).end_sessions(login, system.office(by).actor)
    say(text("done"))


def _shut(login: str, by: str | None, settings: SettingsOption, *, shut: bool) -> None:
    from app.console.accounts import Accounts

    with open_system(settings) as system:
        Accounts(system).change(login, system.office(by).actor, disabled=shut)
    say(text("done"))
