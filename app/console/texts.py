"""The pages' own texts, Chinese and English: ``texts/*.toml``, a line a key, ``key = ["中文", "English"]``."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from app.texts import TEXTS, language

Pair = tuple[str, str]


@cache
def console_texts() -> Mapping[str, Pair]:
    """Key → (Chinese, English). Raises ValueError when two files name one key, or one that ``app.texts`` has."""
    found: dict[str, Pair] = {}
    for file in sorted(files("app.console").joinpath("texts").iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".toml"):
            continue
        for key, (chinese, english) in _flat(tomllib.loads(file.read_text(encoding="utf-8"))).items():
            if key in found or key in TEXTS:
                raise ValueError(f"{file.name}: {key} is said elsewhere already")
            found[key] = (chinese, english)
    return found


def said(key: str, *filled: object) -> str:
    """The text of a key in the reader's language, ``{}`` filled in. Raises KeyError for one that no catalogue has."""
    chinese, english = TEXTS[key] if key in TEXTS else console_texts()[key]
    chosen = english if language() == "en" else chinese
    return chosen.format(*filled) if filled else chosen


def _flat(table: Mapping[str, object], before: str = "") -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    for name, value in table.items():
        key = f"{before}{name}"
        if isinstance(value, Mapping):
            found |= _flat(value, f"{key}.")
        else:
            assert isinstance(value, list), key
            found[key] = (str(value[0]), str(value[1]))
    return found
