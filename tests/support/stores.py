"""Stores for the contract suite, and rows to put into them. Every implementation is a function from a folder to a URL."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.decisions import Assignment, AssignmentState, Deadline, Decision, Outcome, Role
from domain.events import EventType
from domain.ids import AssignmentId, ChannelId, EventId, ExternalId, MatterId, Number, UnitCode, VaultOwner
from domain.messages import MailKind, Manifest, Mark, MessageKind, MessageState
from domain.records import NewMessage, NewOutbox, PollRow, QuarantineRow, Revision, Settlement
from store.migrate import upgrade
from store.unit_of_work import SqlStore
from tests.support import databases

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
BOARD = ChannelId("board")
WATER = UnitCode("water")
ROADS = UnitCode("roads")


def sqlite_url(folder: Path) -> str:
    url = empty_sqlite(folder)
    upgrade(url)
    return url


def empty_sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'store.db'}"


def postgresql_url(_: Path) -> str:
    """A database of its own, copied from one that was migrated; ``discard`` removes it."""
    return databases.new_store()


def empty_postgresql(_: Path) -> str:
    return databases.new()


def discard(url: str) -> None:
    """Removes a store's database where it is one of a server's; a file goes with its folder."""
    if url.startswith("postgresql"):
        databases.drop(url)


MAKERS: dict[str, Callable[[Path], str]] = {"sqlite": sqlite_url, "postgresql": postgresql_url}
"""Stores ready for use."""

EMPTY: dict[str, Callable[[Path], str]] = {"sqlite": empty_sqlite, "postgresql": empty_postgresql}
"""Where a store can be made."""


def mark(word: str, kind: str = "phone") -> Mark:
    return Mark(kind, word.encode().ljust(16, b"."), 1)


def owner_of(external_id: str) -> VaultOwner:
    return VaultOwner(f"owner-{external_id}")


def new_message(
    external_id: str,
    *,
    poll: int = 0,
    channel: ChannelId = BOARD,
    at: datetime = NOW,
    day: str = "20261120",
    state: MessageState = MessageState.NEW,
    marks: tuple[Mark, ...] = (),
    submitted_at: datetime | None = None,
    body: str = "正文",
    capture_id: int | None = None,
) -> NewMessage:
    return NewMessage(
        poll=poll,
        channel=channel,
        external_id=ExternalId(external_id),
        owner=owner_of(external_id),
        day=day,
        kind=MessageKind.HELP,
        mail_kind=MailKind.LETTER,
        addressed_to="市长",
        subject=f"主题 {external_id}",
        body=body,
        place="东区",
        submitted_at=submitted_at,
        registered_at=at,
        state=state,
        reason="",
        list_mark="list-1",
        content_mark="content-1",
        truncated=False,
        in_place=True,
        marks=marks,
        capture_id=capture_id,
    )


def revision(number: Number, *, poll: int = 0, body: str = "改后正文", marks: tuple[Mark, ...] = ()) -> Revision:
    return Revision(
        poll=poll,
        number=number,
        at=NOW + timedelta(hours=1),
        kind=MessageKind.COMPLAINT,
        addressed_to="市长",
        subject="改后主题",
        body=body,
        place="西区",
        submitted_at=NOW,
        list_mark="list-2",
        content_mark="content-2",
        truncated=True,
        marks=marks,
    )


def quarantine_row(external_id: str, poll: int = 0) -> QuarantineRow:
    return QuarantineRow(poll, BOARD, ExternalId(external_id), owner_of(external_id), NOW, "no subject", "list-1", "content-1", 1)


def poll_row(listed: int, unchanged: int, captured: int, *, cursor: str = "c1", fence: int = 0, at: datetime = NOW) -> PollRow:
    return PollRow(BOARD, at, Manifest(listed, unchanged, captured), cursor, fence)


def settled(
    number: Number,
    state: MessageState,
    *,
    expected: MessageState = MessageState.NEW,
    version: int = 1,
    worker: str = "",
    matter: Number | None = None,
    sealed: bool = False,
    waived: tuple[str, ...] = (),
) -> Settlement:
    return Settlement(number, version, expected, state, MatterId(matter or number), sealed, "why", worker, waived)


def deadline() -> Deadline:
    return Deadline(NOW + timedelta(days=7), 5, False, "chinesecalendar 2026")


def decision(number: Number, *, lead: UnitCode = WATER, actor: str = "", excluded: tuple[UnitCode, ...] = ()) -> Decision:
    return Decision(
        number, 1, Outcome.DISPATCH, "model", NOW, lead=lead, deadline=deadline(), actor=actor, excluded=excluded, threshold=0.8
    )


def assignment(
    number: Number, unit: UnitCode = WATER, *, state: AssignmentState = AssignmentState.SENT, sealed: bool = False, n: int = 1
) -> Assignment:
    ident = AssignmentId(f"{number}.{unit}.{n}")
    return Assignment(ident, MatterId(number), unit, Role.LEAD, state, "请办理", NOW, deadline(), sealed=sealed)


def outbox_record(number: Number, sequence: int, topic: str = "fenban.unit.water") -> NewOutbox:
    headers = (("id", f"{number}.{sequence}"), ("type", "assigned"))
    return NewOutbox(EventId(f"{number}.{sequence}"), EventType.ASSIGNED, topic, MatterId(number), sequence, headers, "{}", NOW)


def register(
    store: SqlStore, *external_ids: str, marks: tuple[Mark, ...] = (), state: MessageState = MessageState.NEW
) -> list[Number]:
    """Registers messages in a transaction of their own and returns their numbers."""
    with store.unit_of_work() as uow:
        numbers = uow.messages.register([new_message(name, marks=marks, state=state) for name in external_ids])
        uow.commit()
    return numbers
