"""Who else wrote the same, as each reader may know it: at the review desk, in the matter's story, on the unit's part."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.office import Choice
from domain.ids import Number
from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import Desk

SAME = "我们小区停水三天了，老人小孩没法做饭洗衣，打电话没有人管，请尽快恢复供水。"


@dataclass
class City:
    """``first`` and ``second`` are the water office's, ``third`` the roads', ``sealed`` was sealed later; ``waiting`` waits."""

    console: ConsoleCity
    people: dict[str, Person]
    first: str
    second: str
    third: str
    sealed: str
    waiting: str

    def similar(self, person: str, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.people[person].get(path).json()["similar"]
        return found

    def part(self, number: str) -> str:
        return f"{number}.water.1"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    desk = Desk(tmp_path_factory.mktemp("similar") / "city")
    numbers = []
    for n in range(5):
        desk.clock.forward(hours=1)
        numbers.append(desk.letter(str(n), SAME if n < 4 else SAME.replace("停水", "停电"), phones=[f"1380000000{n}"]))
    desk.work()
    desk.office.decide(Number(numbers[2]), Choice("roads"))
    desk.link()
    desk.office.seal(Number(numbers[3]), "names an official")
    with console_city(desk) as console:
        people = {role: console.demo_person(role, [role]) for role in ("reviewer", "sealed_reviewer", "supervisor")}
        people["water"] = console.demo_person("shui", ["handler"], ["water"])
        people["roads"] = console.demo_person("lu", ["handler"], ["roads"])
        yield City(console, people, *numbers)


def test_the_desk_shows_who_else_wrote_and_which_unit_has_it(city: City) -> None:
    found = city.similar("reviewer", f"/api/review/{city.waiting}")
    assert (found["count"], [one["number"] for one in found["letters"]]) == (3, [city.first, city.second, city.third])
    assert [one["units"] for one in found["letters"]] == [["water"], ["water"], ["roads"]]
    assert all(one["similarity"] >= 0.8 for one in found["letters"])
    page = city.people["reviewer"].get(f"/review/{city.waiting}").text
    assert 'id="similar"' in page
    assert city.first in page
    assert city.sealed not in page


def test_what_is_sealed_is_shown_and_counted_for_nobody(city: City) -> None:
    for person in ("reviewer", "supervisor"):
        found = city.similar(person, f"/api/register/{city.first}")
        assert found["count"] == 3
        assert {one["number"] for one in found["letters"]} == {city.second, city.third, city.waiting}
    assert city.similar("sealed_reviewer", f"/api/register/{city.sealed}") == {"count": 0, "since": None, "letters": []}


def test_a_unit_hears_how_many_and_since_when_and_sees_its_own(city: City) -> None:
    for path in (f"/api/register/{city.second}", f"/api/department/parts/{city.part(city.second)}"):
        found = city.similar("water", path)
        assert (found["count"], found["since"]) == (2, "2026-03-02T10:00:00+08:00")
        assert [one["number"] for one in found["letters"]] == [city.first]
    for path in (f"/register/{city.second}", f"/department/parts/{city.part(city.second)}"):
        page = city.people["water"].get(path).text
        assert city.first in page
        assert city.third not in page
        assert "另有 2 人" in page
    found = city.similar("roads", f"/api/register/{city.third}")
    assert (found["count"], found["letters"]) == (2, [])


def test_a_unit_never_hears_of_a_matter_that_it_is_excluded_from(city: City) -> None:
    with city.console.desk.system.store.transaction(write=True) as tx:
        tx.run("UPDATE matters SET excluded = 'roads' WHERE id = ?", (city.first,))
        tx.commit()
    assert city.similar("roads", f"/api/register/{city.third}")["count"] == 1
    assert city.similar("reviewer", f"/api/register/{city.third}")["count"] == 3
