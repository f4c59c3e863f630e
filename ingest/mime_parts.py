"""The parts of a mail: which hold the letter's text, which are attachments, and what each says in bytes."""

import binascii
import email.parser
import email.policy
import hashlib
import quopri
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message

from ingest.html_text import html_to_text
from ingest.mime_charset import read
from ingest.mime_headers import decode_base64, parameter, raw_field
from ingest.mime_tnef import open_tnef

_DEEPEST = 40
_MOST_PARTS = 2000
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
_LARGEST_HEAD = 200_000
_BOUNDARY_LINE = re.compile(rb"(?m)^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=[A-Za-z-]+:)")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/=\s]*\Z")
_UUENCODED = re.compile(rb"(?m)^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n((?:[ -`]{1,90}\r?\n)+)(?:end|\Z)")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{2,30})", re.IGNORECASE)
_STUB = re.compile(
    r"html.{0,40}(?:mail|message|邮件|格式|client|support|view)|(?:support|view|display|read).{0,60}html|"
    r"(?:不支持|无法显示|请使用).{0,30}(?:html|浏览)|multi-?part message",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """``name`` as the sender called it, empty when not called; ``data`` decoded, ``sha256`` of it in hex."""

    name: str
    media_type: str
    data: bytes
    sha256: str


@dataclass(slots=True)
class Contents:
    """What a walk through the parts gathers."""

    texts: list[str] = field(default_factory=list)
    from_html: bool = False
    attachments: list[AttachedFile] = field(default_factory=list)
    reserve: list[tuple[str, bytes, str]] = field(default_factory=list)
    enclosed: list[Message] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    parts: int = 0

    @property
    def text(self) -> str:
        return "\n\n".join(text for text in self.texts if text.strip())

    def defect(self, name: str) -> None:
        if name not in self.defects:
            self.defects.append(name)

    def attach(self, name: str, media_type: str, data: bytes) -> None:
        self.attachments.append(AttachedFile(name, media_type, data, hashlib.sha256(data).hexdigest()))


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
    head_end = _CONTAINER.search(data)
    if head_end is not None:
        data = _CONTAINER.sub(bounded, data)
    if containers > _MOST_CONTAINERS:
        defects.append("too_many_containers")
    parser = email.parser.Parser(policy=email.policy.compat32)
    text = data.decode("latin-1")
    try:
        return parser.parsestr(text), defects
    except (ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError, AssertionError):
        defects.append("structure_unreadable")
    return parser.parsestr(text, headersonly=True), defects


def _mended_head(data: bytes) -> tuple[bytes, list[str]]:
    """The mail with lines among its header fields that are none (lost indentation, rubbish) made part of the field before."""
    end = re.search(rb"\r?\n\r?\n|\r\r", data[:_LARGEST_HEAD])
    head = data[: end.start()] if end else data[:_LARGEST_HEAD]
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


def gather(message: Message, hint: str = "") -> Contents:
    """Text and attachments of the message. Where the text stands only in a file-like part, in winmail.dat or in an enclosed
    message, it is taken from there."""
    contents = Contents()
    _walk(message, contents, hint, 0, top=True)
    if not contents.text.strip():
        _take_reserve(contents, hint)
    if not contents.text.strip():
        _take_enclosed(contents, hint)
    return contents


def _walk(part: Message, contents: Contents, hint: str, depth: int, *, top: bool = False) -> None:
    contents.parts += 1
    if depth > _DEEPEST or contents.parts > _MOST_PARTS:
        contents.defect("too_deep_or_many_parts")
        return
    payload = part.get_payload()
    main, sub = media_type(part)
    if isinstance(payload, list) and main == "multipart":
        children = [child for child in payload if isinstance(child, Message)]
        if sub == "alternative":
            _alternative(children, contents, hint, depth)
        else:
            for child in children:
                _walk(child, contents, hint, depth + 1, top=top and child is children[0])
        _defects_of(part, contents)
    elif isinstance(payload, list):
        _enclosed(part, payload, contents, main, sub, hint)
    elif main == "multipart" and not _is_kept(part):
        _unsplit(part, contents, hint, depth)
    else:
        _leaf(part, contents, main, sub, hint, depth, top=top)


def media_type(part: Message) -> tuple[str, str]:
    """Main and sub type, lower case; text/plain for what is missing, text/html for what only says html."""
    raw = raw_field(part, "content-type").split(b";")[0].strip().lower().decode("ascii", "replace").strip("\"' ")
    if not raw:
        default = part.get_default_type()
        return ("message", "rfc822") if default == "message/rfc822" else ("text", "plain")
    main, _, sub = raw.removeprefix(_KEPT.decode()).partition("/")
    main, sub = main.strip(), sub.split()[0] if sub.split() else ""
    if not sub:
        return ("text", "html") if main == "html" else ("text", "plain")
    return main, sub


def _is_kept(part: Message) -> bool:
    return raw_field(part, "content-type").strip().lower().startswith(_KEPT)


def _defects_of(part: Message, contents: Contents) -> None:
    for defect in part.defects:
        name = type(defect).__name__.removesuffix("Defect")
        contents.defect(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def _alternative(children: list[Message], contents: Contents, hint: str, depth: int) -> None:
    """One of several forms of the same text: the plain one unless it is empty or only says that the mail is in HTML."""
    forms = []
    for child in children:
        one = Contents(parts=contents.parts)
        _walk(child, one, hint, depth + 1)
        contents.parts = one.parts
        forms.append(one)
    for one in forms:
        contents.attachments += one.attachments
        contents.reserve += one.reserve
        contents.enclosed += one.enclosed
        contents.kept += one.kept
        for name in one.defects:
            contents.defect(name)
    plain = next((one for one in forms if one.text.strip() and not one.from_html), None)
    rich = next((one for one in reversed(forms) if one.text.strip() and one.from_html), None)
    chosen = rich if plain is None or (rich is not None and _is_stub(plain.text, rich.text)) else plain
    if chosen is not None:
        contents.texts += chosen.texts
        contents.from_html = contents.from_html or chosen.from_html


def _is_stub(plain: str, rich: str) -> bool:
    said = len(re.sub(r"\W+", "", plain))
    whole = len(re.sub(r"\W+", "", rich))
    if said == 0 or said * 10 < whole:
        return True
    return said * 2 < whole and _STUB.search(plain) is not None


def _enclosed(part: Message, payload: Sequence[object], contents: Contents, main: str, sub: str, hint: str) -> None:
    """A message of a digest, which the parser opens by itself."""
    children = [child for child in payload if isinstance(child, Message)]
    contents.attach(_file_name(part, hint), f"{main}/{sub}", b"".join(map(_flattened, children)))
    contents.enclosed += children


def _flattened(message: Message) -> bytes:
    fields = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    payload = message.get_payload()
    return f"{fields}\n{payload if isinstance(payload, str) else ''}".encode("latin-1", "replace")


def _unsplit(part: Message, contents: Contents, hint: str, depth: int) -> None:
    """A multipart without its boundary: the boundary is looked for in the body, else the body is one text."""
    _defects_of(part, contents)
    contents.defect("no_boundary")
    body = _payload_bytes(part)
    boundary = _BOUNDARY_LINE.search(body)
    if boundary is not None and depth < _DEEPEST:
        quoted = boundary[1].replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        main, sub = media_type(part)
        again, _ = parse_message(f'Content-Type: {main}/{sub}; boundary="'.encode() + quoted + b'"\n\n' + body)
        if again.is_multipart():
            _walk(again, contents, hint, depth + 1)
            return
    contents.texts.append(_clean(read(body, hint=hint).text))


def _leaf(part: Message, contents: Contents, main: str, sub: str, hint: str, depth: int, *, top: bool) -> None:
    _defects_of(part, contents)
    data = _decoded_payload(part, contents)
    name = _file_name(part, hint)
    disposition = raw_field(part, "content-disposition").split(b";")[0].strip().lower()
    if sub in ("ms-tnef", "vnd.ms-tnef") or name.lower() == "winmail.dat":
        _open_winmail(data, name, f"{main}/{sub}", contents)
        return
    if main in ("message", "multipart"):
        contents.attach(name, f"{main}/{sub}", data)
        if sub in ("rfc822", "global") and depth < _DEEPEST:
            contents.kept.append(data)
        return
    readable = main == "text" and sub in ("plain", "html", "enriched", "richtext", "x-markdown", "markdown", "xhtml")
    charset = parameter(raw_field(part, "content-type"), "charset")
    if readable and disposition != b"attachment" and (not name or (top and disposition != b"attachment")):
        _add_text(part, data, sub, charset, contents, hint)
        return
    if data.strip() or name:
        contents.attach(name, f"{main}/{sub}", data)
    by_name = re.search(r"\.(txt|html?)$", name.lower())
    if data.strip() and (by_name or sub in ("plain", "html")):
        contents.reserve.append(("html" if sub == "html" or (by_name and by_name[1] != "txt") else "plain", data, charset))


def _add_text(part: Message, data: bytes, sub: str, charset: str, contents: Contents, hint: str) -> None:
    if sub != "html":
        data = _without_uuencoded(data, contents)
    text = _text(data, sub, charset, contents, hint)
    if sub == "plain" and b"flowed" in raw_field(part, "content-type").lower():
        text = _unflowed(text, parameter(raw_field(part, "content-type"), "delsp").lower() == "yes")
    if sub == "html" and contents.texts and _same(text, contents.text):
        return
    contents.texts.append(text)
    contents.from_html = contents.from_html or (sub == "html" and not any(one.strip() for one in contents.texts[:-1]))


def _text(data: bytes, sub: str, charset: str, contents: Contents, hint: str) -> str:
    if sub in ("html", "xhtml") and not charset:
        meta = _META_CHARSET.search(data[:4096])
        charset = meta[1].decode("ascii") if meta else ""
    reading = read(data, charset, hint)
    if reading.damaged:
        contents.defect("characters_replaced" if reading.charset != "mixed" else "mixed_charsets")
    if sub in ("html", "xhtml"):
        return html_to_text(reading.text)
    if sub in ("enriched", "richtext"):
        return re.sub(r"</?[A-Za-z]+>", "", reading.text.replace("<<", "<")).strip()
    return _clean(reading.text)


def _same(html: str, plain: str) -> bool:
    """The HTML form of a text that stood before it, in a mail that should have said alternative."""
    one, other = (re.sub(r"\W+", "", text) for text in (html, plain))
    return bool(one) and (one == other or (len(other) > 20 and other in one and len(one) < 1.3 * len(other)))


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip("\n")


def _unflowed(text: str, delete_space: bool) -> str:
    """RFC 3676: lines that end in a space go on in the next one; a leading space is stuffing."""
    lines: list[str] = []
    open_line = False
    for raw in text.split("\n"):
        line = raw[1:] if raw.startswith(" ") else raw
        quoted = line.startswith(">")
        if open_line and not quoted and lines:
            lines[-1] += line
        else:
            lines.append(line)
        open_line = line.endswith(" ") and line != "-- " and not quoted
        if open_line and (delete_space or re.search(r"[\u3000-\u9fff\uff00-\uffef] $", line)):
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _without_uuencoded(data: bytes, contents: Contents) -> bytes:
    def taken(found: re.Match[bytes]) -> bytes:
        contents.attach(read(found[1]).text.strip(), "application/octet-stream", _uudecode(found[2]))
        return b""

    return _UUENCODED.sub(taken, data) if b"begin " in data else data


def _uudecode(data: bytes) -> bytes:
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


def _payload_bytes(part: Message) -> bytes:
    payload = part.get_payload()
    return original(payload.encode("latin-1", "replace")) if isinstance(payload, str) else b""


def _decoded_payload(part: Message, contents: Contents) -> bytes:
    """The part's bytes, however badly encoded; what cannot be undone stays as it came."""
    body = _payload_bytes(part)
    encoding = re.sub(rb"\(.*?\)", b"", raw_field(part, "content-transfer-encoding")).strip(b" ;\"'").lower()
    if encoding == b"base64":
        return _lenient_base64(body, contents)
    if encoding in (b"quoted-printable", b"quotedprintable", b"qp"):
        return quopri.decodestring(re.sub(rb"[ \t]+(?=\r?\n)", b"", body))
    if encoding in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        found = _UUENCODED.search(body)
        return _uudecode(found[2]) if found else body
    if encoding not in (b"", b"7bit", b"8bit", b"binary", b"7-bit", b"8-bit", b"none"):
        contents.defect("unknown_transfer_encoding")
    return body


def _lenient_base64(body: bytes, contents: Contents) -> bytes:
    """Base64 up to the first line that is none: list servers append plain footers to encoded bodies."""
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
        contents.defect("base64_damaged")
        return body if not decoded and body.strip() else decoded + b"\n" + rest
    return decoded


def _file_name(part: Message, hint: str) -> str:
    name = parameter(raw_field(part, "content-disposition"), "filename", hint)
    name = name or parameter(raw_field(part, "content-type"), "name", hint)
    return re.split(r"[\\/]", name)[-1].strip() if re.match(r"[A-Za-z]:\\|/|\\\\", name) else name


def _open_winmail(data: bytes, name: str, kind: str, contents: Contents) -> None:
    opened = open_tnef(data)
    if opened is None:
        contents.defect("winmail_unreadable")
        contents.attach(name, kind, data)
        return
    for text, html in opened.texts:
        shown = html_to_text(text) if html else _clean(text)
        contents.reserve.append(("plain", shown.encode(), "utf-8"))
    for file_name, file_type, file_data in opened.files:
        contents.attach(file_name, file_type, file_data)
    if not opened.files and not opened.texts:
        contents.attach(name, kind, data)


def _take_reserve(contents: Contents, hint: str) -> None:
    for sub, data, charset in contents.reserve:
        text = _text(data, sub, charset, contents, hint)
        if text.strip():
            contents.texts.append(text)
            contents.from_html = sub == "html"
            contents.defect("text_in_attachment")
            return


def _take_enclosed(contents: Contents, hint: str) -> None:
    messages = (*contents.enclosed[:3], *(parse_message(data)[0] for data in contents.kept[:3]))
    for message in messages:
        inner = Contents(parts=contents.parts)
        _walk(message, inner, hint, 1, top=True)
        if not inner.text.strip():
            _take_reserve(inner, hint)
        contents.parts = inner.parts
        if inner.text.strip():
            contents.texts += inner.texts
            contents.from_html = inner.from_html
            contents.attachments += inner.attachments
            contents.defect("text_in_enclosed_message")
            return


def walk_types(message: Message) -> Iterator[tuple[str, str]]:
    """The media types of the message and the parts directly in it."""
    yield media_type(message)
    payload = message.get_payload()
    if isinstance(payload, list):
        yield from (media_type(child) for child in payload if isinstance(child, Message))
