"""Messages for tests of routing."""

from datetime import UTC, datetime
from typing import Any

from domain.ids import ChannelId, ExternalId, MatterId, Number, VaultOwner
from domain.messages import MailKind, Message, MessageState

NOW = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


def letter(subject: str, body: str = "", **changes: Any) -> Message:
    number = Number("20260901-portal-000001")
    values: dict[str, Any] = {
        "number": number,
        "channel": ChannelId("portal"),
        "external_id": ExternalId("1"),
        "version": 1,
        "kind": None,
        "mail_kind": MailKind.LETTER,
        "addressed_to": "",
        "subject": subject,
        "body": body,
        "place": "",
        "submitted_at": NOW,
        "registered_at": NOW,
        "matter": MatterId(number),
        "state": MessageState.NEW,
        "sealed": False,
        "owner": VaultOwner("portal:1"),
    }
    return Message(**(values | changes))
