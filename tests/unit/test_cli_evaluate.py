"""``fenban evaluate``: the face for programs, and what it says when something is wrong."""

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

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


COLUMNS = "subject=title,body=content,unit=unit,at=asked_at,answered=handled_at"


def past(path: Path, rows: list[SyntheticLetter], *, at: str = "", answered: str = "") -> Path:
    """Each answered a day later; the first line's times as given, where they are."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(["title", "content", "unit", "asked_at", "handled_at"])
        for place, row in enumerate(rows):
            day = row.at + timedelta(hours=23 * place)
            out.writerow(
                [
                    row.subject,
                    row.body,
                    row.unit,
                    at if at and not place else f"{day:%Y-%m-%d %H:%M:%S}",
                    answered if answered and not place else f"{day + timedelta(days=1):%Y-%m-%d %H:%M:%S}",
                ]
            )
    return path


def walk(app: typer.Typer, path: Path, *more: str, columns: str = COLUMNS) -> Result:
    return CliRunner().invoke(
        app, ["evaluate", "--history", str(path), "--columns", columns, "--retrain-days", "14", *more], env={"TERM": "dumb"}
    )


def test_a_walk_is_the_same_document_with_periods(app: typer.Typer, tmp_path: Path) -> None:
    result = walk(app, past(tmp_path / "all.csv", letters(300, 18, noise=0.1)), "--start", "0.6", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert list(document) == [*KEYS, "periods"]
    assert document["n_test"] == 120
    assert document["n_train"] in (179, 180)
    assert sum(period["n"] for period in document["periods"]) == 120
    for period in document["periods"]:
        assert list(period) == ["from", "to", "n", "top1", "top3", "coverage", "precision", "stopped_units"]
        assert (period["precision"] is None) == (period["coverage"] == 0)
    assert result.stderr == ""


def test_a_walk_is_told_by_quarters(app: typer.Typer, tmp_path: Path) -> None:
    result = walk(app, past(tmp_path / "all.csv", letters(200, 19)))
    assert result.exit_code == 0, result.stderr
    assert "2025-04-01 至 2025-06-30" in result.stdout


def test_letters_without_a_usable_time_are_said(app: typer.Typer, tmp_path: Path) -> None:
    untimed = walk(app, past(tmp_path / "a.csv", letters(200, 20), at="前天"), "--json")
    assert "1 个时间无法识别" in untimed.stderr
    assert "1 封没有可用的来信时间" in untimed.stderr
    assert json.loads(untimed.stdout)["n_test"] == 80
    unanswered = walk(app, past(tmp_path / "b.csv", letters(200, 20), answered="待定"), "--json")
    assert "1 封没有可用的答复时间" in unanswered.stderr
    assert json.loads(unanswered.stdout)["n_test"] == 80


def test_a_walk_without_times_of_answer_has_nothing_to_learn_from(app: typer.Typer, tmp_path: Path) -> None:
    result = walk(app, past(tmp_path / "a.csv", letters(60, 21)), columns="subject=title,body=content,unit=unit,at=asked_at")
    assert result.exit_code == 1
    assert "没有可用来训练的已标注来信" in result.stderr


def test_a_walk_takes_one_file_alone(app: typer.Typer, tmp_path: Path) -> None:
    path = past(tmp_path / "a.csv", letters(20, 22))
    assert walk(app, path, "--train", str(path)).exit_code == 2
    assert walk(app, path, "--start", "1").exit_code == 2
    assert walk(app, path, "--retrain-days", "0").exit_code == 2
    assert CliRunner().invoke(app, ["evaluate"]).exit_code == 2


def test_wrong_columns_are_said_in_chinese(app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LANG", "zh")
    told = CliRunner().invoke(app, ["evaluate", "--train", "a.csv", "--test", "b.csv", "--columns", "title=标题"])
    assert told.exit_code == 2
    assert "没有 'title' 这个字段" in told.output
