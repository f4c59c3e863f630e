"""Phone numbers, ID numbers and bank cards in any dress: spaces, dashes, country code, Chinese digits.

Texts are expected folded (``ingest.personal.folded``), so that digits are ASCII or Chinese. Dates, amounts, order and policy
numbers are left alone; where a run of digits can be nothing but a phone or ID number it counts as one whatever stands before.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class NumberKind(StrEnum):
    PHONE = "phone"
    ID_NUMBER = "id_number"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """``digits``: ASCII digits (and a final X) alone, a mobile without country code."""

    kind: NumberKind
    start: int
    end: int
    digits: str


HAN_DIGITS = str.maketrans("零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "000123456789" + "1" + "123456789")
_HAN = "零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_SEPARATORS = r"\s\-‐‑‒–—―−－_.．·•・*()（）\u200b-\u200f\u2060\ufe0f\u20e3\ufeff\u00ad"
_S = f"[{_SEPARATORS}]{{0,3}}"

# Seven digits are the least that anything here has; Chinese digits count from ten on, and nothing shorter is unmistakable.
_RUN = re.compile(f"[0-9](?:{_S}[0-9]){{6,}}{_S}[Xx]?")
# Most runs are nothing but one mobile or ID number as everybody writes it: no need to ask further.
_ONE_NUMBER = re.compile(
    r"(?:(?P<phone>1[3-9]\d(?:\d{8}|[\s-]\d{4}[\s-]\d{4}))|"
    r"(?P<id>[1-8]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]))" + _S,
    re.ASCII,
)
_HAN_RUN = re.compile(f"[0-9{_HAN}](?:{_S}[0-9{_HAN}]){{9,}}{_S}[Xx]?")
_POSSIBLE = re.compile(f"[0-9{_HAN}](?:{_S}[0-9{_HAN}]){{6}}")

_ID18 = re.compile(f"(?<![0-9])[1-9](?:{_S}[0-9]){{16}}{_S}[0-9Xx](?![0-9])")
_ID18_DIGITS = re.compile(r"[1-8]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
_ID15 = re.compile(r"(?<![0-9])[1-8]\d{5}[\s\-]?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[\s\-]?\d{3}(?![0-9])")
_MOBILE = re.compile(
    rf"(?<![0-9])(?:[(（]?(?:\+|00)?{_S}8{_S}6{_S}|0{_S})?1{_S}[3-9](?:{_S}[0-9]){{9}}(?![0-9])",
)
_MOBILE_SHAPES = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 4, 3), (3, 4, 2, 2)})
_MOBILE_DIGITS = re.compile(r"1[3-9]\d{9}$")
_LANDLINE = re.compile(
    rf"(?<![0-9.])(?:\+?86{_S})?[(（]?(?:0(?:10|2[0-9]|[3-9][0-9]{{2}}){_S}[1-9](?:{_S}[0-9]){{6,7}}|0(?:\s[0-9]){{9,11}})(?![0-9])"
    r"(?:\s?(?:转|分机|ext\.?)\s?[0-9]{1,5})?"
)
_FOREIGN = re.compile(rf"\+(?:{_S}[0-9]){{9,15}}(?![0-9])")
_CARD = re.compile(r"(?<![0-9])(?:(?:[0-9]{4}[\s\-]{1,2}){3,4}[0-9]{1,7}|[0-9]{6}[\s\-]{1,2}[0-9]{10,13}|[0-9]{16,19})(?![0-9])")
_LONG_DIGITS = re.compile(r"(?<![0-9])[0-9]{22,80}(?![0-9])")
_BARE = re.compile(rf"(?<![0-9.])[0-9](?:{_S}[0-9]){{6,20}}(?![0-9])")

_PHONE_LABEL = re.compile(
    r"(?:电\s?话|座机|固话|热线|手\s?机|联系方式|致电|拨打|来电|传真|[Tt][Ee][Ll]|[Pp]hone|[Mm]obile|☎|📞|📱)(?:号码?|是|为|联系)?[:：.\s(（]*$"
)
_ACCOUNT_LABEL = re.compile(r"(?:卡号|账号|帐号|账户|帐户|银行卡?|[工农中建交]行|存折|信用社)(?:号码?|是|为)?[:：.\s(（]*$")
_ID_LABEL = re.compile(r"(?:身份证件?|证件)(?:号码?|号|编号|是|为)*[:：.\s(（]*$")
_OTHER_LABEL = re.compile(
    r"(?:[单编案表户房机文型]号|编码|代码|合同号?|发票号?|工单|流水号?|条码|受理号|登记号|许可证号?|批准文号|序列号|保单|快递|运单|订单|[Nn][Oo])"
    r"(?:是|为)?[.:：\s(（]*$"
)
_AMOUNT_AFTER = re.compile(r"\s?(?:元|块|万|亿|千|百|吨|米|平|斤|公里|人次|%|年|月\d)")
_LABEL_REACH = 16


def numbers_possible(text: str) -> bool:
    """False when no number of this module can stand in the folded text. Cheap."""
    return _POSSIBLE.search(text) is not None


def find_numbers(text: str) -> Iterator[FoundNumber]:
    """All numbers of the folded text; those in Chinese digits last. A later one may overlap an earlier, which holds."""
    for run in _RUN.finditer(text):
        start = run.start()
        if one := _ONE_NUMBER.fullmatch(text, start, run.end()):
            kind = NumberKind.PHONE if one["phone"] else NumberKind.ID_NUMBER
            yield FoundNumber(kind, start, one.end(one.lastgroup or 0), _bare(one[one.lastgroup or 0]))
            continue
        while start > 0 and run.start() - start < 2 and text[start - 1] in "+(（":
            start -= 1
        yield from _in_run(text, start, run.end(), 0)
    for run in _HAN_RUN.finditer(text):
        if run[0].isascii() or not any(digit in run[0] for digit in _HAN):
            continue
        offset = max(0, run.start() - _LABEL_REACH)
        window = text[offset : run.start()] + run[0].translate(HAN_DIGITS) + text[run.end() : run.end() + 8]
        yield from _in_run(window, run.start() - offset, run.end() - offset, offset)


def _in_run(text: str, start: int, end: int, offset: int) -> Iterator[FoundNumber]:
    taken: list[tuple[int, int]] = []
    for kind, first, last in _candidates(text, start, end):
        if all(last <= other[0] or first >= other[1] for other in taken):
            taken.append((first, last))
            digits = _bare(text[first:last])
            yield FoundNumber(kind, first + offset, last + offset, _national(digits) if kind is NumberKind.PHONE else digits)


def _candidates(text: str, start: int, end: int) -> Iterator[tuple[NumberKind, int, int]]:
    """From the most certain to the least."""
    for match in _each(_ID18, text, start, end, lambda match: _ID18_DIGITS.fullmatch(_bare(match[0])) is not None):
        yield NumberKind.ID_NUMBER, match.start(), match.end()
    for match in _LONG_DIGITS.finditer(text, start, end):
        yield from _tiles(match[0], match.start())
    for match in _each(_MOBILE, text, start, end, _is_mobile):
        yield NumberKind.PHONE, match.start(), match.end()
    for match in _FOREIGN.finditer(text, start, end):
        yield NumberKind.PHONE, match.start(), match.end()
    for match in _CARD.finditer(text, start, end):
        if _is_card(text, match):
            yield NumberKind.ACCOUNT, match.start(), match.end()
    for match in _ID15.finditer(text, start, end):
        if not _after(_OTHER_LABEL, text, match.start()):
            yield NumberKind.ID_NUMBER, match.start(), match.end()
    for match in _LANDLINE.finditer(text, start, end):
        if not _after(_OTHER_LABEL, text, match.start()):
            yield NumberKind.PHONE, match.start(), match.end()
    yield from _labelled(text, start, end)


def _each(
    pattern: re.Pattern[str], text: str, start: int, end: int, holds: Callable[[re.Match[str]], bool]
) -> Iterator[re.Match[str]]:
    """Matches for which the check holds; after one for which it does not, the search goes on one character further."""
    while match := pattern.search(text, start, end):
        if holds(match):
            yield match
            start = match.end()
        else:
            start = match.start() + 1


def _is_mobile(match: re.Match[str]) -> bool:
    """Eleven digits in a row, or separated as people separate phone numbers; not amounts, dates or room numbers."""
    groups = re.findall(r"[0-9]+", match[0])
    while sum(map(len, groups)) > 11:
        surplus = sum(map(len, groups)) - 11
        groups = groups[1:] if len(groups[0]) <= surplus else [groups[0][surplus:], *groups[1:]]
    shape = tuple(map(len, groups))
    if shape in _MOBILE_SHAPES or set(shape) == {1}:
        return True
    marks = {mark.strip() for mark in re.findall(r"(?<=[0-9])[^0-9]+(?=[0-9])", match[0][-11 - 3 * len(groups) :])}
    year_first = shape[0] == 4 and groups[0][:2] in ("19", "20") and shape[1] <= 2
    return len(marks) == 1 and "." not in marks and not year_first


def _is_card(text: str, match: re.Match[str]) -> bool:
    digits = _bare(match[0])
    if _after(_ACCOUNT_LABEL, text, match.start()):
        return True
    if _after(_OTHER_LABEL, text, match.start()) or len(digits) < 16 or len(digits) > 19:
        return False
    return digits.startswith("62") or (digits[0] in "34569" and _luhn(digits))


def _tiles(digits: str, start: int) -> Iterator[tuple[NumberKind, int, int]]:
    """Phone and ID numbers written one after the other without a space: all of the digits must be such numbers."""
    ends: list[tuple[NumberKind, int] | None] = [None] * (len(digits) + 1)
    reached = {0}
    for position in range(len(digits)):
        if position not in reached:
            continue
        if _MOBILE_DIGITS.match(digits[position : position + 11]):
            reached.add(position + 11)
            ends[position + 11] = (NumberKind.PHONE, position)
        if _ID18_DIGITS.fullmatch(digits[position : position + 18]):
            reached.add(position + 18)
            ends[position + 18] = (NumberKind.ID_NUMBER, position)
    position = len(digits)
    while (tile := ends[position]) is not None:
        yield tile[0], start + tile[1], start + position
        position = tile[1]


def _labelled(text: str, start: int, end: int) -> Iterator[tuple[NumberKind, int, int]]:
    """What is called a phone, ID or account number counts as one, even with a digit too few or too many."""
    for match in _BARE.finditer(text, start, end):
        count = len(_bare(match[0]))
        if _AMOUNT_AFTER.match(text, match.end()):
            continue
        if count <= 13 and _after(_PHONE_LABEL, text, match.start()):
            yield NumberKind.PHONE, match.start(), match.end()
        elif count >= 14 and _after(_ID_LABEL, text, match.start()):
            yield NumberKind.ID_NUMBER, match.start(), match.end()
        elif count >= 8 and _after(_ACCOUNT_LABEL, text, match.start()):
            yield NumberKind.ACCOUNT, match.start(), match.end()


def _after(label: re.Pattern[str], text: str, start: int) -> bool:
    return label.search(text, max(0, start - _LABEL_REACH), start) is not None


def _bare(text: str) -> str:
    return "".join(character for character in text.upper() if character in "0123456789X")


def _national(digits: str) -> str:
    """A mobile as its eleven digits; other phones as they are."""
    digits = digits.removesuffix("X")
    return digits[-11:] if len(digits) in (12, 13, 15) and _MOBILE_DIGITS.match(digits[-11:]) else digits


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
