"""What analysts take away: labelled letters, masked, none that is sealed, those of the frozen test told apart."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest

from app.frozen import FrozenTests
from app.label_export import COLUMNS, label_rows, write_csv, write_parquet
from app.office import Choice
from app.training import letters_from_store
from domain.errors import HaltForPerson
from domain.ids import Number
from tests.support.desk import START, Desk


def test_masked_labels_and_nothing_sealed(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city")
    one, two, three = (
        desk.letter(str(at), text) for at, text in enumerate(("=请问归谁管，电话13912345678", "公园归谁管", "树归谁管"))
    )
    desk.work()
    for number in (one, two, three):
        desk.office.decide(Number(number), Choice("water"))
    desk.office.seal(Number(two), "是举报")
    FrozenTests(desk.system).freeze([row for row in letters_from_store(desk.system) if row.number == three], "wang")
    rows = label_rows(desk.system)
    assert [(row["number"], row["unit"], row["partial"], row["frozen"]) for row in rows] == [
        (one, "water", False, False),
        (three, "water", False, True),
    ]
    assert "13912345678" not in rows[0]["body"]
    write_csv(rows, tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.DictReader(file))
    assert (list(read[0]), read[0]["body"][:2], read[1]["frozen"]) == (list(COLUMNS), "'=", "1")
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(rows, tmp_path / "labels.parquet")
    table = parquet.read_table(tmp_path / "labels.parquet").to_pylist()
    assert [row["body"] for row in table] == [row["body"] for row in rows]
    assert table[0]["at"] - START < timedelta(days=1)
    with pytest.raises(HaltForPerson, match="cannot be written"):
        write_csv(rows, tmp_path / "nowhere" / "labels.csv")
