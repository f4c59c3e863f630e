"""``fenban mail show``: the document on stdout, one line and exit 1 for what is no mail, exit 2 for a wrong call."""

import json
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from app.cli import mail
from tests.support.mail_corpus import FOLDER

KEYS = ["kind", "subject", "from", "date", "message_id", "text", "attachments", "defects"]


def run(*arguments: str) -> Result:
    app = typer.Typer()
    mail.register(app)
    return CliRunner().invoke(app, ["mail", *arguments])


def test_the_document_has_the_promised_keys_and_nothing_else_on_stdout() -> None:
    result = run("show", str(FOLDER / "attachment-encoded-word-name.eml"), "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert list(document) == KEYS
    assert result.stdout.count("\n") == 1
    assert document["attachments"][0].keys() == {"name", "type", "bytes", "sha256"}
    assert result.stderr == ""


def test_people_get_words() -> None:
    result = run("show", str(FOLDER / "gb2312-base64.eml"))
    assert result.exit_code == 0
    assert "标题：关于滨河小区路灯不亮的反映" in result.stdout
    assert "类别：来信" in result.stdout


def test_what_is_no_mail_is_told_in_one_line(tmp_path: Path) -> None:
    noise, empty = tmp_path / "noise.eml", tmp_path / "empty.eml"
    noise.write_bytes(bytes(range(256)) * 20)
    empty.write_bytes(b"\r\n")
    for path in (noise, empty, tmp_path / "missing.eml", tmp_path):
        result = run("show", str(path), "--json")
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert "→" in result.stderr


def test_a_wrong_call_is_a_usage_error() -> None:
    assert run("show").exit_code == 2
    assert run("show", "--nonsense", "x.eml").exit_code == 2
