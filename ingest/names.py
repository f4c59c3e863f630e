"""Names of persons, only where a letter says that one stands: 我叫…, 姓名：…, a signature. Never guessed in running text."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ingest.name_words import (
    CHILDREN,
    COMPOUND_SURNAMES,
    FIELDS,
    GENERIC_SENDERS,
    KIN,
    OWN_FIELDS,
    PATIENTS,
    PLAIN_SURNAMES,
    ROLES,
    SURNAMES,
    WORDS_LIKE_NAMES,
)

_SURNAME_SET = frozenset(SURNAMES)
_PLAIN_SET = frozenset(PLAIN_SURNAMES)
_H = r"[\u3400-\u9fff]"
_G = rf"(?:\s?{_H})"
_NAME = rf"(?:(?:{COMPOUND_SURNAMES}){_G}{{1,2}}|[{SURNAMES}]{_G}{{1,2}})"

_SIGNERS = ("代表:", "代表：", "联名人", "签字人")
_MYSELF = ("俺叫", "我叫", "我是", "我名", "我的名", "我的姓名", "我姓", "我(", "我（", "本人")
NAME_LABELS = (*FIELDS, *ROLES, *KIN, *PATIENTS, *(f"{who}叫" for who in CHILDREN), *_SIGNERS, *_MYSELF)
"""Where one of these stands, ``names_at`` may find a name."""

_LABELS = "|".join(FIELDS)
_LABEL_COLON = re.compile(
    rf"(?:{_LABELS})(?:是|为)?\s?[:：]\s?(?P<name>{_H}(?:[\s·•]?{_H}){{1,5}}|[A-Za-z]{{2,20}}(?:\s[A-Za-z]{{2,20}}){{0,2}})"
)
_SELF = re.compile(
    rf"(?:俺叫|我的?(?:名字?叫做?|叫做?|(?:名字|姓名)(?:是|为|叫))|本人(?:姓名|名字)?(?:叫做?|名叫|是|为)|我姓{_H}名)[:：,，]?\s?(?P<name>{_NAME})"
)
_SELF_PLAIN = re.compile(
    rf"(?:本人(?:姓名)?|{'|'.join(OWN_FIELDS)})\s?[:：,，]?\s?(?P<name>(?:(?:{COMPOUND_SURNAMES}){_G}{{1,2}}|[{PLAIN_SURNAMES}]{_G}{{1,2}}))"
    r"(?=\s*(?:$|[^\u3400-\u9fff]|[男女系是]|家住|现住|住址?|身份|电话|手机|联系|性别|今年|现年|先生|女士))"
)
# 我是张三丰，…: only a whole clause of surname and given name, and none that says what one is (我是安徽人, 我是高三).
_SELF_IS = re.compile(
    rf"我是(?P<name>(?:(?:{COMPOUND_SURNAMES})|[{PLAIN_SURNAMES}]){_H}{{1,2}})(?=\s*(?:$|[,，。.;；!！、\n(（]))"
)
_FOREIGN = re.compile(
    rf"(?:我的?(?:名字?叫|叫做?|名字(?:是|为))|本人(?:叫|名叫|是)?)\s?(?P<name>{_H}{{2,6}}(?:[·•]{_H}{{1,7}})+?)"
    r"(?=\s*(?:$|[^\u3400-\u9fff·•]|[是在今现家]))"
)
_WHAT_ONE_IS = frozenset("人民户主长生工员师家族籍龄岁级的了者友商客方女士男")
_PLAIN_NAME = rf"(?:(?:{COMPOUND_SURNAMES}){_H}{{1,2}}|[{PLAIN_SURNAMES}]{_H}{{1,2}}?)"
_RELATIVES = "女儿|儿子|妻子|丈夫|父亲|母亲|爸爸|妈妈|孩子|爱人|家属|家长|亲属|老伴|姐姐|妹妹|哥哥|弟弟"
# 我是本市市民张三丰，…, 业主张三丰反映…, 我（张三丰）是…, 我是张三丰的女儿, 我父亲叫张三丰, 我父亲张三丰在….
_OTHER_SELVES = re.compile(
    rf"我是{_H}{{0,8}}?(?:{'|'.join(ROLES)})(?P<role>{_PLAIN_NAME})(?=\s*(?:$|[,，。.;；!！、\n(（]))"
    rf"|(?:{'|'.join(ROLES)})\s?(?P<acting>{_PLAIN_NAME}|[周程郑许叶丁夏熊贺钱武汤何林马]{_H}{{2}})(?=\s*(?:反映|来信|敬上|投诉|求助|咨询|建议|举报|留言|写信|上书|呈上|电话|手机|[【、]|\n|$))"
    rf"|我\s?[(（](?:姓名[:：]?)?(?P<bracket>{_NAME})[)）,，]"
    rf"|我是(?P<of>{_PLAIN_NAME}|[周程郑许叶丁夏熊贺钱武汤何林马]{_H}{{1,2}})的(?:{_RELATIVES})"
    rf"|(?:{'|'.join((*KIN, *CHILDREN))}){_H}?(?:名字|姓名)?(?:叫|名叫|名为)(?:做)?(?P<kin>{_NAME})(?=\s*(?:$|[^\u3400-\u9fff]|[是在今现男女患身住]))"
    rf"|(?:{'|'.join((*KIN, *PATIENTS))})(?P<of_kin>{_PLAIN_NAME})(?=\s*(?:$|[^\u3400-\u9fff]|[是在今现男女患因被于从系和与住生得瘫摔也上]))"
    rf"|本人\s?(?P<own>{_NAME})(?=\s*[(（]\s*(?:男|女|身份|电话|手机|联系|[0-9【]))"
)
_SIGNATURE_LINE = re.compile(
    rf"(?:(?:{_LABELS}|此致\s*敬礼|敬礼|一个|普通|一名)[:：!！\s]*){{0,2}}(?P<name>{_NAME})(?:[\s（(]*(?:敬上|拜上|上|留言|敬启|呈|字|先生|女士|同志|携全家)[)）]?)?"
    r"[\s\d\-年月日.:：/,，;；()（）电话手机号码联系方式TtEeLl+【】证件邮箱]*$"
)
_CLOSING = re.compile(
    rf"[\s—–―\-]*(?:此致\s*敬礼[!！。]?)?\s*(?P<name>{_NAME})\s*(?:敬上|拜上|上|留言|敬启|呈)?"
    r"\s*于?\s*(?:\d{2,4}[年\-./]\d{1,2}[月\-./]\d{1,2}日?|[\s:：,，]*(?:电话|手机|联系方式)?[\s:：]*(?:1[3-9][0-9]{9}|【电话】))?\s*$"
)
_SIGNATURE_WITH_PHONE = re.compile(
    rf"(?P<name>{_NAME})[\s,，]*(?:【(?:电话|证件号|邮箱)】|(?:电话|手机|[Tt]el)|1[3-9][0-9]{{9}})"
)
_IN_LIST = re.compile(rf"[\s、,，;；/和及]{{0,3}}(?P<name>{_NAME})(?=[\s、,，;；。/和及(（【]|$)")
_SIGNED_BY = re.compile(r"(?:(?<!法人)(?<!定)代表|联名人|签字人)\s?[:：]")
_HAN_RUN = re.compile(rf"{_H}{{2,4}}")
_LABEL_AFTER = re.compile("电话|手机|身份|联系|性别|住址|地址|时间|日期|单位")

# After a surname and one given character these begin the next word rather than belong to the name.
_NOT_GIVEN = frozenset("是在家住的和与系有今现因于从为来曾已我你他她电手联身性男女年就想要请希向对也又说这那呢吗吧了啊于，。")
_PLACE_AFTER = frozenset("省州国窑村屯乡镇街路区县市庄堡寨营沟河山湾岭桥铺厂矿校院局所站店楼园巷里弄港洼坡屋圩社")


def names_at(text: str, label: int) -> Iterator[str]:
    """Names that the folded text calls the writer's own, or that stand in a labelled field, at the label that begins here."""
    for name in _at_label(text, label):
        if name not in WORDS_LIKE_NAMES:
            yield name


def _at_label(text: str, label: int) -> Iterator[str]:
    if match := _LABEL_COLON.match(text, label):
        yield from _field_value(text, match)
        yield from _listed(text, match.start("name"))
    elif match := _SIGNED_BY.match(text, label):
        yield from _listed(text, match.end())
    elif match := _OTHER_SELVES.match(text, label):
        name = _closed(match[match.lastgroup or 0])
        if _NOT_GIVEN.isdisjoint(name[1:]) and not name.endswith(ROLES) and name[:2] not in WORDS_LIKE_NAMES:
            yield name
    elif match := _FOREIGN.match(text, label):
        yield match["name"]
    elif match := _SELF.match(text, label):
        if text.startswith("本人", label) and match["name"][0] not in _PLAIN_SET:
            return
        yield from _trimmed(text, match, certain=not text.startswith("本人", label))
    elif match := _SELF_PLAIN.match(text, label):
        yield _closed(match["name"])
    elif match := _SELF_IS.match(text, label):
        name = match["name"]
        if name[-1] not in _WHAT_ONE_IS and name[-1] not in _PLACE_AFTER and name not in ("高一", "高二", "高三"):
            yield name


def _field_value(text: str, match: re.Match[str]) -> Iterator[str]:
    """The name after a label with a colon: the whole word when it is short, else as much as can be a name."""
    name = match["name"]
    if name.isascii() or "·" in name or "•" in name:
        yield name
        return
    if name[0] not in _SURNAME_SET:
        return
    closed = _closed(name)
    if len(closed) > len(name.split()[0]) and len(closed) <= 3:
        yield closed
    word = _LABEL_AFTER.split(name.split()[0])[0]
    ends = len(word) < len(name) or not re.match(_H, text[match.end() : match.end() + 1])
    if ends and 2 <= len(word) <= 4:
        # 建国, 卫国: given names end so, no village does.
        if word[-1] not in _PLACE_AFTER or (word[0] in _PLAIN_SET and (len(word) == 2 or word[-1] == "国")):
            yield from _without_title(word)
    else:
        yield from _trimmed(text, match)


def _listed(text: str, at: int) -> Iterator[str]:
    """The names of a field that holds several: 业主代表：张三丰、李四光."""
    while listed := _IN_LIST.match(text, at):
        for name in _signed(listed):
            yield from _without_title(name)
        at = listed.end()


def _trimmed(text: str, match: re.Match[str], *, certain: bool = False) -> Iterator[str]:
    """Surname and given name at the start of the match: two characters when the third begins another word. ``certain``: what
    stands there is a name (我叫…) and no place that begins like one (本人是王家庄…)."""
    name = _closed(match["name"])
    surname = 2 if re.match(COMPOUND_SURNAMES, name) else 1
    first, *more = match["name"].split()
    # 李芳 路灯: a gap after a whole name ends it, one after the surname alone (李 芳) does not.
    name = (first if more and len(first) > surname else name)[: surname + 2]
    if len(name) == surname + 2 and name[-1] in _NOT_GIVEN:
        name = name[:-1]
    after = _closed(text[match.start("name") : match.start("name") + 12])[len(name) : len(name) + 1]
    if len(name) <= surname or name[-1] in _NOT_GIVEN or name[surname:] in ("家庄", "家"):
        return
    if after and after in _PLACE_AFTER and not certain:
        return
    yield name


def signatures(text: str) -> Iterator[str]:
    """Names that stand alone in one of the last lines of the folded text, or after its last sentence."""
    tail = text[-160:].rstrip()
    last = tail[-44:]
    cut = max(map(last.rfind, "。！!?？;；~…—\n"))
    if 0 <= cut < len(last) - 2:
        yield from _signed(_CLOSING.match(last, cut + 1))
    if "\n" in tail:
        lines = [line.strip() for line in tail.split("\n")]
        for line in lines[1:][-5:]:
            if 2 <= len(line) <= 40:
                yield from _signed(_SIGNATURE_LINE.match(line) or _SIGNATURE_WITH_PHONE.match(line))


def _signed(match: re.Match[str] | None) -> Iterator[str]:
    if match and _sounds_like_a_name(name := _closed(match["name"])):
        yield name


def _sounds_like_a_name(name: str) -> bool:
    if name in WORDS_LIKE_NAMES or name[:2] in WORDS_LIKE_NAMES or name[-1] in _PLACE_AFTER or name[-1] in _NOT_GIVEN:
        return False
    return name[0] in _PLAIN_SET or re.match(COMPOUND_SURNAMES, name) is not None


def _without_title(name: str) -> Iterator[str]:
    """The name without 先生 or 女士; nothing for one with an office (廖局长), which is not the writer's."""
    if name[-2:] in (
        "局长",
        "书记",
        "主任",
        "经理",
        "厅长",
        "市长",
        "县长",
        "区长",
        "镇长",
        "乡长",
        "村长",
        "校长",
        "部长",
        "处长",
        "科长",
        "站长",
    ):
        return
    for title in ("先生", "女士", "小姐", "同志", "老师"):
        name = name.removesuffix(title)
    if len(name) >= 2:
        yield name


def _closed(name: str) -> str:
    return re.sub(r"\s", "", name)


def given_names(text: str, names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where these names stand in the folded text, spaced out or not. Single characters and words like 市民 are no names."""
    for name in dict.fromkeys(form for given in names for form in _forms(given)):
        if name.isascii():
            if name.lower() in text.lower():
                for match in re.finditer(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text, re.IGNORECASE):
                    yield match.span()
        elif name[0] in text and name[-1] in text:
            yield from _spaced(text, name)


def _spaced(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Where the name stands, up to three spaces or dots between its characters. Every letter has another name to look for:
    a compiled pattern for each would cost more than the search."""
    start = text.find(name[0])
    while start >= 0:
        end = _end_of(text, name, start)
        if end:
            yield start, end
        start = text.find(name[0], end or start + 1)


def _end_of(text: str, name: str, start: int) -> int:
    at = start + 1
    for character in name[1:]:
        gap = at
        while at < len(text) and at - gap < 3 and text[at] != character and (text[at].isspace() or text[at] in "·•"):
            at += 1
        if not text.startswith(character, at):
            return 0
        at += 1
    return at


@lru_cache(maxsize=64)
def _forms(given: str) -> tuple[str, ...]:
    """A letter's parts are looked through one after the other for the same names."""
    return tuple(_spellings(given))


def _spellings(given: str) -> Iterator[str]:
    name = " ".join(given.split())
    bare = name if name.isascii() else _closed(name)
    if len(bare) >= 2 and bare.lower() not in GENERIC_SENDERS and any(character.isalpha() for character in bare):
        yield bare
    for part in _HAN_RUN.findall(bare):
        if (
            part != bare
            and part[0] in _SURNAME_SET
            and part not in GENERIC_SENDERS
            and len(bare) - len(part) > 1
            and not _is_unit(bare)
        ):
            yield from _without_title(part)


def _is_unit(name: str) -> bool:
    return name[-1:] in _PLACE_AFTER or any(word in name for word in ("公司", "委员会", "中心", "小区", "集团", "学校", "政府"))
