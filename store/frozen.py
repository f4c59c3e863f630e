"""The letters that models are tested on and never learn from. What is frozen stays; another choice is another set."""

from collections.abc import Sequence

from domain.accounts import Viewer
from domain.ids import Number, UnitCode
from domain.models import FrozenLetter, FrozenTest
from store.engine import Row, Transaction, insert_sql
from store.schema import test_letters, test_sets
from store.times import from_us, maybe_time, maybe_us, to_us
from store.visibility import visible_matters

LEARNS = Viewer(reads=True, units=None)
"""Who learns sees letters of every unit, and nothing sealed."""

_SET = insert_sql(test_sets, "hash", "made_at", "made_by", "letters", "since", conflict="ON CONFLICT (hash) DO NOTHING")
_LETTER = insert_sql(test_letters, "test_set", "place", "key", "matter_key", "unit", "at", "number", "version", "subject", "body")
_SETS = "SELECT hash, made_at, made_by, letters, since FROM test_sets ORDER BY made_at DESC, hash"
_OF_FILES = (
    "SELECT key, matter_key, unit, at, number, version, subject, body, place FROM test_letters "
    "WHERE test_set = ? AND number IS NULL"
)
_OF_THE_STORE = (
    "SELECT x.key, x.matter_key, x.unit, x.at, x.number, x.version, v.subject, v.body, x.place FROM test_letters x "
    "JOIN messages m ON m.number = x.number JOIN versions v ON v.message_id = m.id AND v.version = x.version "
    "JOIN matters t ON t.id = m.matter WHERE x.test_set = ? AND {}"
)


class SqlFrozen:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, test: FrozenTest, letters: Sequence[FrozenLetter]) -> bool:
        """False where the set is there already."""
        row = (test.hash, to_us(test.made_at), test.made_by, test.letters, maybe_us(test.since))
        if not self._tx.run(_SET, row):
            return False
        self._tx.many(
            _LETTER,
            [
                (
                    test.hash,
                    place,
                    one.key,
                    one.group,
                    one.unit,
                    maybe_us(one.at),
                    one.number,
                    one.version,
                    "" if one.number else one.subject,
                    "" if one.number else one.body,
                )
                for place, one in enumerate(letters)
            ],
        )
        return True

    def sets(self) -> list[FrozenTest]:
        """The newest first: new models are kept from that one."""
        return [FrozenTest(row[0], from_us(row[1]), row[2], row[3], maybe_time(row[4])) for row in self._tx.fetch(_SETS)]

    def keys(self, test_set: str) -> tuple[frozenset[str], frozenset[str]]:
        """(texts, matters) that a model kept from this set may not learn from; also those sealed since."""
        rows = self._tx.fetch("SELECT key, matter_key FROM test_letters WHERE test_set = ?", (test_set,))
        return frozenset(row[0] for row in rows), frozenset(row[1] for row in rows if row[1])

    def letters(self, test_set: str) -> list[FrozenLetter]:
        """With their masked texts, in their order; without those that were sealed since."""
        visible, seen = visible_matters(LEARNS)
        rows = [*self._tx.fetch(_OF_FILES, (test_set,)), *self._tx.fetch(_OF_THE_STORE.format(visible), (test_set, *seen))]
        return [_letter(row) for row in sorted(rows, key=lambda row: int(row[8]))]


def _letter(row: Row) -> FrozenLetter:
    number = Number(row[4]) if row[4] else None
    return FrozenLetter(row[0], row[1], UnitCode(row[2]), maybe_time(row[3]), number, row[5], row[6], row[7])
