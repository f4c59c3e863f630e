"""The linker on real letters: planted near-duplicates found, others flagged, letters a second, and rebuilding its memory."""

import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from app.events import event_maker
from app.linker import ALLOWANCE, CANDIDATES, LAYOUT, ROOM, Linker, LinkerSettings
from domain.clock import SystemClock
from ingest.mask import mask
from ingest.normalise import form_of_normalised, forms_alike, normalise
from ingest.signing import BYTES, SCHEME, alike, sign
from store.migrate import upgrade
from store.similar_index import SimilarIndex
from store.times import to_us
from store.unit_of_work import SqlStore
from tests.accuracy.edits import CUT, CUTTING, EDITS, sentences
from tests.accuracy.figures import Figure, allowed, beside, to_reach
from tests.accuracy.letters import topics, units
from tests.accuracy.settings import SEED
from tests.support.datasketch_peer import NAME, DatasketchIndex
from tests.support.stores import NOW, new_message

ALIKE = 0.8
RECALL, FLAGGED = 0.97, 0.003
SPEED, INDEXED = 15_000, 200_000
STREAM, SAME, CUT_SHARE, BATCH = 8_192, 0.05, 0.05, 512
ROUNDS = 3
REBUILD_ROWS, REBUILD_SECONDS = 1_000_000, 60.0


@dataclass(frozen=True, slots=True)
class Planted:
    """A letter and how somebody else sent it in: normalised texts, ``cut`` where only the beginning came."""

    original: int
    edit: str
    text: str
    cut: bool


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    letters = [(row.subject, row.body) for row in (*units(data), *topics(data))]
    texts = [_masked(subject, body) for subject, body in letters]
    planted = _plant(letters, texts)
    index = _Index(texts)
    found = [index.look(one.text, cut=one.cut) for one in planted]
    peer = DatasketchIndex(texts)
    asked = [peer.look(one.text) for one in planted]
    hits = [one.original in alike for one, alike in zip(planted, found, strict=True)]
    made = [
        Figure("linker: planted near-duplicates", float(len(planted)), "letters"),
        to_reach("linker: planted near-duplicates found", _share(hits), "of 1", RECALL),
        beside(
            "linker: planted near-duplicates found",
            _share(hits),
            "of 1",
            NAME,
            _share([one.original in alike for one, alike in zip(planted, asked, strict=True)]),
        ),
        allowed("linker: letters linked to another matter's", _flagged(texts, planted, found), "of 1", FLAGGED),
        Figure(f"{NAME}: letters linked to another matter's", _flagged(texts, planted, asked), "of 1"),
    ]
    for edit in EDITS:
        of_edit = [hit for one, hit in zip(planted, hits, strict=True) if one.edit == edit]
        made.append(to_reach(f"linker: found, {edit} ({len(of_edit)})", _share(of_edit), "of 1", RECALL))
    return made + _speed(texts) + _rebuild()


def _masked(subject: str, body: str) -> str:
    return f"{mask(normalise(subject))}\n{mask(normalise(body))}"


def _plant(letters: Sequence[tuple[str, str]], texts: Sequence[str]) -> list[Planted]:
    """Of each letter one edit, in turn; those that the rule for copies calls the same: Jaccard of 0.8 and more."""
    rng = random.Random(SEED)
    found = []
    for place, (subject, body) in enumerate(letters):
        edit = list(EDITS)[place % len(EDITS)]
        is_cut = edit in CUTTING
        if not body or (is_cut and len(body) <= 100):
            continue
        text = _masked(*EDITS[edit](rng, subject, body))
        if forms_alike(form_of_normalised(texts[place]), form_of_normalised(text), truncated=is_cut) >= ALIKE:
            found.append(Planted(place, edit, text, is_cut))
    return found


class _Index:
    """The linker's index over texts, with its verification."""

    def __init__(self, texts: Sequence[str], cut: Sequence[bool] = (), capacity: int = 0) -> None:
        self._forms: list[str] = []
        self._cut: list[bool] = []
        self.index = SimilarIndex(LAYOUT, cutoff=ALIKE - ALLOWANCE, capacity=capacity)
        for first in range(0, len(texts), 4 * BATCH):
            some = texts[first : first + 4 * BATCH]
            self.put(some, cut[first : first + 4 * BATCH] or [False] * len(some))

    def put(self, texts: Sequence[str], cut: Sequence[bool]) -> None:
        made, first = sign(texts), len(self.index)
        short = np.array(cut, bool)
        self.index.add(range(first, first + len(texts)), [0] * len(texts), made.lengths, short, made.values)
        self._forms += map(form_of_normalised, texts)
        self._cut += cut

    def look(self, text: str, *, cut: bool) -> list[int]:
        return self.batch([text], np.array([cut]))[0]

    def batch(self, texts: Sequence[str], cut: Any) -> list[list[int]]:
        """Signed, put in, looked up, verified, and taken out again."""
        made, first = sign(texts), len(self.index)
        self.index.add(range(first, first + len(texts)), [0] * len(texts), made.lengths, cut, made.values)
        likely = self.index.candidates(first, 0, CANDIDATES, made.lengths, cut, made.values)
        self.index.forget(first)
        return [
            self._verified(text, bool(is_cut), [one.message for one in listed if one.message < first]) if listed else []
            for text, is_cut, listed in zip(texts, cut, likely, strict=True)
        ]

    def _verified(self, text: str, cut: bool, listed: Sequence[int]) -> list[int]:
        form = form_of_normalised(text)
        return [one for one in listed if alike(form, self._forms[one], truncated=cut or self._cut[one]) >= ALIKE]


def _flagged(texts: Sequence[str], planted: Sequence[Planted], found: Sequence[Sequence[int]]) -> float:
    """Share of letters linked to one that, whole, is less alike than 0.8 to what they are an edit of."""
    forms = [form_of_normalised(text) for text in texts]

    def wrong(one: Planted, alike: Sequence[int]) -> bool:
        others = [other for other in alike if other != one.original]
        return any(forms_alike(forms[one.original], forms[other]) < ALIKE for other in others)

    return _share([wrong(one, alike) for one, alike in zip(planted, found, strict=True)])


def _speed(texts: Sequence[str]) -> list[Figure]:
    """Letters a second of one core's time, beside 200,000 indexed: signed, put in, looked up, verified and taken out, all from
    texts in memory. They are made of real letters' sentences; one in twenty says the same as an indexed one, and one in
    twenty is cut at 100 characters, indexed ones too."""
    rng = random.Random(SEED)
    pool = [part for text in texts for part in sentences(text)]
    indexed, cut = _cut_some(rng, [_made(rng, pool) for _ in range(INDEXED)])
    index = _Index(indexed, cut, capacity=int(INDEXED * ROOM))
    same = [f"您好，{rng.choice(indexed)}谢谢" if rng.random() < SAME else _made(rng, pool) for _ in range(STREAM)]
    stream, short = _cut_some(rng, same)
    rates = []
    for _ in range(ROUNDS):
        at = time.process_time()
        for first in range(0, STREAM, BATCH):
            index.batch(stream[first : first + BATCH], np.array(short[first : first + BATCH]))
        rates.append(STREAM / (time.process_time() - at))
    name = f"linker: letters a second at {INDEXED:,} indexed"
    size = sum(map(len, stream)) / STREAM
    return [
        Figure("linker: characters of a letter there", size, "characters"),
        to_reach(name, max(rates), "letters/s", SPEED),
        beside(name, max(rates), "letters/s", NAME, DatasketchIndex.rate(indexed, stream[:1500], SEED)),
        Figure("linker: memory there", index.index.bytes / 1e6, "MB"),
    ]


def _cut_some(rng: random.Random, texts: Sequence[str]) -> tuple[list[str], list[bool]]:
    cut = [rng.random() < CUT_SHARE for _ in texts]
    return [text[:CUT] if short else text for text, short in zip(texts, cut, strict=True)], cut


def _made(rng: random.Random, pool: Sequence[str]) -> str:
    """A letter of the usual length, of sentences that people wrote."""
    wanted, parts, length = max(60.0, rng.gauss(435, 200)), [], 0
    while length < wanted:
        parts.append(rng.choice(pool))
        length += len(parts[-1])
    return "".join(parts)


def _rebuild() -> list[Figure]:
    """Reading a million stored signatures into the index, as a linker that starts does: its own processor time and the
    time that passed are both below the allowed value where nothing else keeps the machine busy."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqlStore(f"sqlite:///{folder}/store.db")
        upgrade(f"sqlite:///{folder}/store.db")
        _fill(store)
        settings = LinkerSettings(ALIKE, 36_500, BATCH)
        linker = Linker(store, SystemClock(), event_maker("measured"), settings)
        at = time.process_time()
        index = linker.ready()
        seconds = time.process_time() - at
        assert len(index) == REBUILD_ROWS
        store.close()
    name = f"linker: memory rebuilt from {REBUILD_ROWS:,} rows"
    return [allowed(name, seconds, "s", REBUILD_SECONDS), Figure(name, index.bytes / 1e6, "MB")]


def _fill(store: SqlStore) -> None:
    """Signatures as they are stored, all of one letter's versions: what is read is the same."""
    with store.unit_of_work() as uow:
        uow.messages.register([new_message("1")])
        uow.commit()
    rng = np.random.default_rng(SEED)
    at = to_us(NOW - timedelta(days=1))
    insert = "INSERT INTO signatures (id, message_id, version, scheme, at, length, cut, data) VALUES (?, 1, ?, ?, ?, 400, ?, ?)"
    for first in range(0, REBUILD_ROWS, 50_000):
        values = rng.integers(0, 1 << 16, (50_000, BYTES // 2), np.uint16)
        rows = [
            (first + place + 1, first + place + 1, SCHEME, at, int(place % 20 == 0), row.tobytes())
            for place, row in enumerate(values)
        ]
        with store.transaction(write=True, lasting=False) as tx:
            tx.many(insert, rows)
            tx.commit()


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / max(1, len(hits))
