"""The audit log on the settings page, the calendar and the channels."""

import csv
from collections.abc import Iterator
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from domain.ids import AssignmentId
from store.audit import SqlAudit
from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import Desk

MAILBOX = """
[[channel]]
id = "mail"
kind = "mailbox"
host = "127.0.0.1"
tls = false
username = "shizhang@city.example"
password = "env:MAIL_PASSWORD"
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path_factory.mktemp("audit") / "city", more=MAILBOX)
    with console_city(desk) as made:
        yield made
    desk.system.close()


@pytest.fixture(scope="module")
def auditor(city: ConsoleCity) -> Person:
    return city.demo_person("shen", ["auditor"])


@pytest.fixture(scope="module")
def admin(city: ConsoleCity) -> Person:
    return city.demo_person("root", ["admin"])


def test_an_auditor_filters_and_turns_pages(city: ConsoleCity, auditor: Person) -> None:
    for place in range(120):
        city.accounts.add(f"demo{place}", "", ["analyst"], [], "importer")
    first = auditor.get("/api/settings/audit?actor=importer&action=account").json()
    assert len(first["entries"]) == 100
    rest = auditor.get(f"/api/settings/audit?actor=importer&action=account.add&before={first['next']}").json()
    assert (len(rest["entries"]), rest["next"]) == (20, None)
    one = auditor.get("/api/settings/audit?subject=account:demo7").json()["entries"]
    assert [entry["action"] for entry in one] == ["account.add"]
    assert auditor.get("/api/settings/audit?since=2026-03-03").json()["entries"] == []
    assert auditor.get("/api/settings/audit?until=2026-03-02&actor=importer").json()["entries"]
    assert auditor.get("/api/settings/audit?action=accoun").json()["entries"] == []
    assert "account:demo7" in auditor.get("/settings/audit?actor=importer&before=20").text
    for wrong in ("since=2026-02-30", "before=x", "since=yesterday"):
        assert auditor.get(f"/api/settings/audit?{wrong}").status_code in (409, 422), wrong
    assert "日期写法不对" in auditor.get("/settings/audit?since=2026-02-30").text


def test_looking_is_audited_and_an_administrator_sees_accounts_alone(city: ConsoleCity, auditor: Person, admin: Person) -> None:
    auditor.get("/settings/audit?subject=20260302-portal-000001")
    looked = auditor.get("/api/settings/audit?actor=shen&action=audit.view").json()["entries"]
    assert looked[1]["detail"] == {"subject": "20260302-portal-000001"}
    number = city.desk.letter("1", "停水了")
    city.desk.work()
    city.desk.office.remind(part_of(city, number), "请抓紧")
    seen = admin.get("/api/settings/audit").json()["entries"]
    assert seen
    assert all(entry["subject"].startswith("account:") for entry in seen)
    assert admin.get(f"/api/settings/audit?subject={number}").json()["entries"] == []
    assert admin.post("/settings/audit/verify").status_code == 403
    assert "请抓紧" not in admin.get("/settings/audit/export").text
    assert "请抓紧" in auditor.get("/settings/audit/export").text


def test_an_export_is_text_and_never_a_formula(city: ConsoleCity, auditor: Person) -> None:
    city.accounts.add("odd", "", ["analyst"], [], '=HYPERLINK("x")')
    answer = auditor.get("/settings/audit/export?subject=account:odd")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["actor"] for row in rows] == ['\'=HYPERLINK("x")']
    excel = auditor.get("/settings/audit/export?subject=account:odd&as=xlsx")
    page = load_workbook(BytesIO(excel.content)).active
    assert page is not None
    assert (page["C2"].value, page["C2"].data_type) == ('\'=HYPERLINK("x")', "s")
    assert len(auditor.get("/api/settings/audit?action=audit.export").json()["entries"]) == 4


def test_the_chain_is_verified_and_a_change_found(city: ConsoleCity, auditor: Person) -> None:
    found = auditor.post_json("/api/settings/audit/verify", {}).json()
    assert found["intact"]
    assert "核验通过" in auditor.post("/settings/audit/verify").text
    with city.desk.system.store.transaction(write=True) as tx:
        tx.run("UPDATE audit SET actor = 'nobody' WHERE id = 3")
        tx.commit()
    assert "核验不通过" in auditor.post("/settings/audit/verify").text
    with city.desk.system.store.transaction(write=False) as tx:
        assert SqlAudit(tx).verify()


def test_the_calendar_marks_make_up_days_and_provisional_years(city: ConsoleCity, auditor: Person) -> None:
    page = auditor.get("/settings/calendar").text
    assert page.count('class="month"') == 24
    assert page.count("暂定</span>") == 1
    year = auditor.get("/api/settings/calendar?year=2026").json()
    february = [day for week in year["months"][1]["weeks"] for day in week if day]
    assert {day["day"] for day in february if day["kind"] == "made-up"} == {14, 28}
    assert year["working_days"] == sum(
        day["kind"] in ("work", "made-up") for m in year["months"] for w in m["weeks"] for day in w if day
    )
    assert auditor.get("/api/settings/calendar?year=9999").status_code == 422


def test_channels_are_shown_without_secrets(admin: Person) -> None:
    shown = admin.get("/api/settings/channels")
    assert shown.json()[0]["settings"]["host"] == "127.0.0.1"
    for text in (shown.text, admin.get("/settings/channels").text):
        assert "MAIL_PASSWORD" not in text
        assert "shizhang@" not in text


def part_of(city: ConsoleCity, number: str) -> AssignmentId:
    with city.desk.system.store.unit_of_work(write=False) as uow:
        matter = city.desk.message(number).matter
        return uow.assignments.of_matters([matter])[matter][0].id
