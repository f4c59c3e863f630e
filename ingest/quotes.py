"""Finds where a mail's own words end: quoted mails, signatures, advertising lines of mail programs."""

import re

# Lines longer than this are prose, whatever they begin with.
_LONGEST_MARK_LINE = 240
_LONGEST_SIGNATURE = 15

_ORIGINAL = re.compile(
    r"^[\s>]*[-_=—–－─*#]{2,}\s*(?:原始邮件|原邮件|邮件原文|原始信息|原始消息|回复的原邮件|"
    r"original message|reply message|ursprüngliche nachricht)"
    r".{0,12}?[-_=—–－─*#:：\s]*$",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(
    r"^\s*(?:"
    r"(?:在|于)\s?.{1,160}(?:写道|写到|来信说?|写信)[：:]?|"
    r"(?=.{0,200}(?:\d{4}|@)).{1,160}(?:写道|写到)[：:]|"
    r"(?:on|at|am|le)\s.{5,200}(?:wrote|schrieb|a écrit)\s?[：:]|"
    r"(?=.{0,200}@).{3,200}wrote[：:]"
    r")\s*$",
    re.IGNORECASE,
)
_ATTRIBUTION_HEAD = re.compile(r"^\s*(?:在\s?(?:19|20)\d\d|于\s?(?:19|20)\d\d|on\s.{3,40}\d{4}|at\s\d{4}-)", re.IGNORECASE)
_FROM = re.compile(r"^[\s*>]*(?:发件人|寄件者|寄件人|from)\s*\**\s*[：:]", re.IGNORECASE)
_FIELD = re.compile(
    r"^[\s*>]*(?:收件人|收件者|发送时间|發送時間|发送日期|日期|时间|主题|主旨|抄送|副本|"
    r"to|sent|date|subject|cc)\s*\**\s*[：:]",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^--\s*$")
_SENTENCE = re.compile("[。！？!?；;].*[\u3400-\u9fff]|[\u3400-\u9fff].*[。！？!?；;]|[\u3400-\u9fff]{2}[，,][\u3400-\u9fff]{2}")
"""What signatures do not hold: who signs with a sentence goes on writing."""
_FORWARDED = re.compile(
    r"^[\s>]*(?:[-_=—–－─*#]{2,}\s*(?:forwarded message|转发的?邮件(?:信息)?|轉寄郵件|轉發郵件|转发信息|被转发(?:的)?邮件)\s*[-_=—–－─*#:：\s]*"
    r"|begin forwarded message\s*[:：]|开始转发的?邮件\s*[:：]?|以下是转发(?:的)?邮件\s*[:：]?)\s*$",
    re.IGNORECASE,
)
_GREETING = re.compile(r"尊敬的\w{0,10}|各位|领导|市长|书记|同志|您好|你好|hello|hi|dear", re.IGNORECASE)
_PROGRAM_LINE = re.compile(
    r"^\s*(?:[-—_]{0,3}\s*)(?:"
    r"(?:发|來|来|發)(?:自|送自)\s?(?:我的|.{0,4}(?:iphone|ipad|android|windows|outlook|qq|网易|新浪|华为|小米|foxmail|手机|139|189|沃邮)).{0,40}|"
    r"从\s?(?:我的|windows|iphone|android).{0,30}(?:发送|发出).{0,10}|"
    r"获取\s?outlook.{0,30}|get\s+outlook\s+for.{0,40}|"
    r"sent\s+from\s+(?:my\s|mail\s+for\s|outlook|foxmail|the\s|yahoo|netease|163).{0,60}|"
    r"签名由.{0,20}定制|由.{0,12}(?:邮箱大师|邮件客户端)发送.{0,10}|.{0,6}(?:网易)?邮箱大师"
    r")\s*$",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """The text without quoted mails, signatures and the lines that mail programs add. Where nothing else would be left
    the whole stands. Forwarded mails are not cut: what a citizen forwards is usually the matter itself."""
    if "\n" not in text:
        return text
    lines = text.split("\n")
    kept: list[str] = []
    changed = False
    index = 0
    while index < len(lines):
        line = lines[index]
        if _FORWARDED.match(line):
            kept += lines[index:]
            break
        skip = _marks_quote(lines, index)
        if skip < 0:
            changed = True
            break
        if skip > 0:
            changed = True
            index += skip
            continue
        kept.append(line)
        index += 1
    own = "\n".join(kept).strip()
    return own if changed and _says_something(own) else text


def _marks_quote(lines: list[str], index: int) -> int:
    """How many lines from ``index`` on are not the writer's own: 0 none, -1 all of the rest."""
    line = lines[index]
    if not line or len(line) > _LONGEST_MARK_LINE:
        return 0
    if line.lstrip()[:1] in (">", "＞"):
        return 1
    if _SIGNATURE.match(line):
        rest = lines[index + 1 :]
        return -1 if len(rest) < _LONGEST_SIGNATURE and not any(map(_SENTENCE.search, rest)) else 0
    if _ORIGINAL.match(line):
        return -1
    if _FROM.match(line) and sum(1 for other in lines[index + 1 : index + 6] if _FIELD.match(other)) >= 2:
        return -1
    if _PROGRAM_LINE.match(line):
        return 1
    return _attribution(lines, index)


def _attribution(lines: list[str], index: int) -> int:
    """An attribution line, maybe folded in two. What follows is a quote: all of it, unless it is marked line by line."""
    taken = 1 if _ATTRIBUTION.match(lines[index]) else 0
    if not taken and index + 1 < len(lines) and _ATTRIBUTION_HEAD.match(lines[index]):
        taken = 2 if _ATTRIBUTION.match(lines[index] + " " + lines[index + 1]) else 0
    if not taken:
        return 0
    following = next((line for line in lines[index + taken :] if line.strip()), "")
    return taken if following.startswith((">", "＞")) else -1


def _says_something(text: str) -> bool:
    """More than a greeting."""
    return any(character.isalnum() for character in _GREETING.sub("", text))
