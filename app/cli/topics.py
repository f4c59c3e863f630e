"""``fenban topics plan|apply``: topics, users and permissions on Kafka, from the unit directory."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.base import JsonOption, SettingsOption, emit, open_system, say, show
from app.phrases import phrase
from app.texts import text
from app.wiring import System
from domain.errors import HaltForPerson
from route.kafka_plan import Change, Difference, as_document

if TYPE_CHECKING:
    from app.provisioning import Provisioning

PASSWORD_BYTES = 24
SIGNS = {"create": "+", "change": "~", "delete": "-"}
DeleteOption = Annotated[bool, typer.Option("--allow-delete", help="也删除多余的 / delete what is no longer wanted, too")]
PasswordsOption = Annotated[
    Path | None, typer.Option("--passwords", metavar="DIR", help="新用户的密码写到这里 / where new users' passwords are written")
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
        show(f"{_line(change)}  ({text('topics.only_allowed')})")
    if not found.changes and not found.deletions:
        show(text("topics.same"))


def apply(
    allow_delete: DeleteOption = False,
    passwords: PasswordsOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """按单位目录建立；可重复。新密码写入文件，不显示。 / Carries the difference out; safe to repeat. Passwords go into files."""
    with open_system(settings) as system, _cluster(system) as cluster:
        folder = passwords or system.settings.path(system.settings.kafka.passwords)
        cluster.check_password()  # before anything is made: half of the users is worse than none
        found = cluster.difference()
        if not as_json:
            _show(found)
        done = (*found.changes, *(found.deletions if allow_delete else ()))
        cluster.carry_out(done, lambda user: cluster.known_password(user) or _kept_password(folder, user))
    kept = () if allow_delete else found.deletions
    if as_json:
        emit({"applied": as_document(done), "kept": as_document(kept), "notes": list(found.notes)})
        return
    for change in found.deletions:
        show(_line(change) + ("" if allow_delete else f"  ({text('topics.only_allowed')})"))
    if any(change.kind == "user" and change.action == "create" for change in done):
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


def _kept_password(folder: Path, user: str) -> str:
    """The user's password from its file, made first where there is none: it is on disk before Kafka knows it."""
    file = folder / f"{user}.password"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
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


def _line(change: Change) -> str:
    detail = f"  {phrase(change.detail)}" if change.detail else ""
    return f"{SIGNS[change.action]} {text(f'topics.{change.kind}')} {change.name}{detail}"
