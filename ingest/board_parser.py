"""The board parser: what a captured thread says. A pure function of the capture's bytes."""

import re

from lxml import etree

from domain.errors import RejectItem
from domain.messages import Capture, Draft, MessageKind, Sender, UpstreamAnswer
from ingest.board import BoardConfig
from ingest.board_detail import read_post
from ingest.board_records import Thread, thread_of
from ingest.decode import declared_charset, decode
from ingest.html_text import tidy
from ingest.place_filter import in_place
from ingest.portal_json import read_json, scalar
from ingest.portal_parser import kind_of

TYPES: dict[str, MessageKind] = {
    "1": MessageKind.CONSULT,
    "2": MessageKind.COMPLAINT,
    "5": MessageKind.SUGGESTION,
    "6": MessageKind.HELP,
    "9": MessageKind.THANKS,
}
"""咨询 投诉 建言 求助 感谢."""

_NOBODY = re.compile(r"\*|匿名|^(?:人民网)?网友\d*$")
_ODD = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError, etree.LxmlError)


class BoardParser:
    """``domain.ports.Parser``."""

    def __init__(self, config: BoardConfig) -> None:
        self._config = config

    def understand(self, capture: Capture) -> Draft:
        try:
            return self._understand(capture)
        except RejectItem:
            raise
        except _ODD:
            raise RejectItem("the board's record is malformed") from None

    def _understand(self, capture: Capture) -> Draft:
        record = capture.part("list")
        if record is None:
            raise RejectItem("the capture has no list record")
        thread = thread_of(read_json(record.data.decode("utf-8", "replace")))
        if thread.problem:
            raise RejectItem(thread.problem)
        body, truncated, defects = self._body(capture, thread)
        subject = " ".join(thread.text("subject").split())
        forum, place = thread.text("forumName"), _place(thread)
        if not body and not subject:
            raise RejectItem("the post has no text")
        return Draft(
            subject=subject or body.split("\n", 1)[0][:30],
            body=body or subject,
            body_own=body or subject,
            sender=self._sender(thread),
            kind=_kind(thread),
            addressed_to=forum,
            place=place,
            submitted_at=thread.time("dateline") or thread.time("createDateline"),
            upstream_status=thread.text("stateInfo"),
            answers=_answers(thread),
            in_place=in_place(self._config.place_filter, (place, thread.text("from"), forum, subject, body)),
            truncated=truncated,
            defects=defects,
        )

    def _body(self, capture: Capture, thread: Thread) -> tuple[str, bool, tuple[str, ...]]:
        if not thread.cut:
            return thread.content, False, ()
        detail = capture.part("detail")
        if detail is None:
            if self._config.details:
                raise RejectItem("the post's own page could not be had")
            return thread.content, True, ()
        decoded = decode(detail.data, declared_charset(detail.media_type))
        return tidy(read_post(decoded.text, thread.content)), False, decoded.defects

    def _sender(self, thread: Thread) -> Sender:
        """A masked name is none. The account counts only when it is somebody's; the IP address is a mark and never sameness."""
        name, user = thread.text("nickName"), scalar(thread.fields.get("userId")).strip()
        real = re.fullmatch(r"[1-9]\d{0,19}", user) is not None
        return Sender(
            name="" if _NOBODY.search(name) else name,
            account=f"{self._config.site}:{user}" if real else "",
            ip=thread.text("ip"),
        )


def _kind(thread: Thread) -> MessageKind | None:
    """An accusation by its name, else by the type's number, else by the type's name."""
    named = kind_of(thread.text("typeName"), {})
    if named is MessageKind.ACCUSATION:
        return named
    return TYPES.get(scalar(thread.fields.get("typeId")), named)


def _place(thread: Thread) -> str:
    return thread.text("threadPlace") or " ".join(thread.text("from").split())


def _answers(thread: Thread) -> tuple[UpstreamAnswer, ...]:
    text = thread.text("answerContent")
    if not text:
        return ()
    at = thread.time("answerDateline") or thread.time("lastAnswerTime")
    return (UpstreamAnswer(thread.text("answerOrganization"), text, at),)
