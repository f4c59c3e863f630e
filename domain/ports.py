"""The seams. Each has at most five methods, one fake, and one contract suite run on every implementation."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from domain.choices import ChoiceState, Chosen
from domain.decisions import Assignment, Decision, Suggestion
from domain.events import (
    Delivery,
    FeedbackType,
    OutboxRecord,
    OutboxState,
    ReminderStage,
    TopicRecord,
)
from domain.ids import AssignmentId, ChannelId, EventId, ExternalId, MatterId, Number, UnitCode, VaultOwner
from domain.messages import Batch, Capture, CaptureOutcome, Draft, Mark, Message, MessageState, SeenItem, Sender
from domain.records import (
    AuditEntry,
    ChannelStatus,
    Lease,
    MatterRow,
    NewMessage,
    NewOutbox,
    Note,
    PollRow,
    QuarantineItem,
    QuarantineRow,
    Revision,
    SealedValue,
    Settlement,
    SimilarLetter,
    TakenEvent,
    TextClaim,
)
from domain.standings import Standing, Standings


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that only rise; for intervals."""

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Waits, and returns True at once when ``stop`` is set."""


class Seen(Protocol):
    def seen(self, channel: ChannelId, external_ids: Sequence[ExternalId]) -> Mapping[ExternalId, SeenItem]:
        """Those of the items that the store knows. Read while polling, outside of any transaction."""


class Collector(Protocol):
    """Never writes upstream in ``poll``; never waits longer than its own politeness (``min_interval`` per host)."""

    def poll(self, cursor: str) -> Batch:
        """The next batch after ``cursor`` ("" at first). Raises RetryLater (nothing moved) or HaltForPerson.

        A passing fetch failure after some items stops the batch and its cursor there; with no item yet it is raised.
        """

    def acknowledge(self, refs: Sequence[str]) -> None:
        """Marks or moves upstream what is committed. Safe to repeat; does nothing where a channel has no such thing."""

    def close(self) -> None: ...


class Parser(Protocol):
    def understand(self, capture: Capture) -> Draft:
        """What the capture says. Raises RejectItem with a reason that quotes nothing of the item; never anything else."""


class Classifier(Protocol):
    @property
    def version(self) -> str:
        """Names the model in decisions; empty when there is none."""

    def suggest(self, texts: Sequence[tuple[str, str]], top: int = 5) -> list[tuple[Suggestion, ...]]:
        """For each masked (subject, body) the ``top`` units, most probable first, with the words that spoke."""


class Publisher(Protocol):
    def publish(self, records: Sequence[OutboxRecord]) -> list[Delivery]:
        """One Delivery per record, in order. Raises nothing for a record's sake; RetryLater when nothing can be sent."""

    def close(self) -> None: ...


class Feed(Protocol):
    def poll(self, limit: int) -> list[TopicRecord]:
        """The next records of all feedback topics, oldest first; the same again until ``commit``."""

    def commit(self) -> None:
        """What was polled is done with."""

    def close(self) -> None: ...


class Reader(Protocol):
    def read(self, limit: int) -> list[TopicRecord]:
        """The next records of one topic; none when nothing more is there. Raises HaltForPerson when it may not be read."""

    def commit(self) -> None:
        """The group is done with what was read; does nothing without a group."""

    def close(self) -> None: ...


class Topics(Publisher, Protocol):
    """All topics, wherever they are kept. A feed and a reader belong to one thread each and are closed by who asked for them."""

    def append(self, topic: str, key: str, headers: Sequence[tuple[str, str]], value: str, at: datetime) -> int:
        """Appends one record and returns its offset. Raises RetryLater or HaltForPerson when it is not taken."""

    def reader(self, topic: str, group: str = "") -> Reader:
        """From where the group stopped; without one from the start."""

    def feed(self, group: str) -> Feed:
        """The feedback of all departments, as this group of consumers sees it."""


class Vault(Protocol):
    """Seals values under one data key per owner. Ciphertexts are bound to owner, name and version (AAD)."""

    def seal(
        self, owner: VaultOwner, values: Sequence[tuple[str, bytes]], *, existing: Sequence[SealedValue] = ()
    ) -> list[SealedValue]:
        """Compressed and encrypted, to be stored by ``UnitOfWork.vault.put`` in the same transaction as what they belong to."""

    def marks(self, sender: Sender) -> tuple[Mark, ...]:
        """Keyed hashes of phones, ID numbers, e-mails and account, normalised first; none for a masked or empty value."""

    def open(self, value: SealedValue) -> bytes:
        """The plain bytes. Raises HaltForPerson when the key is missing, shredded or wrong, or the value was swapped."""

    def rewrap(self, value: SealedValue) -> SealedValue:
        """The same value with its data key wrapped by the newest master key."""

    def digest(self, value: bytes) -> bytes:
        """A 16-byte keyed digest: equal for equal values, and no help in guessing them."""


class CaptureRepository(Protocol):
    def seen(self, channel: ChannelId, external_ids: Sequence[ExternalId]) -> Mapping[ExternalId, SeenItem]:
        """What is known of these items. In a writing unit of work nobody else registers on the channel until it ends: what
        is seen stays so."""

    def record_poll(self, poll: PollRow) -> int:
        """Stores manifest and cursor and returns the poll's id. Raises LeaseLost when ``poll.fence`` is not the channel's."""

    def touch(self, channel: ChannelId, marks: Sequence[tuple[ExternalId, str, datetime]]) -> None:
        """New list mark and fetch time of items that were fetched again and had not changed."""

    def quarantine(self, rows: Sequence[QuarantineRow]) -> list[int]:
        """Stores captures that wait for a person; returns their ids."""

    def resolve(self, capture_id: int, *, outcome: CaptureOutcome, at: datetime) -> None:
        """Takes a waiting capture out of quarantine as registered, revised or noted. Raises Refused when it does not wait."""


class MessageRepository(Protocol):
    def register(self, messages: Sequence[NewMessage]) -> list[Number]:
        """Gives numbers without gaps and stores message, version 1, item, marks and matter. An item that already has
        a number raises nothing and gets no number: its place in the list is "" (a second worker was faster)."""

    def revise(self, revisions: Sequence[Revision]) -> None:
        """A new version each; the message becomes NEW, and every rule looks at it again: what was waived is no longer."""

    def note(self, notes: Sequence[Note]) -> None: ...

    def claim(self, worker: str, limit: int, now: datetime, until: datetime) -> list[Message]:
        """Up to ``limit`` NEW messages nobody else holds, oldest first, the worker's until ``until``; with their marks. What
        it still holds from before comes again: a worker that was killed takes up its own."""

    def settle(self, settlements: Sequence[Settlement]) -> list[Number]:
        """Moves messages (state, matter, sealed, reason) and ends their claim; returns those that were no longer in the
        expected state and version, which were left as they were."""


class SamenessRepository(Protocol):
    """What joining needs; sealed matters never appear in an answer."""

    def by_marks(
        self, marks: Sequence[Mark], since: datetime, known: Mapping[Number, Message] = ...
    ) -> list[tuple[bytes, Message]]:
        """(hash, message) of the unsealed messages of these persons registered or submitted since then, oldest first.
        ``known`` are messages in hand: they are answered as they are and not read again."""

    def claim_text(self, person: bytes, text_hash: bytes, number: Number, at: datetime, within_hours: int) -> Number:
        """Holds (person, text) for ``number`` unless another holds it within the window; returns who holds it. Unique by
        a constraint that two concurrent workers cannot both pass."""

    def claim_new_texts(self, claims: Sequence[TextClaim]) -> set[tuple[bytes, bytes, Number]]:
        """Claims what nobody has held so far, in one go; of two claims to one text the first holds it. (person, text, number)
        of those that are the number's now; the others are for ``claim_text`` to decide one by one."""


class ReadRepository(Protocol):
    """Looking things up by number or state. The caller filters by who may see: these answer everything, sealed too."""

    def messages(self, numbers: Sequence[Number]) -> dict[Number, Message]: ...

    def of_matters(self, matters: Sequence[MatterId]) -> dict[MatterId, list[Message]]:
        """The messages of each matter, oldest first."""

    def in_state(self, states: Sequence[MessageState], limit: int = 1000) -> list[Message]:
        """Oldest first."""

    def quarantined(self, ids: Sequence[int] | None = None, limit: int = 1000) -> list[QuarantineItem]:
        """Captures that wait now, oldest first; all of them, or those of these ids."""

    def outstanding(self, matter: MatterId) -> list[OutboxRecord]:
        """The matter's records that are pending or parked, oldest first."""

    def waiting_repeats(self, matters: Sequence[MatterId]) -> list[MatterId]:
        """Ordinary matters that repeat one of these, and of which a record is pending or parked."""


class MatterRepository(Protocol):
    def get(self, matter: MatterId) -> MatterRow | None: ...

    def lock(self, matters: Sequence[MatterId]) -> dict[MatterId, MatterRow]:
        """The matters, held until the unit of work ends, in one order for all (no deadlock)."""

    def update(self, rows: Sequence[MatterRow]) -> None:
        """State, sealed, sequence, promise, merged-into of locked matters."""

    def decide(self, decisions: Sequence[tuple[MatterId, Decision]]) -> None:
        """Appends decisions with their suggestions and evidence."""

    def decisions(self, matters: Sequence[MatterId]) -> dict[MatterId, list[Decision]]:
        """Oldest first."""


class AssignmentRepository(Protocol):
    def add(self, assignments: Sequence[Assignment]) -> None: ...

    def of_matters(self, matters: Sequence[MatterId]) -> dict[MatterId, list[Assignment]]:
        """In the order they were sent."""

    def get(self, assignment: AssignmentId) -> Assignment | None: ...

    def update(self, assignments: Sequence[Assignment]) -> None: ...

    def feedback(self, events: Sequence[TakenEvent], at: datetime) -> int:
        """Records that the events were taken; how many were. One whose id its unit used before changes nothing."""

    def taken(
        self, events: Sequence[tuple[UnitCode, EventId]]
    ) -> dict[tuple[UnitCode, EventId], tuple[FeedbackType, AssignmentId]]:
        """What these event ids of units were taken for before; those that were not are left out."""


class PoolRepository(Protocol):
    """The matters open for claiming, as the last event of each on ``fenban.pool`` says."""

    def offered(self, matters: Sequence[MatterId] | None = None) -> list[MatterId]:
        """Those of ``matters`` that are open, whatever state their message is in; None: all whose message is in review."""


class ChoiceRepository(Protocol):
    """What reviewers chose at the desk; each waits until it is due, then is settled once."""

    def due(self, now: datetime, limit: int) -> list[Chosen]:
        """Waiting choices that nobody may take back any more, the earliest due first."""

    def settle(self, ident: int, state: ChoiceState, at: datetime, reason: str = "") -> bool:
        """Ends its waiting, in this transaction; False when it does not wait (any more)."""


class ReminderRepository(Protocol):
    """Who is to be reminded. What was sent is known by its event id, ``domain.events.reminder_id``."""

    def owed(
        self, stage: ReminderStage, after: datetime | None, until: datetime, *, longer_than: int = 0, limit: int
    ) -> list[Assignment]:
        """Open assignments due after ``after`` and not after ``until``, with more than ``longer_than`` working days, which
        got no reminder of this stage for the deadline they have; the earliest due first."""

    def sent(self, assignment: Assignment) -> int:
        """How many reminders the assignment's unit got of it, of every stage."""


class SimilarRepository(Protocol):
    """Groups of letters of several persons that say the same, and what units were told of them."""

    def hold(self, lease: Lease) -> None:
        """Holds the linker's lease until the unit of work ends. Raises LeaseLost when another took it over."""

    def due(self, limit: int) -> list[int]:
        """Groups that changed and whose units may have to be told."""

    def members(self, groups: Sequence[int]) -> list[SimilarLetter]:
        """The letters of the groups, the first registered first; none that is sealed, held, rejected or filtered now."""

    def told(self, matters: Sequence[MatterId]) -> dict[tuple[MatterId, UnitCode], int]:
        """How many others each unit was told of."""

    def tell(self, group: int, said: Sequence[tuple[MatterId, UnitCode, int]], at: datetime, *, done: bool) -> None:
        """Keeps what units are told now, in this transaction; ``done``: nobody has to be told of the group any more."""

    def untell(self, matters: Sequence[MatterId]) -> list[int]:
        """Records of other matters that wait to be sent and count letters of these; their units are to be told anew."""


class StandingRepository(Protocol):
    """What the model may do without a person; append-only."""

    def now(self) -> Standings:
        """The last of each unit."""

    def add(self, changes: Sequence[Standing]) -> list[int]:
        """One number each, in their order; numbers of one unit rise."""


class OutboxRepository(Protocol):
    def add(self, records: Sequence[NewOutbox]) -> None: ...

    def pending(self, shards: Sequence[int], limit: int, now: datetime) -> list[OutboxRecord]:
        """Pending records of these shards (of 64), oldest first, none whose topic and key has an earlier one
        that is parked or waits for its next try."""

    def settle(self, deliveries: Sequence[Delivery], now: datetime) -> list[int]:
        """Delivered, parked with its reason, or pending again with a back-off. Returns the records that this parked: not
        those that were settled before."""

    def parked(self, limit: int) -> list[tuple[OutboxRecord, str]]: ...

    def move(self, record_ids: Sequence[int], state: OutboxState, reason: str, now: datetime) -> int:
        """A person's replay (to PENDING) or discard of parked or pending records; how many moved."""


class ChannelRepository(Protocol):
    def status(self) -> list[ChannelStatus]: ...

    def cursor(self, channel: ChannelId) -> str: ...

    def report(
        self,
        channel: ChannelId,
        kind: str,
        at: datetime,
        *,
        state: str,
        error: str,
        seconds: float | None = None,
        fault: str = "",
    ) -> None:
        """Last attempt, success when ``error`` is empty, and the channel's state (``ok``, ``degraded``, ``halted``); how long
        the poll took, and the class of what it failed of, which are added up."""

    def acquire(self, name: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """The lease ``name`` with a new fencing token, or a longer hold of one's own; None while another holds it."""

    def release(self, lease: Lease) -> None: ...


class ShardRepository(Protocol):
    """The outbox in 64 parts by a fixed hash of the matter, so that relays share the work and keep each matter's order."""

    def share(self, owner: str, now: datetime, until: datetime, *, begin: bool) -> list[Lease]:
        """An equal part for each relay that lives, held until ``until``: own leases are renewed, those above the part given
        back, free ones taken with a new token. ``begin``: own ones get a new token too."""

    def check(self, leases: Sequence[Lease]) -> None:
        """Holds them until the unit of work ends. Raises LeaseLost when another relay took one over."""

    def leave(self, owner: str, leases: Sequence[Lease]) -> None:
        """Gives them back; the others need not count this relay any more."""


class AuditRepository(Protocol):
    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Chained by hash to what stands before."""

    def entries(self, subject: str | None = None) -> Iterable[tuple[int, AuditEntry]]:
        """Oldest first."""

    def verify(self) -> str:
        """Empty when the chain holds from the first entry to the last, else one line on where it breaks."""


class VaultRepository(Protocol):
    def put(self, values: Sequence[SealedValue]) -> None: ...

    def get(self, owner: VaultOwner, name: str | None = None) -> list[SealedValue]:
        """Sealed values of an owner, newest version last. Raises HaltForPerson when its data key was shredded."""

    def of(self, owners: Sequence[VaultOwner]) -> dict[VaultOwner, list[SealedValue]]:
        """All sealed values of each, newest version last; none of those whose data key was shredded."""

    def shred(self, owner: VaultOwner) -> None:
        """Deletes the owner's data key and look-up marks: its sealed values can never be read again."""


class UnitOfWork(Protocol):
    """One transaction. Leaving it without ``commit`` rolls back. Nothing in it may wait for a network.

    ``alone``: nobody else writes until it ends, so that what was read before a lock was taken still holds after it.
    """

    alone: bool

    captures: CaptureRepository
    messages: MessageRepository
    sameness: SamenessRepository
    reads: ReadRepository
    matters: MatterRepository
    assignments: AssignmentRepository
    reminders: ReminderRepository
    pool: PoolRepository
    choices: ChoiceRepository
    similar: SimilarRepository
    standings: StandingRepository
    outbox: OutboxRepository
    channels: ChannelRepository
    shards: ShardRepository
    audit: AuditRepository
    vault: VaultRepository

    def commit(self) -> None:
        """Raises RetryLater when nothing was stored; OutOfReach also where a lost server could not be asked whether it did."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Store(Protocol):
    def unit_of_work(self, *, write: bool = True, lasting: bool = True) -> AbstractContextManager[UnitOfWork]:
        """A transaction; on SQLite a writing one begins IMMEDIATE. Raises RetryLater when the store cannot be reached.

        ``lasting`` False: the commit does not wait for the disk. A power cut, or the end of the database's server, may take it
        back, though never without every later one. For what is simply done again then: a claim, a delivery that consumers
        know already.
        """

    def close(self) -> None: ...
