"""Units named in a text: names, aliases and places of the directory, found in one pass (Aho-Corasick)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ahocorasick_rs
import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.tokens import MAX_CHARACTERS
from domain.ids import UnitCode
from domain.units import Unit

KINDS = ("name", "place")
NAME, PLACE = 0, 1

_BODY = re.compile(
    r"(?:[（(].*?[）)]|监督管理|行政管理|管理)?(?:委员会|局|办公室|办|中心|有限责任公司|有限公司|公司|支队|大队|部门)$"
)
_MENTION = re.compile(r"[\u4e00-\u9fff]{2,5}(?:局|委|办|队|中心)")
_LONGEST_ABBREVIATION = 5


@dataclass(frozen=True, slots=True)
class NamePattern:
    """``unit`` is the number of a unit in the model, ``kind`` NAME or PLACE."""

    text: str
    unit: int
    kind: int


class NameFinder:
    """Finds patterns in texts. Overlapping names all count; a name counts once a text."""

    def __init__(self, patterns: Sequence[NamePattern]) -> None:
        self.patterns = tuple(patterns)
        self._machine = ahocorasick_rs.AhoCorasick([pattern.text for pattern in patterns]) if patterns else None

    def find(self, texts: Sequence[tuple[str, str]]) -> npt.NDArray[Any]:
        """Rows (text, unit, kind, pattern) in that order, without repeats of (text, unit, kind): the longest pattern stands."""
        if self._machine is None:
            return np.zeros((0, 4), dtype=np.int64)
        found: dict[tuple[int, int, int], int] = {}
        for row, (subject, body) in enumerate(texts):
            for which, _, _ in self._machine.find_matches_as_indexes(f"{subject}\n{body}"[:MAX_CHARACTERS], overlapping=True):
                pattern = self.patterns[which]
                key = (row, pattern.unit, pattern.kind)
                if key not in found or len(pattern.text) > len(self.patterns[found[key]].text):
                    found[key] = which
        return np.array([(*key, which) for key, which in found.items()], dtype=np.int64).reshape(-1, 4)

    def matrix(self, texts: Sequence[tuple[str, str]], n_units: int) -> Any:
        """The same as a csr matrix, texts × (kinds × units), 1 where named."""
        found = self.find(texts)
        columns = found[:, 2] * n_units + found[:, 1]
        ones = np.ones(len(found), dtype=np.float32)
        return sparse.csr_matrix((ones, (found[:, 0], columns)), shape=(len(texts), len(KINDS) * n_units))


def patterns_of(
    units: Sequence[Unit] | None, codes: Sequence[UnitCode], texts: Sequence[tuple[str, str]]
) -> tuple[NamePattern, ...]:
    """Of the directory's units or, where there is none, of the labels; ``texts``: subjects and bodies that name them."""
    written = [f"{subject}\n{body}" for subject, body in texts]
    return label_patterns(codes, written) if units is None else directory_patterns(units, codes, written)


def directory_patterns(units: Sequence[Unit], codes: Sequence[UnitCode], texts: Sequence[str]) -> tuple[NamePattern, ...]:
    """Patterns of the directory's names, aliases and places, and of the abbreviations that ``texts`` use for them."""
    number = {code: at for at, code in enumerate(codes)}
    known = [unit for unit in units if unit.code in number]
    names = [(name, number[unit.code]) for unit in known for name in (unit.name, *unit.aliases)]
    places = [NamePattern(place, number[unit.code], PLACE) for unit in known for place in unit.places if len(place) > 1]
    return (*_name_patterns(names, texts), *sorted(places, key=lambda pattern: (pattern.text, pattern.unit)))


def label_patterns(codes: Sequence[UnitCode], texts: Sequence[str]) -> tuple[NamePattern, ...]:
    """The same where there is no directory and the labels are the units' names."""
    return _name_patterns([(str(code), at) for at, code in enumerate(codes) if len(code) > 1], texts)


def unit_names(units: Sequence[Unit] | None, codes: Sequence[UnitCode]) -> Mapping[str, UnitCode]:
    """Names and aliases as replies may use them; where there is no directory the labels themselves."""
    if units is None:
        return {str(code): code for code in codes}
    return {name: unit.code for unit in units for name in (unit.name, *unit.aliases)}


def shortens(short: str, name: str) -> bool:
    """Abbreviations keep the order of the characters and the first of them: 人社局 for 人力资源和社会保障局."""
    if not short or not name or short[0] != name[0]:
        return False
    rest = iter(name)
    return all(character in rest for character in short)


def _name_patterns(names: Sequence[tuple[str, int]], texts: Sequence[str]) -> tuple[NamePattern, ...]:
    owners: dict[str, set[int]] = {}
    for name, unit in names:
        for form in {name, _BODY.sub("", name)}:
            if len(form) > 1:
                owners.setdefault(form, set()).add(unit)
    for short, unit in _abbreviations(names, texts).items():
        owners.setdefault(short, set()).add(unit)
    return tuple(NamePattern(text, next(iter(units)), NAME) for text, units in sorted(owners.items()) if len(units) == 1)


def _abbreviations(names: Sequence[tuple[str, int]], texts: Sequence[str]) -> dict[str, int]:
    """Short forms that end like an organ, are written at least twice, and shorten the names of one unit only."""
    written: Counter[str] = Counter()
    for text in texts:
        for mention in set(_MENTION.findall(text)):
            written.update({mention[at:] for at in range(len(mention) - 2)})
    found: dict[str, int] = {}
    for short, times in written.items():
        if times < 2 or len(short) > _LONGEST_ABBREVIATION:
            continue
        units = {unit for name, unit in names if len(name) > len(short) and shortens(short, name)}
        if len(units) == 1:
            found[short] = units.pop()
    return found
