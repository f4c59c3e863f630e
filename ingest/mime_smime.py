"""What an S/MIME mail says that is signed and not encrypted: the text lies inside the signature's file (RFC 8551, 3.5.2)."""

from collections.abc import Iterator

_ID_DATA = bytes.fromhex("06092a864886f70d010701")
_EXPLICIT, _OCTETS, _OCTETS_IN_PIECES = 0xA0, 0x04, 0x24
_DEEPEST = 8


def signed_content(data: bytes) -> bytes | None:
    """The signed part as a mail's bytes; None where there is none or it is encrypted. Nothing is verified."""
    at = data.find(_ID_DATA)
    if at < 0:
        return None
    try:
        tag, begin, end = _header(data, at + len(_ID_DATA))
        return b"".join(_octets(data, begin, end, 0)) or None if tag == _EXPLICIT else None
    except IndexError:
        return None


def _octets(data: bytes, at: int, end: int, depth: int) -> Iterator[bytes]:
    """The octet strings from here on, up to the end or the mark of one."""
    while at < end and data[at : at + 2] != b"\0\0":
        tag, begin, stop = _header(data, at)
        if tag == _OCTETS:
            yield data[begin:stop]
        elif tag == _OCTETS_IN_PIECES and depth < _DEEPEST:
            yield from _octets(data, begin, stop, depth + 1)
        if stop == len(data):
            return
        at = stop


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where the content begins, where it ends); what is of unknown length may reach to the end. Raises IndexError."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length == 0x80:
        return tag, at, len(data)
    if length > 0x80:
        size = length & 0x7F
        if at + size > len(data):
            raise IndexError
        at, length = at + size, int.from_bytes(data[at : at + size], "big")
    return tag, at, min(at + length, len(data))
