"""Collects a mailbox over IMAP, without changing anything in it before the mails are committed.

The cursor is (UIDVALIDITY, last UID). When UIDVALIDITY changes, up or down, all UIDs are void: everything is read again, and
what was seen before is known by the SHA-256 of its bytes.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.errors import BadSettings, RetryLater
from domain.ids import ExternalId
from domain.messages import Batch, Capture, CapturePart, CaptureReject, Manifest
from domain.ports import Clock, Seen
from ingest.mailbox_ahead import Ahead
from ingest.mailbox_config import MailboxConfig
from ingest.mailbox_session import FetchRefused, Session, require_safe, tls_context

__all__ = ["MailboxCollector", "MailboxConfig"]

MEDIA_TYPE = "message/rfc822"
_HEAD_BYTES = 65_536
_PATIENCE = 3
_LAST_PATIENCE = 10
_RECOVERED = 500
_UNTOLD = -1
_NOT_DELIVERED = "the server does not deliver this mail"


@dataclass(frozen=True, slots=True)
class _Mail:
    """``reason``: why it cannot be taken in."""

    uid: int
    data: bytes
    reason: str


@dataclass(slots=True)
class _Harvest:
    """What a poll gathers. ``last`` is the UID up to which everything is fetched or gone."""

    last: int
    mails: list[_Mail] = field(default_factory=list)
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Listing:
    """A folder's UIDs as they were listed; a mail that came since has a UID from ``next_uid`` on."""

    validity: int
    next_uid: int
    first: int
    uids: list[int]


class MailboxCollector:
    """``domain.ports.Collector`` for one folder. Keeps its connection between polls. Raises BadSettings for unsafe settings."""

    def __init__(self, config: MailboxConfig, seen: Seen, clock: Clock) -> None:
        require_safe(config.host, config.tls, config.channel)
        if config.after == "move" and config.move_to == config.folder:
            raise BadSettings([f"channel {config.channel}: move_to is the folder that is read → name another folder"])
        self._config = config
        self._seen = seen
        self._clock = clock
        self._session: Session | None = None
        self._failures: dict[tuple[int, int], int] = {}
        self._known: set[tuple[int, int]] = set()
        self._owed: set[tuple[int, int]] = set()
        self._recover_to: tuple[int, int] | None = None
        self._recovered = False
        self._listing: _Listing | None = None

    def poll(self, cursor: str) -> Batch:
        """The next mails after the cursor. Raises RetryLater, HaltForPerson; nothing moved then."""
        session = self._open()
        try:
            return self._poll(session, cursor)
        except RetryLater:
            self._drop()
            raise

    def acknowledge(self, refs: Sequence[str]) -> None:
        """Marks or moves committed mails, as ``after`` says. Refs of another UIDVALIDITY are left alone. Safe to repeat.

        Raises RetryLater, HaltForPerson; what it could not do is done with the next call.
        """
        if self._config.after == "none" or not refs:
            return
        self._owed |= {
            (int(given), int(uid)) for given, _, uid in (ref.partition(":") for ref in refs) if given.isdigit() and uid.isdigit()
        }
        self._owed |= self._known
        session = self._open()
        try:
            validity, _, _ = session.select(self._config.folder, readonly=False)
            uids = {uid for given, uid in self._owed if given == validity}
            if self._recover_to and self._recover_to[0] == validity:
                last = self._recover_to[1]
                uids.update(session.uids_from(max(1, last - _RECOVERED), last))
            self._treat(session, sorted(uids))
        except RetryLater:
            self._drop()
            raise
        self._owed.clear()
        self._recover_to = None

    def look(self) -> int:
        """Logs in and opens the folder; how many mails it holds. Reads none. Raises RetryLater, HaltForPerson."""
        _, held, _ = self._open().select(self._config.folder, readonly=True)
        return held

    def close(self) -> None:
        self._drop()

    def _treat(self, session: Session, uids: Sequence[int]) -> None:
        for start in range(0, len(uids), 500):
            some = uids[start : start + 500]
            if self._config.after == "seen":
                if unseen := session.uids_among(some, "UNSEEN"):
                    session.mark_seen(unseen)
            elif present := session.uids_among(some, "UNDELETED"):
                session.move(present, self._config.move_to)

    def _open(self) -> Session:
        if self._session is not None and self._session.alive():
            return self._session
        self._drop()
        config = self._config
        trust = tls_context(config.channel, config.certificate) if config.tls else None
        session = Session(config.channel, config.host, config.port, trust, config.timeout, config.deadline)
        try:
            session.login(config.username, config.password)
        except BaseException:
            session.close()
            raise
        self._session = session
        return session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _poll(self, session: Session, cursor: str) -> Batch:
        validity, exists, next_uid = session.select(self._config.folder, readonly=True)
        last = _last_uid(cursor, validity)
        self._known.clear()
        if not self._recovered and self._config.after != "none" and last > 0:
            # An earlier process may have ended between commit and acknowledgement; what lies before the cursor is committed.
            self._recover_to = (validity, last)
        self._recovered = True
        nothing_new = exists == 0 or (next_uid and next_uid <= last + 1)
        uids = [] if nothing_new else self._list(session, validity, next_uid, last + 1)
        harvest = _Harvest(last)
        if wanted := uids[: self._config.batch_messages]:
            self._gather(session, validity, wanted, harvest)
        captures, rejects, unchanged = self._account(validity, harvest.mails)
        return Batch(
            captures=tuple(captures),
            rejects=tuple(rejects),
            manifest=Manifest(len(captures) + len(rejects) + unchanged, unchanged, len(captures) + len(rejects)),
            cursor=json.dumps({"uidvalidity": validity, "last_uid": harvest.last}),
            more=bool(uids) and harvest.last < uids[-1] and not harvest.stopped,
        )

    def _list(self, session: Session, validity: int, next_uid: int, first: int) -> list[int]:
        """UIDs from ``first`` on. A long folder is listed once, not at every poll that takes a part of it."""
        known = self._listing
        if known is None or not next_uid or (known.validity, known.next_uid) != (validity, next_uid) or first < known.first:
            known = self._listing = _Listing(validity, next_uid, first, session.uids_from(first))
        return known.uids[bisect_left(known.uids, first) :]

    def _gather(self, session: Session, validity: int, uids: Sequence[int], harvest: _Harvest) -> None:
        """What came before a fault stands, and a mail that cannot be had stands alone."""
        sizes = _sizes(session, uids)
        ahead = Ahead(uids, {uid: size for uid, size in sizes.items() if 0 <= size <= self._config.max_bytes})
        budget = self._config.batch_bytes
        for place, uid in enumerate(uids):
            size = sizes.get(uid)
            if size is not None:
                cost = min(max(0, size), self._config.max_bytes)
                if harvest.mails and cost > budget:
                    return
                try:
                    session = self._take(session, validity, uid, size, ahead, harvest)
                except RetryLater:
                    self._drop()
                    harvest.stopped = True
                    if harvest.mails:
                        return
                    if not self._is_poison(validity, uid, uids[place + 1 :]):
                        raise
                    harvest.mails.append(_Mail(uid, b"", "the server breaks off whenever this mail is fetched"))
                    harvest.last = uid
                    return
                budget -= cost
            self._failures.pop((validity, uid), None)
            harvest.last = uid

    def _take(self, session: Session, validity: int, uid: int, size: int, ahead: Ahead, harvest: _Harvest) -> Session:
        """Fetches a mail; the session to go on with. A mail that is gone since it was listed is nobody's any more."""
        try:
            mail = self._fetch(session, uid, size, ahead)
        except RetryLater:
            if not ahead.together:
                raise
            # Many were asked for together: one by one it shows at which of them the connection breaks.
            ahead.alone()
            self._drop()
            session = self._open()
            if session.select(self._config.folder, readonly=True)[0] != validity:
                raise
            mail = self._fetch(session, uid, size, ahead)
        if mail is not None:
            harvest.mails.append(mail)
        return session

    def _fetch(self, session: Session, uid: int, size: int, ahead: Ahead) -> _Mail | None:
        if size == _UNTOLD:
            return _Mail(uid, b"", _NOT_DELIVERED)
        large = size > self._config.max_bytes
        try:
            data = session.head(uid, _HEAD_BYTES) if large else ahead.body(session, uid)
        except FetchRefused:
            data = None
        if not data and not session.uids_among([uid]):
            return None
        if large:
            reason = f"the mail has {size} bytes, more than the {self._config.max_bytes} allowed: only its header fields are kept"
        elif data is None:
            reason = _NOT_DELIVERED
        else:
            reason = "" if data else "the mail is empty"
        return _Mail(uid, data or b"", reason)

    def _is_poison(self, validity: int, uid: int, next_uids: Sequence[int]) -> bool:
        """Whether it is this mail that breaks the connection and not the network: it did so again and again, always right
        after a login that went well, while another mail can be fetched."""
        self._failures[validity, uid] = failures = self._failures.get((validity, uid), 0) + 1
        if failures < _PATIENCE:
            return False
        session = self._open()
        if session.select(self._config.folder, readonly=True)[0] != validity:
            return False
        return session.body(next_uids[0]) is not None if next_uids else failures >= _LAST_PATIENCE

    def _account(self, validity: int, mails: Sequence[_Mail]) -> tuple[list[Capture], list[CaptureReject], int]:
        """Counts each mail once: new ones, those refused with the reason, and how many were seen before."""
        channel = self._config.channel
        by_id: dict[ExternalId, _Mail] = {}
        for mail in mails:
            if by_id.setdefault(_external_id(validity, mail.uid, mail.data), mail) is not mail:
                self._known.add((validity, mail.uid))
        seen = self._seen.seen(channel, list(by_id)) if by_id else {}
        captures: list[Capture] = []
        rejects: list[CaptureReject] = []
        for external_id, mail in by_id.items():
            if external_id in seen:
                self._known.add((validity, mail.uid))
                continue
            part = CapturePart("message", MEDIA_TYPE, mail.data)
            capture = Capture(channel, external_id, self._clock.now(), (part,), ref=f"{validity}:{mail.uid}")
            if mail.reason:
                rejects.append(CaptureReject(capture, mail.reason))
            else:
                captures.append(capture)
        return captures, rejects, len(seen)


def _sizes(session: Session, uids: Sequence[int]) -> dict[int, int]:
    """Bytes of each mail that still is there; ``_UNTOLD`` where the server does not say it even of that mail alone."""
    try:
        found = session.sizes(uids)
    except FetchRefused:
        found = {}
    for uid in session.uids_among([uid for uid in uids if uid not in found]):
        try:
            found[uid] = session.sizes([uid]).get(uid, _UNTOLD)
        except FetchRefused:
            found[uid] = _UNTOLD
    return found


def _external_id(validity: int, uid: int, data: bytes | None) -> ExternalId:
    """The SHA-256 of the bytes, or of the mail's place where there are none."""
    return ExternalId(hashlib.sha256(data or f"{validity}:{uid}".encode()).hexdigest())


def _last_uid(cursor: str, validity: int) -> int:
    """The last UID read, 0 when the cursor is empty, unreadable or of another UIDVALIDITY: then all is read again."""
    try:
        known = json.loads(cursor) if cursor else {}
        return int(known["last_uid"]) if known.get("uidvalidity") == validity else 0
    except (ValueError, KeyError, TypeError, AttributeError):
        return 0
