"""What the collectors' contract suite needs of each collector: a source that a test writes, and the collector that reads it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from domain.ids import ExternalId
from domain.messages import Batch, Capture, Draft
from domain.ports import Collector, Parser
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen


class Source(Protocol):
    """Where citizens write, as a test sees it. Keys are the test's own."""

    def add(self, key: str, text: str) -> None:
        """One more item, the newest."""

    def revise(self, key: str, text: str) -> None:
        """The citizen changes an item. Mailboxes cannot: see ``Rig.revisable``."""

    def remove(self, key: str) -> None:
        """The item is gone from the list and from its address."""

    def add_broken(self, key: str) -> None:
        """One more item that cannot be understood."""

    def fail(self, after: int = 0) -> None:
        """From now on nothing can be fetched; ``after``: once so many more items were."""

    def heal(self) -> None: ...


@dataclass(slots=True)
class Rig:
    """``batch_items`` of the collector is 4. ``commit`` does what the pipeline does."""

    collector: Collector
    parser: Parser
    source: Source
    seen: FakeSeen
    clock: HandClock
    revisable: bool = True
    cursor: str = ""
    batches: list[Batch] = field(default_factory=list)

    def poll(self) -> Batch:
        """One poll, committed."""
        batch = self.collector.poll(self.cursor)
        self.commit(batch)
        return batch

    def commit(self, batch: Batch) -> None:
        self.cursor = batch.cursor
        self.seen.commit(batch, self.clock.now())
        self.batches.append(batch)
        self.collector.acknowledge([capture.ref for capture in batch.captures if capture.ref])

    def drain(self) -> list[Capture]:
        """Polls until there is no more, and gives all captures; rejects are in ``batches``."""
        return [capture for batch in self._all() for capture in batch.captures]

    def _all(self) -> Iterator[Batch]:
        for _ in range(60):
            batch = self.poll()
            yield batch
            if not batch.more:
                return
        raise AssertionError("the collector always says that there is more")

    def texts(self, captures: list[Capture]) -> dict[ExternalId, str]:
        return {capture.external_id: self.understand(capture).body for capture in captures}

    def understand(self, capture: Capture) -> Draft:
        return self.parser.understand(capture)


class Make(Protocol):
    def __call__(self) -> AbstractContextManager[Rig]: ...
