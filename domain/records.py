"""What the store takes and gives beside messages, decisions and events: rows as values."""

from dataclasses import dataclass
from datetime import datetime

from domain.decisions import MatterState
from domain.events import EventType, FeedbackEvent, FeedbackOutcome
from domain.ids import ChannelId, EventId, ExternalId, MatterId, Number, UnitCode, VaultOwner
from domain.messages import MailKind, Manifest, Mark, MessageKind, MessageState


@dataclass(frozen=True, slots=True)
class PollRow:
    """One poll's manifest and the cursor after it. ``fence`` is the token of the lease ``channel:<id>``, 0 where none is used."""

    channel: ChannelId
    at: datetime
    manifest: Manifest
    cursor: str
    fence: int


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A capture that could not be understood. Its bytes are sealed under ``owner`` with the name ``capture``. Its item is
    known from then on, with no number yet; a later capture of it that is understood registers it."""

    poll: int
    channel: ChannelId
    external_id: ExternalId
    owner: VaultOwner
    at: datetime
    reason: str
    list_mark: str
    content_mark: str
    value_version: int


@dataclass(frozen=True, slots=True)
class QuarantineItem:
    """A waiting capture. Its bytes are the sealed value ``capture`` of ``owner`` in version ``value_version``."""

    id: int
    channel: ChannelId
    external_id: ExternalId
    owner: VaultOwner
    at: datetime
    reason: str
    list_mark: str
    value_version: int


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be registered; the store gives number and matter. ``poll`` 0: not from a poll (a replay).

    ``day`` is the date of registration in Asia/Shanghai as ``YYYYMMDD``. ``capture_id`` is the quarantined capture that a
    replay turns into this message, else None.
    """

    poll: int
    channel: ChannelId
    external_id: ExternalId
    owner: VaultOwner
    day: str
    kind: MessageKind | None
    mail_kind: MailKind
    addressed_to: str
    subject: str
    body: str
    place: str
    submitted_at: datetime | None
    registered_at: datetime
    state: MessageState
    reason: str
    list_mark: str
    content_mark: str
    truncated: bool
    in_place: bool
    marks: tuple[Mark, ...]
    capture_id: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """The citizen changed their own words: a new version of ``number``."""

    poll: int
    number: Number
    at: datetime
    kind: MessageKind | None
    addressed_to: str
    subject: str
    body: str
    place: str
    submitted_at: datetime | None
    list_mark: str
    content_mark: str
    truncated: bool
    marks: tuple[Mark, ...]
    capture_id: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """An upstream status or answer to a message we have. ``text`` is masked. It changes no state."""

    poll: int
    number: Number
    at: datetime
    status: str
    text: str
    list_mark: str
    content_mark: str
    capture_id: int | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A message's move. It happens only from ``expected`` and ``version``; ``worker`` "" for a person's step."""

    number: Number
    version: int
    expected: MessageState
    state: MessageState
    matter: MatterId
    sealed: bool
    reason: str
    worker: str = ""
    waived_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenEvent:
    """A department's event and what became of it."""

    event: FeedbackEvent
    outcome: FeedbackOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TextClaim:
    """A person's exact text (their mark's hash, the text's hash), held for the message that brought it."""

    person: bytes
    text_hash: bytes
    number: Number
    at: datetime


@dataclass(frozen=True, slots=True)
class MatterRow:
    """``sequence`` is the last one given; ``promised`` the day promised to the citizen; ``repeat_of`` the earlier matter
    of the same person; ``merged_into`` where its messages went when it was joined to another."""

    id: MatterId
    state: MatterState
    sealed: bool
    sequence: int
    opened_at: datetime
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    promised: datetime | None = None
    repeat_of: MatterId | None = None
    merged_into: MatterId | None = None
    returns: int = 0
    excluded: tuple[UnitCode, ...] = ()


@dataclass(frozen=True, slots=True)
class NewOutbox:
    """An event to store with the change it tells of. ``value`` is the JSON payload, ``headers`` the CloudEvents attributes."""

    event_id: EventId
    type: EventType
    topic: str
    key: MatterId
    sequence: int
    headers: tuple[tuple[str, str], ...]
    value: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """``polled_by``: who held the channel's lease last."""

    id: ChannelId
    kind: str
    state: str
    last_attempt: datetime | None
    last_success: datetime | None
    captured: int
    quarantined: int
    error: str
    polled_by: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """Held until ``until``; writes carry ``token``, and an older token is refused."""

    name: str
    owner: str
    token: int
    until: datetime


@dataclass(frozen=True, slots=True)
class SimilarLetter:
    """A letter of a group that says the same. ``persons`` are the keyed hashes of who wrote it, none for nobody known;
    ``excluded`` are the units that must not know of its matter."""

    letter: int
    number: Number
    matter: MatterId
    state: MessageState
    registered_at: datetime
    persons: frozenset[bytes]
    excluded: tuple[UnitCode, ...]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """``detail`` is a flat JSON-able mapping without personal data."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SealedValue:
    """A ciphertext with the wrapped data key it was made with. ``version`` rises by one for each value of the same name."""

    owner: VaultOwner
    name: str
    version: int
    cipher: bytes
    wrapped_key: bytes
    master_version: int
