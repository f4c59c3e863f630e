"""What goes wrong outside is told in one clear line with its remedy; nothing is lost, nothing else stops, no traceback."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import outcome as outcomes
from tests.support.corpus import units_toml
from tests.support.fenban import FENBAN, PASSWORD_VARIABLE, City, Said
from tests.support.scenario import Sizes
from tests.system.conftest import FULL_RUN, Channels, World, make_world, open_channels

pytestmark = [pytest.mark.timeout(900), *([pytest.mark.slow] if FULL_RUN else [])]
FEW = Sizes(portal=40, mail=14, board=12, copies=4, repeats=2, revisions=2, accusations=4)


@pytest.fixture(scope="module")
def few() -> World:
    return make_world(FEW, 400)


@pytest.fixture(scope="module")
def few_channels(few: World) -> Iterator[Channels]:
    made = open_channels(few.scenario)
    made.serve(1)
    yield made
    made.close()


@pytest.fixture
def city(few: World, few_channels: Channels, tmp_path: Path) -> Iterator[City]:
    yield few_channels.city(tmp_path / "city", few.corpus)
    few_channels.portal.serving.fault = few_channels.board.serving.fault = ""


def _one_line(said: Said, *words: str) -> None:
    """One line on stderr that names what is wrong and what to do."""
    told = [line for line in said.err.splitlines() if line.strip() and not line.startswith("{")]
    assert len(told) == 1, said.err
    assert "→" in told[0], told
    assert all(word in told[0] for word in words), told


def _state(city: City, channel: str) -> tuple[str, str]:
    found = next(row for row in city.run("status", "--json").document()["channels"] if row["id"] == channel)
    return found["state"], found["error"]


def _all_is_well_after_all(city: City, few: World, few_channels: Channels) -> None:
    few_channels.portal.serving.fault = few_channels.board.serving.fault = ""
    city.run("run", "--until-idle")
    found = outcomes.read(city, few.corpus, few.scenario, few_channels.externals())
    outcomes.check_ledger(city)
    outcomes.check_registered_once(city, few.scenario, found, 1)
    outcomes.check_cases(few.scenario, found, 1)
    outcomes.check_topics(few.corpus, found)
    for channel in ("portal", "board", "mail"):
        assert _state(city, channel) == ("ok", "")


def test_an_unreachable_portal_leaves_the_other_channels_working(city: City, few: World, few_channels: Channels) -> None:
    settings = city.settings.read_text(encoding="utf-8")
    nowhere = "http://127.0.0.1:9"
    profile = city.folder / "portal.toml"
    there = profile.read_text(encoding="utf-8")
    city.settings.write_text(settings.replace(few_channels.portal.url, nowhere), encoding="utf-8")
    profile.write_text(there.replace(few_channels.portal.url, nowhere), encoding="utf-8")
    said = city.run("run", "--until-idle", code=1)
    _one_line(said, "portal")
    state, error = _state(city, "portal")
    assert state == "degraded"
    assert error
    assert _state(city, "board") == ("ok", "")
    assert _state(city, "mail") == ("ok", "")
    outcomes.check_ledger(city)
    city.settings.write_text(settings, encoding="utf-8")
    profile.write_text(there, encoding="utf-8")
    _all_is_well_after_all(city, few, few_channels)


def test_a_wrong_password_halts_the_mailbox_alone(city: City, few: World, few_channels: Channels) -> None:
    said = city.run("run", "--until-idle", code=1, env={PASSWORD_VARIABLE: "not-the-password"})
    _one_line(said, "mail")
    assert "not-the-password" not in said.err + said.out
    assert _state(city, "mail")[0] == "halted"
    outcomes.check_ledger(city)
    _all_is_well_after_all(city, few, few_channels)


def test_a_password_that_is_not_there_is_told_before_anything_starts(city: City) -> None:
    said = city.run("check", code=1, env={PASSWORD_VARIABLE: ""})
    _one_line(said, PASSWORD_VARIABLE)


@pytest.mark.parametrize("fault", ["error", "challenge", "cut", "new layout"])
def test_a_page_that_is_none_is_a_failure_of_its_channel_and_never_no_news(
    fault: str, city: City, few: World, few_channels: Channels
) -> None:
    few_channels.portal.serving.fault = fault
    said = city.run("collect", "portal", "--until-idle", code=1)
    _one_line(said, "portal")
    assert _state(city, "portal")[0] in {"degraded", "halted"}
    status = city.run("status", "--json").document()
    assert all(channel["captured"] == 0 for channel in status["channels"] if channel["id"] == "portal")
    _all_is_well_after_all(city, few, few_channels)


def test_a_layout_that_changes_later_loses_nothing(city: City, few: World, few_channels: Channels) -> None:
    _all_is_well_after_all(city, few, few_channels)
    for fault in ("challenge", "new layout", "error"):
        few_channels.portal.serving.fault = few_channels.board.serving.fault = fault if fault != "new layout" else "error"
        said = city.run("run", "--until-idle", code=1)
        assert "→" in said.err
    _all_is_well_after_all(city, few, few_channels)


def test_a_page_in_another_charset_than_it_says_is_read_all_the_same(city: City, few: World, few_channels: Channels) -> None:
    few_channels.portal.serving.fault = "another charset"
    city.run("run", "--until-idle")
    found = outcomes.read(city, few.corpus, few.scenario, few_channels.externals())
    outcomes.check_words(few.scenario, found)
    _all_is_well_after_all(city, few, few_channels)


def test_an_unknown_unit_in_the_rules_is_named_with_file_and_rule(city: City) -> None:
    with (city.folder / "rules.toml").open("w", encoding="utf-8") as file:
        file.write('[[rule]]\nname = "to-nobody"\nany = ["路灯"]\nlead = "no-such-unit"\n')
    text = city.settings.read_text(encoding="utf-8")
    city.settings.write_text(text + '\n[files]\nrules = "rules.toml"\n', encoding="utf-8")
    for command in (("check",), ("run", "--until-idle")):
        said = city.run(*command, code=1)
        _one_line(said, "rules.toml", "to-nobody", "no-such-unit")


def test_a_model_of_another_city_is_refused(city: City, model: Path, few: World) -> None:
    shutil.copytree(model, city.folder / "models")
    other = units_toml(few.corpus).replace('code = "u', 'code = "v').replace('parent = "u', 'parent = "v')
    (city.folder / "units.toml").write_text(other, encoding="utf-8")
    said = city.run("run", "--until-idle", code=1)
    _one_line(said, "模型", "fenban train")
    said = city.run("check", code=1)
    _one_line(said, "模型", "fenban train")


def test_a_damaged_model_is_refused(city: City, model: Path) -> None:
    shutil.copytree(model, city.folder / "models")
    name = (city.folder / "models" / "live").read_text(encoding="utf-8").strip()
    path = next(path for path in (city.folder / "models").iterdir() if path.name.startswith(name))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _one_line(city.run("run", "--until-idle", code=1))


def test_an_inline_secret_is_refused_without_being_repeated(city: City) -> None:
    text = city.settings.read_text(encoding="utf-8")
    city.settings.write_text(text.replace(f"env:{PASSWORD_VARIABLE}", "hunter2-inline"), encoding="utf-8")
    said = city.run("check", code=1)
    _one_line(said, "password")
    assert "hunter2" not in said.err + said.out


def test_settings_that_are_not_there_or_not_toml(tmp_path: Path) -> None:
    city = City(tmp_path)
    _one_line(city.run("status", "--json", code=1), "fenban.toml")
    city.settings.write_text("[city\n", encoding="utf-8")
    said = city.run("status", "--json", code=1)
    assert len(said.err.strip().splitlines()) == 1
    assert "fenban.toml" in said.err


def test_a_file_size_limit_loses_nothing(city: City, few: World, few_channels: Channels) -> None:
    """The disk fills up while it works: RLIMIT_FSIZE makes every write past it fail."""
    city.run("upgrade")
    limited = ["/bin/sh", "-c", 'ulimit -f 900; exec "$0" "$@"', FENBAN, "--settings", str(city.settings), "run", "--until-idle"]
    done = subprocess.run(limited, capture_output=True, encoding="utf-8", env=city.environment(None), timeout=120, check=False)
    told = done.stderr + done.stdout
    assert "Traceback" not in told, told[-3000:]
    assert done.returncode == 1, told[-3000:]
    assert "→" in done.stderr
    _all_is_well_after_all(city, few, few_channels)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="a small file system is mounted by root on Linux only")
def test_a_full_disk_loses_nothing(few: World, few_channels: Channels, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(small)], check=False, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        city = few_channels.city(tmp_path / "city", few.corpus)
        (city.folder / "data").rmdir() if (city.folder / "data").exists() else None
        (city.folder / "data").symlink_to(small)
        said = city.run("run", "--until-idle", code=1)
        assert "→" in said.err
        assert len([line for line in said.err.splitlines() if line and not line.startswith("{")]) <= 4, said.err
        subprocess.run(["mount", "-o", "remount,size=200m", str(small)], check=True)
        _all_is_well_after_all(city, few, few_channels)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)
