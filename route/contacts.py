"""Where a letter gives its writer's name and contacts: that says nothing of the matter, and must neither seal nor unseal it.

The masks and the words beside them weigh like an ordinary letter's, so that a story of misconduct with a telephone number at its
end would not be heard as one.
"""

import re2

_MASK = "【(?:姓名|电话|证件号|邮箱|账号|车牌)】"
_WORD = (
    "我叫|我是|我的|本人|名叫|联系人|来信人|写信人|申请人|反映人|投诉人|求助人|留言人|一个|一名|普通|市民|居民|村民|业主|群众|此致|敬礼|姓名|名字|"
    "联系|电话|手机|号码|号|方式|身份证|证件|微信|同|qq|扣扣|邮箱|谢谢|敬上|先生|女士|同志|是|为|[0-9]{2,4}[年./-][0-9]{1,2}[月./-][0-9]{1,2}日?"
)
_SIGN = r"[\s,，.。:：;；、!！()（）—–-]"
_RUN = f"(?:{_WORD}|{_SIGN})*{_MASK}(?:{_WORD}|{_MASK}|{_SIGN})*"
_SIGNED = re2.compile(rf"(^|[。.！!？?;；~…\n—])({_RUN})$")
_CONTACT = re2.compile(
    f"(?:{_WORD}|{_SIGN})*(?:(?:我叫|我是|本人)【姓名】|【(?:电话|证件号|邮箱|账号)】)(?:{_WORD}|{_MASK}|{_SIGN})*"
)


_PLAIN_PERSON = re2.compile(
    "(?:我们?|本人)(?:只?是)?(?:一名|一个|一位)?(?:普普通通|普通|平凡)的?(?:市民|居民|群众|老百姓|百姓|村民|农民|业主|职工|工人|家长)"
)


def unsigned(body: str) -> str:
    """A masked text without the lines at its end that only say who wrote it; what stands in its last sentence stays."""
    if "【" not in body[-80:]:
        return body
    found = _SIGNED.search(body)
    return body[: found.start(2)] if found is not None else body


def without_contacts(text: str) -> str:
    """A masked text without its writer's contacts and 我是一名普通市民, wherever they stand."""
    text = _CONTACT.sub("。", text) if "【" in text else text
    return _PLAIN_PERSON.sub("", text) if "普通" in text or "平凡" in text else text
