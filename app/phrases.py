"""What errors, remedies and stored reasons say, in the reader's language. They are made and kept in English, whole sentences
with names and figures filled in; the Chinese ones stand in ``phrases.toml`` beside this file."""

import re
import tomllib
from functools import cache
from importlib.resources import files

from app.texts import TEXTS, language
from domain.errors import FenbanError

_FILLED = "{}"
_DEEPEST = 4


def told(error: FenbanError) -> str:
    """The error as one line for people, its remedy behind an arrow."""
    return " → ".join(phrase(part) for part in (error.what, error.remedy) if part)


def phrase(said: str) -> str:
    """The sentence in the reader's language; as it is when the catalogue lacks it, as people's own words are."""
    return said if language() == "en" else _chinese(said, 0)


def spoken(said: str) -> str:
    """A finished line, ``where: what → remedy``, in the reader's language as far as the catalogue knows its parts."""
    return " → ".join(_part(part) for part in said.split(" → "))


def _part(said: str) -> str:
    where, colon, rest = said.partition(": ")
    if colon and " " not in where and (told := _part(rest)) != rest:
        return f"{where}: {told}"
    whole = phrase(said)
    if colon and whole == said:  # channel 1.password: …
        return f"{where}: {_part(rest)}"
    return whole


def templates() -> frozenset[str]:
    """Every sentence that has a translation."""
    return frozenset(_catalogue())


def _chinese(said: str, depth: int) -> str:
    exact = _catalogue().get(said)
    if exact is not None and _FILLED not in said:
        return exact
    for template, pattern, translation in _patterns():
        head = template.partition(_FILLED)[0]
        if said.startswith(head) and (match := pattern.fullmatch(said)) is not None:
            filled = match.groups()
            return translation.format(*(_chinese(part, depth + 1) if depth < _DEEPEST else part for part in filled))
    return _words(said) if depth else said


def _words(filled: str) -> str:
    """What is filled in may be the name of a state, or several sentences with commas between."""
    known = TEXTS.get(f"state.{filled}")
    if known is not None:
        return known[0]
    if " or " in filled and all(f"state.{part}" in TEXTS for part in filled.split(" or ")):
        return "或".join(TEXTS[f"state.{part}"][0] for part in filled.split(" or "))
    parts = filled.split(", ")
    if len(parts) > 1 and all(part in _catalogue() for part in parts):
        return "、".join(_catalogue()[part] for part in parts)
    return filled


@cache
def _catalogue() -> dict[str, str]:
    return dict(tomllib.loads(files("app").joinpath("phrases.toml").read_text(encoding="utf-8")))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """Sentences with something filled in; those with most fixed words first, so that the most telling one is taken."""
    filled = sorted((template for template in _catalogue() if _FILLED in template), key=lambda template: -len(template))
    return tuple(
        (template, re.compile("(.*)".join(map(re.escape, template.split(_FILLED))), re.DOTALL), _catalogue()[template])
        for template in filled
    )
