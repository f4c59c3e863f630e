"""The corpus' mails in odd charsets and with odd header fields."""

import base64
from typing import Any

from tests.support.mail_making import (
    ADDRESS,
    BODY,
    NAME,
    RARE,
    TITLE,
    Sample,
    crlf,
    mail,
    plain,
    word,
)


def charsets() -> list[Sample]:
    return [
        plain("gb2312-base64", "gb2312", "gb18030"),
        plain("gb2312-holds-gb18030", "gb2312", "gb18030", text=RARE),
        plain("gbk-quoted-printable", "GBK", "gb18030", "quoted-printable"),
        plain("gb18030-8bit", "gb18030", "gb18030", "8bit"),
        plain("utf8-under-gb2312", "gb2312", "utf-8"),
        plain("gbk-under-utf8", "utf-8", "gb18030", "8bit"),
        plain("gbk-under-iso-8859-1", "iso-8859-1", "gb18030", "quoted-printable"),
        plain("gbk-under-us-ascii", "us-ascii", "gb18030", "8bit"),
        plain("gbk-under-x-unknown", "X-UNKNOWN", "gb18030", "8bit"),
        plain("gbk-under-windows-1251", "windows-1251", "gb18030", "8bit"),
        plain("gbk-under-koi8-r", "koi8-r", "gb18030"),
        plain("gbk-under-big5", "big5", "gb18030"),
        plain("big5", "big5", "big5", text="市長您好：\n本村的路燈壞了三天，請派人來修理，謝謝。", subject=TITLE),
        plain("hz-gb-2312", "hz-gb-2312", "hz", "7bit"),
        plain("utf-7", "utf-7", "utf-7", "7bit"),
        plain("utf-16-with-mark", "utf-16", "utf-16"),
        plain(
            "koi8-r", "koi8-r", "koi8-r", text="Добрый день! В нашем доме три дня нет воды, помогите пожалуйста.", subject=TITLE
        ),
        plain(
            "windows-1252",
            "windows-1252",
            "cp1252",
            "quoted-printable",
            text="Guten Tag, die Straßenlaterne ist defekt. Grüße",
            subject=TITLE,
        ),
        plain(
            "iso-2022-jp",
            "iso-2022-jp",
            "iso2022_jp",
            "7bit",
            text="街灯が三日間消えています。修理をお願いします。",
            subject=TITLE,
        ),
        plain("shift-jis", "shift_jis", "cp932", text="街灯が三日間消えています。修理をお願いします。", subject=TITLE),
    ]


def headers() -> list[Sample]:
    data = TITLE.encode("gb18030")
    cut = len(data) // 2 | 1
    halves = b"\r\n ".join(b"=?gb2312?B?" + base64.b64encode(half) + b"?=" for half in (data[:cut], data[cut:]))
    coded = base64.b64encode(data)
    body = crlf(BODY).encode("gb18030")
    content = (b"Content-Type: text/plain; charset=gb2312", b"Content-Transfer-Encoding: 8bit")
    gbk_name = NAME.encode("gb18030") + f" <{ADDRESS}>".encode()
    rare = "镕喆苑反映堃先生家漏水"

    def one(
        name: str,
        title: bytes | None = None,
        sender: bytes | None = None,
        drop: tuple[str, ...] = (),
        more: tuple[bytes, ...] = (),
        **expected: Any,
    ) -> Sample:
        if "shown" in expected:
            expected["from"] = expected.pop("shown")
        return Sample(name, mail(name, *content, *more, body=body, title=title, sender=sender, drop=drop), expected)

    return [
        one("subject-cut-inside-a-character", halves),
        one("subject-base64-stream-cut-anywhere", b"=?gb2312?B?" + coded[:18] + b"?=\r\n =?gb2312?B?" + coded[18:] + b"?="),
        one("subject-word-folded-inside", b"=?gb2312?B?" + coded[:20] + b"\r\n " + coded[20:] + b"?="),
        one("subject-word-without-end", b"=?gb2312?B?" + coded),
        one("subject-words-glued", word(TITLE[:6], "gbk", "gb18030") + word(TITLE[6:], "gbk", "gb18030")),
        one("subject-gb2312-and-gbk-mixed", word(TITLE[:6], "gb2312") + b"\r\n\t" + word(TITLE[6:], "GBK", "gb18030")),
        one("subject-gbk-only-characters-under-gb2312", word(rare, "gb2312", "gb18030"), subject=rare),
        one(
            "subject-q-with-raw-spaces",
            word(TITLE, "utf-8", "", "Q").replace(b"=E7=9A=84", b" "),
            subject=TITLE.replace("的", " "),
        ),
        one("subject-raw-utf8", TITLE.encode()),
        one("subject-raw-gbk", data),
        one("subject-quoted-word", b'"' + word(TITLE, "utf-8") + b'"', subject=f'"{TITLE}"'),
        one(
            "subject-utf8-and-gbk-words", word("回复：", "utf-8") + b" " + word(TITLE, "gbk", "gb18030"), subject=f"回复：{TITLE}"
        ),
        one("sender-raw-gbk", None, gbk_name),
        one("sender-raw-gbk-rare", None, "璩芃韬".encode("gb18030") + f" <{ADDRESS}>".encode(), shown=f"璩芃韬 <{ADDRESS}>"),
        one("subject-gbk-like-utf8", word("应提前通知停水", "iso-8859-1", "gb18030"), subject="应提前通知停水"),
        one("sender-quoted-word", None, b'"' + word(NAME, "gb2312") + f'" <{ADDRESS}>'.encode()),
        one(
            "sender-name-with-comma",
            None,
            word("李小满,滨河小区", "utf-8") + f" <{ADDRESS}>".encode(),
            shown=f"李小满,滨河小区 <{ADDRESS}>",
        ),
        one("sender-bare-address", None, ADDRESS.encode(), shown=ADDRESS),
        one("sender-missing", None, None, ("From",), shown="", defects=["no_sender_address"]),
        one("sender-two-addresses", None, word(NAME, "utf-8") + f" <{ADDRESS}>, <other@letters.example>".encode()),
        one("date-missing", None, None, ("Date",), date=None, defects=["no_date"]),
        one("date-nonsense", None, None, ("Date",), (b"Date: the day before yesterday",), date=None, defects=["date_unreadable"]),
        one("date-chinese", None, None, ("Date",), ("Date: 2026年11月20日 9:30:00".encode(),)),
        one("date-without-zone", None, None, ("Date",), (b"Date: Fri, 20 Nov 2026 09:30:00",)),
        one("date-cst-is-chinas", None, None, ("Date",), (b"Date: Fri, 20 Nov 2026 09:30:00 CST",)),
        one("message-id-missing", None, None, ("Message-ID",), message_id=""),
        one(
            "header-lost-its-indentation",
            b"=?gb2312?B?" + base64.b64encode(data[:10]) + b"?=",
            None,
            (),
            (b"X-Trace: first", b"second half of the trace", b"X-More: 1"),
            subject=TITLE[:5],
            defects=["header_damaged"],
        ),
    ]
