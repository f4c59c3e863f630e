"""Letters as mails, in the charsets and shapes that mail programs really send, and mails that are broken."""

import base64
import hashlib
import quopri
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from html import escape

from city.compose import Composer, Letter, Theme
from city.items import MAILBOX, Case, Item
from city.people import Person
from city.places import load_places

CITY_ADDRESS = "shizhang@chengling.example"
# IMAP servers make CRLF of every line end: what is delivered must have it already, or its SHA-256 would change.
BARE_NEWLINE = re.compile(rb"(?<!\r)\n")
TNEF_SIGNATURE, TNEF_BODY, TNEF_SUBJECT = 0x223E9F78, 0x0002800C, 0x00018004


def numbered_mails(items: Sequence[Item]) -> list[Item]:
    """The mails with their bytes and, as external id, the SHA-256 of these. Shapes are taken in turn."""
    found = []
    for number, item in enumerate(sorted(items, key=lambda item: item.at)):
        raw = BARE_NEWLINE.sub(b"\r\n", item.raw or SHAPES[number % len(SHAPES)](item))
        found.append(replace(item, raw=raw, external_id=hashlib.sha256(raw).hexdigest()))
    return found


def head(item: Item, charset: str, *, subject: str | None = None, **more: str) -> str:
    lines = {
        "From": f"{word(item.sender.name, charset)} <{item.sender.email}>",
        "To": f"{word('市长信箱', charset)} <{CITY_ADDRESS}>",
        "Subject": word(item.letter.subject, charset) if subject is None else subject,
        "Date": format_datetime(item.at),
        "Message-ID": f"<{item.key}@{item.sender.email.partition('@')[2]}>",
        "MIME-Version": "1.0",
    }
    lines.update({name.replace("_", "-"): value for name, value in more.items()})
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)


def word(text: str, charset: str) -> str:
    """An encoded word; ``gb2312`` holds GB18030 bytes, as it does in real life."""
    return f"=?{charset}?B?{base64.b64encode(text.encode(codec(charset))).decode()}?="


def codec(charset: str) -> str:
    return "gb18030" if charset.lower().startswith("gb") else charset


def lines64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def utf8_base64(item: Item) -> bytes:
    text = f"{item.letter.body}\r\n\r\n{item.sender.name}\r\n"
    more = head(item, "utf-8", Content_Type='text/plain; charset="utf-8"', Content_Transfer_Encoding="base64")
    return more.encode() + b"\r\n" + lines64(text.encode())


def gb2312_8bit(item: Item) -> bytes:
    more = head(item, "gb2312", Content_Type="text/plain; charset=gb2312", Content_Transfer_Encoding="8bit")
    return more.encode() + b"\r\n" + item.letter.body.replace("\n", "\r\n").encode("gb18030") + b"\r\n"


def gbk_alternative(item: Item) -> bytes:
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in item.letter.body.splitlines())
    html = f'<html><head><style>p{{margin:0}}</style></head><body><div style="font-size:14px">{paragraphs}</div></body></html>'
    boundary = f"----=_Part_{item.key}"
    parts = "".join(
        f"--{boundary}\r\nContent-Type: {kind}; charset=GBK\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{lines64(text.encode('gb18030')).decode()}\r\n"
        for kind, text in (("text/plain", item.letter.body), ("text/html", html))
    )
    more = head(item, "GBK", Content_Type=f'multipart/alternative; boundary="{boundary}"', X_Mailer="Coremail Webmail")
    return f"{more}\r\n{parts}--{boundary}--\r\n".encode()


def gb18030_quoted(item: Item) -> bytes:
    more = head(item, "gb18030", Content_Type='text/plain; charset="gb18030"', Content_Transfer_Encoding="quoted-printable")
    text = f"{item.letter.body}\n\n发自我的手机\n"
    return more.encode() + b"\r\n" + quopri.encodestring(text.encode("gb18030")).replace(b"\n", b"\r\n")


def html_only(item: Item) -> bytes:
    body = "<br>".join(escape(line) for line in item.letter.body.splitlines())
    html = f"<html><body><div>{body}</div><div><br></div><div>&nbsp;{item.sender.name}</div></body></html>"
    more = head(item, "utf-8", Content_Type="text/html; charset=utf-8", Content_Transfer_Encoding="base64")
    return more.encode() + b"\r\n" + lines64(html.encode())


def with_quote(item: Item) -> bytes:
    """An answer to the office's receipt: what the citizen quotes is not their letter."""
    quote = "> 您的来信已收到，我们将按规定办理。\r\n> 市长信箱工作人员\r\n"
    text = f"{item.letter.body}\r\n\r\n在 {item.at:%Y-%m-%d}，市长信箱 <{CITY_ADDRESS}> 写道：\r\n{quote}"
    more = head(
        item, "utf-8", Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="8bit", In_Reply_To="<r@x.example>"
    )
    return more.encode() + b"\r\n" + text.encode()


SHAPES = (utf8_base64, gb2312_8bit, gbk_alternative, gb18030_quoted, html_only, utf8_base64, with_quote)


def special_mails(
    composer: Composer, people: Iterator[Person], themes: Sequence[Theme], moment: Callable[[], datetime]
) -> list[Item]:
    """Odd mails that can be read, broken ones that cannot, and mails that are no letters."""
    found = []
    makers = [*((Case.ODD, make) for make in ODD), *((Case.UNREADABLE, make) for make in UNREADABLE), *NO_LETTERS]
    choice = [theme for theme in themes if theme.id != "thanks"]
    for number, (case, make) in enumerate(makers):
        person, at = next(people), moment()
        letter = composer.write(choice[number * 7 % len(choice)], person)
        item = Item(f"mailbox-special-{number:02d}-{make.__name__.replace('_', '-')}", MAILBOX, "", letter, person, at, case)
        if case is not Case.ODD:
            empty = Letter("", "", "", "", "", "", load_places().towns[0])
            item = replace(item, letter=empty)
        found.append(replace(item, raw=make(item)))
    return found


# Odd, but a person can read them, so the program must.


def rare_characters_under_gb2312(item: Item) -> bytes:
    rare = replace(item, letter=item.with_words(item.letter.subject, f"我们是朱镕、陶喆、吴堃三户。{item.letter.body}"))
    return gb2312_8bit(rare)


def subject_cut_inside_a_character(item: Item) -> bytes:
    data = item.letter.subject.encode("gb18030")
    cut = len(data) // 2 | 1
    halves = [f"=?gb2312?B?{base64.b64encode(half).decode()}?=" for half in (data[:cut], data[cut:])]
    more = head(
        item, "gb2312", subject="\r\n ".join(halves), Content_Type="text/plain; charset=gbk", Content_Transfer_Encoding="base64"
    )
    return more.encode() + b"\r\n" + lines64(item.letter.body.encode("gbk", "replace"))


def wrong_charset(item: Item) -> bytes:
    more = head(item, "utf-8", Content_Type="text/plain; charset=gb2312", Content_Transfer_Encoding="8bit")
    return more.encode() + b"\r\n" + item.letter.body.encode()


def unknown_charset(item: Item) -> bytes:
    more = head(item, "utf-8", Content_Type="text/plain; charset=X-UNKNOWN", Content_Transfer_Encoding="8bit", Date="")
    return more.encode() + b"\r\n" + item.letter.body.encode("gb18030")


def boundary_never_closed(item: Item) -> bytes:
    more = head(item, "utf-8", Content_Type='multipart/mixed; boundary="lost"')
    part = "--lost\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return f"{more}\r\n{part}{item.letter.body}\r\n".encode()


def huge_header(item: Item) -> bytes:
    more = head(item, "utf-8", Content_Type="text/plain; charset=utf-8", X_Trace="0123456789abcdef " * 8_000)
    return more.encode() + b"\r\n" + item.letter.body.encode()


def letter_in_winmail(item: Item) -> bytes:
    """The text stands in a TNEF attachment alone, as Outlook sends it."""
    attributes = b"".join(
        _tnef_attribute(number, text.encode("gb18030") + b"\0")
        for number, text in ((TNEF_SUBJECT, item.letter.subject), (TNEF_BODY, item.letter.body))
    )
    return _winmail(item, struct.pack("<IH", TNEF_SIGNATURE, 1) + attributes)


def letter_inside_a_forwarded_mail(item: Item) -> bytes:
    inner = utf8_base64(item).decode()
    more = head(
        item,
        "utf-8",
        subject=word("转发：帮父亲发一封信", "utf-8"),
        Content_Type='multipart/mixed; boundary="fwd"',
        Message_ID="",
    )
    return f"{more}\r\n--fwd\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--fwd--\r\n".encode()


# Broken: nothing of a letter can be read in them.


def empty(item: Item) -> bytes:
    return head(item, "utf-8", subject="", Content_Type="text/plain; charset=utf-8").encode() + b"\r\n"


def noise(item: Item) -> bytes:
    """Bytes of something that was never a mail."""
    return b"\x7fELF\x02\x01\x01" + hashlib.sha512(item.key.encode()).digest() * 40


def damaged_base64(item: Item) -> bytes:
    more = head(item, "utf-8", subject="", Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="base64")
    return more.encode() + b"\r\n" + lines64(hashlib.sha512(item.key.encode()).digest() * 6)[:-9] + b"\x00\xff\xfe*%\r\n"


def winmail_of_rubbish(item: Item) -> bytes:
    return _winmail(replace(item, letter=item.with_words("", "")), struct.pack("<IH", TNEF_SIGNATURE, 1) + b"\xee" * 400)


def picture_without_a_word(item: Item) -> bytes:
    more = head(item, "utf-8", subject="", Content_Type="image/jpeg; name=IMG_0001.jpg", Content_Transfer_Encoding="base64")
    return more.encode() + b"\r\n" + lines64(b"\xff\xd8\xff\xe0" + hashlib.sha512(item.key.encode()).digest() * 30)


def _winmail(item: Item, data: bytes) -> bytes:
    more = head(item, "utf-8", subject="" if not item.letter.subject else None, Content_Type='multipart/mixed; boundary="tnef"')
    kind = 'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return f"{more}\r\n--tnef\r\n{kind}{lines64(data).decode()}\r\n--tnef--\r\n".encode()


def _tnef_attribute(number: int, data: bytes) -> bytes:
    return struct.pack("<BII", 1, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


# No letters at all.


def auto_reply(item: Item) -> bytes:
    subject = word("自动回复：您的邮件已收到", "utf-8")
    more = head(item, "utf-8", subject=subject, Auto_Submitted="auto-replied", Content_Type="text/plain; charset=utf-8")
    return f"{more}\r\n我正在休假，回来后尽快回复您。\r\n".encode()


def out_of_office(item: Item) -> bytes:
    subject = word("Out of Office", "utf-8")
    more = head(
        item, "utf-8", subject=subject, X_Auto_Response_Suppress="All", Auto_Submitted="auto-generated", Precedence="bulk"
    )
    return f"{more}\r\n{item.sender.name} is away until Monday.\r\n".encode()


def bounce(item: Item) -> bytes:
    more = head(
        item,
        "utf-8",
        subject="Undelivered Mail Returned to Sender",
        From="Mail Delivery System <MAILER-DAEMON@mx.letters.example>",
        Return_Path="<>",
        Auto_Submitted="auto-replied",
        Content_Type='multipart/report; report-type=delivery-status; boundary="dsn"',
    )
    status = "Reporting-MTA: dns; mx.letters.example\r\n\r\nFinal-Recipient: rfc822; gone@letters.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    text = "--dsn\r\nContent-Type: text/plain\r\n\r\nThe mail could not be delivered.\r\n\r\n"
    return f"{more}\r\n{text}--dsn\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n--dsn--\r\n".encode()


def mailing_list(item: Item) -> bytes:
    more = head(
        item,
        "utf-8",
        subject=word("[政务信息化周报] 第四十六期", "utf-8"),
        List_Id="<weekly.lists.example>",
        List_Unsubscribe="<mailto:leave@lists.example>",
        Precedence="list",
        Content_Type="text/plain; charset=utf-8",
    )
    return f"{more}\r\n本期目录：一、会议消息；二、经验交流。退订请回复。\r\n".encode()


def own_notice(item: Item) -> bytes:
    more = head(
        item, "utf-8", subject=word("来信收悉通知", "utf-8"), From=f"<{CITY_ADDRESS}>", Content_Type="text/plain; charset=utf-8"
    )
    return f"{more}\r\n您的来信已登记，请勿回复本邮件。\r\n".encode()


ODD = (
    rare_characters_under_gb2312, subject_cut_inside_a_character, wrong_charset, unknown_charset, boundary_never_closed,
    huge_header, letter_in_winmail, letter_inside_a_forwarded_mail,
)  # fmt: skip
UNREADABLE = (empty, noise, damaged_base64, winmail_of_rubbish, picture_without_a_word)
NO_LETTERS = (
    (Case.AUTO_REPLY, auto_reply), (Case.AUTO_REPLY, out_of_office), (Case.AUTO_REPLY, auto_reply), (Case.BOUNCE, bounce),
    (Case.LIST, mailing_list), (Case.OWN, own_notice),
)  # fmt: skip
