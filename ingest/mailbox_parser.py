"""What a captured mail says, as a draft."""

import re
from datetime import UTC, datetime, timedelta

from domain.errors import RejectItem
from domain.messages import Attachment, Capture, Draft, MailKind, MessageKind, Sender
from ingest.mailbox_config import MailboxConfig
from ingest.mime import MailView, read_mail
from ingest.normalise import own_words
from ingest.personal import find_contacts
from ingest.place_filter import in_place

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_FUTURE = timedelta(days=1)
_KINDS = {
    "咨询": MessageKind.CONSULT,
    "求助": MessageKind.HELP,
    "投诉": MessageKind.COMPLAINT,
    "举报": MessageKind.ACCUSATION,
    "控告": MessageKind.ACCUSATION,
    "检举": MessageKind.ACCUSATION,
    "建议": MessageKind.SUGGESTION,
    "建言": MessageKind.SUGGESTION,
    "感谢": MessageKind.THANKS,
    "表扬": MessageKind.THANKS,
}
_WORDS = "|".join(_KINDS)
_REPLY = r"(?:(?:re|fw|fwd|回复|答复|转发)\s*[:：]\s*){0,5}"
_IN_SUBJECT = re.compile(
    rf"\s*{_REPLY}(?:[【\[〔(（<《]\s*(?P<bracket>{_WORDS})(?:类|信|件)?\s*[】\]〕)）>》]|(?P<colon>{_WORDS})(?:类|信|件)?\s*[:：])",
    re.IGNORECASE,
)
_IN_BODY = re.compile(
    rf"\s*(?:(?:信件|留言|诉求|来信|反映|事项)?(?:类型|类别|性质)\s*[:：]\s*(?P<field>{_WORDS})|[【\[](?P<bracket>{_WORDS})[】\]]|(?P<colon>{_WORDS})\s*[:：])"
)
_FORWARDS = re.compile(r"\s*(?:fwd?|转发|轉發|转寄|轉寄|转)\s*[:：]", re.IGNORECASE)
_COVERING_NOTE = 20
"""Characters up to which the text of a mail that encloses another only passes it on."""
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")
_HAN_NAME = re.compile("[\u3400-\u9fff·]{2,6}")


class MailParser:
    """``domain.ports.Parser`` for mails."""

    def __init__(self, config: MailboxConfig) -> None:
        self._own = frozenset(address.strip().lower() for address in config.own_addresses)
        self._places = config.place_filter

    def understand(self, capture: Capture) -> Draft:
        part = capture.part("message")
        if part is None or not part.data:
            raise RejectItem("the mail has no bytes", remedy="read it in the mailbox")
        view = read_mail(part.data, self._own)
        _require_words(view)
        said = own_words(view.text)
        body, own = view.text, view.text if _FORWARDS.match(view.subject) else said
        if view.beside and sum(map(str.isalnum, said)) <= _COVERING_NOTE:
            # 请阅附件: what comes with it is the letter.
            body = own = f"{view.text}\n\n{view.beside}"
        names = "、".join(one.name for one in view.attachments if one.name)
        submitted = view.date
        if submitted is not None and not _EARLIEST <= submitted <= capture.fetched_at + _FUTURE:
            submitted = None
        return Draft(
            subject=view.subject,
            body=body,
            body_own=own,
            sender=_sender(view, said),
            kind=_kind(view.subject, own),
            mail_kind=view.kind,
            submitted_at=submitted,
            beside="\n\n".join(filter(None, (names and f"附件：{names}", view.beside if body is view.text else ""))),
            attachments=tuple(Attachment(one.name, one.media_type, one.data) for one in view.attachments),
            in_place=in_place(self._places, (view.subject, view.text)),
            thread=view.references,
            defects=view.defects,
        )


def _require_words(view: MailView) -> None:
    """A letter must say something that a person can read, in its subject or its text."""
    if view.kind is not MailKind.LETTER or any(character.isalnum() for character in view.subject):
        return
    if not any(character.isalnum() for character in view.text):
        raise RejectItem(
            "neither subject nor text: nothing in the mail can be read", remedy="look at its attachments in the mailbox"
        )
    if len(_UNREADABLE.findall(view.text)) * 20 > len(view.text):
        raise RejectItem("the mail's text is damaged beyond reading", remedy="ask the sender to write again")


def _sender(view: MailView, own: str) -> Sender:
    """The address is the sender's mark; phones and ID numbers only where the letter calls them the writer's own."""
    contacts = find_contacts(own)
    name = view.sender.name
    if not _HAN_NAME.fullmatch(name) and contacts.names:
        name = contacts.names[0]
    emails = [view.sender.address.lower()] if "@" in view.sender.address else []
    return Sender(name=name, phones=contacts.phones, id_numbers=contacts.id_numbers, emails=tuple(emails))


def _kind(subject: str, body: str) -> MessageKind | None:
    found = _IN_SUBJECT.match(subject) or _IN_BODY.match(body)
    if found is None:
        return None
    return next(_KINDS[word] for word in found.groups() if word)
