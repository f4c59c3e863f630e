"""Collects a mailbox over IMAP, without changing anything in it before the mails are committed.

The cursor is (UIDVALIDITY, last UID). When UIDVALIDITY changes, up or down, all UIDs are void: everything is read again, and
what was seen before is known by the SHA-256 of its bytes.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.errors import BadSettings, RetryLater
from domain.ids import ExternalId
from domain.messages import Batch, Capture, CapturePart, CaptureReject, Manifest
from domain.ports import Clock, Seen
from ingest.mailbox_config import MailboxConfig
from ingest.mailbox_session import FetchRefused, Session, require_safe

__all__ = ["MailboxCollector", "MailboxConfig"]

MEDIA_TYPE = "message/rfc822"
_HEAD_BYTES = 65_536
_PATIENCE = 3
_LAST_PATIENCE = 10
_RECOVERED = 500


@dataclass(slots=True)
class _Harvest:
    """What a poll gathers. ``last`` is the UID up to which everything is accounted for."""

    last: int
    listed: int = 0
    unchanged: int = 0
    captures: list[Capture] = field(default_factory=list)
    rejects: list[CaptureReject] = field(default_factory=list)
    ids: set[ExternalId] = field(default_factory=set)
    stopped: bool = False


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
        session = Session(config.channel, config.host, config.port, config.tls, config.timeout, config.deadline)
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
        uids = [] if nothing_new else session.uids_from(last + 1)
        wanted = uids[: self._config.batch_messages]
        harvest = _Harvest(last)
        if wanted:
            self._gather(session, validity, wanted, harvest)
        return Batch(
            captures=tuple(harvest.captures),
            rejects=tuple(harvest.rejects),
            manifest=Manifest(harvest.listed, harvest.unchanged, len(harvest.captures) + len(harvest.rejects)),
            cursor=json.dumps({"uidvalidity": validity, "last_uid": harvest.last}),
            more=bool(uids) and harvest.last < uids[-1] and not harvest.stopped,
        )

    def _gather(self, session: Session, validity: int, uids: Sequence[int], harvest: _Harvest) -> None:
        """Fetches one by one: what came before a fault stands, and a mail that cannot be had stands alone."""
        sizes = session.sizes(uids)
        budget = self._config.batch_bytes
        for place, uid in enumerate(uids):
            size = sizes.get(uid)
            if size is not None and harvest.listed and min(size, self._config.max_bytes) > budget:
                return
            try:
                if size is not None and not self._take(session, validity, uid, size, harvest):
                    size = None
            except RetryLater:
                self._drop()
                harvest.stopped = True
                if harvest.listed:
                    return
                if not self._is_poison(validity, uid, uids[place + 1 :]):
                    raise
                self._add(validity, uid, b"", "the server breaks off whenever this mail is fetched", harvest)
                return
            self._failures.pop((validity, uid), None)
            budget -= min(size or 0, self._config.max_bytes)
            harvest.last = uid

    def _take(self, session: Session, validity: int, uid: int, size: int, harvest: _Harvest) -> bool:
        """Fetches a mail and accounts for it. False when it is gone since it was listed: nobody's mail any more."""
        large = size > self._config.max_bytes
        try:
            data = session.head(uid, _HEAD_BYTES) if large else session.body(uid)
        except FetchRefused:
            data = None
        if not data and not session.uids_among([uid]):
            return False
        if large:
            reason = f"the mail has {size} bytes, more than the {self._config.max_bytes} allowed: only its header fields are kept"
        elif data is None:
            reason = "the server does not deliver this mail"
        else:
            reason = "" if data else "the mail is empty"
        self._add(validity, uid, data or b"", reason, harvest)
        return True

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

    def _add(self, validity: int, uid: int, data: bytes, reason: str, harvest: _Harvest) -> None:
        """Counts the mail once, as new, seen before, or refused with the reason."""
        external_id = _external_id(validity, uid, data)
        harvest.last = uid
        if external_id in harvest.ids:
            self._known.add((validity, uid))
            return
        harvest.ids.add(external_id)
        harvest.listed += 1
        if self._seen.seen(self._config.channel, [external_id]):
            harvest.unchanged += 1
            self._known.add((validity, uid))
            return
        part = CapturePart("message", MEDIA_TYPE, data)
        capture = Capture(self._config.channel, external_id, self._clock.now(), (part,), ref=f"{validity}:{uid}")
        if reason:
            harvest.rejects.append(CaptureReject(capture, reason))
        else:
            harvest.captures.append(capture)


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
