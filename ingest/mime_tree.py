"""A mail's bytes to a tree of parts, mended where its head is broken, bounded however deep it nests."""

import email.parser
import email.policy
import re
from collections.abc import Iterator
from email.message import Message
from functools import lru_cache

from ingest.mime_headers import Part, raw_field

_MOST_CONTAINERS = 60
_KEPT = b"x-kept-whole-"
_CONTAINER = re.compile(rb"(?im)^(content-type:\s*)(multipart|message)/")
_KEPT_CONTAINER = re.compile(rb"(?im)^(content-type:\s*)x-kept-whole-(?=(?:multipart|message)/)")
_FIELD_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
_KNOWN_LINE = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|received|return-path|reply-to|sender|in-reply-to|references|"
    rb"x-[a-z0-9-]{2,40}|list-[a-z-]+|delivered-to|dkim-signature|authentication-results|importance|precedence)"
    rb"[ \t]*:",
    re.IGNORECASE,
)
_WELL_FORMED = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z))*+")
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")
_HEAD_END = re.compile(rb"\r?\n\r?\n|\r\r")
_BOUNDARY = re.compile(
    rb"multipart/(?:mixed|alternative|related|signed)\s*;(?:\s*(?!boundary)[a-z]+=(?:\"[^\"\\]*\"|[^\s;\"\\]+)\s*;)*\s*"
    rb"boundary=(?:\"([0-9A-Za-z'()+_,./:=?-]{1,200})\"|([0-9A-Za-z'()+_,./:=?-]{1,200}))\s*;?",
    re.IGNORECASE,
)
"""A Content-Type that says nothing unusual."""
_LARGEST_HEAD = 200_000


def parse_message(data: bytes) -> tuple[Message, list[str]]:
    """The message tree and what was mended. Never raises: what the parser cannot take is kept as one plain part.

    Every string in the tree holds one byte a character (Latin-1), so that nothing is decoded before its charset is known.
    Enclosed messages stay whole, byte for byte, under a type of their own; ``media_type`` and ``original`` undo that.
    """
    containers = 0

    def bounded(found: re.Match[bytes]) -> bytes:
        nonlocal containers
        enclosed = found[2].lower() == b"message"
        containers += not enclosed
        keep = enclosed or containers > _MOST_CONTAINERS
        return found[1] + _KEPT + found[0][len(found[1]) :] if keep else found[0]

    data, defects = _mended_head(data)
    if _CONTAINER.search(data) is not None:
        data = _CONTAINER.sub(bounded, data)
    quick = _quick_tree(data) if containers <= 1 else None
    if quick is not None:
        return quick, defects
    if containers > _MOST_CONTAINERS:
        defects.append("too_many_containers")
    parser = email.parser.Parser(Part, policy=email.policy.compat32)
    text = data.decode("latin-1")
    try:
        return parser.parsestr(text), defects
    except (ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError, AssertionError):
        defects.append("structure_unreadable")
    return parser.parsestr(text, headersonly=True), defects


def _quick_tree(data: bytes) -> Part | None:
    """A sound mail of one part, or of parts that hold no others, as the parser would give it in a third of the time."""
    whole = _sound_part(data)
    if whole is None or not raw_field(whole, "content-type").lower().startswith(b"multipart/"):
        return whole
    boundary = _BOUNDARY.fullmatch(raw_field(whole, "content-type"))
    if boundary is None or data.count(b"\r") != data.count(b"\r\n") or "content-transfer-encoding" in whole:
        return None
    delimiter = re.compile(rb"(?:\A|(?<=\n))--" + re.escape(boundary[1] or boundary[2]) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    children: list[Part] = []
    begin = -1
    for found in delimiter.finditer(data, _head_end(data)):
        if begin >= 0:
            child = _sound_part(data[begin : found.start()].removesuffix(b"\n").removesuffix(b"\r"))
            if child is None or raw_field(child, "content-type").lower().startswith((b"multipart", b"message")):
                return None
            children.append(child)
        if found[1]:
            whole.set_payload([*children])
            return whole if children else None
        begin = found.end()
    return None


def _head_end(data: bytes) -> int:
    end = _HEAD_END.search(data, 0, _LARGEST_HEAD)
    return end.end() if end else len(data)


def _sound_part(data: bytes) -> Part | None:
    """Fields and body where the head is sound, the body one string; None where only the parser can tell."""
    end = _HEAD_END.search(data, 0, _LARGEST_HEAD)
    if end is None or end[0] == b"\r\r" or _WELL_FORMED.fullmatch(data, 0, end.start()) is None:
        return None
    part = Part()
    for name, value in _FIELD.findall(data[: end.start()].decode("latin-1")):
        part.set_raw(name, value)
    part.set_payload(data[end.end() :].decode("latin-1"))
    return part


def _mended_head(data: bytes) -> tuple[bytes, list[str]]:
    """The mail with lines among its header fields that are none (lost indentation, rubbish) made part of the field before."""
    end = _HEAD_END.search(data, 0, _LARGEST_HEAD)
    head = data[: end.start()] if end else data[:_LARGEST_HEAD]
    if _WELL_FORMED.fullmatch(head) is not None:
        return data, []
    lines = head.splitlines(keepends=True)
    last_known = max((place for place, line in enumerate(lines) if _KNOWN_LINE.match(line)), default=-1)
    mended: list[bytes] = []
    changed = False
    for place, line in enumerate(lines):
        if place < last_known and line[:1] not in (b" ", b"\t") and _FIELD_LINE.match(line) is None:
            changed = True
            if mended:
                mended.append(b" " + line)
        elif (name := re.match(rb"([!-9;-~]+)[ \t]+:", line)) and place <= last_known:
            changed = True
            mended.append(name[1] + line[name.end() - 1 :])
        else:
            mended.append(line)
    return (b"".join(mended) + data[len(head) :], ["header_damaged"]) if changed else (data, [])


def original(data: bytes) -> bytes:
    """Bytes of a kept part as they came."""
    return _KEPT_CONTAINER.sub(rb"\1", data) if _KEPT in data.lower() else data


def media_type(part: Message) -> tuple[str, str]:
    """Main and sub type, lower case; text/plain for what is missing, text/html for what only says html."""
    raw = raw_field(part, "content-type")
    found = _declared_type(raw) if raw else None
    if found is None:
        return ("message", "rfc822") if part.get_default_type() == "message/rfc822" else ("text", "plain")
    return found


@lru_cache(maxsize=256)
def _declared_type(field: bytes) -> tuple[str, str] | None:
    raw = field.split(b";")[0].strip().lower().decode("ascii", "replace").strip("\"' ")
    if not raw:
        return None
    main, _, sub = raw.removeprefix(_KEPT.decode()).partition("/")
    main, sub = main.strip(), sub.split()[0] if sub.split() else ""
    if not sub:
        return ("text", "html") if main == "html" else ("text", "plain")
    return main, sub


def is_kept(part: Message) -> bool:
    return raw_field(part, "content-type").strip().lower().startswith(_KEPT)


def flattened(message: Message) -> bytes:
    fields = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    payload = message.get_payload()
    return f"{fields}\n{payload if isinstance(payload, str) else ''}".encode("latin-1", "replace")


def walk_types(message: Message) -> Iterator[tuple[str, str]]:
    """The media types of the message and the parts directly in it."""
    yield media_type(message)
    payload = message.get_payload()
    if isinstance(payload, list):
        yield from (media_type(child) for child in payload if isinstance(child, Message))
