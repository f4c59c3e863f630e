"""Taking in the labels of a past register: what was read, what was new, what was left out and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.register_plan import masked_text as masked
from app.transactions import audit_entry, writing
from app.wiring import System
from classify.rows import read_letters
from store.audit import SqlAudit
from store.labels import PastLabel, SqlLabels

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Imported:
    """``unknown``: names that the directory does not know, with how many letters each; ``columns``: asked for and not there."""

    read: int
    new: int
    known: int
    without_unit: int
    without_text: int
    bad_times: int
    unknown: Mapping[str, int]
    columns: tuple[str, ...]


def matter_key(system: System, group: str) -> str:
    """What is kept of a register's name for a matter, which may be a person's name or phone number: a keyed hash, hexadecimal,
    equal for equal names; empty where none is named."""
    return system.vault.digest(b"label-matter|" + group.encode("utf-8", "surrogatepass")).hex() if group else ""


def import_labels(system: System, path: Path, columns: Mapping[str, str], *, by: str) -> Imported:
    """Keeps the masked text of each letter whose unit the directory knows, each letter once however often it is imported; of
    its matter a keyed hash.
    Raises HaltForPerson naming file, line and column."""
    found = read_letters(path, columns)
    unknown: Counter[str] = Counter()
    rows: list[PastLabel] = []
    empty = 0
    for row in found.rows:
        code = system.directory.resolve(row.unit)
        if code is None:
            unknown[row.unit] += 1
            continue
        subject, body = masked(row.subject).strip(), masked(row.body).strip()
        if not subject and not body:
            empty += 1
            continue
        matter = matter_key(system, row.group)
        rows.append(PastLabel(code, subject, body, masked(row.reply), matter, row.at, row.answered))
    new = sum(_kept(system, rows[start : start + AT_ONCE]) for start in range(0, len(rows), AT_ONCE))
    total = len(found.rows) + found.without_unit
    entry = {"read": total, "new": new}
    writing(
        system.store, system.clock, lambda tx, at: SqlAudit(tx).append([audit_entry(at, by, "labels.import", "labels", **entry)])
    )
    return Imported(
        read=total,
        new=new,
        known=len(rows) - new,
        without_unit=found.without_unit,
        without_text=empty,
        bad_times=found.bad_times,
        unknown=dict(unknown.most_common()),
        columns=found.missing,
    )


def _kept(system: System, rows: Sequence[PastLabel]) -> int:
    return writing(system.store, system.clock, lambda tx, at: SqlLabels(tx).add(rows, at))
