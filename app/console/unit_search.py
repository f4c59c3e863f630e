"""Finding a unit by what people type: code, name, alias, pinyin or its initials."""

from functools import lru_cache

from pypinyin import lazy_pinyin

from domain.units import Unit
from route.directory import Directory

MOST = 8


def find_units(directory: Directory, typed: str, limit: int = MOST) -> list[Unit]:
    """The best fitting first; nothing for nothing typed."""
    wanted = "".join(typed.split()).lower()
    if not wanted:
        return []
    weighed = (
        (min(_weight(name, wanted) for name in (unit.name, *unit.aliases, unit.code)), unit) for unit in directory.units.values()
    )
    found = [(weight, len(unit.name), unit.code, unit) for weight, unit in weighed if weight < _NONE]
    return [unit for *_, unit in sorted(found, key=lambda one: one[:3])[:limit]]


_NONE = 9


def _weight(name: str, wanted: str) -> int:
    """0 for the very name, more the looser it fits."""
    lower = name.lower()
    spelled, initials = _pinyin(name)
    if wanted == lower:
        return 0
    if lower.startswith(wanted):
        return 1
    if wanted in lower:
        return 2
    if initials.startswith(wanted) or spelled.startswith(wanted):
        return 3
    return 4 if wanted in initials or wanted in spelled else _NONE


@lru_cache(maxsize=4096)
def _pinyin(name: str) -> tuple[str, str]:
    syllables = lazy_pinyin(name)
    return "".join(syllables).lower(), "".join(syllable[:1] for syllable in syllables).lower()
