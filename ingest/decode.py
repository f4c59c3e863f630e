"""Bytes to text, for pages, mails and addresses. A declared charset is a hint and never believed over the bytes.

A page that declares gb2312 and holds one GBK-only character is common; parsers that are handed such bytes return mojibake or
nothing at all. So text is made here, and parsers are handed ``str``.
"""

import codecs
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ESCAPED = {"hz-gb-2312": "hz", "hz": "hz", "iso-2022-jp": "iso2022_jp", "iso-2022-kr": "iso2022_kr", "utf-7": "utf-7"}
"""Charsets whose bytes are all ASCII, so that nothing but the declaration tells them from plain text."""
_GB_NAMES = frozenset({"gb2312", "gbk", "gb18030", "cp936", "ms936", "x-gbk", "euc-cn", "gb_2312-80", "csgb2312"})
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_PERCENT_U = re.compile(r"%u([0-9A-Fa-f]{4})")
_PERCENT_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_MOSTLY = 20
"""One broken character for so many good ones still is UTF-8: a cut or damaged page, not another charset."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """``charset`` is what the bytes turned out to be; ``defects`` says in words what had to be replaced."""

    text: str
    charset: str
    defects: tuple[str, ...] = ()


def declared_charset(media_type: str) -> str:
    """The charset named in a Content-Type, lower case, or empty."""
    found = _CHARSET.search(media_type)
    return found.group(1).lower() if found else ""


def decode(data: bytes, declared: str = "") -> Decoded:
    """Byte order mark, then strict UTF-8, then GB18030, then replacement with a defect. Never raises.

    ``declared`` (a charset name) decides only where the bytes leave it open: escape-sequence charsets that look like ASCII,
    and short GBK words that happen to be valid UTF-8.
    """
    for mark, charset in _BOMS:
        if data.startswith(mark):
            return _with_replacement(data[len(mark) :], charset)
    name = declared.strip().lower()
    if name in _ESCAPED and (b"~{" in data or b"\x1b" in data or b"+" in data):
        escaped = _strict(data, _ESCAPED[name])
        if escaped is not None:
            return Decoded(escaped, _ESCAPED[name])
    text = _strict(data, "utf-8")
    if text is not None:
        if name in _GB_NAMES and _unlikely_utf8(text):
            chinese = _strict(data, "gb18030")
            if chinese is not None:
                return Decoded(chinese, "gb18030")
        return Decoded(text, "utf-8")
    damaged = data.decode("utf-8", errors="replace")
    broken = damaged.count("\ufffd")
    if broken * _MOSTLY <= sum(character > "\x7f" for character in damaged) - broken:
        return Decoded(damaged, "utf-8", (f"{broken} characters could not be read as UTF-8",))
    text = _strict(data, "gb18030")
    if text is not None:
        return Decoded(text, "gb18030")
    other = _with_replacement(data, "gb18030")
    return other if other.text.count("\ufffd") < broken else _with_replacement(data, "utf-8")


def decode_percent(text: str) -> str:
    """Percent-encodings undone: ``%uXXXX`` (old JavaScript), UTF-8 and GB2312 octets. What cannot be read stays as it is."""
    surrogates = _PERCENT_U.sub(lambda found: chr(int(found.group(1), 16)), text)
    joined = surrogates.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _PERCENT_RUN.sub(_octets, joined)


def _octets(found: re.Match[str]) -> str:
    decoded = decode(unquote_to_bytes(found.group()))
    return found.group() if decoded.defects else decoded.text


def _strict(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        return None


def _unlikely_utf8(text: str) -> bool:
    """Two-byte sequences alone (Latin, Greek, Arabic, ...) are what short GBK words look like when read as UTF-8."""
    beyond = [character for character in text if character > "\x7f"]
    return bool(beyond) and all(character < "\u0800" for character in beyond)


def _with_replacement(data: bytes, charset: str) -> Decoded:
    text = data.decode(charset, errors="replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode(charset))
    return Decoded(text, charset, (f"{broken} characters could not be read as {charset}",) if broken > 0 else ())
