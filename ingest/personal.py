"""Personal data in Chinese letters: phones, ID numbers, bank cards, e-mails, plates, accounts, documents and names.

``find_personal`` says where they stand, ``find_contacts`` which of them are the writer's own.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from ahocorasick_rs import AhoCorasick, Implementation

from ingest.names import NAME_LABELS, given_names, names_at, signatures
from ingest.numbers import HAN_DIGITS, NumberKind, find_numbers, numbers_possible


class PersonalKind(StrEnum):
    PHONE = "phone"
    ID_NUMBER = "id_number"
    EMAIL = "email"
    PLATE = "plate"
    NAME = "name"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data: ``text[start:end]``; ``value`` is it without dress (bare digits, lower-case e-mail)."""

    kind: PersonalKind
    start: int
    end: int
    value: str


_OF_NUMBER = {
    NumberKind.PHONE: PersonalKind.PHONE,
    NumberKind.ID_NUMBER: PersonalKind.ID_NUMBER,
    NumberKind.ACCOUNT: PersonalKind.ACCOUNT,
}

_UNFOLDED = re.compile("[^\x00-\x7f·•、。〇\u4e00-\u9fff\u2010-\u2027\u2030-\u205e\u3008-\u3011，！？：；（）]")
_AT_SIGN = re.compile(
    r"@|#(?=(?:qq|QQ|vip|163|126|139|189|sina|sohu|gmail|hotmail|outlook|foxmail|yeah)\.)"
    r"|[\[({（【<]\s?(?:at|AT|艾特)\s?[\])}）】>]|艾特"
)
_LOCAL_PART = re.compile(r"[A-Za-z0-9._%+\-](?:\s?[A-Za-z0-9._%+\-]){0,63}\s{0,2}$")
_DOMAIN = re.compile(
    r"\s{0,2}((?:[A-Za-z0-9\-]{1,63}\s?(?:\.|。|点|\(dot\)|\[dot\])\s?){1,6}[A-Za-z]{2,24}|(?:qq|vip|163|126|139|189|sina|sohu|gmail|hotmail|outlook|foxmail|yeah)(?![A-Za-z0-9]))"
)

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCES}][\s\-]{{0,2}}[A-HJ-NP-Za-hj-np-z][·•.\-\s]{{0,2}}"
    r"(?:[A-HJ-NP-Za-hj-np-z0-9][\s\-]?){4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳使领](?![A-Za-z0-9])"
)
_PLATE_START = re.compile(rf"[{_PROVINCES}][\s\-]{{0,2}}[A-HJ-NP-Za-hj-np-z]")
_LABELLED_ACCOUNT = re.compile(
    r"(?:(?:[QqＱ][QqＱ]|扣扣|企鹅)(?:号码?|群号?|联系|是|为|[:：,，\s(（]){0,4}(?P<qq>[1-9](?:\s?[0-9]){4,11})(?![0-9])"
    r"|(?P<before>(?<![0-9])[1-9][0-9]{4,11})(?=\s?(?:[Qq][Qq]|扣扣)\s?邮箱)"
    r"|(?:[微威薇维]信|加我?[微威薇维]|加我?[Vv](?=[^A-Za-z])|[Ww]e[Cc]hat|[Ww]ei\s?[Xx]in|(?<![A-Za-z])(?:[Ww][Xx]|[Vv][Xx])|[Vv]信|抖音号?|快手号?|支付宝)(?!公众|小程序|群)"
    r"(?:同?号码?|账号|帐号|[Ii][Dd]|联系|是|为|[:：,，\s(（]){0,4}(?P<id>[A-Za-z][A-Za-z0-9_\-]{5,19}|[0-9][A-Za-z0-9_\-]{5,19})(?![A-Za-z0-9_]))"
)
_LABELLED_DOCUMENT = re.compile(
    r"(?:(?:护照|通行证|台胞证|回乡证|军官证|士兵证|军人证|居住证|驾驶证|驾照|残疾证|准考证|社保卡|医保卡|(?:社保|医保|学籍)(?=编?[号账])|证件|身份证件?)"
    r"(?:号码?|号|编号|账号|帐号|档案|是|为|[\u4e00-\u9fff]字第|[:：,，\s(（]){0,5}(?P<id>[A-Za-z]{0,3}[0-9][0-9A-Za-z]{4,19})(?![A-Za-z0-9])"
    r"|身份证件?(?:号码?|的)*(?:[后末前最]{1,2}[三四五六八3-8]位(?:数字?)?|尾号)(?:号码?|是|为|[:：,，\s(（]){0,3}(?P<tail>[0-9]{3,7}[0-9Xx])(?![A-Za-z0-9]))"
)
_LABELLED_PLATE = re.compile(
    r"车\s?牌(?:号码?)?(?:是|为|[:：\s]){0,3}(?P<id>[A-HJ-NP-Za-hj-np-z][·•.\-\s]?[A-HJ-NP-Za-hj-np-z0-9]{5,6})(?![A-Za-z0-9])"
)

_ADDRESS, _ACCOUNT, _DOCUMENT, _NAME, _CAR = range(5)
_TRIGGERS = tuple(
    (word, meaning)
    for meaning, words in (
        (_ADDRESS, ("@", "艾特", "at", "AT", "#")),
        (_ACCOUNT, ("QQ", "Qq", "qQ", "qq", "扣扣", "企鹅", "微信", "威信", "薇信", "维信", "eChat", "echat", "eixin", "eiXin")),
        (
            _ACCOUNT,
            ("ei xin", "加微", "加威", "加薇", "加维", "加我", "加V", "加v", "WX", "wx", "Wx", "wX", "VX", "vx", "Vx", "vX"),
        ),
        (_ACCOUNT, ("V信", "v信", "抖音", "快手", "支付宝")),
        (_DOCUMENT, ("护照", "通行证", "军官证", "士兵证", "军人证", "居住证", "驾驶证", "驾照", "残疾证", "社保卡", "医保卡")),
        (_DOCUMENT, ("证件", "身份证", "台胞证", "回乡证", "准考证", "社保", "医保", "学籍")),
        (_CAR, ("车牌",)),
        (_NAME, NAME_LABELS),
    )
    for word in words
)
_MEANINGS = tuple(meaning for _, meaning in _TRIGGERS)
_TRIGGER_WORDS = AhoCorasick([word for word, _ in _TRIGGERS], implementation=Implementation.DFA)


def find_personal(text: str, names: tuple[str, ...] = ()) -> list[Found]:
    """All personal data of the text, in order, without overlaps. ``names`` are the sender's, found wherever they stand."""
    plain = folded(text)
    own: list[str] = []
    meanings = set()
    for index, start, _ in _TRIGGER_WORDS.find_matches_as_indexes(plain):
        meanings.add(_MEANINGS[index])
        if _MEANINGS[index] == _NAME:
            own += names_at(plain, start)
    own += signatures(plain)
    found: list[Found] = []
    if _ADDRESS in meanings:
        found += _emails(plain)
    if numbers_possible(plain):
        found += [Found(_OF_NUMBER[n.kind], n.start, n.end, n.digits) for n in find_numbers(plain)]
    if _PLATE_START.search(plain):
        found += _plates(plain)
    if _CAR in meanings:
        found += _labelled(plain, _LABELLED_PLATE, PersonalKind.PLATE)
    if _ACCOUNT in meanings:
        found += _labelled(plain.translate(HAN_DIGITS), _LABELLED_ACCOUNT, PersonalKind.ACCOUNT)
    if _DOCUMENT in meanings:
        found += _labelled(plain, _LABELLED_DOCUMENT, PersonalKind.ID_NUMBER)
    if names or own:
        for start, end in given_names(plain, (*names, *own)):
            found.append(Found(PersonalKind.NAME, start, end, re.sub(r"\s", "", plain[start:end])))
    return _without_overlaps(found)


def folded(text: str) -> str:
    """The text with full-width, circled and other dressed digits and letters as plain ones; character for character."""
    if text.isascii() or not _UNFOLDED.search(text):
        return text
    return _UNFOLDED.sub(_fold, text)


def _fold(found: re.Match[str]) -> str:
    character = found[0]
    plain = unicodedata.normalize("NFKC", character)
    if len(plain) == 1 and plain != character:
        return plain
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)


def _emails(text: str) -> list[Found]:
    found = []
    end_of_last = 0
    for at in _AT_SIGN.finditer(text):
        if at.start() < end_of_last:
            continue
        before = text[max(end_of_last, at.start() - 66) : at.start()]
        local = _LOCAL_PART.search(_last_word(before))
        domain = _DOMAIN.match(text, at.end(), at.end() + 260)
        if local is None or domain is None:
            continue
        start = at.start() - len(local[0])
        value = re.sub(r"\s", "", f"{local[0]}@{domain[1]}").replace("。", ".").replace("点", ".").lower()
        found.append(Found(PersonalKind.EMAIL, start, domain.end(), value))
        end_of_last = domain.end()
    return found


def _last_word(text: str) -> str:
    """The end of the text that can be a local part: up to the last space that does not touch the at sign."""
    trimmed = text.rstrip()
    tail = re.search(r"[A-Za-z0-9._%+\-]+$", trimmed)
    return "" if tail is None else trimmed[tail.start() :] + text[len(trimmed) :]


def _plates(text: str) -> list[Found]:
    return [
        Found(PersonalKind.PLATE, plate.start(), plate.end(), re.sub(r"[^0-9A-Z\u4e00-\u9fff]", "", plate[0].upper()))
        for plate in _PLATE.finditer(text)
        if sum(character.isdigit() for character in plate[0]) >= 3
    ]


def _labelled(text: str, pattern: re.Pattern[str], kind: PersonalKind) -> list[Found]:
    found = []
    for match in pattern.finditer(text):
        group = match.lastgroup or "id"
        if not any(character.isdigit() for character in match[group]) and kind is PersonalKind.PLATE:
            continue
        found.append(Found(kind, match.start(group), match.end(group), match[group]))
    return found


def _without_overlaps(found: list[Found]) -> list[Found]:
    """Of two that overlap the one found by the more certain rule stays (the order of the rules in ``find_personal``)."""
    if len(found) < 2:
        return found
    taken = bytearray(max(one.end for one in found))
    kept: list[Found] = []
    for one in found:
        if 1 not in taken[one.start : one.end]:
            taken[one.start : one.end] = b"\x01" * (one.end - one.start)
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


@dataclass(frozen=True, slots=True)
class Contacts:
    """The writer's own contacts as the letter gives them, without dress, each once."""

    phones: tuple[str, ...] = ()
    id_numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


_OWN_LABEL = re.compile(
    r"(?:^|[\s,，。;；!！?？、:：(（【]|我的|本人的?|我本人|请|可|联系|姓名)"
    r"(?:联系|移动|手机|本人|我的|个人|家庭)?\s?(?:电\s?话|手\s?机|座机|联系方式|身份证|邮\s?箱|[Ee]-?mail|[Tt]el|[Pp]hone)(?:号码?|是|为|联系)*\s*[:：]?[\s(（]*$"
)
_OTHERS_BEFORE = re.compile(
    r"(?:公司|物业|单位|开发商|老板|他|她|局|办|热线|举报|投诉|监督|客服|中介|司机|房东|经理)[^,，。;；\n]{0,8}$"
)
_SIGNATURE_REACH = 60


def find_contacts(text: str) -> Contacts:
    """Phones, ID numbers, e-mails and names that the text calls the writer's own (我的电话, 联系电话：, 身份证号, 我叫…) or
    that stand in its signature. Others' numbers (物业电话…) are no contacts of the writer."""
    plain = folded(text)
    kinds: dict[PersonalKind, dict[str, None]] = {kind: {} for kind in PersonalKind}
    length = len(plain.rstrip())
    for one in find_personal(plain):
        before = plain[max(0, one.start - 20) : one.start]
        own = one.kind is PersonalKind.NAME or (_OWN_LABEL.search(before) and not _OTHERS_BEFORE.search(before))
        signed = "\n" in plain and length - one.end < _SIGNATURE_REACH and not _OTHERS_BEFORE.search(before)
        if own or signed:
            kinds[one.kind][one.value] = None
    phones, ids, emails = (tuple(kinds[kind]) for kind in (PersonalKind.PHONE, PersonalKind.ID_NUMBER, PersonalKind.EMAIL))
    return Contacts(phones, ids, emails, tuple(kinds[PersonalKind.NAME]))
