"""Awkward mails, as real Chinese mail clients, gateways, hotline systems and phones write them, with what each says.

Each is written by hand from the contract of ``fenban mail show --json``, never from what the reader does with it.
"""

import base64
import quopri
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Awkward:
    """``says``: the fields that are held, of the document; ``attachments`` as (name, type, bytes)."""

    name: str
    data: bytes
    says: dict[str, Any] = field(default_factory=dict)


def b64(data: bytes) -> bytes:
    coded = base64.b64encode(data)
    return b"\r\n".join(coded[at : at + 76] for at in range(0, len(coded), 76))


def qp(data: bytes) -> bytes:
    return quopri.encodestring(data).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def word(text: str, charset: str = "utf-8", encoding: str = "B") -> str:
    data = text.encode("gb18030" if charset.lower() in {"gb2312", "gbk"} else charset)
    if encoding == "B":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={byte:02X}' for byte in data)}?="


def head(*lines: str | bytes, who: str = "", subject: str = "反映路灯") -> list[bytes]:
    """Ordinary header fields, then ``lines``."""
    start = [
        f"From: {who or word('周小兰') + ' <zhou@mail.example>'}",
        "To: <szxx@yunze.example>",
        f"Subject: {word(subject)}",
        "Date: Fri, 20 Nov 2026 09:30:00 +0800",
        "Message-ID: <m1@mail.example>",
        "MIME-Version: 1.0",
        *lines,
    ]
    return [line if isinstance(line, bytes) else line.encode() for line in start]


def mail(lines: list[bytes], body: bytes, end: bytes = b"\r\n") -> bytes:
    return end.join(lines) + end + end + body


def parts(edge: str, *bodies: tuple[str, bytes], last: bool = True) -> bytes:
    """(header lines of a part, its bytes) each."""
    made = b"".join(f"--{edge}\r\n{top}\r\n\r\n".encode() + data + b"\r\n" for top, data in bodies)
    return made + (f"--{edge}--\r\n".encode() if last else b"")


def mixed(edge: str = "=_e", kind: str = "mixed", more: str = "") -> str:
    return f'Content-Type: multipart/{kind}; boundary="{edge}"{more}'


PLAIN = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit"
HTML = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit"
FROM = "周小兰 <zhou@mail.example>"
LETTER = "您好：\n滨河小区东门的路灯坏了三个星期，老人晚上出门摔倒过。\n请派人来修。"
LETTER_BYTES = LETTER.replace("\n", "\r\n").encode()
