"""What comes in: captures as fetched, drafts as understood, messages as registered."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.ids import ChannelId, ExternalId, MatterId, Number, VaultOwner


class ChannelKind(StrEnum):
    PORTAL = "portal"
    BOARD = "board"
    MAILBOX = "mailbox"


class MessageKind(StrEnum):
    """What the citizen wants: 咨询, 求助, 投诉, 举报, 建议, 感谢."""

    CONSULT = "consult"
    HELP = "help"
    COMPLAINT = "complaint"
    ACCUSATION = "accusation"
    SUGGESTION = "suggestion"
    THANKS = "thanks"


class MailKind(StrEnum):
    """Only a letter is worked on; the other kinds are registered and filtered."""

    LETTER = "letter"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    LIST = "list"
    OWN = "own"


class MessageState(StrEnum):
    NEW = "new"
    HELD = "held"
    REJECTED = "rejected"
    FILTERED = "filtered"
    IN_REVIEW = "in_review"
    SEALED_REVIEW = "sealed_review"
    JOINED = "joined"
    DISPATCHED = "dispatched"
    OUT_OF_REMIT = "out_of_remit"


class CaptureOutcome(StrEnum):
    """What became of a capture. A replayed one leaves QUARANTINED for one of the others."""

    REGISTERED = "registered"
    REVISED = "revised"
    NOTED = "noted"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class CapturePart:
    """Bytes exactly as a channel gave them. ``name``: ``list`` (the list's record), ``detail`` or ``message``.

    ``media_type`` keeps a declared charset (``text/html; charset=gb2312``); it is a hint, never believed over the bytes.
    """

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Capture:
    """One item as fetched, before anything was understood of it.

    ``list_mark`` is a digest of the list's record without click counts: equal marks need no second fetch.
    ``ref`` is what the collector's ``acknowledge`` takes once the capture is committed (a mail's UID), else empty.
    """

    channel: ChannelId
    external_id: ExternalId
    fetched_at: datetime
    parts: tuple[CapturePart, ...]
    list_mark: str = ""
    ref: str = ""

    def part(self, name: str) -> CapturePart | None:
        return next((part for part in self.parts if part.name == name), None)


@dataclass(frozen=True, slots=True)
class CaptureReject:
    """A capture that its collector already knows cannot be understood (gone upstream, empty, too large)."""

    capture: Capture
    reason: str


@dataclass(frozen=True, slots=True)
class SeenItem:
    """What the store knows of an item of a channel. ``fetched_at`` is its last fetch."""

    list_mark: str
    content_mark: str
    fetched_at: datetime
    number: Number | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one poll listed before its cursor, counted while reading the lists and not from the captures.

    ``listed = unchanged + captured`` must hold, an item counting once a poll; ``unchanged`` are items seen before whose
    list record differs in nothing but click counts and that were not fetched again, or whose fetched bytes were seen before.
    """

    listed: int
    unchanged: int
    captured: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One poll's harvest. ``cursor`` is committed with it; ``more`` says that polling again at once would bring more.

    ``next_at`` (monotonic seconds, None for the channel's own rhythm) is the earliest moment for the next poll.
    """

    captures: tuple[Capture, ...]
    rejects: tuple[CaptureReject, ...]
    manifest: Manifest
    cursor: str
    more: bool = False
    next_at: float | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote, as the channel says it: in the vault and nowhere else. Empty strings and tuples where nothing is known.

    ``account`` is an upstream account with its site (``people.com.cn:3897827``); ``ip`` the mark of an anonymous sender.
    """

    name: str = ""
    phones: tuple[str, ...] = ()
    id_numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    account: str = ""
    address: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """An answer that the channel itself shows beside the letter."""

    unit: str
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A capture as understood: decoded, HTML turned to text, nothing masked yet.

    ``body`` is the citizen's own text whole; ``body_own`` the same without quoted mails and signatures (equal where there
    are none). ``kind`` None: not said. ``in_place`` False: the channel's place filter excludes it. ``submitted_at`` None:
    no usable time was given. ``truncated``: only the list's cut text is known. ``thread`` are Message-IDs it answers.
    ``beside``: names of attached files and what attached texts say, seen by the screens alone unless it accuses.
    """

    subject: str
    body: str
    body_own: str
    sender: Sender
    kind: MessageKind | None = None
    mail_kind: MailKind = MailKind.LETTER
    addressed_to: str = ""
    place: str = ""
    submitted_at: datetime | None = None
    upstream_status: str = ""
    answers: tuple[UpstreamAnswer, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    in_place: bool = True
    truncated: bool = False
    thread: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One look-up mark of a sender: a keyed hash, with the version of the key that made it. Never the value."""

    kind: str
    hash: bytes
    key_version: int


@dataclass(frozen=True, slots=True)
class Message:
    """A registered message as every later step sees it: masked text, no sender."""

    number: Number
    channel: ChannelId
    external_id: ExternalId
    version: int
    kind: MessageKind | None
    mail_kind: MailKind
    addressed_to: str
    subject: str
    body: str
    place: str
    submitted_at: datetime | None
    registered_at: datetime
    matter: MatterId
    state: MessageState
    sealed: bool
    owner: VaultOwner
    truncated: bool = False
    in_place: bool = True
    reason: str = ""
    waived_rules: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = field(default=())

    @property
    def written_at(self) -> datetime:
        """When it was submitted, or registered where the channel gave no time."""
        return self.submitted_at or self.registered_at
