"""One table of a rules file, read key by key."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import re2

from domain.ids import UnitCode
from route.directory import Directory
from route.lexicon import word_form
from route.rules import PlaceLead
from route.widths import both_widths

Choice = TypeVar("Choice", bound=StrEnum)


class RuleTable:
    """Every method raises ValueError with what is wrong and its remedy."""

    def __init__(self, entry: Mapping[str, Any], directory: Directory, words: Mapping[str, tuple[str, ...]]) -> None:
        self.entry = entry
        self._directory = directory
        self._lists = words

    def only(self, keys: frozenset[str]) -> None:
        for key in self.entry.keys() - keys:
            raise ValueError(f"unknown key {key!r} → one of {', '.join(sorted(keys))}")

    def text(self, key: str) -> str:
        value = self.entry.get(key, "")
        if not isinstance(value, str):
            raise ValueError(f"{key} is not text → put it in quotes")
        return value.strip()

    def flag(self, key: str) -> bool:
        value = self.entry.get(key, False)
        if not isinstance(value, bool):
            raise ValueError(f"{key} is not true or false → write it without quotes")
        return value

    def number(self, key: str) -> int:
        value = self.entry.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{key} is not a number of characters → write {key} = 30")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.entry.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise ValueError(f'{key} is not a list of texts → write {key} = ["…"]')
        return tuple(item.strip() for item in value)

    def words(self, key: str) -> list[str]:
        return list(self._expand(key, self.texts(key)))

    def word_groups(self) -> Iterator[list[str]]:
        if "any" in self.entry:
            yield self.words("any")
        every = self.entry.get("all", [])
        if not isinstance(every, list):
            raise ValueError('all is not a list → write all = ["…", ["…", "…"]]')
        for item in every:
            inner = [item] if isinstance(item, str) else item
            if not isinstance(inner, list) or not inner or not all(isinstance(word, str) for word in inner):
                raise ValueError('all holds something that is no word → write all = ["…", ["…", "…"]]')
            yield list(self._expand("all", inner))

    def _expand(self, key: str, words: Sequence[str]) -> Iterator[str]:
        for word in words:
            if word.startswith("@"):
                if word[1:] not in self._lists:
                    raise ValueError(f"{key}: no list {word!r} → one of {', '.join('@' + name for name in sorted(self._lists))}")
                yield from self._lists[word[1:]]
            elif not word_form(word):
                raise ValueError(f"{key} holds an empty word → take it out")
            else:
                yield word

    def units(self, key: str) -> tuple[UnitCode, ...]:
        return tuple(self._unit(key, text) for text in self.texts(key))

    def _unit(self, key: str, text: str) -> UnitCode:
        code = self._directory.resolve(text)
        if code is None:
            raise ValueError(f"{key}: no unit {text!r} in the directory → add it there or correct the code")
        return code

    def lead(self) -> UnitCode | PlaceLead | None:
        text = self.text("lead")
        if text.startswith("place:"):
            return self.choice("lead", PlaceLead)
        return self._unit("lead", text) if text else None

    def regions(self) -> tuple[str, ...]:
        regions = self.texts("region")
        for region in regions:
            if not region.isdigit() or len(region) > 9:
                raise ValueError(f"region {region!r} is no division code → digits of GB/T 2260 or GB/T 10114")
        return regions

    def choice(self, key: str, kind: type[Choice]) -> Choice | None:
        found = self.choices(key, kind)
        return found[0] if found else None

    def choices(self, key: str, kind: type[Choice]) -> tuple[Choice, ...]:
        try:
            return tuple(kind(text) for text in self.texts(key))
        except ValueError:
            raise ValueError(f"{key} {self.entry[key]!r} → one of {', '.join(kind)}") from None


def compiled(pattern: str) -> Any:
    """The pattern as RE2 reads it, full-width signs as either form. Raises ValueError with what RE2 says."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(both_widths(pattern), options)
    except re2.error as error:
        detail = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"regex is not one RE2 understands ({detail}) → no look-around, no back-references") from None
