"""``fenban topics plan|apply``: topics, users and permissions on Kafka, from the unit directory."""

import os
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.base import JsonOption, SettingsOption, emit, open_system, say, show
from app.phrases import phrase
from app.texts import text
from app.wiring import System
from domain.errors import HaltForPerson, Refused
from route.kafka_plan import Action, Change, Difference, Kind, as_document

if TYPE_CHECKING:
    from app.provisioning import Provisioning

PASSWORD_BYTES = 24
SIGNS = {"create": "+", "change": "~", "lock": "-", "delete": "-"}
DeleteOption = Annotated[
    bool,
    typer.Option("--allow-delete", help="也删除多余的，锁定多余的用户 / delete what is no longer wanted and lock its users, too"),
]
AnewOption = Annotated[
    list[str] | None,
    typer.Option("--new-password", metavar="USER", help="给这个用户换密码，可多次 / give this user a new password; repeatable"),
]
PasswordsOption = Annotated[
    Path | None, typer.Option("--passwords", metavar="DIR", help="新密码写到这里 / where new passwords are written")
]


def register(app: typer.Typer) -> None:
    topics = typer.Typer(help="Kafka 的主题、用户、权限 / topics, users and permissions on Kafka", no_args_is_help=True)
    topics.command("plan")(plan)
    topics.command("apply")(apply)
    app.add_typer(topics, name="topics")


def plan(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """与单位目录的差别，什么都不改。 / How Kafka differs from what the unit directory asks for; changes nothing."""
    with open_system(settings) as system, _cluster(system) as cluster:
        found = cluster.difference()
    if as_json:
        emit({"changes": as_document(found.changes), "deletions": as_document(found.deletions), "notes": list(found.notes)})
        return
    _show(found)
    for change in found.deletions:
        show(_kept(change))
    if not found.changes and not found.deletions:
        show(text("topics.same"))


def apply(
    allow_delete: DeleteOption = False,
    new_password: AnewOption = None,
    passwords: PasswordsOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """按单位目录建立；可重复。新密码写入文件，不显示。 / Carries the difference out; safe to repeat. Passwords go into files."""
    with open_system(settings) as system, _cluster(system) as cluster:
        folder = passwords or system.settings.path(system.settings.kafka.passwords)
        cluster.check_password()  # before anything is made: half of the users is worse than none
        found = cluster.difference()
        found = replace(found, changes=(*found.changes, *_anew(new_password or (), cluster.wanted.users, found.changes)))
        if not as_json:
            _show(found)
        done = (*found.changes, *(found.deletions if allow_delete else ()))
        cluster.carry_out(done, lambda change: cluster.known_password(change.name) or _kept_password(folder, change))
    kept = () if allow_delete else found.deletions
    if as_json:
        emit({"applied": as_document(done), "kept": as_document(kept), "notes": list(found.notes)})
        return
    for change in found.deletions:
        show(_line(change) if allow_delete else _kept(change))
    if any(change.kind == "user" and change.action in ("create", "change") for change in done):
        say(f"{folder}/  {text('topics.passwords')}")
    say(text("topics.same") if not done else text("done"))


@contextmanager
def _cluster(system: System) -> Iterator["Provisioning"]:
    from app.provisioning import Provisioning

    cluster = Provisioning(system.settings, system.directory, system.clock)
    try:
        yield cluster
    finally:
        cluster.close()


def _anew(users: Sequence[str], wanted: Collection[str], changes: Sequence[Change]) -> list[Change]:
    """New passwords that were asked for, beside those that the plan gives anyway."""
    unknown = sorted(set(users) - set(wanted))
    if unknown:
        raise Refused(
            f"{unknown[0]!r} is not a user that the unit directory asks for", remedy="list them with: fenban units list"
        )
    given = {change.name for change in changes if change.kind is Kind.USER}
    return [Change(Action.CHANGE, Kind.USER, user, "a new password") for user in dict.fromkeys(users) if user not in given]


def _kept_password(folder: Path, change: Change) -> str:
    """The user's password from its file: it is on disk before Kafka knows it. A new user's is made where there is none, so that
    an apply that broke off gives what it wrote; a user that had another gets a fresh one, which nobody has read yet."""
    file = folder / f"{change.name}.password"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if change.action is Action.CHANGE or not file.exists():
            part = file.with_suffix(".part")
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                opened.write(secrets.token_urlsafe(PASSWORD_BYTES) + "\n")
                opened.flush()
                os.fsync(opened.fileno())
            part.replace(file)
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        what = f"the password file {file} cannot be written or read ({error.strerror})"
        raise HaltForPerson(what, remedy="mend the folder's rights, or name another with --passwords") from None


def _show(found: Difference) -> None:
    for change in found.changes:
        show(_line(change))
    for note in found.notes:
        say(f"({phrase(note)})")


def _kept(change: Change) -> str:
    why = "topics.only_locked" if change.action is Action.LOCK else "topics.only_allowed"
    return f"{_line(change)}  ({text(why)})"


def _line(change: Change) -> str:
    detail = f"  {phrase(change.detail)}" if change.detail else ""
    return f"{SIGNS[change.action]} {text(f'topics.{change.kind}')} {change.name}{detail}"
