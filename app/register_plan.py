"""Everything that registering a batch will write, made outside the transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from app.codec import CAPTURE, ORIGINAL, capture_bytes, original_bytes
from domain.clock import SHANGHAI
from domain.errors import RetryLater
from domain.ids import ChannelId, ExternalId, Number, VaultOwner
from domain.messages import Capture, CaptureOutcome, Draft, MailKind, Manifest, MessageState, SeenItem
from domain.ports import UnitOfWork, Vault
from domain.records import NewMessage, Note, PollRow, QuarantineRow, Revision, SealedValue
from ingest.mask import NAME_MASK, mask
from ingest.normalise import normalise
from ingest.personal import find_contacts


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a batch's captures; ``unchanged`` were fetched and found as they were."""

    registered: int = 0
    revised: int = 0
    noted: int = 0
    quarantined: int = 0
    unchanged: int = 0
    filtered: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A capture with what was understood of it, before it is known whether it is new."""

    capture: Capture
    owner: VaultOwner
    draft: Draft | None
    reason: str
    own_mark: str
    upstream_mark: str

    @property
    def content_mark(self) -> str:
        return f"{self.own_mark}:{self.upstream_mark}"


@dataclass(frozen=True, slots=True)
class Poll:
    """What a poll stores beside its items."""

    channel: ChannelId
    cursor: str
    fence: int
    manifest: Manifest


class RegisterPlan:
    """Everything a batch will write, made outside the transaction."""

    def __init__(self, vault: Vault, now: datetime, seen: Mapping[ExternalId, SeenItem]) -> None:
        self.vault = vault
        self.now = now
        self.day = now.astimezone(SHANGHAI).strftime("%Y%m%d")
        self.seen = dict(seen)
        self.new: list[partial[NewMessage]] = []
        self.filtered = 0
        self.new_sealed: list[list[SealedValue]] = []
        self.revisions: list[Revision] = []
        self.notes: list[Note] = []
        self.quarantine: list[QuarantineRow] = []
        self.touched: list[tuple[ChannelId, ExternalId, str, datetime]] = []
        self.sealed: list[SealedValue] = []

    def add(self, item: Item, existing: Sequence[SealedValue], *, capture_id: int | None = None) -> CaptureOutcome:
        known = self.seen.get(item.capture.external_id)
        if item.draft is None:
            return self._add_refused(item, known, existing)
        if known is None or known.number is None:
            self._add_new(item, item.draft, existing, capture_id)
            return CaptureOutcome.REGISTERED
        own, _, upstream = known.content_mark.partition(":")
        if own != item.own_mark:
            self._add_revision(item, item.draft, known.number, existing, capture_id)
            return CaptureOutcome.REVISED
        if upstream != item.upstream_mark:
            self._add_note(item, item.draft, known.number, existing, capture_id)
        else:
            self._touch(item)
        return CaptureOutcome.NOTED

    def write(self, uow: UnitOfWork, poll: "Poll | None") -> Registered:
        fetched = len(self.new) + len(self.revisions) + len(self.notes) + len(self.quarantine)
        poll_id = 0
        if poll is not None:
            manifest = Manifest(poll.manifest.listed, poll.manifest.unchanged + len(self.touched), fetched)
            poll_id = uow.captures.record_poll(PollRow(poll.channel, self.now, manifest, poll.cursor, poll.fence))
        numbers = uow.messages.register([new(poll=poll_id) for new in self.new]) if self.new else []
        if "" in numbers:
            raise RetryLater("another process registered the same items", remedy="they are looked at again")
        sealed = list(self.sealed)
        for values in self.new_sealed:
            sealed += values
        if self.revisions:
            uow.messages.revise([replace(revision, poll=poll_id) for revision in self.revisions])
        if self.notes:
            uow.messages.note([replace(note, poll=poll_id) for note in self.notes])
        if self.quarantine:
            uow.captures.quarantine([replace(row, poll=poll_id) for row in self.quarantine])
        for channel in {channel for channel, *_ in self.touched}:
            uow.captures.touch(channel, [(ident, mark, at) for name, ident, mark, at in self.touched if name == channel])
        uow.vault.put(sealed)
        return Registered(
            registered=len(self.new),
            revised=len(self.revisions),
            noted=len(self.notes),
            quarantined=len(self.quarantine),
            unchanged=len(self.touched),
            filtered=self.filtered,
        )

    def _seal(self, item: Item, values: list[tuple[str, bytes]], existing: Sequence[SealedValue]) -> list[SealedValue]:
        return self.vault.seal(item.owner, values, existing=existing)

    def _add_new(self, item: Item, draft: Draft, existing: Sequence[SealedValue], capture_id: int | None) -> None:
        capture = item.capture
        state, reason = MessageState.NEW, ""
        if draft.mail_kind is not MailKind.LETTER:
            state, reason = MessageState.FILTERED, f"mail:{draft.mail_kind}"
        elif not draft.in_place:
            state, reason = MessageState.FILTERED, "place"
        subject, body = _masked_letter(draft)
        values = [(ORIGINAL, original_bytes(draft))]
        if capture_id is None:
            values.insert(0, (CAPTURE, capture_bytes(capture)))
        self.new_sealed.append(self._seal(item, values, existing))
        self.filtered += state is MessageState.FILTERED
        self.new.append(
            partial(
                NewMessage,
                channel=capture.channel,
                external_id=capture.external_id,
                owner=item.owner,
                day=self.day,
                kind=draft.kind,
                mail_kind=draft.mail_kind,
                addressed_to=masked(draft.addressed_to, draft),
                subject=subject,
                body=body,
                place=masked(draft.place, draft),
                submitted_at=draft.submitted_at,
                registered_at=self.now,
                state=state,
                reason=reason,
                list_mark=capture.list_mark,
                content_mark=item.content_mark,
                truncated=draft.truncated,
                in_place=draft.in_place,
                marks=self.vault.marks(draft.sender),
                capture_id=capture_id,
            )
        )
        self.seen[capture.external_id] = SeenItem(capture.list_mark, item.content_mark, self.now, Number(""))

    def _add_revision(
        self, item: Item, draft: Draft, number: Number, existing: Sequence[SealedValue], capture_id: int | None
    ) -> None:
        values = [(ORIGINAL, original_bytes(draft))]
        if capture_id is None:
            values.insert(0, (CAPTURE, capture_bytes(item.capture)))
        self.sealed += self._seal(item, values, existing)
        subject, body = _masked_letter(draft)
        self.revisions.append(
            Revision(
                poll=0,
                number=number,
                at=self.now,
                kind=draft.kind,
                addressed_to=masked(draft.addressed_to, draft),
                subject=subject,
                body=body,
                place=masked(draft.place, draft),
                submitted_at=draft.submitted_at,
                list_mark=item.capture.list_mark,
                content_mark=item.content_mark,
                truncated=draft.truncated,
                marks=self.vault.marks(draft.sender),
                capture_id=capture_id,
            )
        )

    def _add_note(
        self, item: Item, draft: Draft, number: Number, existing: Sequence[SealedValue], capture_id: int | None
    ) -> None:
        if capture_id is None:
            self.sealed += self._seal(item, [(CAPTURE, capture_bytes(item.capture))], existing)
        text = "\n".join(
            json.dumps({"unit": answer.unit, "text": masked(answer.text, draft)}, ensure_ascii=False) for answer in draft.answers
        )
        self.notes.append(
            Note(
                poll=0,
                number=number,
                at=self.now,
                status=masked(draft.upstream_status, draft),
                text=text,
                list_mark=item.capture.list_mark,
                content_mark=item.content_mark,
                capture_id=capture_id,
            )
        )

    def _add_refused(self, item: Item, known: SeenItem | None, existing: Sequence[SealedValue]) -> CaptureOutcome:
        if known is not None and known.content_mark == item.content_mark:
            self._touch(item)
            return CaptureOutcome.NOTED
        values = self._seal(item, [(CAPTURE, capture_bytes(item.capture))], existing)
        self.sealed += values
        self.quarantine.append(
            QuarantineRow(
                poll=0,
                channel=item.capture.channel,
                external_id=item.capture.external_id,
                owner=item.owner,
                at=self.now,
                reason=item.reason,
                list_mark=item.capture.list_mark,
                content_mark=item.content_mark,
                value_version=values[0].version,
            )
        )
        return CaptureOutcome.QUARANTINED

    def _touch(self, item: Item) -> None:
        self.touched.append((item.capture.channel, item.capture.external_id, item.capture.list_mark, self.now))


def masked(text: str, draft: Draft) -> str:
    """Normalised, and personal data replaced by what it is, the sender's own name too."""
    return masked_text(text, (draft.sender.name,) if draft.sender.name else ())


def _masked_letter(draft: Draft) -> tuple[str, str]:
    """Title and text; a name that one of them gives as the writer's own is masked in both."""
    subject, body = masked(draft.subject, draft), masked(draft.body_own, draft)
    if NAME_MASK in subject or NAME_MASK in body:
        given = find_contacts(normalise(draft.subject)).names + find_contacts(normalise(draft.body_own)).names
        names = tuple(name for name in given if name != draft.sender.name)
        if names:
            return mask(subject, names), mask(body, names)
    return subject, body


def masked_text(text: str, names: tuple[str, ...] = ()) -> str:
    return mask(normalise(text), names) if text else ""
