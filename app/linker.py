"""The linker: finds, beside the way of a letter and after its decision, letters of other persons that say the same.

One of all processes does it, by a lease. It goes through the decisions in their order; where it stands is a row, moved in the
transaction that writes a batch's signatures and links, so a killed linker goes on there and writes no link twice.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np

from app.failpoints import Failpoint, no_failpoint
from app.happened import EventMaker
from app.leased import Leased
from app.similar_told import tell_due
from app.transactions import reading, writing
from domain.errors import LeaseLost
from domain.messages import Message
from domain.ports import Clock
from domain.records import Lease
from ingest.normalise import form_of_normalised
from ingest.signing import BYTES, LEAST, PREFIX, RUNGS, SCHEME, WHOLE, alike, sign
from store import signatures, similar
from store.engine import Transaction
from store.search import Horizon, horizon
from store.signatures import Decided, Signature
from store.similar import Link
from store.similar_index import Candidate, Layout, SimilarIndex
from store.times import to_us
from store.unit_of_work import SqlStore

T = TypeVar("T")
LEASE = "linker"
LASTS = timedelta(seconds=60)
REST_SECONDS = 2.0
SHARE = 2
"""Beside other parts it rests after a batch so many times as long as the batch took: letters go first."""
CANDIDATES = 12
"""Earlier letters that one is compared with at most: the likeliest."""
ALLOWANCE = 0.2
"""How far below the Jaccard looked for a signature's estimate may lie: about four standard deviations of 64 values."""
TELL_WITHIN = timedelta(days=14)
"""Units are told of letters that were decided so lately; what the linker catches up on from before is for who looks."""
ROOM = 1.1
"""How much larger than what is stored the memory is made: it grows by itself, at a cost."""
LAYOUT = Layout(WHOLE, PREFIX, RUNGS, LEAST)


@dataclass(frozen=True, slots=True)
class LinkerSettings:
    """``similarity`` is the least verified Jaccard; ``window_days`` how far back others are looked for."""

    similarity: float
    window_days: int
    batch: int
    share: float = SHARE


@dataclass(slots=True)
class _Batch:
    """Decisions with what was read about them. ``new`` are the letters to be signed, by their rows."""

    decided: Sequence[Decided]
    new: dict[int, Message]
    groups: dict[int, list[int]]


class Linker:
    """``look`` handles one batch: of decisions, else of groups whose units are to be told."""

    def __init__(
        self,
        store: SqlStore,
        clock: Clock,
        make_event: EventMaker,
        settings: LinkerSettings,
        *,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._store = store
        self._clock = clock
        self._make_event = make_event
        self._settings = settings
        self._failpoint = failpoint
        self._lease = Leased(store, clock, LEASE, LASTS)
        self._seen: deque[Horizon] = deque(maxlen=1000)
        self._index: SimilarIndex | None = None
        self._loaded = 0

    def look(self) -> int:
        """How many decisions or groups were handled, 0 when nothing is left or another process does it. Raises RetryLater."""
        lease = self._lease.mine()
        if lease is None:
            return 0
        try:
            if self._index is None:
                self._write(lambda tx: self._sign_anew(tx, lease))
            before, found = self._read(self._next)
            if found:
                self._link(lease, before, found)
                return len(found)
            return tell_due(self._store, self._clock, self._make_event, lease)
        except LeaseLost:
            self._lease.forget()
            return 0

    def waits(self) -> bool:
        """Whether decisions are left that may not be looked at yet: one before them may still be committed, or another process,
        which may have been killed, holds the lease for a while."""
        return self._read(lambda tx: bool(signatures.standing(tx).waiting))

    def step(self) -> float:
        """One batch, as a part of the runner; how long to rest."""
        at = self._clock.monotonic()
        done = self.look()
        return self._settings.share * (self._clock.monotonic() - at) if done else REST_SECONDS

    def close(self) -> None:
        """Gives the lease back; where the store is away it runs out by itself."""
        self._lease.close()

    def _sign_anew(self, tx: Transaction, lease: Lease) -> None:
        """After an upgrade that signs in another way."""
        signatures.hold(tx, lease)
        signatures.rewind(tx, self._clock.now() - timedelta(days=self._settings.window_days), SCHEME)

    def _next(self, tx: Transaction) -> tuple[int, list[Decided]]:
        """Decisions that nobody can commit one before any more: ids on PostgreSQL can be seen out of order."""
        seen = horizon(tx, "decisions")
        self._seen.append(seen)
        floor = max((one.top for one in self._seen if one.begun <= seen.ended), default=0)
        while len(self._seen) > 1 and self._seen[1].begun <= seen.ended:
            self._seen.popleft()
        before = signatures.position(tx)
        return before, signatures.decided(tx, before, floor, self._settings.batch)

    def _link(self, lease: Lease, before: int, decided: Sequence[Decided]) -> None:
        index = self.ready()
        batch = self._read(lambda tx: self._batch(tx, decided))
        texts = [f"{letter.subject}\n{letter.body}" for letter in batch.new.values()]
        made = sign(texts)
        cut = np.fromiter((letter.truncated for letter in batch.new.values()), bool, len(texts))
        at = [to_us(letter.registered_at) for letter in batch.new.values()]
        first = index.add(list(batch.new), at, made.lengths, cut, made.values)
        try:
            since = to_us(self._clock.now() - timedelta(days=self._settings.window_days))
            likely = index.candidates(first, since, CANDIDATES, made.lengths, cut, made.values)
            wanted = {one.message for listed in likely for one in listed}
            links = self._read(lambda tx: self._compare(tx, batch, likely, wanted)) if wanted else []
            new = [
                Signature(ident, letter.version, letter.registered_at, int(length), letter.truncated, values.tobytes())
                for (ident, letter), length, values in zip(batch.new.items(), made.lengths, made.values, strict=True)
            ]
            self._failpoint("link.compare")
            last = self._write(lambda tx: self._store_batch(tx, lease, before, batch, new, links, index))
        except BaseException:
            index.forget(first)
            raise
        self._loaded = last or self._loaded
        self._failpoint("link.commit")

    def ready(self) -> SimilarIndex:
        """The index, with every signature that was stored, whoever stored it."""
        now = self._clock.now()
        since = now - timedelta(days=self._settings.window_days)
        index = self._index
        if index is not None and index.older_than(to_us(since)) * 4 > len(index) + 1000:
            index = None
        if index is None:
            room = int(self._read(lambda tx: signatures.count(tx, since, SCHEME)) * ROOM)
            index, self._loaded = SimilarIndex(LAYOUT, cutoff=self._settings.similarity - ALLOWANCE, capacity=room), 0
        while rows := self._read(lambda tx: signatures.stored(tx, self._loaded, since, SCHEME)):
            _, letters, at, lengths, cut, data = zip(*rows, strict=True)
            values = np.frombuffer(b"".join(data), np.uint16).reshape(-1, BYTES // 2)
            index.add(letters, at, np.array(lengths, np.int64), np.array(cut, bool), values)
            self._loaded = rows[-1][0]
        self._index = index
        return index

    def _batch(self, tx: Transaction, decided: Sequence[Decided]) -> _Batch:
        """What is new among the decided letters, each once; those signed before may have to be told of."""
        since = self._clock.now() - timedelta(days=self._settings.window_days)
        ids = [one.letter for one in decided]
        found = {ident: letter for ident, letter in signatures.letters(tx, ids).items() if letter.registered_at >= since}
        known = signatures.signed(tx, list(found), SCHEME)
        new = {ident: letter for ident, letter in found.items() if (ident, letter.version) not in known}
        return _Batch(decided, new, similar.heads(tx, [ident for ident in found if ident not in new]))

    def _compare(self, tx: Transaction, batch: _Batch, likely: list[list[Candidate]], wanted: set[int]) -> list[Link]:
        earlier = signatures.letters(tx, sorted(wanted))
        groups = similar.heads(tx, sorted(wanted))
        forms: dict[int, str] = {}
        links: list[Link] = []
        for (ident, letter), listed in zip(batch.new.items(), likely, strict=True):
            done: set[int] = set()
            for one in listed:
                other = earlier.get(one.message)
                heads = groups.get(one.message) or [one.message]
                if other is None or one.message == ident or done.issuperset(heads) or _same_person(letter, other):
                    continue
                cut = letter.truncated or other.truncated
                likeness = alike(_form(forms, ident, letter), _form(forms, one.message, other), truncated=cut)
                if likeness < self._settings.similarity:
                    continue
                if one.message not in groups:
                    groups[one.message] = heads
                    links.append(Link(one.message, one.message, other.version, ident, likeness))
                links += [Link(ident, head, letter.version, one.message, likeness) for head in heads if head not in done]
                done.update(heads)
                groups[ident] = sorted({*groups.get(ident, ()), *heads})
        return links

    def _store_batch(
        self,
        tx: Transaction,
        lease: Lease,
        before: int,
        batch: _Batch,
        new: Sequence[Signature],
        links: Sequence[Link],
        index: SimilarIndex,
    ) -> int:
        signatures.hold(tx, lease)
        now = self._clock.now()
        named = [one.letter for one in new] + [one.letter for one in links] + [one.other for one in links]
        current = signatures.still_open(tx, named) if named else {}
        # Sealed or revised since it was read: its next decision brings it here again.
        kept = [one for one in new if current.get(one.letter) == one.version]
        sound = [one for one in links if current.get(one.letter) == one.version and one.other in current]
        last = signatures.add(tx, kept, SCHEME)
        written = similar.add(tx, sound, now)
        late = {one.letter for one in batch.decided if one.at >= now - TELL_WITHIN}
        changed = {one.head for one in sound if one.letter in late or one.other in late}
        changed |= {head for ident, heads in batch.groups.items() if ident in late for head in heads}
        similar.make_due(tx, changed)
        size: dict[str, Any] = {"indexed": len(index), "size": index.bytes}
        signatures.move(tx, before, batch.decided[-1].id, links=written, at=now, **size)
        return last

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return reading(self._store, work)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        # A power cut may take a batch with it, its position too: it is done again.
        return writing(self._store, self._clock, lambda tx, _: work(tx), lasting=False)


def _same_person(one: Message, other: Message) -> bool:
    return not {mark.hash for mark in one.marks}.isdisjoint(mark.hash for mark in other.marks)


def _form(made: dict[int, str], ident: int, letter: Message) -> str:
    form = made.get(ident)
    if form is None:
        form = made[ident] = form_of_normalised(f"{letter.subject}\n{letter.body}")
    return form
