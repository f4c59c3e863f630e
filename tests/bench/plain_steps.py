"""What the plain version does to one text: masking, screens, places and names, each a loop over words or patterns.

The screens are fenban's own, read from the file it ships; stories (``route.stories``), of which a first version would not
think, are left out.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import re2

_MASKS = (
    (re.compile(r"[1-9]\d{16}[\dXx]"), "【证件号】"),
    (re.compile(r"(?:\+?86)?1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}"), "【电话】"),
    (re.compile(r"0\d{2,3}[\s-]?[1-9]\d{6,7}"), "【电话】"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "【邮箱】"),
    (re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·.\s-]?[A-Z0-9]{5,6}"), "【车牌】"),
    (re.compile(r"(?:QQ|qq|微信|支付宝)号?[:：是]?\s?[A-Za-z0-9_-]{5,20}"), "【账号】"),
    (re.compile(r"(?:卡号|账号|银行卡)[:：是]?\s?\d{12,19}"), "【账号】"),
    (
        re.compile(r"(?<=我叫)[\u4e00-\u9fff]{2,3}|(?<=姓名[:：])[\u4e00-\u9fff]{2,3}|(?<=联系人[:：])[\u4e00-\u9fff]{2,3}"),
        "【姓名】",
    ),
)


def masked(text: str, name: str) -> str:
    """NFKC, and personal data replaced by what it is."""
    text = unicodedata.normalize("NFKC", text).replace(name, "【姓名】")
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text.strip()


class PlainScreens:
    """fenban's screens and urgencies: every word of theirs is looked for once in a text."""

    def __init__(self, units: Iterable[str]) -> None:
        document = tomllib.loads(files("route").joinpath("builtin_rules.toml").read_text(encoding="utf-8"))
        self._words = {**document["words"], "units": list(units)}
        self._screens = [self._read(table) for table in document["screen"]]
        self._rules = [self._read(table) for table in document["rule"]]
        self._screen_words, self._rule_words = _all_words(self._screens), _all_words(self._rules)

    def screen(self, subject: str, body: str) -> str:
        """``seal``, ``hold`` or nothing."""
        text = _squeezed(subject, body)
        present = {word for word in self._screen_words if word in text}
        found = {screen["action"] for screen in self._screens if _holds(screen, text, present)}
        return "seal" if "seal" in found else "hold" if "hold" in found else ""

    def urgent(self, subject: str, body: str) -> bool:
        text = _squeezed(subject, body)
        present = {word for word in self._rule_words if word in text}
        return any(_holds(rule, text, present) for rule in self._rules)

    def _read(self, table: dict[str, Any]) -> dict[str, Any]:
        groups = [table["any"]] if "any" in table else []
        groups += [[item] if isinstance(item, str) else item for item in table.get("all", [])]
        return {
            "action": table.get("action"),
            "groups": [frozenset(self._expanded(group)) for group in groups],
            "none": frozenset(self._expanded(table.get("none", []))),
            "within": table.get("within", 0),
            "regex": re2.compile(table["regex"]) if "regex" in table else None,
        }

    def _expanded(self, words: Sequence[str]) -> list[str]:
        return [one for word in words for one in (self._words[word[1:]] if word.startswith("@") else [word])]


class PlainDirectory:
    """Names and places of the benchmark's units."""

    def __init__(self, path: Path) -> None:
        units = tomllib.loads(path.read_text(encoding="utf-8"))["unit"]
        self.names = {unit["name"]: unit["code"] for unit in units}
        self.places = {place: unit["code"] for unit in units for place in unit["places"]}

    def evidence(self, subject: str, body: str) -> list[tuple[str, str, float]]:
        """The places and units that the text names."""
        text = _squeezed(subject, body)
        found = [("place", place, 1.0) for place in self.places if place in text]
        return found + [("name", name, 1.0) for name in self.names if name in text]


def _squeezed(subject: str, body: str) -> str:
    return "".join(f"{subject}。{body}".split()).lower()


def _all_words(conditions: Sequence[dict[str, Any]]) -> list[str]:
    return sorted({word for one in conditions for group in (*one["groups"], one["none"]) for word in group})


def _holds(condition: dict[str, Any], text: str, present: set[str]) -> bool:
    found = [group & present for group in condition["groups"]]
    if not all(found) or condition["none"] & present:
        return False
    if condition["within"] and not _near(found, condition["within"], text):
        return False
    return condition["regex"] is None or condition["regex"].search(text) is not None


def _near(found: Sequence[frozenset[str]], within: int, text: str) -> bool:
    """Whether words of all groups stand inside so many characters of one of the first."""
    first, *others = [[place for word in words for place in _places(word, text)] for words in found]
    return any(all(any(abs(other - start) <= within for other in places) for places in others) for start in first)


def _places(word: str, text: str) -> list[int]:
    places = [text.find(word)]
    while places[-1] >= 0:
        places.append(text.find(word, places[-1] + 1))
    return places[:-1]
