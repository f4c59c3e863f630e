"""``fenban channel try``: what a profile makes of saved pages and of a site, in the shape that is promised."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fenban import City, Said
from tests.support.hostile_server import HostileServer, hostile_server, missing, whole

PROFILE = Path(__file__).parents[1] / "data" / "portals" / "table.toml"
KEYS = {
    "external_id",
    "subject",
    "body",
    "kind",
    "addressed_to",
    "place",
    "submitted_at",
    "status",
    "answers",
    "sender",
    "defects",
}


def listing(page: int, pages: int, *keys: str) -> bytes:
    rows = "".join(f'<tr><td>{key}</td><td><a href="/view?id={key}">关于{key}</a></td><td>待办</td></tr>' for key in keys)
    head = "<tr><th>编号</th><th>标题</th><th>状态</th></tr>"
    return f'<html><table class="letters">{head}{rows}</table>第{page}页 共{pages}页</html>'.encode("gb18030")


def letter(key: str, text: str) -> bytes:
    pairs = (
        ("标题", f"关于{key}"), ("来信人", "孟某"), ("联系电话", "13900001111"), ("信件类型", "投诉"), ("来信时间", "2026-09-01 08:12"),
        ("来信内容", text), ("答复单位", "水务局"), ("答复内容", "已冲洗"), ("答复时间", "2026-09-03"),
    )  # fmt: skip
    rows = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in pairs)
    return f'<html><meta charset="gb2312"><table class="letter">{rows}</table></html>'.encode("gb18030")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    folder.mkdir()
    pages = {"list?page=1": listing(1, 2, "a1", "a2", "a3"), "list?page=2": listing(2, 2, "a4")}
    letters = {"view?id=a1.html": letter("a1", "水黄三天"), "view?id=a2": letter("a2", ""), "view@id=a4": letter("a4", "没水了")}
    for name, data in {**pages, **letters}.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def site() -> Iterator[HostileServer]:
    with hostile_server() as server:
        yield server


def tried(tmp_path: Path, *arguments: str, code: int = 0) -> Said:
    return City(tmp_path).run("channel", "try", str(PROFILE), *arguments, code=code, bare=True, env={"FENBAN_LANG": "en"})


def test_saved_pages_are_read_as_the_collector_would(tmp_path: Path, saved: Path) -> None:
    said = tried(tmp_path, str(saved), "--json")
    document = said.document()
    assert list(document) == ["items", "not_understood", "cursor"]
    first, last = document["items"]
    assert set(first) == KEYS
    assert (first["external_id"], first["subject"], first["body"], first["kind"]) == ("a1", "关于a1", "水黄三天", "complaint")
    assert first["submitted_at"] == "2026-09-01T08:12:00+08:00"
    assert first["answers"] == [{"unit": "水务局", "text": "已冲洗", "at": "2026-09-03T00:00:00+08:00"}]
    assert first["sender"] == ["name", "phones"], "what was found, not what it says"
    assert "13900001111" not in said.out
    assert last["external_id"] == "a4"
    assert [one["external_id"] for one in document["not_understood"]] == ["a2", "a3"] or {
        one["external_id"] for one in document["not_understood"]
    } == {"a2", "a3"}
    assert all(one["reason"] for one in document["not_understood"])
    assert isinstance(document["cursor"], str)
    assert "view?id=a3" in said.err
    assert tried(tmp_path, str(saved)).out.count("✗") == 2


def test_the_cursor_goes_on_where_a_short_look_stopped(tmp_path: Path, saved: Path) -> None:
    short = tried(tmp_path, str(saved), "--max", "3", "--json")
    assert "--cursor" in short.err
    document = short.document()
    assert len(document["items"]) + len(document["not_understood"]) == 3
    further = tried(tmp_path, str(saved), "--cursor", document["cursor"], "--json").document()
    assert "a4" in {item["external_id"] for item in further["items"]}


def test_a_site_is_read_over_http(tmp_path: Path, site: HostileServer) -> None:
    site.script["/list"] = whole(listing(1, 1, "b1"), media_type="text/html")
    site.script["/view"] = whole(letter("b1", "路灯不亮"), media_type="text/html")
    document = tried(tmp_path, f"{site.address}/", "--json").document()
    assert [item["body"] for item in document["items"]] == ["路灯不亮"]
    assert document["not_understood"] == []
    assert not (tmp_path / "data").exists()


def test_nothing_that_is_understood_is_said_and_exits_1(tmp_path: Path, site: HostileServer) -> None:
    site.script["/list"] = whole(listing(1, 1, "b1"), media_type="text/html")
    site.script["/view"] = missing
    said = tried(tmp_path, site.address, "--json", code=1)
    assert said.document()["not_understood"] == [{"external_id": "b1", "reason": "the letter is no longer there"}]
    assert "→" in said.err


@pytest.mark.parametrize("source", ["nowhere", "ftp://x.example/", "http://127.0.0.1:9/"])
def test_what_cannot_be_read_is_one_line_with_its_remedy(tmp_path: Path, source: str) -> None:
    said = tried(tmp_path, source, "--json", code=1)
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "→" in said.err


def test_an_empty_folder_says_which_page_it_lacks(tmp_path: Path, saved: Path) -> None:
    for page in saved.iterdir():
        page.unlink()
    said = tried(tmp_path, str(saved), "--json", code=1)
    assert "list?page=1" in said.err
    assert "→" in said.err


def test_a_page_cannot_lead_out_of_the_folder(tmp_path: Path, saved: Path) -> None:
    (tmp_path / "secret").write_bytes(letter("x", "不可读"))
    inside = listing(1, 1, "a1").decode("gb18030").replace("/view?id=a1", "/../secret").encode("gb18030")
    (saved / "list?page=1").write_bytes(inside)
    assert "不可读" not in json.dumps(tried(tmp_path, str(saved), "--json", code=1).document(), ensure_ascii=False)


def test_a_wrong_profile_is_told_by_file_and_key(tmp_path: Path, saved: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[list]\nrows = "tr"\n', encoding="utf-8")
    said = City(tmp_path).run("channel", "try", str(wrong), str(saved), "--json", code=1, bare=True)
    assert "list.url" in said.err
