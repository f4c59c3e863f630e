"""A mail's bytes to what it says."""

import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from domain.errors import RejectItem
from domain.messages import MailKind
from ingest.mime_charset import read
from ingest.mime_codecs import codec_of
from ingest.mime_headers import Address, decode_field, first_address, parameter, parse_date, raw_field
from ingest.mime_kind import kind_of
from ingest.mime_parts import AttachedFile, beside, gather
from ingest.mime_tree import parse_message

__all__ = ["Address", "AttachedFile", "MailView", "read_mail"]

LARGEST_MAIL = 100_000_000
"""Bytes; what is larger is refused unread."""

_REFERENCE = re.compile(r"<[^<>\s]{1,400}>")
_KNOWN_FIELD = re.compile(
    rb"(?im)^(?:from|to|subject|date|received|message-id|mime-version|content-[a-z-]+|return-path|cc|sender|reply-to|delivered-to|"
    rb"x-[a-z0-9-]+)[ \t]*:"
)
_CHINESE_CODECS = frozenset({"gb18030", "big5hkscs", "hz", "iso2022_cn"})


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail as read. ``text`` is whole and uncut; ``beside`` is what attached texts and enclosed mails say; ``date`` aware or None;
    ``message_id`` with its angle brackets, or empty; ``references`` the Message-IDs it answers, oldest first; ``defects`` names what
    was broken, in snake case, quoting nothing.
    """

    kind: MailKind
    subject: str
    sender: Address
    date: datetime | None
    message_id: str
    references: tuple[str, ...]
    text: str
    beside: str
    html_only: bool
    attachments: tuple[AttachedFile, ...]
    defects: tuple[str, ...]


def read_mail(data: bytes, own_addresses: Collection[str] = ()) -> MailView:
    """Reads a mail of any make. ``own_addresses`` are the office's, lower case.

    Raises RejectItem for bytes that are empty or no mail at all, and for nothing else.
    """
    data = _trimmed(data)
    message, defects = parse_message(data)
    hint = _hint(message)
    contents = gather(message, hint)
    subject = decode_field(raw_field(message, "subject"), hint)
    sender = _sender(message, hint, own_addresses)
    date_field = raw_field(message, "date")
    date = parse_date(date_field, chinese=codec_of(hint) in _CHINESE_CODECS or not subject.isascii()) if date_field else None
    defects += contents.defects
    if not date_field:
        defects.append("no_date")
    elif date is None:
        defects.append("date_unreadable")
    if not sender.address:
        defects.append("no_sender_address")
    if not contents.text.strip():
        defects.append("no_text")
    return MailView(
        kind=kind_of(message, sender, subject, own_addresses),
        subject=subject,
        sender=sender,
        date=date,
        message_id=decode_field(raw_field(message, "message-id")),
        references=_references(message),
        text=contents.text,
        beside=beside(contents, hint) if contents.reserve or contents.enclosed or contents.kept else "",
        html_only=contents.from_html,
        attachments=tuple(contents.attachments),
        defects=tuple(dict.fromkeys(defects)),
    )


def _sender(message: Message, hint: str, own_addresses: Collection[str]) -> Address:
    """Who wrote; of a web form that sends in the office's own name, whom its Reply-To names."""
    sender = first_address(raw_field(message, "from"), hint)
    if sender.address.lower() in own_addresses and raw_field(message, "reply-to"):
        asked = first_address(raw_field(message, "reply-to"), hint)
        return asked if "@" in asked.address else sender
    return sender


def _trimmed(data: bytes) -> bytes:
    """Without what stores put before the first field (mbox lines, byte order marks, empty lines)."""
    if not data.strip():
        raise RejectItem("the mail is empty", remedy="look at it in the mailbox and delete it there if it is nothing")
    if len(data) > LARGEST_MAIL:
        raise RejectItem(f"the mail is larger than {LARGEST_MAIL // 1_000_000} MB", remedy="read it in the mailbox")
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    data = data.lstrip(b"\r\n")
    if data.startswith((b"From ", b">From ")):
        data = data.split(b"\n", 1)[1] if b"\n" in data else data
    if _KNOWN_FIELD.search(data[:200_000]) is None:
        raise RejectItem("this is no mail: it has no header fields", remedy="give a message as a mail server stores it (.eml)")
    return data


def _hint(message: Message) -> str:
    """The charset that the mail declares first: for fields that hold raw bytes."""
    for part in itertools.islice(message.walk(), 20):
        charset = parameter(raw_field(part, "content-type"), "charset")
        if codec_of(charset):
            return charset
    return ""


def _references(message: Message) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in ("references", "in-reply-to"):
        for reference in _REFERENCE.findall(read(raw_field(message, name)).text):
            found[reference] = None
    return tuple(found)
