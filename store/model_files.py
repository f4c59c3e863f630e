"""Models' files in parts, for machines that lack one. A part is never changed; what was left half-written is found by its hash."""

from collections.abc import Collection, Iterator

from store.engine import Transaction, insert_sql
from store.schema import model_files

_INSERT = insert_sql(model_files, "version", "part", "bytes", conflict="ON CONFLICT (version, part) DO NOTHING")


class SqlModelFiles:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def held(self) -> dict[str, int]:
        """Version → how many parts of its file are here."""
        return {row[0]: int(row[1]) for row in self._tx.fetch("SELECT version, count(*) FROM model_files GROUP BY version")}

    def add(self, version: str, part: int, data: bytes) -> None:
        self._tx.run(_INSERT, (version, part, data))

    def read(self, version: str) -> Iterator[bytes]:
        """Its parts in their order, one at a time."""
        for (part,) in self._tx.fetch("SELECT part FROM model_files WHERE version = ? ORDER BY part", (version,)):
            yield bytes(self._tx.fetch("SELECT bytes FROM model_files WHERE version = ? AND part = ?", (version, part))[0][0])

    def keep(self, versions: Collection[str]) -> None:
        """Drops the others' files; their rows in the registry stay."""
        for version in sorted(set(self.held()) - set(versions)):
            self._tx.run("DELETE FROM model_files WHERE version = ?", (version,))
