"""Rows as domain values."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from domain.ids import ChannelId, ExternalId, MatterId, Number, VaultOwner
from domain.messages import MailKind, Message, MessageKind, MessageState
from store.codes import get_marks, get_words
from store.schema import messages as m
from store.schema import versions as v
from store.times import from_us, maybe_time

KINDS = {kind.value: kind for kind in MessageKind}
MAIL_KINDS = {kind.value: kind for kind in MailKind}
STATES = {state.value: state for state in MessageState}

MESSAGE_COLUMNS = (
    m.c.number,
    m.c.channel,
    m.c.external_id,
    m.c.version,
    v.c.kind,
    m.c.mail_kind,
    v.c.addressed_to,
    v.c.subject,
    v.c.body,
    v.c.place,
    v.c.submitted_at,
    m.c.registered_at,
    m.c.matter,
    m.c.state,
    m.c.sealed,
    m.c.owner,
    v.c.truncated,
    m.c.in_place,
    m.c.reason,
    m.c.waived_rules,
    m.c.marks,
)
JOINED = m.join(v, (v.c.message_id == m.c.id) & (v.c.version == m.c.version))


def message_query(*more: Any) -> Select[Any]:
    """The messages in their current version; ``more`` columns follow those of a message."""
    return select(*MESSAGE_COLUMNS, *more).select_from(JOINED)


def to_message(row: Sequence[Any]) -> Message:
    return Message(
        Number(row[0]),
        ChannelId(row[1]),
        ExternalId(row[2]),
        row[3],
        KINDS[row[4]] if row[4] else None,
        MAIL_KINDS[row[5]],
        row[6],
        row[7],
        row[8],
        row[9],
        maybe_time(row[10]),
        from_us(row[11]),
        MatterId(row[12]),
        STATES[row[13]],
        row[14] != 0,
        VaultOwner(row[15]),
        row[16] != 0,
        row[17] != 0,
        row[18],
        get_words(row[19]),
        get_marks(row[20]),
    )
