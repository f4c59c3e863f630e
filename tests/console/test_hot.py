"""热点 over HTTP: for the office alone, in both languages, with its twin for programs; what is sealed is left out."""

from collections.abc import Iterator

import pytest

from domain.ids import Number, UnitCode
from store import hot
from store.hot import HotTopic
from tests.support.console import ConsoleCity, console_city
from tests.support.desk import START, Desk


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path_factory.mktemp("hot") / "city")
    with console_city(desk) as console:
        yield console


def kept(city: ConsoleCity, *numbers: str) -> None:
    now = city.desk.clock.now()
    listed = tuple(Number(number) for number in numbers)
    topic = HotTopic("t", 1, ("停水",), "东区", (UnitCode("water"),), 6, 0.5, 2, 1e-6, START, now, 6, listed)
    with city.desk.system.store.transaction(write=True) as tx:
        hot.put(tx, [topic])
        hot.looked(tx, now)
        tx.commit()


def test_the_office_reads_what_grew_and_nobody_else(city: ConsoleCity) -> None:
    reviewer = city.demo_person("reviewer", ["reviewer"])
    assert reviewer.get("/api/hot").json() == {"as_of": None, "topics": []}
    assert "fenban run" in reviewer.get("/hot").text
    plain = city.desk.letter("a", "桂园停水三天了。")
    sealed = city.desk.letter("b", "举报有人偷水，停水。", kind="accusation")
    city.desk.work()
    kept(city, plain)
    (topic,) = reviewer.get("/api/hot").json()["topics"]
    assert (topic["persons"], topic["numbers"]) == (6, [plain])
    page = reviewer.get("/hot").text
    assert f'href="/register/{plain}"' in page
    assert "东区 · 停水" in page
    for role, status in (("supervisor", 200), ("analyst", 403), ("operator", 403), ("sealed_reviewer", 403)):
        assert city.demo_person(f"a-{role}", [role]).get("/api/hot").status_code == status
    assert city.demo_person("handler", ["handler"], ["water"]).get("/api/hot").status_code == 403
    kept(city, plain, sealed)
    assert reviewer.get("/api/hot").json()["topics"] == []
