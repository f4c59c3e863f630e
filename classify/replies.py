"""What an answer says about whose matter it was: "not ours, ask the labour bureau" labels the letter for that bureau."""

import re
from collections.abc import Mapping
from functools import lru_cache

from classify.labelled import LabelledText
from classify.names import shortens
from classify.tokens import readable
from domain.ids import UnitCode

_READ = 600
"""A unit says at the beginning that a matter is not its own."""

_NOT_OURS = re.compile(
    r"(?:不|非|无权|没有).{0,8}?(?:我|本)(?:们|局|委|办|区|县|市|中心|单位|部门|公司|支队|处|院|站|所|街道|镇|乡)"
    r"|(?:我|本)(?:们|局|委|办|区|县|中心|单位|部门|公司|支队|处|站|所)[^。；！]{0,6}(?:无权|没有|不|非)[^。；！]{0,8}(?:管|负责|职|权|受理|辖|范围)"
    r"|不(?:属|归|在|是)[^。；！]{0,16}(?:职责|职能|职权|管辖|范围|范畴|管理|负责|业务|问题|受理)"
)
_ORGAN = "局|委员会|委|办公室|办|中心|公司|支队|大队|部门|政府|区|县|处|站|所|院|集团|街道"
_ASK = re.compile(
    r"(?:向|到|与|和|找|询|联系|拨打|由|归|应该?是|而是|属于?|转至|转到|转给|转交|交由|移交|或者?|、)"
    r"(?:您|你)?(?:们)?(?:所在地?)?(?:的)?(?:当地|辖区|相关|有关|主管|职能)?的?"
    rf"(?P<name>[\u4e00-\u9fff]{{2,16}}?(?:{_ORGAN})(?:[\u4e00-\u9fff]{{2,6}}?(?:支队|大队|中心))?)(?!属)"
)
_OWN = re.compile(r"^(?:我|本|贵|该|其他|其它|相关|有关|此|这)")
_CITY = re.compile(r"^(?:[\u4e00-\u9fff]{2,4}市|市|省)(?=[\u4e00-\u9fff]{2})")
_OFFSHOOT = re.compile(r"^[\u4e00-\u9fff]{2,8}?局([\u4e00-\u9fff]{2,6}(?:支队|大队|中心))$")
"""公安局交警支队 is the 交警支队."""
_ENDING = re.compile(r"(?:管理|主管)?(?:部门|单位|机关)$")


def learned_unit(row: LabelledText, names: Mapping[str, UnitCode]) -> UnitCode:
    """Whose the letter is for who learns: the unit that its reply sends the citizen to, else the one that answered."""
    return (referred_unit(row.reply, names) if row.reply else None) or row.unit


def own_words(row: LabelledText, learned: UnitCode) -> tuple[str, str]:
    """(subject, body) of what the unit that a letter is ``learned`` for answered, as a letter of its own; empty where another
    did, or nobody."""
    return ("", readable(row.reply[:_READ]) if learned == row.unit and not row.partial else "")


def referred_unit(reply: str, names: Mapping[str, UnitCode]) -> UnitCode | None:
    """The one unit that this reply sends the citizen to while saying that the matter is not the answering unit's own.

    ``names``: names and aliases of units. None when the reply does not decline, names nobody known, or more than one.
    """
    text = re.sub(r"\s+", "", reply[:_READ])
    if not _NOT_OURS.search(text):
        return None
    table = tuple(sorted(names.items()))
    found = {unit for mention in _mentions(text) if (unit := _resolve(mention, table)) is not None}
    return found.pop() if len(found) == 1 else None


def _mentions(text: str) -> list[str]:
    """What stands where a reply names whom to ask, the city's name and the like cut off."""
    mentions = []
    for found in _ASK.finditer(text):
        name = _CITY.sub("", found["name"])
        name = _OFFSHOOT.sub(r"\1", name)
        if not _OWN.match(name):
            mentions.append(name)
    return mentions


@lru_cache(maxsize=4096)
def _resolve(mention: str, names: tuple[tuple[str, UnitCode], ...]) -> UnitCode | None:
    """The unit meant: by its name; else by the one name it is part of; else by the one name it shortens."""
    core = _ENDING.sub("", mention)
    if len(core) < 2:
        return None
    for alike in (_same, _starts, shortens, _within):
        found = {unit for name, unit in names if alike(core, name)}
        if len(found) == 1:
            return found.pop()
        if found:
            return None
    return None


def _same(core: str, name: str) -> bool:
    return core == name or core == _CITY.sub("", name)


def _starts(core: str, name: str) -> bool:
    return name.startswith(core) or core.startswith(name)


def _within(core: str, name: str) -> bool:
    return core in name or (len(name) >= 3 and name in core)
