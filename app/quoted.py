"""What a mail quotes, encloses or calls its files is no part of its message, unless it accuses: then it must be seen by the
screens and by who reviews."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.register_plan import masked
from domain.ids import ChannelId, ExternalId, MatterId, Number, VaultOwner
from domain.messages import Draft, Message, MessageState

Seals = Callable[[Message], bool]
"""Whether a message would be sealed."""


def with_quoted_accusation(draft: Draft, channel: ChannelId, now: datetime, seals: Seals) -> Draft:
    """The draft, its quotes and signature, or all that came with it, among the writer's words where those would not be sealed and
    the whole would."""
    if (draft.body == draft.body_own and not draft.beside) or seals(_as_message(draft, draft.body_own, channel, now)):
        return draft
    if draft.body != draft.body_own and seals(_as_message(draft, draft.body, channel, now)):
        return replace(draft, body_own=draft.body)
    if not draft.beside:
        return draft
    whole = f"{draft.body}\n\n{draft.beside}"
    # Also by itself: beside a long letter an accusing file name weighs little.
    accuses = any(seals(_as_message(draft, said, channel, now)) for said in (draft.beside, whole))
    return replace(draft, body_own=whole) if accuses else draft


def _as_message(draft: Draft, body: str, channel: ChannelId, now: datetime) -> Message:
    """As the screens will see it; it has no number yet."""
    return Message(
        number=Number(""),
        channel=channel,
        external_id=ExternalId(""),
        version=1,
        kind=draft.kind,
        mail_kind=draft.mail_kind,
        addressed_to=draft.addressed_to,
        subject=masked(draft.subject, draft),
        body=masked(body, draft),
        place=draft.place,
        submitted_at=draft.submitted_at,
        registered_at=now,
        matter=MatterId(""),
        state=MessageState.NEW,
        sealed=False,
        owner=VaultOwner(""),
    )
