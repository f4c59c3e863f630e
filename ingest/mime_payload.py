"""A part's payload to bytes, however badly it was encoded, and plain text's own conventions."""

import binascii
import quopri
import re
from collections.abc import Callable
from email.message import Message

from ingest.mime_headers import decode_base64, raw_field
from ingest.mime_tree import original

_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/=\s]*\Z")
UUENCODED = re.compile(rb"(?m)^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n((?:[ -`]{1,90}\r?\n)+)(?:end|\Z)")


def payload_bytes(part: Message) -> bytes:
    payload = part.get_payload()
    return original(payload.encode("latin-1", "replace")) if isinstance(payload, str) else b""


def decoded_payload(part: Message, defect: Callable[[str], None]) -> bytes:
    """The part's bytes, however badly encoded; what cannot be undone stays as it came."""
    body = payload_bytes(part)
    encoding = re.sub(rb"\(.*?\)", b"", raw_field(part, "content-transfer-encoding")).strip(b" ;\"'").lower()
    if encoding == b"base64":
        return _lenient_base64(body, defect)
    if encoding in (b"quoted-printable", b"quotedprintable", b"qp"):
        return quopri.decodestring(re.sub(rb"[ \t]+(?=\r?\n)", b"", body))
    if encoding in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        found = UUENCODED.search(body)
        return uudecode(found[2]) if found else body
    if encoding not in (b"", b"7bit", b"8bit", b"binary", b"7-bit", b"8-bit", b"none"):
        defect("unknown_transfer_encoding")
    return body


def _lenient_base64(body: bytes, defect: Callable[[str], None]) -> bytes:
    """Base64 up to the first line that is none: list servers append plain footers to encoded bodies."""
    if _BASE64_LINE.match(body) is not None:
        return decode_base64(body)
    good = []
    rest = b""
    lines = body.splitlines(keepends=True)
    for place, line in enumerate(lines):
        if _BASE64_LINE.match(line) is None:
            letters = sum(byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=" for byte in line.strip())
            if b" " in line.strip() or letters * 10 < len(line.strip()) * 9:
                rest = b"".join(lines[place:])
                break
        good.append(line)
    decoded = decode_base64(b"".join(good))
    if rest.strip():
        defect("base64_damaged")
        return body if not decoded and body.strip() else decoded + b"\n" + rest
    return decoded


def uudecode(data: bytes) -> bytes:
    pieces = []
    for line in data.splitlines():
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                pieces.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(pieces)


def unflowed(text: str, delete_space: bool) -> str:
    """RFC 3676: lines that end in a space go on in the next one; a leading space is stuffing."""
    lines: list[str] = []
    open_at: int | None = None
    for raw in text.split("\n"):
        depth = len(raw) - len(raw.lstrip(">"))
        line = raw[depth:].removeprefix(" ")
        if open_at is not None and open_at == depth and line != "-- ":
            lines[-1] += line
        else:
            lines.append(raw if depth else line)
        open_at = depth if line.endswith(" ") and line != "-- " else None
        if open_at is not None and (delete_space or re.search(r"[\u3000-\u9fff\uff00-\uffef] $", line)):
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def clean_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip("\n")
