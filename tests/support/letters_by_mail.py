"""Mails as they arrive at a city's mailbox: many charsets and encodings, some of them mislabelled or broken."""

import base64
import quopri
from collections.abc import Callable
from email.utils import format_datetime

from tests.support.scenario import Item

TOO_LARGE = 300_000
CITY_ADDRESS = "sz@mail.example.cn"


def mail_bytes(item: Item) -> bytes:
    """The whole mail with CRLF line ends."""
    if item.poison == "too large":
        return _message(item, _plain("utf-8", "base64"), padding=TOO_LARGE)
    if item.poison == "nothing to read":
        return b"Received: from mx.example.cn\r\nX-Serial: %d\r\n\r\n" % item.ident
    return _message(item, _STYLES[item.ident % len(_STYLES)])


def raw_bytes_alone(item: Item) -> bool:
    """Whether the sender's name stands in 8-bit bytes without a charset."""
    return _STYLES[item.ident % len(_STYLES)] is _raw_headers


Style = Callable[[Item], tuple[list[bytes], list[bytes], bytes]]
"""(name header lines, content header lines, body)."""


def _message(item: Item, style: Style, padding: int = 0) -> bytes:
    names, content, body = style(item)
    lines = [
        b"Received: from mx.example.cn (mx.example.cn [192.0.2.7]) by mail.example.cn",
        *names,
        f"To: <{CITY_ADDRESS}>".encode(),
        *([] if item.ident % 11 == 0 else [f"Message-ID: <{item.ident}.{item.person.account}@mail.example.cn>".encode()]),
        f"Date: {format_datetime(item.at)}".encode(),
        b"MIME-Version: 1.0",
        *([b"X-Padding: " + b"x" * 70] * (padding // 80)),
        *content,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body + b"\r\n"


def _fitting(text: str, charset: str) -> bytes:
    """In the charset where it can be; what lies outside makes it GB18030 under the same label, as real senders do."""
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        return text.encode("gb18030")


def _word(text: str, charset: str, encoding: str = "B") -> bytes:
    data = _fitting(text, charset)
    coded = (
        base64.b64encode(data)
        if encoding == "B"
        else quopri.encodestring(data, header=True).replace(b"=\n", b"").replace(b"?", b"=3F")
    )
    return f"=?{charset}?{encoding}?".encode() + coded + b"?="


def _split_word(text: str, charset: str) -> bytes:
    """Two encoded words, cut inside a character."""
    data = _fitting(text, charset)
    middle = len(data) // 2 | 1
    return b"\r\n ".join(
        f"=?{charset}?B?".encode() + base64.b64encode(part) + b"?=" for part in (data[:middle], data[middle:]) if part
    )


def _headers(item: Item, charset: str, word: Callable[[str, str], bytes] = _word) -> list[bytes]:
    address = f" <{item.person.email}>".encode()
    return [b"From: " + word(item.person.name, charset) + address, b"Subject: " + word(item.title, charset)]


def _wrapped(data: bytes) -> bytes:
    coded = base64.b64encode(data)
    return b"\r\n".join(coded[at : at + 76] for at in range(0, len(coded), 76))


def _transfer(data: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return _wrapped(data)
    if encoding == "quoted-printable":
        return quopri.encodestring(data).replace(b"\n", b"\r\n")
    return data


def _plain(charset: str, encoding: str, *, says: str = "") -> Style:
    """``says``: the charset the mail claims, where it is not the one it uses."""

    def style(item: Item) -> tuple[list[bytes], list[bytes], bytes]:
        label = f'text/plain; charset="{says or charset}"'
        content = [f"Content-Type: {label}".encode(), f"Content-Transfer-Encoding: {encoding}".encode()]
        return _headers(item, charset), content, _transfer(_fitting(item.content, charset), encoding)

    return style


def _html_only(charset: str) -> Style:
    def style(item: Item) -> tuple[list[bytes], list[bytes], bytes]:
        text = item.content.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
        page = f'<html><head><meta charset="{charset}"></head><body><div style="font-size:14px">{text}</div></body></html>'
        content = [f"Content-Type: text/html; charset={charset}".encode(), b"Content-Transfer-Encoding: base64"]
        return _headers(item, charset), content, _wrapped(_fitting(page, charset))

    return style


def _alternative(charset: str) -> Style:
    def style(item: Item) -> tuple[list[bytes], list[bytes], bytes]:
        page = f"<html><body><p>{item.content.replace('<', '&lt;')}</p></body></html>"
        parts = []
        for kind, text in (("plain", item.content), ("html", page)):
            head = (
                f"--alt{item.ident}\r\nContent-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            )
            parts.append(head.encode() + _wrapped(_fitting(text, charset)))
        body = b"\r\n".join(parts) + f"\r\n--alt{item.ident}--".encode()
        return _headers(item, charset), [f"Content-Type: multipart/alternative; boundary=alt{item.ident}".encode()], body

    return style


def _with_attachment(item: Item) -> tuple[list[bytes], list[bytes], bytes]:
    name = _word("照片.jpg", "gb18030").decode()
    parts = (
        b"Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + _wrapped(item.content.encode("gb18030")),
        f'Content-Type: image/jpeg; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'.encode()
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + _wrapped(b"\xff\xd8\xff\xe0" + bytes(200)),
    )
    edge = f"mixed{item.ident}".encode()
    body = b"\r\n".join(b"--" + edge + b"\r\n" + part for part in parts) + b"\r\n--" + edge + b"--"
    return _headers(item, "gb18030"), [b"Content-Type: multipart/mixed; boundary=" + edge], body


def _split_headers(item: Item) -> tuple[list[bytes], list[bytes], bytes]:
    content = [b"Content-Type: text/plain; charset=gb2312", b"Content-Transfer-Encoding: quoted-printable"]
    return _headers(item, "gb2312", _split_word), content, _transfer(_fitting(item.content, "gb2312"), "quoted-printable")


def _raw_headers(item: Item) -> tuple[list[bytes], list[bytes], bytes]:
    """8-bit bytes in the headers, no charset anywhere."""
    address = f" <{item.person.email}>".encode()
    names = [b"From: " + item.person.name.encode("gb18030") + address, b"Subject: " + item.title.encode("gb18030")]
    content = [b"Content-Type: text/plain", b"Content-Transfer-Encoding: base64"]
    return names, content, _wrapped(item.content.encode("gb18030"))


def _quoted_words(item: Item) -> tuple[list[bytes], list[bytes], bytes]:
    content = [b"Content-Type: text/plain; charset=UTF-8; format=flowed", b"Content-Transfer-Encoding: quoted-printable"]
    return (
        _headers(item, "utf-8", lambda text, charset: _word(text, charset, "Q")),
        content,
        _transfer(item.content.encode(), "quoted-printable"),
    )


_STYLES: tuple[Style, ...] = (
    _plain("gb2312", "base64"),
    _plain("gbk", "quoted-printable"),
    _plain("gb18030", "base64"),
    _plain("utf-8", "base64"),
    _html_only("gb2312"),
    _html_only("utf-8"),
    _alternative("gbk"),
    _with_attachment,
    _split_headers,
    _raw_headers,
    _quoted_words,
    _plain("utf-8", "base64", says="gb2312"),
    _plain("gb18030", "quoted-printable", says="iso-8859-1"),
)
