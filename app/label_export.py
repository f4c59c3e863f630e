"""The labels as a table for analysts: masked texts, nothing of sealed matters, as a CSV or a Parquet file."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.frozen import IMPORTED, FrozenTests, group_key, text_key
from app.training import letters_from_store
from app.transactions import reading
from app.wiring import System
from domain.errors import HaltForPerson
from store.frozen import SqlFrozen

COLUMNS = ("number", "matter", "subject", "body", "unit", "at", "partial", "frozen")
"""``at``: when the label became known. ``partial``: the unit was only named in a return. ``frozen``: of the frozen test, or of its
matters: not to be learned from. ``number`` is empty for a letter of an imported register."""


def label_rows(system: System) -> list[dict[str, Any]]:
    """Every label there is, oldest first."""
    test = FrozenTests(system).current()
    texts, groups = (
        reading(system.store, lambda tx: SqlFrozen(tx).keys(test.hash)) if test is not None else (frozenset(), frozenset())
    )
    return [
        {
            "number": "" if row.number.startswith(IMPORTED) else row.number,
            "matter": "" if row.group.startswith(IMPORTED) else row.group,
            "subject": row.subject,
            "body": row.body,
            "unit": row.unit,
            "at": row.at,
            "partial": row.partial,
            "frozen": text_key(row) in texts or group_key(row) in groups,
        }
        for row in letters_from_store(system)
    ]


def write_csv(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """UTF-8 with its mark, as spreadsheets expect; a text that begins like a formula is quoted. Raises HaltForPerson."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
    except OSError as error:
        raise _unwritable(path, error) from None


def write_parquet(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Raises HaltForPerson when it cannot be written, or pyarrow is not installed: only this command needs it."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise HaltForPerson(
            "Parquet needs pyarrow", remedy="install it: pip install 'fenban[parquet]', or write a CSV: --csv FILE"
        ) from None
    kinds = {"at": pa.timestamp("us", tz="Asia/Shanghai"), "partial": pa.bool_(), "frozen": pa.bool_()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    try:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path, compression="zstd")
    except OSError as error:
        raise _unwritable(path, error) from None


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + value
    return int(value) if isinstance(value, bool) else value


def _unwritable(path: Path, error: OSError) -> HaltForPerson:
    return HaltForPerson(f"{path} cannot be written ({error.strerror})", remedy="free space or mend its rights")
