"""Builds mails byte by byte, for the corpus. Every text, name and number here is made up."""

import base64
import hashlib
import quopri
from dataclasses import dataclass, field
from typing import Any

TITLE = "关于滨河小区路灯不亮的反映"
BODY = "尊敬的领导：\n    滨河小区南门的路灯已经坏了三天，晚上老人孩子出行很不方便。\n请派人来看一看，谢谢！"
RARE = "我们镕喆苑的业主堃先生反映：㙍村的水渠堵了，𠮷日商店门口积水。"
NAME = "李小满"
ADDRESS = "lixiaoman@letters.example"
DATE = "Fri, 20 Nov 2026 09:30:00 +0800"
ISO = "2026-11-20T09:30:00+08:00"
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256))


@dataclass(frozen=True)
class Sample:
    """``expected`` is the document of ``fenban mail show --json`` (``attachments`` as (name, type, bytes data)); keys that
    are left out take their usual value."""

    name: str
    data: bytes
    expected: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        usual = {
            "kind": "letter",
            "subject": TITLE,
            "from": f"{NAME} <{ADDRESS}>",
            "date": ISO,
            "message_id": f"<{self.name}@letters.example>",
        }
        document = usual | {"text": BODY, "attachments": [], "defects": []} | self.expected
        document["attachments"] = [
            {"name": name, "type": kind, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, kind, data in document["attachments"]
        ]
        return document


def word(text: str, charset: str, codec: str = "", encoding: str = "B") -> bytes:
    data = text.encode(codec or charset)
    coded = (
        base64.b64encode(data) if encoding == "B" else quopri.encodestring(data, quotetabs=True, header=True).replace(b"=\n", b"")
    )
    return (
        b"=?"
        + charset.encode()
        + b"?"
        + encoding.encode()
        + b"?"
        + coded.replace(b"?", b"=3F" if encoding == "Q" else b"?")
        + b"?="
    )


def mail(
    name: str, *fields: bytes, body: bytes, title: bytes | None = None, sender: bytes | None = None, drop: tuple[str, ...] = ()
) -> bytes:
    usual = {
        "From": word(NAME, "utf-8") + f" <{ADDRESS}>".encode() if sender is None else sender,
        "To": b"<sz@city.example>",
        "Subject": word(TITLE, "utf-8") if title is None else title,
        "Date": DATE.encode(),
        "Message-ID": f"<{name}@letters.example>".encode(),
        "MIME-Version": b"1.0",
    }
    lines = [key.encode() + b": " + value for key, value in usual.items() if key not in drop]
    return b"\r\n".join([*lines, *fields]) + b"\r\n\r\n" + body


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def b64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def part(kind: str, data: bytes, encoding: str = "base64", more: str = "") -> bytes:
    coded = {"base64": b64(data), "quoted-printable": quopri.encodestring(data).replace(b"\n", b"\r\n")}.get(encoding, data)
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{more}\r\n".encode() + coded


def plain(name: str, label: str, codec: str, encoding: str = "base64", text: str = BODY, **expected: Any) -> Sample:
    head = [f"Content-Type: text/plain; charset={label}".encode(), f"Content-Transfer-Encoding: {encoding}".encode()]
    data = crlf(text).encode(codec)
    coded = {"base64": b64(data), "quoted-printable": quopri.encodestring(data, quotetabs=False).replace(b"\r\r\n", b"\r\n")}.get(
        encoding, data
    )
    title = word(TITLE, label, codec) if codec == "gb18030" else None
    return Sample(name, mail(name, *head, body=coded, title=title), {"text": text} | expected)


def multipart(name: str, kind: str, *parts: bytes, boundary: str = "edge", close: bool = True, **expected: Any) -> Sample:
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + one + b"\r\n" for one in parts)
    body += b"--" + boundary.encode() + b"--\r\n" if close else b""
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"'.encode()
    return Sample(name, mail(name, head, body=body), dict(expected))


def page(text: str, charset: str) -> str:
    lines = "<br>".join(text.split("\n"))
    return f'<html><head><meta charset="{charset}"><style>p{{color:red}}</style></head><body><p>{lines}</p></body></html>'
