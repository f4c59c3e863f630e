"""Rows as domain values."""

from collections.abc import Sequence
from typing import Any

from domain.ids import ChannelId, ExternalId, MatterId, Number, VaultOwner
from domain.messages import MailKind, Message, MessageKind, MessageState
from store.codes import get_marks, get_words
from store.times import from_us, maybe_time

KINDS = {kind.value: kind for kind in MessageKind}
MAIL_KINDS = {kind.value: kind for kind in MailKind}
STATES = {state.value: state for state in MessageState}

MESSAGE_COLUMNS = (
    "m.number, m.channel, m.external_id, m.version, v.kind, m.mail_kind, v.addressed_to, v.subject, v.body, v.place, "
    "v.submitted_at, m.registered_at, m.matter, m.state, m.sealed, m.owner, v.truncated, m.in_place, m.reason, m.waived_rules, m.marks"
)
CURRENT_VERSION = "JOIN versions v ON v.message_id = m.id AND v.version = m.version"
MESSAGES = f"SELECT {MESSAGE_COLUMNS} FROM messages m {CURRENT_VERSION}"
"""Messages in their current version, for ``to_message``."""


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
