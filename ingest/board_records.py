"""The board's list records: envelope, fields, and the mark that tells a changed record from a merely clicked one."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.errors import RejectItem
from domain.ids import ExternalId
from ingest.html_text import text_of
from ingest.portal_dates import parse_time
from ingest.portal_json import read_json, scalar

CUT_AT = 100
"""Characters of ``content`` in a list; a longer post ends in "..." there."""

_CLICKS = frozenset(
    {"favNum", "likesNum", "fav", "userFavStatus", "readState", "position", "markState", "collectId", "hurryAuthority"}
    | {"leaderAttention", "hasReported"}
)
_HIGHLIGHT = re.compile(r"</?label\b[^<>]{0,200}>", re.IGNORECASE)
_LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Thread:
    """One record. ``moment`` is the later of when it was written and checked; ``cut`` says that the text goes on elsewhere."""

    record: bytes
    external_id: ExternalId
    mark: str
    fields: Mapping[str, Any]
    content: str
    cut: bool
    moment: datetime
    problem: str = ""

    def text(self, name: str) -> str:
        """A field as readable text, search highlights removed; empty for null."""
        return plain(scalar(self.fields.get(name)))

    def time(self, name: str) -> datetime | None:
        return parse_time(scalar(self.fields.get(name)))


def plain(text: str) -> str:
    """Readable text of a field: search highlights taken out without leaving gaps, HTML turned to text."""
    return text_of(_HIGHLIGHT.sub("", text))


def read_page(text: str) -> list[Thread]:
    """The records of a list answer. Raises RejectItem when it is not a success: HTTP 200 says nothing here."""
    document = read_json(text)
    if not isinstance(document, dict):
        raise RejectItem("the answer is no envelope")
    if document.get("success") is not True or document.get("result") != "success":
        code = scalar(document.get("code"))[:20]
        raise RejectItem(
            "the answer says that it failed" + (f" (code {code})" if re.fullmatch(r"[A-Za-z0-9]{1,20}", code) else "")
        )
    listed = document.get("responseData")
    if not isinstance(listed, list):
        raise RejectItem("the answer holds no list")
    return [thread_of(entry) for entry in listed]


def thread_of(entry: object) -> Thread:
    """One record as the collector and the parser see it."""
    fields = entry if isinstance(entry, dict) else {}
    record = json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace")
    kept = {name: value for name, value in fields.items() if name not in _CLICKS}
    mark = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    tid = scalar(fields.get("tid")).strip()
    content = plain(scalar(fields.get("content")))
    problem = ""
    if not re.fullmatch(r"\d{1,20}", tid) or tid == "0":
        problem, tid = "the board's record lacks its tid", f"row-{mark[:24]}"
    elif not content and not plain(scalar(fields.get("subject"))):
        problem = "the board's record lacks subject and content"
    moments = [parse_time(scalar(fields.get(name))) for name in ("dateline", "threadsCheckTime")]
    return Thread(
        record=record,
        external_id=ExternalId(tid),
        mark=mark,
        fields=fields,
        content=content,
        cut=is_cut(scalar(fields.get("content"))),
        moment=max((moment for moment in moments if moment is not None), default=_LONG_AGO),
        problem=problem,
    )


def is_cut(content: str) -> bool:
    """The list's text ends where the list cuts (measured as it came), and not where the citizen stopped."""
    return len(content) >= CUT_AT and content.rstrip().endswith(("...", "…"))
