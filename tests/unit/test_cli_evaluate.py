"""``fenban evaluate``: the face for programs, and what it says when something is wrong."""

import csv
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli.evaluate import register
from tests.support.letters import SyntheticLetter, letters

KEYS = ["n_train", "n_test", "units", "top1", "top3", "macro_f1", "automatic", "calibration_error", "seconds"]


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command("other")(lambda: None)
    register(made)
    return made


def write(path: Path, rows: list[SyntheticLetter], *, unit: str | None = None, reply: bool = True) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(["title", "content", "unit", "asked_at", *(["reply"] if reply else [])])
        for row in rows:
            out.writerow([row.subject, row.body, unit or row.unit, f"{row.at:%Y-%m-%d %H:%M:%S}", *(["已办"] if reply else [])])
    return path


def run(app: typer.Typer, train: Path, test: Path, columns: str = "subject=title,body=content,unit=unit,at=asked_at,reply=reply"):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(
        app, ["evaluate", "--train", str(train), "--test", str(test), "--columns", columns, "--json"], env={"TERM": "dumb"}
    )


def test_one_document_in_the_shape_of_the_face(app: typer.Typer, tmp_path: Path) -> None:
    made = letters(500, 11, noise=0.1)
    result = run(app, write(tmp_path / "a.csv", made[:400]), write(tmp_path / "b.csv", made[400:], reply=False))
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert list(document) == KEYS
    assert (document["n_train"], document["n_test"], document["units"]) == (400, 100, 12)
    assert document["top1"] >= 0.8
    assert document["top1"] <= document["top3"] <= 1
    assert [row["target_precision"] for row in document["automatic"]] == [0.90, 0.95, 0.98]
    for row in document["automatic"]:
        assert set(row) == {"target_precision", "coverage", "precision"}
        assert (row["precision"] is None) == (row["coverage"] == 0)


def test_a_unit_that_the_training_lacks_is_an_error_not_skipped(app: typer.Typer, tmp_path: Path) -> None:
    made = letters(300, 12)
    result = run(app, write(tmp_path / "a.csv", made[:240]), write(tmp_path / "b.csv", made[240:], unit="新设单位"))
    document = json.loads(result.stdout)
    assert (document["n_test"], document["top1"], document["top3"], document["macro_f1"]) == (60, 0.0, 0.0, 0.0)


def test_the_replies_of_the_test_file_are_never_read(app: typer.Typer, tmp_path: Path) -> None:
    made = letters(300, 13, noise=0.2)
    train = write(tmp_path / "a.csv", made[:240])
    with_replies = json.loads(run(app, train, write(tmp_path / "b.csv", made[240:])).stdout)
    without = json.loads(run(app, train, write(tmp_path / "c.csv", made[240:], reply=False)).stdout)
    del with_replies["seconds"], without["seconds"]
    assert with_replies == without


def test_nothing_automatic_has_no_precision(app: typer.Typer, tmp_path: Path) -> None:
    made = letters(6, 14, codes=("heat", "bus"))
    result = run(app, write(tmp_path / "a.csv", made), write(tmp_path / "b.csv", made))
    assert [row["precision"] for row in json.loads(result.stdout)["automatic"]] == [None, None, None]


def test_a_missing_column_is_one_line_and_exit_1(app: typer.Typer, tmp_path: Path) -> None:
    made = letters(20, 15)
    path = write(tmp_path / "a.csv", made)
    result = run(app, path, path, "subject=headline,body=content,unit=unit")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "a.csv 第 1 行没有 subject 所用的列 'headline'" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_no_labelled_letter_and_no_file_are_said(app: typer.Typer, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", letters(20, 16))
    empty = write(tmp_path / "e.csv", [])
    assert run(app, empty, path).exit_code == 1
    assert run(app, path, empty).exit_code == 1
    assert run(app, tmp_path / "none.csv", path).exit_code == 1


def test_wrong_usage_is_exit_2(app: typer.Typer, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", letters(20, 17))
    assert run(app, path, path, "subject").exit_code == 2
    assert CliRunner().invoke(app, ["evaluate", "--train", str(path)]).exit_code == 2
