"""Key files."""

import os
import stat
from pathlib import Path

import pytest

from domain.errors import BadSettings, HaltForPerson
from store.keys import load_key, new_key_file, parse_key


def test_a_new_key_is_its_owners_alone_and_loads(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        new_key_file(tmp_path / "one.key")
    finally:
        os.umask(before)
    new_key_file(tmp_path / "two.key")
    assert stat.S_IMODE((tmp_path / "one.key").stat().st_mode) == 0o600
    assert len(load_key(tmp_path / "one.key")) == 32
    assert load_key(tmp_path / "one.key") != load_key(tmp_path / "two.key")


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    new_key_file(tmp_path / "one.key", randomness=lambda size: b"k" * size)
    with pytest.raises(HaltForPerson, match="exists already"):
        new_key_file(tmp_path / "one.key")
    assert load_key(tmp_path / "one.key") == b"k" * 32
    with pytest.raises(HaltForPerson, match="cannot be written"):
        new_key_file(tmp_path / "nowhere" / "one.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    new_key_file(tmp_path / "one.key")
    (tmp_path / "one.key").chmod(mode)
    with pytest.raises(BadSettings, match="chmod 600"):
        load_key(tmp_path / "one.key")


@pytest.mark.parametrize("text", ["", "short", "c2hvcnQ=", "!" * 44, "é" * 44])
def test_what_is_no_key_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.key").write_text(text, encoding="utf-8")
    (tmp_path / "one.key").chmod(0o600)
    with pytest.raises(BadSettings, match="fenban keys new") as caught:
        load_key(tmp_path / "one.key")
    assert not text or text not in str(caught.value)
    with pytest.raises(BadSettings, match=r"vault\.master"):
        parse_key(text, "vault.master")


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"one\.key"):
        load_key(tmp_path / "one.key")
