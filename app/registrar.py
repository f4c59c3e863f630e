"""From a channel's batch to registered messages: one transaction holds records, seals, manifest and cursor."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache, partial

from app.codec import digest_text, own_words_bytes, upstream_bytes
from app.failpoints import Failpoint, no_failpoint
from app.quoted import Seals, with_quoted_accusation
from app.register_plan import Item, Poll, Registered, RegisterPlan
from app.retry import transact
from app.second_reader import Reader, Understood
from domain.errors import RetryLater
from domain.ids import ChannelId, ExternalId, VaultOwner
from domain.messages import Batch, Capture, CaptureOutcome, CaptureReject
from domain.ports import Clock, Store, UnitOfWork, Vault
from domain.records import QuarantineItem, SealedValue

PLAN_ATTEMPTS = 5


def owner_of(channel: ChannelId, external_id: ExternalId) -> VaultOwner:
    """The vault's name for an item: the same for every capture of it, telling nothing."""
    return VaultOwner(hashlib.blake2b(f"{channel}\0{external_id}".encode(), digest_size=16).hexdigest())


class Registrar:
    """Registers captures of any channel that ``reader`` has a parser for; ``seals`` is asked of mails that quote others."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        reader: Reader,
        clock: Clock,
        *,
        seals: Seals = lambda _: False,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._store = store
        self._vault = vault
        self._seals = seals
        self._reader = reader
        self._clock = clock
        self._failpoint = failpoint
        # Most channels say nothing of what became of a letter: one value for all of theirs.
        self._upstream_digest = lru_cache(maxsize=1)(lambda said: digest_text(vault.digest(said)))

    def register(self, channel: ChannelId, batch: Batch, *, fence: int) -> Registered:
        """Stores a poll's batch with its cursor. Raises LeaseLost, RetryLater: nothing of it is stored then."""
        items = self._items(batch.captures)
        items += [self._refused(reject) for reject in batch.rejects]
        self._failpoint("collect.understood")
        ids = [item.capture.external_id for item in items]
        for _ in range(PLAN_ATTEMPTS):
            with self._store.unit_of_work(write=False) as uow:
                seen = dict(uow.captures.seen(channel, ids))
            plan = RegisterPlan(self._vault, self._clock.now(), seen)
            self._fill(plan, items)
            with self._store.unit_of_work() as uow:
                if dict(uow.captures.seen(channel, ids)) != seen:
                    continue
                done = plan.write(uow, Poll(channel, batch.cursor, fence, batch.manifest))
                self._failpoint("register.write")
                uow.commit()
            self._failpoint("register.commit")
            return done
        raise RetryLater(f"channel {channel}: its items kept changing under another process")

    def replay(self, items: Sequence[tuple[QuarantineItem, Capture]]) -> list[tuple[int, str]]:
        """Tries quarantined captures again: (id, outcome or why it still waits) each. One that is now understood becomes
        registered, revised or noted (noted also when it adds nothing)."""
        results: list[tuple[int, str]] = []
        for waiting, capture in items:
            (item,) = self._items([capture])
            if item.draft is None:
                results.append((waiting.id, item.reason))
                continue
            results.append((waiting.id, transact(self._clock, partial(self._replay, waiting, capture, item))))
        return results

    def _replay(self, waiting: QuarantineItem, capture: Capture, item: Item) -> CaptureOutcome:
        with self._store.unit_of_work() as uow:
            seen = dict(uow.captures.seen(capture.channel, [capture.external_id]))
            plan = RegisterPlan(self._vault, self._clock.now(), seen)
            known = seen.get(capture.external_id)
            if known is not None and known.number is not None and known.fetched_at > waiting.at:
                # What the item says now was fetched after this capture, which adds nothing to it.
                outcome = CaptureOutcome.NOTED
            else:
                outcome = plan.add(item, self._existing(uow, item.owner), capture_id=waiting.id)
            plan.write(uow, None)
            if outcome is CaptureOutcome.NOTED and not plan.notes:
                uow.captures.resolve(waiting.id, outcome=outcome, at=plan.now)
            uow.commit()
        return outcome

    def _fill(self, plan: RegisterPlan, items: Sequence[Item]) -> None:
        with self._store.unit_of_work(write=False) as uow:
            for item in items:
                known = item.capture.external_id in plan.seen
                plan.add(item, self._existing(uow, item.owner) if known else [])

    @staticmethod
    def _existing(uow: UnitOfWork, owner: VaultOwner) -> list[SealedValue]:
        return uow.vault.get(owner)

    def _items(self, captures: Sequence[Capture]) -> list[Item]:
        return [self._item(capture, found) for capture, found in zip(captures, self._reader.read(captures), strict=True)]

    def _item(self, capture: Capture, found: Understood) -> Item:
        if isinstance(found, str):
            return self._refused(CaptureReject(capture, found))
        own = digest_text(self._vault.digest(own_words_bytes(found)))
        upstream = self._upstream_digest(upstream_bytes(found))
        # After the digests: what is a revision must not hang on today's screens.
        draft = with_quoted_accusation(found, capture.channel, self._clock.now(), self._seals)
        return Item(capture, owner_of(capture.channel, capture.external_id), draft, "", own, upstream)

    def _refused(self, reject: CaptureReject) -> Item:
        capture = reject.capture
        raw = digest_text(self._vault.digest(b"\0".join(part.data for part in capture.parts)))
        return Item(capture, owner_of(capture.channel, capture.external_id), None, reject.reason, "", raw)
