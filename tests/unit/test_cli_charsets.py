"""Programs read and write UTF-8 whatever the terminal's charset is; people's terminals never end a command."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.fenban import FENBAN, City

UNITS = '[[unit]]\ncode = "water"\nname = "水务局"\nlevel = "city"\nregion = "990100"\nduties = ["停水"]\n'


@pytest.fixture
def city(tmp_path: Path) -> City:
    made = City(tmp_path / "city")
    made.run("init", str(made.folder), "--region", "990100", bare=True)
    (made.folder / "units.toml").write_text(UNITS, encoding="utf-8")
    (made.folder / "rules.toml").write_text("", encoding="utf-8")
    return made


def run(city: City, *arguments: str, data: bytes = b"", charset: str = "utf-8:strict") -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": charset, "FENBAN_LANG": "zh"}
    return subprocess.run(
        [FENBAN, "--settings", str(city.settings), *arguments], input=data, capture_output=True, env=env, check=False
    )


def letter(ident: str) -> bytes:
    return json.dumps({"id": ident, "subject": "停水", "body": "停水两天"}, ensure_ascii=False).encode()


def test_a_line_that_is_not_utf_8_stops_no_other_letter(city: City) -> None:
    done = run(
        city, "suggest", "--json", data=letter("a") + b'\n{"id": "b", "subject": "\xc4\xe3\xba\xc3"}\n' + letter("c") + b"\n"
    )
    assert b"Traceback" not in done.stderr
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["a", "c"]
    assert done.returncode == 1
    assert "2" in done.stderr.decode()


@pytest.mark.parametrize("ident", ["NaN", "Infinity", "1e999"])
def test_a_number_that_json_has_not_is_no_letter(city: City, ident: str) -> None:
    done = run(city, "suggest", "--json", data=f'{{"id": {ident}, "subject": "停水"}}\n'.encode())
    assert done.stdout == b""
    assert done.returncode == 1


@pytest.mark.parametrize("charset", ["gb18030:strict", "ascii:strict", "iso-8859-1:strict"])
def test_documents_are_utf_8_in_every_terminal(city: City, charset: str) -> None:
    done = run(city, "units", "list", "--json", charset=charset)
    assert json.loads(done.stdout)["name"] == "水务局"
    done = run(city, "suggest", "--json", data=letter("号") + b"\n", charset=charset)
    assert json.loads(done.stdout)["id"] == "号"


@pytest.mark.parametrize("charset", ["gb18030:strict", "iso-8859-1:strict"])
def test_a_terminal_that_lacks_a_character_ends_no_command(city: City, charset: str) -> None:
    done = run(city, "units", "list", charset=charset)
    assert done.returncode == 0, done.stderr
    assert b"water" in done.stdout


def test_a_department_may_send_a_line_that_is_no_text(city: City) -> None:
    city.run("run", "--until-idle")
    done = run(city, "feedback", "water", "--json", data=b'{"id":"\xff"}\n{"id":"n","type":"sign","assignment":"x"}\n')
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["rejected", "rejected"]
    assert b"Traceback" not in done.stderr
    actions = [row["action"] for row in city.lines("audit", "list")]
    assert actions.count("feedback.unreadable") == 1
