"""Header fields of mails as they really come: RFC 2047 words cut inside a character, raw 8-bit bytes, broken folding."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from email.utils import parsedate_tz
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from domain.clock import SHANGHAI
from ingest.mime_charset import read
from ingest.mime_codecs import codec_of

_LONGEST_FIELD = 400_000
_FOLD = re.compile(rb"(?:\r\n|[\r\n])[ \t]*")
_WORD = re.compile(rb"=\?([A-Za-z0-9_.:*\-]{1,60})\?([bBqQ])\?((?:[^?]|\?(?!=))*?)(?:\?=|\Z)", re.DOTALL)
_CONTROL = re.compile("[\x00-\x1f\x7f\u2028\u2029]+")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")


class Part(Message):
    """A part of ``parse_message``'s tree. Its fields are asked for many times each: they are unfolded once."""

    _fields: dict[str, bytes] | None = None

    @property
    def fields(self) -> dict[str, bytes]:
        """The first field of each name, in lower case."""
        if self._fields is None:
            self._fields = {key.lower(): unfolded(_as_bytes(value)) for key, value in reversed(list(self.raw_items()))}
        return self._fields


def raw_field(message: Message, name: str) -> bytes:
    """The first field of that name (lower case) as bytes, unfolded; empty when there is none. Of ``parse_message``'s tree."""
    assert isinstance(message, Part)
    return message.fields.get(name, b"")


def any_field(message: Message, names: frozenset[str]) -> bool:
    """Whether one of those fields (lower case) says anything."""
    assert isinstance(message, Part)
    return not names.isdisjoint(message.fields) and any(message.fields.get(name) for name in names)


def _as_bytes(value: object) -> bytes:
    return str(value)[:_LONGEST_FIELD].encode("latin-1", "replace")


def unfolded(raw: bytes) -> bytes:
    return _FOLD.sub(b" ", raw).strip()


def decode_field(raw: bytes, hint: str = "") -> str:
    """Readable text of an unfolded field: encoded words joined by charset before decoding, other bytes as what they are."""
    if b"=?" not in raw and raw.isascii() and b"\x1b" not in raw and b"~{" not in raw:
        return _without_controls(raw.decode("ascii"))
    text = _decode_words(raw, hint)
    if text.isascii() and "=?" in text and _WORD.search(text.encode()):
        text = _decode_words(text.encode(), hint)
    return _without_controls(text)


def _without_controls(text: str) -> str:
    return (text if text.isprintable() else _CONTROL.sub(" ", text)).strip()


def _decode_words(raw: bytes, hint: str) -> str:
    pieces: list[str] = []
    words: list[tuple[str, str, bytes]] = []
    position = 0
    for word in _WORD.finditer(raw):
        between = raw[position : word.start()]
        if between.strip() or not words:
            pieces.append(_join_words(words))
            words = []
            pieces.append(read(between, hint=hint).text)
        words.append((word[1].decode("ascii"), word[2].decode("ascii").upper(), word[3]))
        position = word.end()
    pieces.append(_join_words(words))
    pieces.append(read(raw[position:], hint=hint).text)
    return "".join(pieces)


def _join_words(words: list[tuple[str, str, bytes]]) -> str:
    """Neighbouring words of one charset decoded as one run of bytes, so that a character cut between two is whole again."""
    if not words:
        return ""
    text = ""
    run = b""
    carried = b""
    current = declared = ""
    for charset, encoding, payload in words:
        codec = codec_of(charset) or charset.lower()
        if codec != current and (run or carried):
            text += read(run + decode_base64(carried), declared).text
            run = carried = b""
        current, declared = codec, charset
        if encoding == "B":
            letters = carried + _NOT_BASE64.sub(b"", payload)
            whole = len(letters) if b"=" in letters else len(letters) - len(letters) % 4
            run += decode_base64(letters[:whole])
            carried = letters[whole:]
        else:
            run += decode_base64(carried) + _decode_q(payload)
            carried = b""
    return text + read(run + decode_base64(carried), declared).text


def _decode_q(payload: bytes) -> bytes:
    return binascii.a2b_qp(payload.replace(b" ", b"_"), header=True)


def decode_base64(data: bytes) -> bytes:
    """As much as the letters give: foreign characters skipped, blocks joined, a missing end filled."""
    letters = _NOT_BASE64.sub(b"", data)
    if len(letters) % 4 == 0 and b"=" not in letters[:-2]:
        return binascii.a2b_base64(letters)
    pieces = []
    for block in re.split(rb"=+", letters):
        usable = block[:-1] if len(block) % 4 == 1 else block
        pieces.append(base64.b64decode(usable + b"=" * (-len(usable) % 4)))
    return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Address:
    """``name`` is the display name, decoded; either may be empty."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name and self.address else self.address or self.name


_ANGLE = re.compile(r"<\s*([^<>]*?)\s*>")
_COMMENT = re.compile(r"\(([^()]*)\)")
_ROUTE = re.compile(r"^@[^:]{1,200}:(?=.*@)")
_BARE_ADDRESS = re.compile(r"[^\s<>()\",;:\[\]]{1,200}@[^\s<>()\",;:]{1,250}")


def first_address(raw: bytes, hint: str = "") -> Address:
    """The first address of an unfolded From, Sender or Reply-To field."""
    text = _readable_outside_words(raw, hint)
    first = _split_first(text)
    angle = list(_ANGLE.finditer(first))
    if angle:
        last = next((one for one in reversed(angle) if "@" in one[1]), angle[-1])
        name = first[: last.start()] if first[: last.start()].strip() else first[last.end() :]
        return Address(_display_name(name, hint), _without_comments(_decoded(last[1], hint)))
    bare = _BARE_ADDRESS.search(first)
    if bare:
        comment = _COMMENT.search(first)
        name = comment[1] if comment else first[: bare.start()] + " " + first[bare.end() :]
        return Address(_display_name(name, hint), _without_comments(_decoded(bare[0], hint)).strip("'\"."))
    return Address(_display_name(first, hint), "")


def _without_comments(address: str) -> str:
    bare = re.sub(r"\s", "", _COMMENT.sub("", address))
    return _ROUTE.sub("", bare)


def _readable_outside_words(raw: bytes, hint: str) -> str:
    """Raw 8-bit parts decoded, encoded words left as they are: GBK bytes can look like @ and backslash."""
    pieces: list[str] = []
    position = 0
    for word in _WORD.finditer(raw):
        pieces += (read(raw[position : word.start()], hint=hint).text, word[0].decode("utf-8", "surrogateescape"))
        position = word.end()
    pieces.append(read(raw[position:], hint=hint).text)
    return "".join(pieces)


def _split_first(text: str) -> str:
    """Up to the first comma or semicolon that stands outside quotes, brackets and encoded words and ends an address."""
    if "," not in text and ";" not in text:
        return text
    quoted = False
    depth = 0
    for place, character in enumerate(text):
        if character == '"' and text[place - 1 : place] != "\\":
            quoted = not quoted
        elif not quoted and character in "<(":
            depth += 1
        elif not quoted and character in ">)":
            depth = max(0, depth - 1)
        elif character in ",;" and not quoted and not depth and "@" in text[:place]:
            return text[:place]
    return text


def _display_name(text: str, hint: str) -> str:
    name = _decoded(text, hint).strip()
    name = re.sub(r"\\(.)", r"\1", name.strip().strip('"').strip())
    return _CONTROL.sub(" ", name).strip(" \"'“”,;:").strip()


def _decoded(text: str, hint: str) -> str:
    return decode_field(text.encode("utf-8", "surrogateescape"), hint)


_PARAMETER = re.compile(
    rb";\s*([A-Za-z0-9_\-]{1,40})(\*[0-9]{1,3})?(\*)?\s*=\s*(?:\"((?:[^\"\\]|\\.)*)(?:\"|\Z)|([^;]*))", re.DOTALL
)


@lru_cache(maxsize=512)
def parameter(raw: bytes, name: str, hint: str = "") -> str:
    """A parameter of an unfolded Content-Type or Content-Disposition: RFC 2231, RFC 2047 where it does not belong, or raw."""
    pieces: dict[int, tuple[bytes, bool]] = {}
    plain: bytes | None = None
    for found in _PARAMETER.finditer(raw):
        if found[1].lower() != name.encode():
            continue
        value = re.sub(rb"\\([\"\\])", rb"\1", found[4]) if found[4] is not None else found[5].strip()
        if found[2] or found[3]:
            pieces.setdefault(int(found[2][1:]) if found[2] else 0, (value, bool(found[3])))
        elif plain is None:
            plain = value
    if pieces:
        return _rfc2231(pieces, hint)
    return "" if plain is None else _plain_parameter(plain, hint)


def _rfc2231(pieces: dict[int, tuple[bytes, bool]], hint: str) -> str:
    charset = ""
    data = b""
    for place, (number, (value, encoded)) in enumerate(sorted(pieces.items())):
        del number
        if place == 0 and encoded and value.count(b"'") >= 2:
            declared, _, value = value.split(b"'", 2)
            charset = declared.decode("ascii", "replace")
        data += unquote_to_bytes(value) if encoded else value
    if b"=?" in data:
        return decode_field(data, hint)
    return _CONTROL.sub("", read(data, charset, hint).text).strip()


def _plain_parameter(value: bytes, hint: str) -> str:
    if b"=?" in value:
        return decode_field(value, hint)
    if b"%" in value and re.fullmatch(rb"[^%]*(?:%[0-9A-Fa-f]{2}[^%]*)+", value):
        text = read(unquote_to_bytes(value), hint=hint)
        if not text.damaged and not text.text.isascii():
            return _CONTROL.sub("", text.text).strip()
    return _CONTROL.sub("", read(value, hint=hint).text).strip()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HAN_MONTHS = ("一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月")
_NUMERIC_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\s*T?\s*(?:(上午|下午|AM|PM)\s*)?(?:(\d{1,2})\s*[:时點点]\s*(\d{1,2})(?:\s*[:分]\s*(\d{1,2}))?)?"
    r"(?:\.\d+)?\s*秒?\s*(Z|(?:GMT|UTC)?[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


def parse_date(raw: bytes, *, chinese: bool = False) -> datetime | None:
    """An aware time, or None for nonsense. Without a zone it is China's; ``CST`` too, where the mail is Chinese."""
    text = decode_field(raw[:400])
    for number in range(0 if text.isascii() else 12, 0, -1):
        for han in (_HAN_MONTHS[number - 1], f" {number}月 "):
            if han in text and not re.search(r"\d{4}\s*年", text):
                text = text.replace(han, f" {_MONTHS[number - 1]} ")
    try:
        return _standard_date(text, chinese) or _numeric_date(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _standard_date(text: str, chinese: bool) -> datetime | None:
    if re.match(r"\s*\d{4}\s*[-/.年]", text):
        return None
    parsed = parsedate_tz(re.sub(r"^[^\x00-\x7f]+[,，]?\s*", "", text))
    if parsed is None:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    zone = parsed[9]
    if "CST" in text and not re.search(r"[+-]\d{4}", text):
        zone = 8 * 3600 if chinese else -6 * 3600
    moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    if not zone and re.search(r"[+-]\d{4}|\b(?:UTC|GMT|UT|Z|WET)\b", text) is None:
        return moment.replace(tzinfo=SHANGHAI)
    return moment.replace(tzinfo=timezone(timedelta(seconds=zone)) if zone else UTC)


def _numeric_date(text: str) -> datetime | None:
    found = _NUMERIC_DATE.search(text)
    if found is None:
        return None
    hour = int(found[5] or 0)
    if found[4] and found[4].upper() in ("下午", "PM") and hour < 12:
        hour += 12
    moment = datetime(
        int(found[1]), int(found[2]), int(found[3]), hour, int(found[6] or 0), min(int(found[7] or 0), 59), tzinfo=SHANGHAI
    )
    zone = (found[8] or "").upper().removeprefix("GMT").removeprefix("UTC").replace(":", "")
    if zone == "Z":
        return moment.replace(tzinfo=UTC)
    if zone:
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        return moment.replace(tzinfo=timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes)))
    return moment
