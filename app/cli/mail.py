"""``fenban mail show``: what a mail's file says, as the mailbox collector would read it. Needs no settings."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import FenbanError, RejectItem
from ingest.mime import MailView, read_mail

_KIND_WORDS = {
    "letter": "来信",
    "bounce": "退信",
    "auto_reply": "自动回复",
    "list": "邮件列表",
    "own": "本机关发出",
}


def register(app: typer.Typer) -> None:
    """Adds the command group ``mail``."""
    group = typer.Typer(help="查看一封邮件文件读出来是什么", no_args_is_help=True)
    group.command("show")(show)
    app.add_typer(group, name="mail")

    @group.callback()
    def mail() -> None:
        """查看一封邮件文件读出来是什么。"""


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE.eml", help="邮件文件（- 为标准输入）")],
    as_json: Annotated[bool, typer.Option("--json", help="在标准输出打印一个 JSON 文档")] = False,
) -> None:
    """读出一封邮件：类别、标题、寄件人、时间、正文（完整）、附件、缺陷。"""
    try:
        view = read_mail(_bytes_of(file))
    except FenbanError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    # Bytes, so that a terminal in another charset cannot stop a Chinese text.
    typer.echo((json.dumps(as_document(view), ensure_ascii=False) if as_json else as_words(view)).encode("utf-8", "replace"))


def as_document(view: MailView) -> dict[str, Any]:
    """The document of ``--json``; part of the contract with other programs."""
    return {
        "kind": view.kind.value,
        "subject": view.subject,
        "from": str(view.sender),
        "date": view.date.isoformat() if view.date else None,
        "message_id": view.message_id,
        "text": view.text,
        "attachments": [
            {"name": one.name, "type": one.media_type, "bytes": len(one.data), "sha256": one.sha256} for one in view.attachments
        ],
        "defects": list(view.defects),
    }


def as_words(view: MailView) -> str:
    lines = [
        f"类别：{_KIND_WORDS[view.kind.value]}",
        f"标题：{view.subject}",
        f"寄件人：{view.sender}",
        f"时间：{view.date.isoformat() if view.date else '（无可用时间）'}",
    ]
    lines += [f"附件：{one.name or '（未命名）'}（{one.media_type}，{len(one.data)} 字节）" for one in view.attachments]
    if view.defects:
        lines.append(f"缺陷：{'、'.join(view.defects)}")
    return "\n".join((*lines, "", view.text))


def _bytes_of(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise RejectItem(f"{file}: {reason}", remedy="give the path of a mail file (.eml) that may be read") from None
