"""What leaves the department's page: files with a reply, Excel lists, the printed sheet; and the pool."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from app.console.reply_files import LARGEST
from app.console.sheets import plain
from app.office import Choice
from domain.ids import Number
from tests.support.console import Person
from tests.support.town import Town, rows

PDF = b"%PDF-1.7 \x00\xff report"


def attach(person: Person, ident: str, name: str, content: bytes, **options: object) -> int:
    headers = {"X-CSRF-Token": person.csrf}
    sent = person.client.post(
        f"{person.base}/api/department/parts/{ident}/files", files={"file": (name, content)}, headers=person._headers(headers)
    )
    return sent.status_code


def files_of(person: Person, ident: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = person.get(f"/api/department/parts/{ident}").json()["files"]
    return found


def test_a_file_goes_in_and_comes_out_as_a_download(town: Town) -> None:
    ident = town.given()
    assert attach(town.water, ident, "现场照片.pdf", PDF) == 200
    assert attach(town.water, ident, "现场照片.pdf", PDF) == 200
    (one,) = files_of(town.water, ident)
    assert (one["name"], one["size"], one["by"]) == ("现场照片.pdf", len(PDF), "shui")
    path = f"/department/parts/{ident}/files/{one['id']}"
    answer = town.water.get(path)
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E7%8E%B0")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [action for _, action in town.actions(ident)] == ["reply.file_add", "reply.file_view"]
    assert town.roads.get(path).status_code == 404
    town.water.post(f"/department/parts/{ident}/complete", {"result": "已办"})
    assert town.water.get(path).status_code == 200
    assert attach(town.water, ident, "再来.pdf", PDF + b"2") == 409, "the reply was given"
    assert town.water.post(f"{path}/remove").status_code == 409


def test_the_form_takes_a_file_too(town: Town) -> None:
    ident = town.given()
    sent = town.water.client.post(
        f"{town.water.base}/department/parts/{ident}/files",
        files={"file1": ("a.txt", b"one")},
        data={"csrf": town.water.csrf, "result": "写了一半的答复"},
        headers=town.water._headers({}),
    )
    assert sent.status_code == 200
    assert "附件已保存" in sent.text
    assert "写了一半的答复" in sent.text, "what was typed meanwhile stays"
    none = town.water.post(f"/department/parts/{ident}/files", {"result": "写了一半的答复"})
    assert none.status_code == 409
    assert "写了一半的答复" in none.text
    last = town.water.client.post(
        f"{town.water.base}/department/parts/{ident}/complete",
        files={"file1": ("b.txt", b"two")},
        data={"csrf": town.water.csrf, "result": "办好了"},
        headers=town.water._headers({}),
    )
    assert last.status_code == 303
    assert [one["name"] for one in files_of(town.water, ident)] == ["a.txt", "b.txt"]
    assert town.state(ident) == "completed"


def test_bytes_are_sealed_in_the_store(town: Town) -> None:
    ident = town.given()
    secret = "绝密照片内容".encode() * 20
    assert attach(town.water, ident, "秘密名字.txt", secret) == 200
    for file in town.desk.folder.rglob("*.db*"):
        content = file.read_bytes()
        assert "绝密照片内容".encode() not in content
        assert "秘密名字".encode() not in content


def test_what_is_too_large_empty_or_runs_is_refused(town: Town) -> None:
    ident = town.given()
    for name, content in (("big.pdf", b"x" * (LARGEST + 1)), ("empty.pdf", b""), ("run.exe", b"MZ"), ("no-ending", b"x")):
        assert attach(town.water, ident, name, content) == 409, name
    assert files_of(town.water, ident) == []
    assert attach(town.water, ident, "..\\..\\etc/passwd.pdf", PDF) == 200
    assert files_of(town.water, ident)[0]["name"] == "passwd.pdf"


def test_a_removed_file_is_gone_and_may_come_again(town: Town) -> None:
    ident = town.given()
    attach(town.water, ident, "a.pdf", PDF)
    path = f"/department/parts/{ident}/files/{files_of(town.water, ident)[0]['id']}"
    assert town.roads.post(f"{path}/remove").status_code == 404
    kept = town.water.post(f"{path}/remove", {"result": "写了一半的答复"})
    assert kept.status_code == 200
    assert "写了一半的答复" in kept.text
    assert files_of(town.water, ident) == []
    assert town.water.get(path).status_code == 404
    assert attach(town.water, ident, "b.pdf", PDF) == 200
    assert town.water.get(path).content == PDF


def test_the_office_reads_files_of_what_it_may_see(town: Town) -> None:
    reviewer = town.city.person("ban", ["reviewer"])
    ident, sealed = town.given(), town.sealed_part()
    attach(town.water, ident, "a.pdf", PDF)
    attach(town.sealed, sealed, "b.pdf", PDF)
    file = files_of(town.water, ident)[0]["id"]
    assert reviewer.get(f"/department/parts/{ident}/files/{file}").content == PDF
    hidden = files_of(town.sealed, sealed)[0]["id"]
    assert reviewer.get(f"/department/parts/{sealed}/files/{hidden}").status_code == 404
    assert town.water.get(f"/department/parts/{sealed}/files/{hidden}").status_code == 404


def test_a_file_of_another_part_is_not_found_under_ones_own(town: Town) -> None:
    first, second = town.given(), town.given()
    attach(town.water, first, "a.pdf", PDF)
    file = files_of(town.water, first)[0]["id"]
    assert town.water.get(f"/department/parts/{second}/files/{file}").status_code == 404


def test_the_excel_list_is_what_the_page_lists_and_never_a_formula(town: Town) -> None:
    ident = town.given("=HYPERLINK(1) 停水", subject="=1+1")
    sealed = town.sealed_part()
    answer = town.water.get("/department/export.xlsx?tab=open")
    assert answer.headers["content-disposition"].startswith("attachment;")
    page = load_workbook(BytesIO(answer.content)).active
    assert page is not None
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    assert [row[0] for row in cells[1:]] == [one.partition(".")[0] for one in rows(town.water)]
    mine = next(row for row in cells if row[0] == ident.partition(".")[0])
    assert mine[4] == "'=1+1"
    assert str(mine[5]).startswith("'=HYPERLINK")
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    assert sealed.partition(".")[0] not in str(cells)
    assert ("shui", "department.export") in town.actions("water")
    named = load_workbook(BytesIO(town.sealed.get("/department/export.xlsx?tab=open").content)).active
    assert named is not None
    assert sealed.partition(".")[0] in [row[0].value for row in named.iter_rows()]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(sign: str) -> None:
    assert plain(f"{sign}1").startswith("'")
    assert plain(f"\x01{sign}1").startswith("'")
    assert plain("\x00平常") == "平常"


def test_the_sheet_has_what_a_folder_needs(town: Town) -> None:
    ident = town.given()
    page = town.water.get(f"/department/parts/{ident}/sheet").text
    for said in (ident.partition(".")[0], "交办单", "领导批示", "水务局", "停水", "办理期限", "签字"):
        assert said in page
    assert "style=" not in page
    assert "onclick" not in page


def test_the_pool_is_everybodys_until_one_claims(town: Town) -> None:
    number = town.offered()
    for person in (town.water, town.roads):
        assert number in [row["number"] for row in person.get("/api/department/pool").json()["rows"]]
        assert "尽快查看" in person.get("/department/pool").text
    assert town.water.post(f"/department/pool/{number}/claim", {"unit": "roads"}).status_code == 404
    for _ in range(2):
        answer = town.water.post(f"/department/pool/{number}/claim")
        assert answer.headers["location"] == f"/department/parts/{number}.water.1?done=claim"
    assert town.roads.post(f"/department/pool/{number}/claim").status_code == 404
    assert number not in [row["number"] for row in town.roads.get("/api/department/pool").json()["rows"]]
    assert f"{number}.water.1" in rows(town.water, "new")
    claims = [actor for actor, action in town.actions(number) if action == "feedback.claim"]
    assert claims == ["shui"]


def test_nothing_else_in_review_can_be_claimed(town: Town) -> None:
    waiting = town.unclear()
    withdrawn = town.offered()
    town.desk.office.withdraw_offer(Number(withdrawn), "不再开放")
    decided = town.offered()
    town.desk.office.decide(Number(decided), Choice("roads"))
    listed = [row["number"] for row in town.water.get("/api/department/pool").json()["rows"]]
    for number in (waiting, withdrawn, decided, "20200101-portal-000001", "%00"):
        assert number not in listed
        assert town.water.post(f"/department/pool/{number}/claim").status_code == 404
        assert town.water.post_json(f"/api/department/pool/{number}/claim", {"unit": "water"}).status_code == 404
