"""The parts of a mail: which hold the letter's text, which are attachments, and what each says in bytes."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message

from ingest.html_text import html_to_text
from ingest.mime_charset import read
from ingest.mime_forms import is_stub, of_calendar, same_text, says_else
from ingest.mime_headers import decode_field, parameter, raw_field
from ingest.mime_payload import UUENCODED, clean_lines, decoded_payload, payload_bytes, unflowed, uudecode
from ingest.mime_smime import signed_content
from ingest.mime_tnef import open_tnef
from ingest.mime_tree import flattened, is_kept, media_type, parse_message

_DEEPEST = 40
_DEEPEST_ENCLOSED = 8
_MOST_PARTS = 2000
_MOST_BESIDE, _LONGEST_BESIDE = 3, 20_000
_BOUNDARY_LINE = re.compile(rb"(?m)^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=[A-Za-z-]+:)")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{2,30})", re.IGNORECASE)


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
    elif main == "multipart" and not is_kept(part):
        _unsplit(part, contents, hint, depth)
    else:
        _leaf(part, contents, main, sub, hint, depth, top=top)


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
    if plain is None or rich is None:
        chosen = [one for one in (plain, rich) if one is not None]
    elif is_stub(plain.text, rich.text):
        chosen = [rich]
    else:
        chosen = [plain, rich] if says_else(rich.text, plain.text) else [plain]
    for one in chosen:
        contents.texts += one.texts
        contents.from_html = contents.from_html or (one.from_html and len(chosen) == 1)


def _enclosed(part: Message, payload: Sequence[object], contents: Contents, main: str, sub: str, hint: str) -> None:
    """A message of a digest, which the parser opens by itself."""
    children = [child for child in payload if isinstance(child, Message)]
    contents.attach(_file_name(part, hint), f"{main}/{sub}", b"".join(map(flattened, children)))
    contents.enclosed += children


def _unsplit(part: Message, contents: Contents, hint: str, depth: int) -> None:
    """A multipart without its boundary: the boundary is looked for in the body, else the body is one text."""
    _defects_of(part, contents)
    contents.defect("no_boundary")
    body = payload_bytes(part)
    boundary = _BOUNDARY_LINE.search(body)
    if boundary is not None and depth < _DEEPEST:
        quoted = boundary[1].replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        main, sub = media_type(part)
        again, _ = parse_message(f'Content-Type: {main}/{sub}; boundary="'.encode() + quoted + b'"\n\n' + body)
        if again.is_multipart():
            _walk(again, contents, hint, depth + 1)
            return
    contents.texts.append(clean_lines(read(body, hint=hint).text))


def _leaf(part: Message, contents: Contents, main: str, sub: str, hint: str, depth: int, *, top: bool) -> None:
    _defects_of(part, contents)
    data = decoded_payload(part, contents.defect)
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
    if sub in ("pkcs7-mime", "x-pkcs7-mime") and depth < _DEEPEST and (signed := signed_content(data)) is not None:
        _walk(parse_message(signed)[0], contents, hint, depth + 1, top=top)
    if data.strip() and name.lower().endswith(".eml") and depth < _DEEPEST:
        contents.kept.append(data)
    if sub == "calendar":
        contents.reserve.append(("plain", of_calendar(read(data, charset, hint).text).encode(), "utf-8"))
    by_name = re.search(r"\.(txt|html?)$", name.lower())
    if data.strip() and (by_name or sub in ("plain", "html")):
        contents.reserve.append(("html" if sub == "html" or (by_name and by_name[1] != "txt") else "plain", data, charset))


def _add_text(part: Message, data: bytes, sub: str, charset: str, contents: Contents, hint: str) -> None:
    if sub != "html":
        data = _without_uuencoded(data, contents)
    text = _text(data, sub, charset, contents, hint)
    if sub == "plain" and b"flowed" in raw_field(part, "content-type").lower():
        text = unflowed(text, parameter(raw_field(part, "content-type"), "delsp").lower() == "yes")
    if sub == "html" and contents.texts and same_text(text, contents.text):
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
    return clean_lines(reading.text)


def _without_uuencoded(data: bytes, contents: Contents) -> bytes:
    def taken(found: re.Match[bytes]) -> bytes:
        contents.attach(read(found[1]).text.strip(), "application/octet-stream", uudecode(found[2]))
        return b""

    return UUENCODED.sub(taken, data) if b"begin " in data else data


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
        shown = html_to_text(text) if html else clean_lines(text)
        contents.reserve.append(("plain", shown.encode(), "utf-8"))
    for file_name, file_type, file_data in opened.files:
        contents.attach(file_name, file_type, file_data)
    if not opened.files and not opened.texts:
        contents.attach(name, kind, data)


def beside(contents: Contents, hint: str) -> str:
    """What comes with the text and is not of it: attached texts, enclosed mails, each as far as it says something else."""
    found: dict[str, None] = {}
    for sub, data, charset in contents.reserve[:_MOST_BESIDE]:
        found[_text(data, sub, charset, Contents(), hint)] = None
    enclosed = [*contents.enclosed, *(parse_message(data)[0] for data in contents.kept[:_MOST_BESIDE])]
    for message in enclosed[:_MOST_BESIDE]:
        inner = Contents(parts=contents.parts)
        _walk(message, inner, hint, 1, top=True)
        if not inner.text.strip():
            _take_reserve(inner, hint)
        if not inner.text.strip():
            _take_enclosed(inner, hint)
        contents.parts = inner.parts
        if inner.text not in contents.text:
            found[f"{decode_field(raw_field(message, 'subject'), hint)}\n{inner.text}".strip()] = None
    return "\n\n".join(text for text in found if text.strip() and text not in contents.text)[:_LONGEST_BESIDE]


def _take_reserve(contents: Contents, hint: str) -> None:
    for sub, data, charset in contents.reserve:
        text = _text(data, sub, charset, contents, hint)
        if text.strip():
            contents.texts.append(text)
            contents.from_html = sub == "html"
            contents.defect("text_in_attachment")
            return


def _take_enclosed(contents: Contents, hint: str, depth: int = 1) -> None:
    messages = (*contents.enclosed[:3], *(parse_message(data)[0] for data in contents.kept[:3]))
    for message in messages:
        if contents.parts > _MOST_PARTS:
            return
        inner = Contents(parts=contents.parts)
        _walk(message, inner, hint, 1, top=True)
        if not inner.text.strip():
            _take_reserve(inner, hint)
        if not inner.text.strip() and depth < _DEEPEST_ENCLOSED:
            _take_enclosed(inner, hint, depth + 1)
        contents.parts = inner.parts
        if inner.text.strip():
            contents.texts += inner.texts
            contents.from_html = inner.from_html
            contents.attachments += inner.attachments
            contents.defect("text_in_enclosed_message")
            return
