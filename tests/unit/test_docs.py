"""The guides say what is there: every command, option, key and link in them exists, and both languages say the same."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

from app.cli.main import build
from app.settings import Settings
from domain.units import UnitLevel
from ingest.portal_labels import Field
from ingest.portal_profile import DetailProfile, ListProfile, Paging, PortalProfile, Repeated, load_profile
from ingest.portal_rows import read_list
from route.directory import load_directory
from route.rules_file import RULE_KEYS, SCREEN_KEYS, load_rules

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAIRS = [(page.with_name(page.name.replace(".zh-CN.md", ".md")), page) for page in PAGES if page.name.endswith(".zh-CN.md")]
FENCE = re.compile(r"^([ \t]*)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(fenban [^`\n]*(?:\n[^`\n]+)?)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*$", re.MULTILINE)
CALL = re.compile(r"(?:^|[|;&({]|\$\(|=)\s*(?:\S*/)?(fenban\s.*)")
FOREIGN_PATH = re.compile(r"/work\b|/root\b|/home/|/tmp/|\.library|\.\./shared|file://|DESIGN\.md")
PERSONAL = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)")
MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
NOT_A_COMMAND = frozenset({"COMMAND"})


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(text: str, language: str) -> list[str]:
    return [found[3] for found in FENCE.finditer(text) if found[2] == language]


def commands_in_blocks(text: str) -> Iterator[list[str]]:
    """The words behind each ``fenban`` in shell blocks, comments, pipes and redirections cut off."""
    for block in blocks(text, "sh"):
        for line in block.splitlines():
            found = CALL.search(line.split("  #")[0])
            if found is not None:
                yield words_of(found[1])


def words_of(call: str) -> list[str]:
    words: list[str] = []
    for word in shlex.split(call, comments=True)[1:]:
        if word in {"|", "<", ">", "&&", ";"}:
            break
        words.append(word)
    return words


def found_command(words: list[str]) -> tuple[Any, list[str]]:
    """The command these words name, with the words left for it. Typer's own classes: it has no public names for them."""
    command: Any = typer.main.get_command(build())
    rest = list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        assert name in command.commands, f"there is no command `fenban {' '.join(words)}`"
        command = command.commands[name]
    return command, rest


def options_of(command: Any) -> set[str]:
    return {"--help", "-h"} | {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_in_shell_blocks_parse(page: Path) -> None:
    for words in commands_in_blocks(text_of(page)):
        command, rest = found_command(words)
        assert not hasattr(command, "commands"), f"fenban {' '.join(words)} is a group of commands"
        try:
            command.make_context(command.name, list(rest))
        except Exception as error:
            pytest.fail(f"{named(page)}: fenban {' '.join(words)}: {error}")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_named_in_the_text_exist_with_their_options(page: Path) -> None:
    for call in INLINE.findall(text_of(page)):
        words = [word for word in " ".join(call.split()).split(" ")[1:] if word not in {"…", "|"}]
        if not words or words[0] in NOT_A_COMMAND:
            continue
        command, rest = found_command(words)
        for word in rest:
            if word.startswith("--"):
                assert word.split("=")[0] in options_of(command), f"{named(page)}: `{call}` has no option {word}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_relative_links_resolve(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", text_of(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: {link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{named(page)}: {link} names no heading"


def anchors(page: Path) -> set[str]:
    """The headings' anchors as code hosts make them."""
    headings = [found[2] for found in HEADING.finditer(FENCE.sub("", text_of(page)))]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda page: named(page))
def test_both_languages_have_the_same_sections_and_commands(english: Path, chinese: Path) -> None:
    levels = [[len(found[1]) for found in HEADING.finditer(FENCE.sub("", text_of(page)))] for page in (english, chinese)]
    assert levels[0] == levels[1]
    shown = [list(commands_in_blocks(text_of(page))) for page in (english, chinese)]
    assert shown[0] == shown[1]
    configured = [[tomllib.loads(block) for block in blocks(text_of(page), "toml")] for page in (english, chinese)]
    assert configured[0] == configured[1]


def test_the_readme_and_the_role_guides_come_in_both_languages() -> None:
    expected = {
        ROOT / "README.md",
        *(
            ROOT / "docs" / f"{role}.md"
            for role in (
                "operators",
                "departments",
                "analysts",
                "console",
                "metrics",
                "register",
                "office",
                "hot",
                "units",
                "rules",
                "channels",
                "confidentiality",
                "ledger",
            )
        ),
    }
    assert expected <= {english for english, _ in PAIRS}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs" / "way.svg"], ids=named)
def test_nothing_of_one_machine_or_person_is_named(page: Path) -> None:
    text = text_of(page)
    assert FOREIGN_PATH.findall(text) == []
    assert PERSONAL.findall(text) == []
    assert [found for found in MAIL_ADDRESS.findall(text) if not found.endswith(".example")] == []


def test_the_channels_shown_are_valid_settings() -> None:
    pages = ("README.md", "README.zh-CN.md", "docs/channels.md", "docs/channels.zh-CN.md")
    for page in map(ROOT.joinpath, pages):
        shown = [table for block in blocks(text_of(page), "toml") for table in tomllib.loads(block).get("channel", [])]
        city = {"id": "yunze", "name": "云泽市", "region": "990100"}
        assert {channel.kind for channel in Settings(city=city, channel=shown).channel} == {"portal", "board", "mailbox"}


def test_the_profiles_shown_load_and_read_the_page_shown(tmp_path: Path) -> None:
    text = text_of(ROOT / "docs" / "channels.md")
    profiles = []
    for number, block in enumerate(blocks(text, "toml")):
        if "list" in tomllib.loads(block):
            path = tmp_path / f"profile-{number}.toml"
            path.write_text(block, encoding="utf-8")
            profiles.append(load_profile(path))
    assert len(profiles) == 2
    page = read_list(profiles[0], f"<html><body>{blocks(text, 'html')[0]}</body></html>", "https://www.yunze.example/hd/list.jsp")
    assert [row.external_id for row in page.rows] == ["20260901003"]
    assert page.rows[0].link == "https://www.yunze.example/hd/show.jsp?id=8812"
    assert page.rows[0].found.first(Field.TITLE) == "家里自来水发黄"
    assert not page.rows[0].problem
    assert page.pages == 15


@pytest.mark.parametrize("page", ["channels.md", "channels.zh-CN.md"])
def test_every_key_of_a_profile_is_described(page: str) -> None:
    text = text_of(ROOT / "docs" / page)
    for kind in (ListProfile, Paging, DetailProfile, PortalProfile, Repeated):
        missing = [name for name in [field.name for field in fields(kind)] if f"`{name}`" not in text and f"[{name}]" not in text]
        assert missing == [], kind.__name__
    assert [field for field in Field if field not in text] == []


def test_the_directory_shown_loads_and_its_keys_are_described(tmp_path: Path) -> None:
    text = text_of(ROOT / "docs" / "units.md")
    path = tmp_path / "units.toml"
    path.write_text(blocks(text, "toml")[0], encoding="utf-8")
    directory = load_directory(path)
    assert {unit.level for unit in directory.units.values()} == set(UnitLevel)
    for key in ("code", "name", "aliases", "level", "region", "parent", "duties", "places", "catch_all"):
        assert f"`{key}`" in text


def test_the_rules_shown_load_and_every_key_is_described(tmp_path: Path) -> None:
    text = text_of(ROOT / "docs" / "rules.md")
    units = tmp_path / "units.toml"
    codes = ("ecology", "emergency", "housing")
    units.write_text("\n".join(f'[[unit]]\ncode = "{code}"\nname = "{code}局"' for code in codes), encoding="utf-8")
    rules = tmp_path / "rules.toml"
    rules.write_text(blocks(text, "toml")[0], encoding="utf-8")
    book = load_rules([rules], load_directory(units))
    assert "夜间施工会同环保" in {rule.name for rule in book.rules}
    assert [key for key in SCREEN_KEYS | RULE_KEYS if f"`{key}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_holds_two_versions_of_itself(page: Path) -> None:
    """What a merge leaves behind where two people changed the same lines."""
    assert not re.search(r"^(<{7} |={7}$|>{7} )", text_of(page), re.MULTILINE)
