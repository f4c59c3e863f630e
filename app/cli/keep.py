"""``fenban backup``, ``restore``, ``audit``, ``keys``."""

import getpass
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from app.cli.base import WRONG, ByOption, JsonOption, SettingsOption, emit_lines, open_system, say, show
from app.documents import iso
from app.phrases import phrase
from app.reindex import reindex
from app.settings import Settings, load_settings
from app.texts import text
from domain.errors import HaltForPerson
from store import backup as archives
from store.keys import new_key_file
from store.rotation import rewrap_all


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)
    app.command("restore")(restore)
    audit = typer.Typer(help="审计日志 / the audit log", no_args_is_help=True)
    audit.command("verify")(audit_verify)
    audit.command("list")(audit_list)
    app.add_typer(audit, name="audit")
    keys = typer.Typer(help="密钥 / keys", no_args_is_help=True)
    keys.command("new")(keys_new)
    keys.command("rotate")(keys_rotate)
    keys.command("reindex")(keys_reindex)
    app.add_typer(keys, name="keys")


def backup(
    file: Annotated[Path, typer.Argument(help="写到哪个文件 / the archive to write")],
    by: ByOption = None,
    settings: SettingsOption = None,
) -> None:
    """在线备份存储和主题；不含密钥。 / Backs up store and topics while running; keys are not in it."""
    with open_system(settings) as system:
        system.office(by).note("backup", file.name)
        files = _files(system.settings)
        if files:
            archives.backup(files, file, at=system.clock.now())
        else:
            _on_server().backup(system.settings.store_url(), file, at=system.clock.now())
    say(f"{file}  {text('done')}")


def restore(file: Annotated[Path, typer.Argument(help="备份文件 / the archive")], settings: SettingsOption = None) -> None:
    """恢复到空的位置；已有数据则拒绝。 / Restores into an empty place; refuses to overwrite."""
    loaded = load_settings(settings)
    files = _files(loaded)
    if files:
        archives.restore(file, files)
    else:
        _on_server().restore(file, loaded.store_url())
    with open_system(settings) as system, system.store.unit_of_work(write=False) as uow:
        broken = uow.audit.verify()
    if broken:
        raise HaltForPerson(f"restored, but the audit log does not hold: {broken}", remedy="use another backup")
    say(f"{'  '.join(map(str, files.values())) or loaded.store.url}  {text('done')} → fenban ledger")


def audit_verify(as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """核验审计日志的哈希链。 / Verifies the audit log's hash chain."""
    with open_system(settings) as system, system.store.unit_of_work(write=False) as uow:
        broken = uow.audit.verify()
        count = sum(1 for _ in uow.audit.entries())
    if as_json:
        emit_lines([{"entries": count, "intact": not broken, "broken": broken}])
    elif not broken:
        show(f"{count} {text('audit.intact')}")
    if broken:
        remedy = "keep the files, and compare with a backup: docs/operators.md, Audit"
        say(f"{phrase(broken)} → {phrase(remedy)}")
        raise typer.Exit(WRONG)


def audit_list(
    subject: Annotated[str | None, typer.Option("--subject", help="编号 / a number or an assignment")] = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """列出审计记录。 / Lists the audit log."""
    with open_system(settings) as system, system.store.unit_of_work(write=False) as uow:
        rows = [
            {
                "sequence": sequence,
                "at": iso(entry.at),
                "actor": entry.actor,
                "action": entry.action,
                "subject": entry.subject,
                "detail": dict(entry.detail),
            }
            for sequence, entry in uow.audit.entries(subject)
        ]
    if as_json:
        emit_lines(rows)
        return
    for row in rows:
        show(
            f"{row['sequence']:>6}  {str(row['at'])[:19]}  {row['actor']}  {row['action']}  {row['subject']}  {row['detail'] or ''}"
        )


def keys_new(file: Annotated[Path, typer.Argument(help="新密钥文件 / the new key's file")]) -> None:
    """生成一把新密钥，只有本用户可读。 / Makes a new key, readable by this user alone."""
    new_key_file(file)
    say(f"{file}  {text('done')}")


def keys_rotate(settings: SettingsOption = None) -> None:
    """用配置里最新的主密钥重新包裹所有数据密钥；中断后再运行即可。 / Rewraps every data key with the newest master key."""
    with open_system(settings) as system:
        rewrapped = rewrap_all(system.store, system.vault)
        system.office(getpass.getuser()).note("keys.rotate", "vault", rewrapped=rewrapped)
    say(f"{rewrapped} {text('done')}")


def keys_reindex(settings: SettingsOption = None) -> None:
    """按索引密钥重做查找标记，去掉停用密钥的；中断后再运行即可。 / Makes look-up marks under the index keys anew."""
    with open_system(settings) as system:
        done = reindex(system.store, system.vault, system.clock)
        system.office(getpass.getuser()).note("keys.reindex", "vault", added=done.added, dropped=done.dropped, left=done.left)
    say(text("keys.reindexed").format(done.added, done.dropped))
    if done.left:
        say(text("keys.left").format(done.left))
        raise typer.Exit(WRONG)


def _files(settings: Settings) -> dict[str, Path]:
    """What a backup is made of; nothing where the store is on a server. Topics on Kafka are Kafka's to keep."""
    store = settings.store_file()
    if store is None:
        return {}
    topics = {} if settings.kafka.bootstrap_servers else {"topics": settings.path(settings.topics.path)}
    return {"store": store, **topics}


def _on_server() -> ModuleType:
    from store import backup_postgres

    return backup_postgres
