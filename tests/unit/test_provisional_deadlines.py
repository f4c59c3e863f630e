"""A deadline that reaches into a year not arranged yet is provisional, and is counted anew once it is."""

from datetime import UTC, datetime
from pathlib import Path

from app.queries import Queries
from domain.ids import AssignmentId
from route.calendar import WorkingCalendar
from tests.support.desk import Desk, HandClock
from tests.unit.test_way_of_a_message import WATER

ARRANGED = """
[[year]]
year = 2027
source = "an arrangement made for this test"
holidays = ["2027-01-01..2027-01-04"]
workdays = []
"""


def test_it_is_counted_anew_and_the_unit_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city", clock=HandClock(datetime(2026, 12, 28, 2, 0, tzinfo=UTC)))
    number = desk.letter("1", WATER)
    desk.work()
    part = AssignmentId(f"{number}.water.1")
    (event,) = desk.events("water")
    assert event["data"]["deadline"]["provisional"]
    assert Queries(desk.system.store).provisional_assignments() == [part]
    local = tmp_path / "calendar.toml"
    local.write_text(ARRANGED, encoding="utf-8")
    desk.system.__dict__["calendar"] = WorkingCalendar(local)
    office = desk.system.office("clerk")
    counted = office.recount(part)
    assert counted is not None
    assert not counted.provisional
    assert office.recount(part) is None
    events = desk.events("water")
    assert [(one["type"], one["data"].get("change")) for one in events] == [("assigned", None), ("updated", "deadline")]
    assert events[1]["data"]["deadline"]["due"] > events[0]["data"]["deadline"]["due"]
    assert desk.balanced()
