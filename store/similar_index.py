"""The linker's index: which earlier texts may be near-duplicates of a text, by bands of their MinHash signatures.

All of it is arrays in memory, some 0.7 KB a text. Texts stand in buckets as chains, newest first; a lookup walks all chains
of a batch at once. What it finds is to be verified: it compares signatures, never texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS = 4
"""Values of a signature that make one band: four of 16 bits are one 64-bit key."""
WALK = 48
"""How far a chain is walked. Only letters sent in by the hundred share a band with more, and all of those are alike."""
GROWTH = 1.3
CHUNK = 100_000
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_NOTHING = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


class Bands:
    """Signatures of ``bands`` × ``ROWS`` values in buckets, by their row: 0, 1, 2, … in the order they were put in."""

    def __init__(self, bands: int, capacity: int = 1024) -> None:
        self._bands = bands
        self.count = 0
        self._allocate(max(capacity, 1024))

    @property
    def bytes(self) -> int:
        return int(self._keys.nbytes + self._next.nbytes + self._heads.nbytes)

    def put(self, signatures: Any) -> None:
        """Adds rows behind those that are there."""
        total = self.count + len(signatures)
        if total > len(self._keys):
            self._grow(int(total * GROWTH))
        self._keys[self.count : total] = np.ascontiguousarray(signatures).view(np.uint64)
        for first in range(self.count, total, CHUNK):
            self._chain(first, min(first + CHUNK, total))
        self.count = total

    def forget(self, count: int) -> None:
        """Takes all rows from ``count`` on out again."""
        slots = self._slots(self._keys[count : self.count]).ravel()
        band = np.tile(np.arange(self._bands), self.count - count)
        while len(slots):
            heads = self._heads[slots]
            late = heads >= count
            slots, band, heads = slots[late], band[late], heads[late]
            self._heads[slots] = self._next[heads, band]
        self.count = count

    def earlier(self, rows: Any) -> tuple[Any, Any]:
        """(place in ``rows``, row) of every row before each of ``rows`` that shares a band with it; each pair once."""
        return self._walk(self._keys[rows], self._next[rows].ravel())

    def look(self, signatures: Any) -> tuple[Any, Any]:
        """The same for signatures that are not in: (place in ``signatures``, row)."""
        keys = np.ascontiguousarray(signatures).view(np.uint64)
        return self._walk(keys, self._heads[self._slots(keys).ravel()])

    def _walk(self, keys: Any, rows: Any) -> tuple[Any, Any]:
        asked = np.arange(keys.size)
        flat = keys.ravel()
        found = []
        for _ in range(WALK):
            there = rows >= 0
            asked, rows = asked[there], rows[there]
            if not len(rows):
                break
            band = asked % self._bands
            same = self._keys[rows, band] == flat[asked]
            found.append((asked[same] // self._bands << 32) | rows[same])
            rows = self._next[rows, band]
        pairs = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
        return pairs >> 32, pairs & 0xFFFFFFFF

    def alike(self, signatures: Any, asked: Any, rows: Any) -> Any:
        """Of each pair the share of equal values: an estimate of the Jaccard."""
        there = self._keys.view(np.uint16)[rows]
        return (np.ascontiguousarray(signatures)[asked] == there).mean(axis=1)

    def _slots(self, keys: Any) -> Any:
        return ((((keys * _SPREAD) >> _HALF) * self._buckets >> _HALF) + self._band_starts).astype(np.int64)

    def _allocate(self, capacity: int) -> None:
        self._buckets = np.uint64(capacity)
        self._band_starts = np.arange(self._bands, dtype=np.uint64) * self._buckets
        self._heads = np.full(self._bands * capacity, -1, np.int32)
        self._keys = np.zeros((capacity, self._bands), np.uint64)
        self._next = np.full((capacity, self._bands), -1, np.int32)

    def _grow(self, capacity: int) -> None:
        keys, count = self._keys, self.count
        self._allocate(capacity)
        self._keys[:count] = keys[:count]
        del keys
        for first in range(0, count, CHUNK):
            self._chain(first, min(first + CHUNK, count))

    def _chain(self, first: int, last: int) -> None:
        """Puts the rows at the head of their buckets' chains; of one bucket the latest row comes first."""
        slots = self._slots(self._keys[first:last]).ravel()
        order = np.argsort(slots, kind="stable")
        slots = slots[order]
        rows = (first + order // self._bands).astype(np.int32)
        begins = np.ones(len(slots), bool)
        begins[1:] = slots[1:] != slots[:-1]
        before = np.empty(len(slots), np.int32)
        before[begins] = self._heads[slots[begins]]
        before[~begins] = rows[:-1][~begins[1:]]
        self._next[rows, order % self._bands] = before
        ends = np.ones(len(slots), bool)
        ends[:-1] = begins[1:]
        self._heads[slots[ends]] = rows[ends]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a signature row is made up: values of the whole text, then of each rung, a prefix of so many characters."""

    whole: int
    prefix: int
    rungs: tuple[int, ...]
    least: int


class _Rung:
    """Prefixes of one length: of every text, for cut ones to look in; and of the cut ones, for whole ones to look in."""

    def __init__(self, layout: Layout, place: int, capacity: int) -> None:
        self.length = layout.rungs[place]
        first = layout.whole + place * layout.prefix
        self.columns = slice(first, first + layout.prefix)
        self._all = _Rows(layout.prefix // ROWS, capacity)
        self._cut = _Rows(layout.prefix // ROWS, 0)

    @property
    def bytes(self) -> int:
        return self._all.bytes + self._cut.bytes

    def put(self, lengths: Any, cut: Any, values: Any, first: int) -> None:
        reached = np.flatnonzero(lengths >= self.length)
        self._all.put(values[reached, self.columns], reached + first)
        short = reached[cut[reached]]
        self._cut.put(values[short, self.columns], short + first)

    def forget(self, count: int) -> None:
        self._all.forget(count)
        self._cut.forget(count)

    def look(self, first: int, lengths: Any, cut: Any, values: Any) -> list[tuple[Any, Any, Any]]:
        """(place in the batch, row of the index, estimate) for the batch put in at row ``first``."""
        reached = lengths >= self.length
        prefixes = values[:, self.columns]
        whole = np.flatnonzero(reached & ~cut)
        return [self._all.earlier(prefixes, np.flatnonzero(reached & cut), first), self._cut.look(prefixes, whole)]


class _Rows:
    """Bands whose rows are some of the index's."""

    def __init__(self, bands: int, capacity: int) -> None:
        self._bands = Bands(bands, capacity)
        self._rows = np.zeros(max(capacity, 1024), np.int32)

    @property
    def bytes(self) -> int:
        return self._bands.bytes + int(self._rows.nbytes)

    def put(self, values: Any, rows: Any) -> None:
        count = self._bands.count
        total = count + len(rows)
        if total > len(self._rows):
            self._rows = np.concatenate((self._rows[:count], np.zeros(int(total * GROWTH) - count, np.int32)))
        if len(rows):
            self._bands.put(values)
            self._rows[count:total] = rows

    def forget(self, count: int) -> None:
        self._bands.forget(int(np.searchsorted(self._rows[: self._bands.count], count)))

    def earlier(self, values: Any, places: Any, first: int) -> tuple[Any, Any, Any]:
        """For those ``places`` of the batch put in at the index's row ``first`` (all of which are in): what stands before each."""
        if not len(places):
            return _NOTHING
        at, found = self._bands.earlier(np.searchsorted(self._rows[: self._bands.count], places + first))
        return places[at], self._rows[found].astype(np.int64), self._bands.alike(values[places], at, found)

    def look(self, values: Any, places: Any) -> tuple[Any, Any, Any]:
        """For ``places`` of a batch that are not in."""
        if not len(places) or not self._bands.count:
            return _NOTHING
        at, found = self._bands.look(values[places])
        return places[at], self._rows[found].astype(np.int64), self._bands.alike(values[places], at, found)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier text that may be alike; ``estimate`` is what their signatures share."""

    message: int
    estimate: float


class SimilarIndex:
    """Signed texts, in the order they were added. ``forget`` takes the latest out again: a batch that was not stored."""

    def __init__(self, layout: Layout, *, cutoff: float, capacity: int = 0) -> None:
        """``cutoff``: the least estimate of a candidate, some four standard deviations below what is looked for."""
        self._layout = layout
        self._cutoff = cutoff
        self._whole = Bands(layout.whole // ROWS, capacity)
        self._rungs = [_Rung(layout, place, capacity) for place in range(len(layout.rungs))]
        self._messages = np.zeros(max(capacity, 1024), np.int64)
        self._at = np.zeros(max(capacity, 1024), np.int64)

    def __len__(self) -> int:
        return self._whole.count

    @property
    def bytes(self) -> int:
        return self._whole.bytes + sum(rung.bytes for rung in self._rungs) + int(self._messages.nbytes + self._at.nbytes)

    def older_than(self, moment: int) -> int:
        """How many of its texts are older."""
        return int((self._at[: len(self)] < moment).sum())

    def add(self, messages: Sequence[int], at: Sequence[int], lengths: Any, cut: Any, values: Any) -> int:
        """Adds texts and returns the first one's row. ``at`` is microseconds, ``cut`` says which are known only in part."""
        first = len(self)
        total = first + len(messages)
        if total > len(self._messages):
            room = np.zeros(int(total * GROWTH) - first, np.int64)
            self._messages = np.concatenate((self._messages[:first], room))
            self._at = np.concatenate((self._at[:first], room))
        self._messages[first:total] = messages
        self._at[first:total] = at
        self._whole.put(values[:, : self._layout.whole])
        for rung in self._rungs:
            rung.put(lengths, cut, values, first)
        return first

    def forget(self, count: int) -> None:
        """Takes out all but the first ``count`` texts."""
        self._whole.forget(count)
        for rung in self._rungs:
            rung.forget(count)

    def candidates(self, first: int, since: int, most: int, lengths: Any, cut: Any, values: Any) -> list[list[Candidate]]:
        """For each text of the batch that was added last, at row ``first``: texts before it, not older than ``since``, the
        likeliest first, ``most`` at most."""
        whole = values[:, : self._layout.whole]
        long_enough = np.flatnonzero(lengths >= self._layout.least)
        at, rows = self._whole.earlier(long_enough + first)
        at = long_enough[at]
        parts = [(at, rows, self._whole.alike(whole, at, rows))]
        for rung in self._rungs:
            parts += rung.look(first, lengths, cut, values)
        asked, found, estimates = (np.concatenate(column) for column in zip(*parts, strict=True))
        likely = (estimates >= self._cutoff) & (found < first + asked) & (self._at[found] >= since)
        asked, found, estimates = asked[likely], found[likely], estimates[likely]
        order = np.lexsort((found, -estimates, asked))
        listed: list[list[Candidate]] = [[] for _ in range(len(lengths))]
        seen: set[tuple[int, int]] = set()
        pairs = zip(asked[order].tolist(), self._messages[found[order]].tolist(), estimates[order].tolist(), strict=True)
        for place, message, estimate in pairs:
            if len(listed[place]) < most and (place, message) not in seen:
                seen.add((place, message))
                listed[place].append(Candidate(message, estimate))
        return listed
