"""统计 over HTTP: what each reader is counted, periods and ranks, the charts' data, xlsx."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from openpyxl import load_workbook

from app.office import Choice
from domain.events import FeedbackEvent, FeedbackType
from domain.ids import AssignmentId, EventId, MatterId, Number, UnitCode
from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import Desk

PAGES = ("/statistics", "/api/statistics", "/statistics/export.xlsx")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    """Two letters to water, one of them answered after three working days; one returned by roads; a sealed one."""
    desk = Desk(tmp_path_factory.mktemp("statistics") / "city")
    answered = desk.letter("a", "我家小区停水三天了，请尽快修。")
    desk.letter("b", "整条街停水，请修。", channel="mail")
    returned = desk.letter("c", "门口路面坑洼不平，请修补。")
    sealed = desk.letter("d", "举报交通局科长收受好处。", kind="accusation")
    desk.work()
    desk.office.decide(Number(sealed), Choice("discipline"))
    desk.clock.forward(days=3)
    say(desk, "water", FeedbackType.COMPLETE, part(desk, answered), reply="已修好")
    say(desk, "roads", FeedbackType.RETURN, part(desk, returned), reason="不属本单位")
    desk.office.decide(Number(returned), Choice("water"))
    desk.clock.forward(days=30)
    with console_city(desk) as made:
        yield made
    desk.system.close()


def part(desk: Desk, number: str) -> str:
    with desk.system.store.unit_of_work(write=False) as uow:
        return uow.assignments.of_matters([MatterId(number)])[MatterId(number)][-1].id


def say(desk: Desk, unit: str, kind: FeedbackType, ident: str, **words: str) -> None:
    desk.feedback.apply(FeedbackEvent(EventId(f"{ident}-{kind}"), UnitCode(unit), kind, AssignmentId(ident), **words), actor=unit)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def people(city: ConsoleCity) -> dict[str, Person]:
    made = {role: city.person(role, [role]) for role in ("reviewer", "analyst", "operator", "sealed_reviewer")}
    made["both"] = city.person("both", ["reviewer", "sealed_reviewer"])
    made["handler"] = city.person("handler", ["handler"], ["water"])
    return made


SPAN = {"since": "2026-03-01", "until": "2026-04-30"}


def test_the_office_gets_counts_rates_and_ranks(people: dict[str, Person]) -> None:
    document = people["analyst"].get("/api/statistics", params=SPAN).json()
    some = document["total"]
    assert (some["letters"], some["matters"], some["dispatched"], some["kept"]) == (3, 3, 3, 2)
    assert (some["sent"], some["returned"], some["owed"], some["replied"], some["on_time"], some["overdue"]) == (4, 1, 3, 1, 1, 2)
    assert some["first_dispatch_accuracy"] == pytest.approx(0.6667)
    assert some["average_days"] == 3.0
    units = {unit["unit"]: unit for unit in document["units"]}
    assert units["water"]["on_time_rate_rank"] == 1
    assert units["roads"]["on_time_rate_rank"] is None
    assert (units["water"]["return_rate_rank"], units["roads"]["return_rate_rank"]) == (1, 2)
    assert document["satisfaction"] is None


@pytest.mark.parametrize(
    ("by", "periods"), [("day", ["2026-03-02", "2026-03-05"]), ("week", ["2026-03-02"]), ("month", ["2026-03"])]
)
def test_periods_are_days_weeks_or_months(people: dict[str, Person], by: str, periods: list[str]) -> None:
    document = people["reviewer"].get("/api/statistics", params={**SPAN, "by": by}).json()
    assert [row["period"] for row in document["periods"]] == periods
    assert sum(row["sent"] for row in document["periods"]) == document["total"]["sent"]


def test_sealed_matters_are_in_the_counts_of_their_readers_only(people: dict[str, Person]) -> None:
    assert people["both"].get("/api/statistics", params=SPAN).json()["total"]["letters"] == 4
    for who in ("reviewer", "analyst"):
        answer = people[who].get("/api/statistics", params=SPAN)
        assert answer.json()["total"]["letters"] == 3
        assert "discipline" not in answer.text


def test_a_unit_is_told_of_its_own_parts(people: dict[str, Person]) -> None:
    document = people["handler"].get("/api/statistics", params=SPAN).json()
    assert [unit["unit"] for unit in document["units"]] == ["water"]
    assert (document["total"]["sent"], document["total"]["replied"]) == (3, 1)
    assert "on_time_rate_rank" not in document["units"][0]
    assert "只计本单位" in people["handler"].get("/statistics", params=SPAN).text


def test_the_page_has_a_table_beside_each_chart_and_no_inline_script(people: dict[str, Person]) -> None:
    page = people["reviewer"].get("/statistics", params=SPAN).text
    assert page.count("data-chart=") == page.count("<table>") == 3
    assert 'data-source="/api/statistics?' in page
    assert "style=" not in page
    assert "尚无评价来源" in page
    assert "没有数据" in people["reviewer"].get("/statistics", params={"since": "2020-01-01", "until": "2020-01-02"}).text


def test_who_has_no_figures_and_what_cannot_be_counted(people: dict[str, Person]) -> None:
    for path in PAGES:
        for who in ("operator", "sealed_reviewer"):
            assert people[who].get(path).status_code == 403
        for asked in (
            {"by": "year"},
            {"since": "x"},
            {"unit": "没有"},
            {"since": "2026-05-01", "until": "2026-04-01"},
            {"since": "0001-01-01"},
        ):
            assert people["reviewer"].get(path, params=asked).status_code == 409, (path, asked)
        assert people["reviewer"].get(path, params={"until": "0001-01-01"}).status_code == 200
    assert people["reviewer"].get("/statistics/export.xlsx", params={"table": "x"}).status_code == 409


@pytest.mark.parametrize(("table", "first"), [("units", "水务局"), ("periods", "2026-03-02"), ("channels", "mail")])
def test_each_table_is_exported_and_audited(city: ConsoleCity, people: dict[str, Person], table: str, first: str) -> None:
    answer = people["analyst"].get("/statistics/export.xlsx", params={**SPAN, "table": table})
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert first in [row[0] for row in rows[1:]]
    with city.desk.system.store.unit_of_work(write=False) as uow:
        assert [entry.action for _, entry in uow.audit.entries("statistics")][-1] == "statistics.export"


def test_what_was_counted_is_believed_for_a_minute_by_those_who_see_the_same(
    city: ConsoleCity, people: dict[str, Person]
) -> None:
    def letters(who: str) -> int:
        found: int = people[who].get("/api/statistics", params={"since": "2026-03-31"}).json()["total"]["letters"]
        return found

    assert (letters("reviewer"), letters("analyst")) == (0, 0)
    city.desk.letter("e", "水管爆裂，请修。")
    city.desk.work()
    assert [letters(who) for who in ("reviewer", "analyst", "both")] == [0, 0, 1]
    city.desk.clock.forward(seconds=61)
    assert (letters("reviewer"), letters("analyst")) == (1, 1)
