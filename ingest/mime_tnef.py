"""Opens winmail.dat (TNEF), which Outlook sends instead of a readable mail."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from striprtf.striprtf import rtf_to_text
from tnefparse import TNEF
from tnefparse.tnef import TNEFAttachment

from ingest.mime_charset import read

_LARGEST = 30_000_000
_MOST_OBJECTS = 500
_HEAD = 6
_CODEPAGE, _BODY, _PROPERTIES = 0x9007, 0x800C, 0x9003
_OF_ATTACHMENT = 2
# The reader needs a code page before the first string, and many senders give none; what it decodes is read again anyway.
_DEFAULT_CODEPAGE = struct.pack("<BHHIII", 1, _CODEPAGE, 6, 8, 936, 0) + struct.pack("<H", (936 >> 8) + (936 & 0xFF))


@dataclass(frozen=True, slots=True)
class Opened:
    """``texts``: (text, is HTML), the best first. ``files``: (name, media type, bytes)."""

    texts: tuple[tuple[str, bool], ...]
    files: tuple[tuple[str, str, bytes], ...]


def open_tnef(data: bytes) -> Opened | None:
    """What is inside, or None when it is damaged beyond reading. Properties that cannot be decoded are left out."""
    if len(data) > _LARGEST:
        return None
    for attributes in ((_CODEPAGE, _BODY, _PROPERTIES), (_BODY,)):
        try:
            return _opened(_reduced(data, attributes))
        except Exception:  # foreign bytes through struct and indexes: every exception means the same
            continue
    return None


def _reduced(data: bytes, attributes: tuple[int, ...]) -> bytes:
    """The stream with the wanted attributes of the message and all of its attachments, behind a default code page."""
    return data[:_HEAD] + _DEFAULT_CODEPAGE + b"".join(_objects(data, attributes))


def _objects(data: bytes, attributes: tuple[int, ...]) -> Iterator[bytes]:
    place = _HEAD
    taken = 0
    while place + 11 < len(data) and taken < _MOST_OBJECTS:
        level, name, _, length = struct.unpack_from("<BHHI", data, place)
        end = place + 9 + length + 2
        if level == _OF_ATTACHMENT or (level == 1 and name in attributes):
            taken += 1
            yield data[place:end]
        place = end


def _opened(data: bytes) -> Opened:
    tnef = TNEF(data, do_checksum=False)
    texts = [(_text(tnef.body), False), (_text(tnef.htmlbody), True)]
    if not any(text.strip() for text, _ in texts) and (rich := tnef.rtfbody):
        texts.append((_of_rtf(rich), False))
    files = tuple((_name(one), "application/octet-stream", bytes(one.data)) for one in tnef.attachments)
    return Opened(tuple((text, is_html) for text, is_html in texts if text.strip()), files)


def _text(body: str | bytes | list[str | bytes] | None) -> str:
    if isinstance(body, list):
        return "".join(map(_text, body))
    text = read(body).text if isinstance(body, bytes) else body or ""
    return text.rstrip("\x00")


def _of_rtf(data: bytes) -> str:
    return str(rtf_to_text(data.decode("latin-1"), errors="replace"))  # type: ignore[no-untyped-call]


def _name(attachment: TNEFAttachment) -> str:
    try:
        return _text(attachment.long_filename()).strip()
    except UnicodeDecodeError:
        return _text(attachment._name).strip()
