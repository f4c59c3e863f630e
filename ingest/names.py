"""Names of persons, only where a letter says that one stands: 我叫…, 姓名：…, a signature. Never guessed in running text."""

import re
from collections.abc import Iterator, Sequence

from ingest.name_words import COMPOUND_SURNAMES, GENERIC_SENDERS, PLAIN_SURNAMES, SURNAMES, WORDS_LIKE_NAMES

_SURNAME_SET = frozenset(SURNAMES)
_PLAIN_SET = frozenset(PLAIN_SURNAMES)
_H = r"[\u3400-\u9fff]"
_G = rf"(?:\s?{_H})"
_NAME = rf"(?:(?:{COMPOUND_SURNAMES}){_G}{{1,2}}|[{SURNAMES}]{_G}{{1,2}})"

_LABELS = (
    "姓名|名字|姓\\s名|联系人|举报人|投诉人|反映人|反应人|信访人|申请人|来信人|写信人|留言人|上访人|控告人|建议人|求助人|咨询人|"
    "署名|落款|签名|户主|业主|报修人|当事人|委托人|市民|居民|村民|网友|读者|家长"
)
_LABEL_COLON = re.compile(
    rf"(?:{_LABELS})(?:是|为)?\s?[:：]\s?(?P<name>{_H}(?:[\s·•]?{_H}){{1,5}}|[A-Za-z]{{2,20}}(?:\s[A-Za-z]{{2,20}}){{0,2}})"
)
_SELF = re.compile(
    rf"(?:我(?:的)?(?:名字)?(?:叫做?|名叫)|我的?(?:名字|姓名)(?:是|为)|(?:本人|我)(?:姓名|名叫|叫|名字叫)|我姓{_H}名)[:：,，]?\s?(?P<name>{_NAME})"
)
_SELF_PLAIN = re.compile(
    rf"(?:本人|(?:联系人|举报人|投诉人|反映人|信访人|申请人|来信人|写信人|留言人|签名|署名)\s?)[:：,，]?\s?(?P<name>(?:(?:{COMPOUND_SURNAMES}){_G}{{1,2}}|[{PLAIN_SURNAMES}]{_G}{{1,2}}))"
    r"(?=\s*(?:$|[^\u3400-\u9fff]|[男女系是]|家住|现住|住址?|身份|电话|手机|联系|性别|今年|现年|先生|女士))"
)
_POSSIBLE = re.compile(r"我(?:的|姓|叫|名)|本人|[姓人户业落署签市居村网读家][\s\u3400-\u9fff]?(?:名|人|主|款|民|友|者|长)")
_SIGNATURE_LINE = re.compile(
    rf"(?:(?:{_LABELS}|此致\s*敬礼|敬礼|一个|普通|一名)[:：!！\s]*){{0,2}}(?P<name>{_NAME})(?:[\s（(]*(?:敬上|拜上|上|留言|敬启|呈|字|先生|女士|同志|携全家)[)）]?)?"
    r"[\s\d\-年月日.:：/,，;；()（）电话手机号码联系方式TtEeLl+【】证件邮箱]*$"
)
_CLOSING = re.compile(
    rf"[。！!?？;；~…\n]\s*(?:此致\s*敬礼[!！。]?)?\s*(?P<name>{_NAME})\s*(?:敬上|拜上|上|留言|敬启|呈)?\s*(?:\d{{2,4}}[年\-./]\d{{1,2}}[月\-./]\d{{1,2}}日?)?\s*$"
)

# After a surname and one given character these begin the next word rather than belong to the name.
_NOT_GIVEN = frozenset("是在家住的和与系有今现因于从为来曾已我你他她电手联身性男女年就想要请希向对也又说这那呢吗吧了啊于，。")
_PLACE_AFTER = frozenset("村屯乡镇街路区县市庄堡寨营沟河山湾岭桥铺厂矿校院局所站店楼园巷里弄港洼坡屋圩社")


def names_possible(text: str) -> bool:
    """False when the folded text has neither a label nor a signature that could hold a name. Cheap."""
    return _POSSIBLE.search(text) is not None or "\n" in text[-80:].rstrip() or text.rstrip()[-16:].count("。") > 0


def find_names(text: str) -> list[str]:
    """Names that the folded text calls the writer's own (or that stand in a labelled field), each once."""
    found: dict[str, None] = {}
    for name in _labelled_names(text):
        if name not in WORDS_LIKE_NAMES:
            found[name] = None
    for name in _signatures(text):
        found[name] = None
    return list(found)


def _labelled_names(text: str) -> Iterator[str]:
    for match in _LABEL_COLON.finditer(text):
        yield from _field_value(text, match)
    for match in _SELF.finditer(text):
        yield from _trimmed(text, match)
    for match in _SELF_PLAIN.finditer(text):
        yield _closed(match["name"])


def _field_value(text: str, match: re.Match[str]) -> Iterator[str]:
    """The name after a label with a colon: the whole word when it is short, else as much as can be a name."""
    name = match["name"]
    if name.isascii():
        yield name
        return
    closed = _closed(name)
    following = text[match.end() : match.end() + 1]
    whole_word = not ("\u3400" <= following <= "\u9fff")
    first_word = re.split(r"[\s]", name)[0]
    if 2 <= len(first_word) <= 4 and (len(first_word) < len(name) or whole_word):
        if first_word[-1] not in _PLACE_AFTER or (len(first_word) == 2 and first_word[0] in _PLAIN_SET):
            yield _without_title(first_word)
    elif closed[0] in _SURNAME_SET:
        yield from _trimmed(text, match)
    if len(name.split()) > 1 and 2 <= len(closed) <= 3 and closed[0] in _SURNAME_SET:
        yield closed


def _trimmed(text: str, match: re.Match[str]) -> Iterator[str]:
    """Surname and given name at the start of the match: two characters when the third begins another word."""
    name = _closed(match["name"])
    surname = 2 if re.match(COMPOUND_SURNAMES, name) else 1
    name = name[: surname + 2]
    if len(name) == surname + 2 and name[-1] in _NOT_GIVEN:
        name = name[:-1]
    after = _closed(text[match.start("name") : match.start("name") + 12])[len(name) : len(name) + 1]
    if len(name) <= surname or name[-1] in _NOT_GIVEN or (after in _PLACE_AFTER and after) or name[surname:] in ("家庄", "家"):
        return
    yield name


def _signatures(text: str) -> Iterator[str]:
    tail = text[-160:].rstrip()
    lines = [line.strip() for line in tail.split("\n") if line.strip()]
    if "\n" in text.strip():
        for line in lines[1:][-4:] if len(tail) == len(text.rstrip()) else lines[-4:]:
            match = _SIGNATURE_LINE.match(line) if len(line) <= 40 else None
            if match and _sounds_like_a_name(_closed(match["name"])):
                yield _closed(match["name"])
    match = _CLOSING.search(tail)
    if match and _sounds_like_a_name(_closed(match["name"])):
        yield _closed(match["name"])


def _sounds_like_a_name(name: str) -> bool:
    if name in WORDS_LIKE_NAMES or name[:2] in WORDS_LIKE_NAMES or name[-1] in _PLACE_AFTER or name[-1] in _NOT_GIVEN:
        return False
    return name[0] in _PLAIN_SET or re.match(COMPOUND_SURNAMES, name) is not None


def _without_title(name: str) -> str:
    for title in ("先生", "女士", "小姐", "同志", "老师"):
        if name.endswith(title):
            return name.removesuffix(title)
    return name


def _closed(name: str) -> str:
    return re.sub(r"\s", "", name)


def given_names(text: str, names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where these names stand in the folded text, spaced out or not. Single characters and words like 市民 are no names."""
    for name in dict.fromkeys(form for given in names for form in _forms(given)):
        if name.isascii():
            if name.lower() in text.lower():
                for match in re.finditer(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text, re.IGNORECASE):
                    yield match.span()
        elif name in text or all(character in text for character in name):
            spaced = r"[\s·•]{0,3}".join(map(re.escape, name))
            for match in re.finditer(spaced, text):
                yield match.span()


def _forms(given: str) -> Iterator[str]:
    name = " ".join(given.split())
    bare = name if name.isascii() else _closed(name)
    if len(bare) >= 2 and bare.lower() not in GENERIC_SENDERS and any(character.isalpha() for character in bare):
        yield bare
    for part in re.findall(rf"{_H}{{2,4}}", bare):
        if (
            part != bare
            and part[0] in _SURNAME_SET
            and part not in GENERIC_SENDERS
            and len(bare) - len(part) > 1
            and not _is_unit(bare)
        ):
            yield _without_title(part)


def _is_unit(name: str) -> bool:
    return name[-1:] in _PLACE_AFTER or any(word in name for word in ("公司", "委员会", "中心", "小区", "集团", "学校", "政府"))
