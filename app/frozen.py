"""The frozen test: letters that are set aside once and that no model learns from, so that any two can be held beside each other."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.transactions import audit_entry, reading, writing
from app.wiring import System
from classify.labelled import LabelledText
from domain.ids import Number
from domain.models import FrozenLetter, FrozenTest, ModelRow
from ingest.normalise import same_text_form
from store.audit import SqlAudit
from store.engine import Transaction
from store.frozen import SqlFrozen

T = TypeVar("T")

SHARE = 0.15
"""Of the letters known: the latest so many are set aside."""
LEAST_LETTERS = 200
"""With fewer nothing is set aside unless it is asked for: every letter is needed to learn from, and so few would tell nothing."""
IMPORTED = "label-"
"""So begin the numbers of labels from past registers, which are no letters of the store."""
TIMED = 0.8
"""Where fewer of the letters than this have times, they are set aside by the hash of their matter instead."""


@dataclass(frozen=True, slots=True)
class Split:
    """``by_time``: whether the letters set aside are the latest. ``between``: letters left out of both, because their matter
    reaches into those set aside."""

    learn: tuple[LabelledText, ...]
    aside: tuple[LabelledText, ...]
    by_time: bool
    between: int


def text_key(row: LabelledText) -> str:
    """Equal for two writings of one text."""
    return _hash(same_text_form(f"{row.subject}\n{row.body}"))


def group_key(row: LabelledText) -> str:
    """Of the letter's matter, empty where none is named."""
    return _hash(row.group) if row.group else ""


def drawn(key: str, share: float) -> bool:
    """Whether this share of all keys has this one: always the same for one key."""
    return int(key[:8], 16) < share * 16**8


def split(rows: Sequence[LabelledText], share: float) -> Split:
    """The latest ``share`` set aside, and nothing to learn from that belongs to a matter, or has the text, of a letter set aside."""
    timed = [row.at for row in rows if row.at is not None]
    by_time = len(timed) >= TIMED * len(rows)
    if by_time:
        from_then_on = sorted(timed)[min(len(timed) - 1, round(len(timed) * (1 - share)))]
        aside = [row for row in rows if row.at is not None and row.at >= from_then_on]
    else:
        aside = [row for row in rows if drawn(group_key(row) or text_key(row), share)]
    texts, groups = {text_key(row) for row in aside}, {group_key(row) for row in aside} - {""}
    chosen = set(map(id, aside))
    rest = [row for row in rows if id(row) not in chosen]
    learn = tuple(row for row in rest if text_key(row) not in texts and group_key(row) not in groups)
    return Split(learn, tuple(aside), by_time, len(rest) - len(learn))


class FrozenTests:
    """Which letters are set aside; each new set is one audited transaction."""

    def __init__(self, system: System) -> None:
        self._system = system

    def current(self) -> FrozenTest | None:
        """The one that new models are kept from and held against."""
        return next(iter(self._read(lambda tx: SqlFrozen(tx).sets())), None)

    def letters(self, test: FrozenTest) -> list[FrozenLetter]:
        """Without those that were sealed since, and those of units that are gone."""
        found = self._read(lambda tx: SqlFrozen(tx).letters(test.hash))
        return [letter for letter in found if letter.unit in self._system.directory]

    def without(self, rows: Sequence[LabelledText], test: FrozenTest) -> tuple[LabelledText, ...]:
        """The letters that may be learned from."""
        return tuple(filter(self.learnable(test), rows))

    def learnable(self, test: FrozenTest) -> Callable[[LabelledText], bool]:
        """Tells of a letter whether it may be learned from."""
        texts, groups = self._read(lambda tx: SqlFrozen(tx).keys(test.hash))
        return lambda row: text_key(row) not in texts and group_key(row) not in groups

    def freeze(self, aside: Sequence[LabelledText], by: str) -> FrozenTest:
        """These letters are set aside from now on."""
        letters = [_frozen(row) for row in aside]
        times = [row.at for row in aside if row.at is not None]
        digest = hashlib.sha256()
        for line in sorted(f"{one.key} {one.group} {one.unit}" for one in letters):
            digest.update(line.encode() + b"\n")

        def step(tx: Transaction, now: datetime) -> FrozenTest:
            since = min(times) if len(times) >= TIMED * len(aside) else None
            test = FrozenTest(digest.hexdigest(), now, by, len(letters), since)
            if SqlFrozen(tx).add(test, letters):
                entry = audit_entry(now, by, "test.freeze", f"test:{test.hash[:16]}", letters=len(letters))
                SqlAudit(tx).append([entry])
            return test

        return writing(self._system.store, self._system.clock, step)

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return reading(self._system.store, work)


def unseen(letters: Sequence[FrozenLetter], test: FrozenTest, row: ModelRow) -> list[FrozenLetter]:
    """Those that the model surely did not learn from: it was kept from the set, or they were written after all that it learned."""
    if row.test_set == test.hash:
        return list(letters)
    until = row.learned_until
    return [letter for letter in letters if until is not None and letter.at is not None and letter.at > until]


def _frozen(row: LabelledText) -> FrozenLetter:
    number = Number(row.number) if row.number and not row.number.startswith(IMPORTED) else None
    return FrozenLetter(text_key(row), group_key(row), row.unit, row.at, number, row.version, row.subject, row.body)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
