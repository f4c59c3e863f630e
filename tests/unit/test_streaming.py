"""Training from a file that is never in memory whole: registered, and kept from the letters set aside, like any other."""

import csv
from pathlib import Path

import pytest

from app.learning import Learned
from app.streaming import learn_stream
from classify.labelled import LabelledText
from domain.errors import HaltForPerson
from tests.support.desk import Desk
from tests.support.many_models import SAID, letters


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "city")


def written(path: Path, rows: list[LabelledText]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["subject", "body", "unit", "at"])
        table.writerows([row.subject, row.body, row.unit, row.at.isoformat() if row.at else ""] for row in rows)
        table.writerow(["无主", "没有这个单位", "nowhere", ""])
    return path


def learned(desk: Desk, path: Path, others: list[LabelledText] | None = None) -> Learned:
    return learn_stream(desk.system, path, {}, others or [], by="wang", progress=lambda *_: None)


def test_it_learns_what_is_not_set_aside_and_says_what_it_reached(desk: Desk, tmp_path: Path) -> None:
    rows = letters(1, 300)
    found = learned(desk, written(tmp_path / "letters.csv", rows))
    assert found.made
    assert found.test is not None
    assert found.aside >= found.test.letters > 0
    assert found.model.data.n_rows == len(rows) - found.aside
    assert found.row.settings["stream"] is True
    assert found.row.metrics["top1"] >= 0.9
    assert found.row.learned_until == max(row.at for row in rows if row.at)
    assert desk.system.registry.row(found.model.version).test_set == found.test.hash


def test_the_next_one_is_kept_from_the_same_letters(desk: Desk, tmp_path: Path) -> None:
    path = written(tmp_path / "letters.csv", letters(1, 300))
    first = learned(desk, path)
    desk.clock.forward(hours=1)
    second = learned(desk, path, letters(4, 40))
    assert second.test == first.test
    assert not second.made
    assert second.model.data.n_rows > first.model.data.n_rows


def test_letters_are_learned_for_the_unit_that_has_their_work_today(desk: Desk, tmp_path: Path) -> None:
    units = desk.folder / "units.toml"
    moved = f'[[moved]]\nwords = {list(SAID["water"])}\nfrom = "water"\nto = "river-water"\n'
    units.write_text(units.read_text(encoding="utf-8") + moved, encoding="utf-8")
    assert desk.system.refresh() == 1
    found = learned(desk, written(tmp_path / "letters.csv", letters(1, 300)))
    assert found.model.units == ("river-water", "roads")


def test_a_file_of_unknown_units_is_said(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(HaltForPerson, match="no labelled letter"):
        learned(desk, written(tmp_path / "letters.csv", []))
