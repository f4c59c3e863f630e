"""Profiles: what is wrong is said with file, key and remedy; what is usual needs little."""

from pathlib import Path

import pytest

from domain.errors import BadSettings
from ingest.portal_labels import Field, Labels
from ingest.portal_profile import load_profile
from ingest.portal_rows import read_list
from tests.support.portal_sites import SITES

USUAL = '[list]\nurl = "/list?page={page}"\nrows = "table tr"\n[paging]\npages = "(\\\\d+)页"\n'


def load(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "profile.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadSettings) as caught:
        load_profile(path)
    assert all(str(path) in problem and "→" in problem for problem in caught.value.problems)
    return list(caught.value.problems)


def test_a_usual_portal_needs_an_address_rows_and_paging(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(USUAL, "utf-8")
    assert load_profile(path).detail.kind == "html"


def test_an_id_in_a_link_is_one_that_a_database_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(USUAL, "utf-8")
    page = "<table><tr><td><a href='/view?id=7%00'>路灯不亮</a></td></tr><tr><td><a href='/view?id=7'>停水</a></td></tr></table>"
    odd, plain = (row.external_id for row in read_list(load_profile(path), page, "http://127.0.0.1/list").rows)
    assert plain == "7"
    assert odd != plain
    assert odd.isprintable()


@pytest.mark.parametrize("name", sorted(SITES))
def test_the_shipped_examples_load(name: str) -> None:
    assert load_profile(SITES[name].profile).name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[list", "is no TOML"),
        ('[list]\nrows = "tr"', "list.url"),
        (USUAL + "[detail]\nscop = 'x'", "detail.scop"),
        (USUAL.replace("table tr", "table[["), "list.rows"),
        (USUAL.replace("table tr", "tr:contains('x')"), "list.rows"),
        (USUAL.replace("{page}", "1"), "list.url"),
        (USUAL.replace("(\\\\d+)页", "(?=x)"), "paging.pages"),
        ('[list]\nurl = "/l?p={page}"\nrows = "tr"', "which page is the last"),
        (USUAL + "kind = 'viewstate'", "paging.target"),
        (USUAL + "size = 0", "paging"),
        (USUAL + "[detail]\nkind = 'none'", "list.need"),
        (USUAL + "[detail]\nkind = 'json'", "detail.fields"),
        (USUAL + "[list.fields]\ntittle = 'a'", "list.fields.tittle"),
        (USUAL + "[detail.fields]\nbody = 'a['", "detail.fields.body"),
        (USUAL + "[kinds]\n'反腐' = 'corruption'", "kinds.反腐"),
    ],
)
def test_a_wrong_profile_is_refused_by_file_key_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in load(tmp_path, text))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        load_profile(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("信件编号：", Field.NUMBER),
        ("【来信人】", Field.NAME),
        ("受 理 单 位:", Field.UNIT),
        ("回复1", Field.REPLY),
        ("回复2单位及时间", Field.REPLY_BY),
        ("点击次数", Field.IGNORED),
        ("编号12", None),
        ("编号：12", None),
        ("", None),
        ("这是很长很长很长很长很长的一句话内容", None),
    ],
)
def test_labels_are_known_by_what_they_say(label: str, field: Field | None) -> None:
    assert Labels().field(label) is field


def test_a_profiles_own_labels_win() -> None:
    labels = Labels({Field.ADDRESSED_TO: ["处理部门"], Field.BODY: ["我要说"]})
    assert labels.field("处理部门") is Field.ADDRESSED_TO
    assert labels.field("我要说：") is Field.BODY
    assert labels.field("承办单位") is Field.UNIT


LISTED = (Path(__file__).parent.parent / "data" / "portal-labels.txt").read_text("utf-8").split()
NO_FIELD = {"来源", "审核时间", "发言人及职位"}


@pytest.mark.parametrize("label", LISTED)
def test_labels_of_real_portals_are_known_without_a_profiles_help(label: str) -> None:
    assert (Labels().field(label) is None) is (label in NO_FIELD)
