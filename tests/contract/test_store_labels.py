"""What can be learned from: completed assignments, persons' choices, returns, past registers; on both stores."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.label_export import label_rows
from app.labels import Imported, import_labels
from app.office import Choice
from app.training import letters_from_file, letters_from_store
from domain.errors import HaltForPerson
from domain.ids import Number, UnitCode
from route.feedback import parse_feedback
from tests.support.desk import Desk
from tests.unit.test_way_of_a_message import ROADS, WATER

COLUMNS = {"subject": "标题", "body": "内容", "unit": "单位", "at": "时间", "reply": "答复"}
HEADER = ["标题", "内容", "单位", "时间", "答复"]
ROWS = [
    ["停水", "三楼没有水，电话13900001234", "水务局", "2025-03-01 08:00", "已修好"],
    ["路面", "门口路面有坑", "市交通局", "2025-03-02", ""],
    ["路面", "门口路面有坑", "市交通局", "2025-03-02", ""],
    ["别的", "别处的事", "外星局", "2025-03-03", ""],
    ["无主", "没有写单位", "", "2025-03-03", ""],
    ["", "", "水务局", "", ""],
    ["时间不对", "水压太低", "water", "昨天", ""],
]


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Iterator[Desk]:
    desk = Desk(tmp_path / "city", store=any_store)
    yield desk
    desk.system.close()


def register_file(folder: Path, kind: str) -> Path:
    path = folder / f"register.{kind}"
    if kind == "csv":
        path.write_text("\n".join(",".join(row) for row in [HEADER, *ROWS]), encoding="utf-8")
        return path
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [HEADER, *ROWS]:
        sheet.append([datetime(2025, 3, 2, tzinfo=UTC).replace(tzinfo=None) if cell == "2025-03-02" else cell for cell in row])
    book.save(path)
    return path


def test_a_wrong_label_is_corrected_by_importing_the_letter_again(desk: Desk, tmp_path: Path) -> None:
    wrong, right = tmp_path / "wrong.csv", tmp_path / "right.csv"
    letters = [["停水", "三楼没有水", "水务局", "2025-03-01 08:00", ""], ["停水", "三楼没有水", "水务局", "2025-03-02 08:00", ""]]
    corrected = ["停水", "三楼没有水", "市交通局", "2025-03-01 08:00", ""]
    for path, rows in ((wrong, letters), (right, [corrected])):
        path.write_text("\n".join(",".join(row) for row in [HEADER, *rows]), encoding="utf-8")
    for path in (wrong, right, wrong):
        import_labels(desk.system, path, COLUMNS, by="li")
    assert sorted(letter.unit for letter in letters_from_store(desk.system)) == ["roads", "water"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_past_register_is_taken_in_once_masked_and_counted(desk: Desk, tmp_path: Path, kind: str) -> None:
    path = register_file(tmp_path, kind)
    done = import_labels(desk.system, path, COLUMNS, by="li")
    assert done == Imported(7, 3, 1, 1, 1, 1, {"外星局": 1}, ())
    again = import_labels(desk.system, path, COLUMNS, by="li")
    assert (again.new, again.known) == (0, 4)
    learned = letters_from_store(desk.system)
    assert sorted((row.subject, row.unit, row.reply) for row in learned) == [
        ("停水", "water", "已修好"),
        ("时间不对", "water", ""),
        ("路面", "roads", ""),
    ]
    assert not any("13900001234" in row.body for row in learned)
    assert all(row.number.startswith("label-") and not row.partial for row in learned)


def test_the_matters_of_a_register_are_kept_as_keyed_hashes(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "matters.csv"
    groups = {"一": "13900001234", "二": "13900001234", "三": "王小明", "四": ""}
    lines = [f"{subject},{subject}楼停水,water,{group}" for subject, group in groups.items()]
    path.write_text("\n".join(["subject,body,unit,group", *lines]), encoding="utf-8")
    assert import_labels(desk.system, path, {}, by="li").new == 4
    assert import_labels(desk.system, path, {}, by="li").new == 0
    kept = {row.subject: row.group for row in letters_from_store(desk.system)}
    assert not any(group and group in found for group in groups.values() for found in kept.values())
    assert kept["一"] == kept["二"] != kept["三"]
    assert kept["四"].startswith("label-"), "a letter of no matter stands alone"
    exported = {row["subject"]: row["matter"] for row in label_rows(desk.system)}
    assert exported == {**kept, "四": ""}
    from_file = {row.subject: row.group for row in letters_from_file(desk.system, path, {})[0]}
    assert from_file == {**kept, "四": ""}, "the same matter, wherever it comes from"


def test_what_is_no_table_is_said_in_one_line(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    path.write_bytes(b"no table")
    with pytest.raises(HaltForPerson, match="is not an xlsx file"):
        import_labels(desk.system, path, COLUMNS, by="li")


def test_answers_choices_and_named_units_are_labels_the_last_counts(desk: Desk) -> None:
    completed, returned, chosen = desk.letter("1", WATER), desk.letter("2", WATER + "二号楼。"), desk.letter("3", ROADS)
    desk.work()

    def say(unit: str, number: str, **event: str) -> None:
        line = json.dumps({"id": f"{unit}{number}", "assignment": f"{number}.{unit}.1", **event}, ensure_ascii=False)
        assert desk.feedback.apply(parse_feedback(UnitCode(unit), line), actor=f"unit:{unit}").outcome == "applied"
        desk.clock.forward(hours=1)

    say("water", completed, type="complete", reply="已办")
    say("water", returned, type="return", reason="不是我们的", suggested_unit="清溪县")
    say("roads", chosen, type="return", reason="不是我们的", suggested_unit="water")
    desk.office.decide(Number(chosen), Choice("river-water"))
    found = {row.number: (row.unit, row.reply, row.partial) for row in letters_from_store(desk.system)}
    assert found == {
        completed: ("water", "已办", False),
        returned: ("river", "", True),
        chosen: ("river-water", "", False),
    }


def test_labels_follow_the_directory_of_today(desk: Desk, tmp_path: Path) -> None:
    import_labels(desk.system, register_file(tmp_path, "csv"), COLUMNS, by="li")
    units = desk.folder / "units.toml"
    text = units.read_text(encoding="utf-8").replace('code = "roads"', 'code = "transport"\nsucceeds = ["roads"]')
    units.write_text(text + '\n[[moved]]\nwords = ["水压"]\nfrom = "water"\nto = "river-water"\n', encoding="utf-8")
    assert desk.system.refresh() == 1
    assert sorted((row.subject, row.unit) for row in letters_from_store(desk.system)) == [
        ("停水", "water"),
        ("时间不对", "river-water"),
        ("路面", "transport"),
    ]
    units.write_text(text.replace('\nsucceeds = ["roads"]', ""), encoding="utf-8")
    desk.system.refresh()
    assert {row.unit for row in letters_from_store(desk.system)} == {"water"}
