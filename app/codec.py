"""Captures and originals as the bytes that the vault seals, and back."""

import base64

import orjson

from domain.ids import ChannelId, ExternalId
from domain.messages import Capture, CapturePart, Draft, UpstreamAnswer
from domain.records import QuarantineItem

CAPTURE = "capture"
ORIGINAL = "original"


def capture_bytes(capture: Capture) -> bytes:
    """The parts behind a JSON header line; the bytes of each part stand as they were fetched."""
    head = [{"name": part.name, "media_type": part.media_type, "bytes": len(part.data)} for part in capture.parts]
    return orjson.dumps(head) + b"\n" + b"".join(part.data for part in capture.parts)


def capture_from(item: QuarantineItem, data: bytes) -> Capture:
    """The quarantined capture again, from its opened sealed value."""
    return Capture(
        channel=ChannelId(item.channel),
        external_id=ExternalId(item.external_id),
        fetched_at=item.at,
        parts=parts_from(data),
        list_mark=item.list_mark,
    )


def parts_from(data: bytes) -> tuple[CapturePart, ...]:
    head, _, rest = data.partition(b"\n")
    parts = []
    for entry in orjson.loads(head):
        parts.append(CapturePart(entry["name"], entry["media_type"], rest[: entry["bytes"]]))
        rest = rest[entry["bytes"] :]
    return tuple(parts)


def original_bytes(draft: Draft) -> bytes:
    """What the citizen wrote, unmasked, and who they are: what a reveal shows."""
    sender = draft.sender
    return orjson.dumps(
        {
            "subject": draft.subject,
            "body": draft.body,
            "addressed_to": draft.addressed_to,
            "place": draft.place,
            "sender": {
                "name": sender.name,
                "phones": sender.phones,
                "id_numbers": sender.id_numbers,
                "emails": sender.emails,
                "account": sender.account,
                "address": sender.address,
                "ip": sender.ip,
            },
        }
    )


def own_words_bytes(draft: Draft) -> bytes:
    """What makes a revision when it changes: the citizen's own words and nothing an office may set."""
    return orjson.dumps([draft.subject, draft.body])


def upstream_bytes(draft: Draft) -> bytes:
    """What makes a note when it changes: upstream status and answers."""
    return orjson.dumps([draft.upstream_status, [_answer(answer) for answer in draft.answers]])


def _answer(answer: UpstreamAnswer) -> list[str]:
    return [answer.unit, answer.text, answer.at.isoformat() if answer.at else ""]


def digest_text(digest: bytes) -> str:
    return base64.b16encode(digest).decode().lower()
