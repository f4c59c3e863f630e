"""模型 over HTTP: for analysts and supervisors, in both languages, with its twin; the report as a download; a shadow begun and stopped."""

from collections.abc import Iterator

import pytest

from app.console.pages.models import MOVES_SHADOW
from app.learning import learn
from app.office import Choice
from app.promoting import let_serve
from app.shadow import Shadow
from domain.accounts import Role
from domain.ids import Number, UnitCode
from domain.models import ModelRow
from domain.standings import Standing
from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import Desk
from tests.support.many_models import letters


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path_factory.mktemp("models") / "city")
    with console_city(desk) as console:
        yield console
    desk.system.close()


@pytest.fixture(scope="module")
def analyst(city: ConsoleCity) -> Person:
    return city.demo_person("fan", ["analyst"])


@pytest.fixture(scope="module")
def rows(city: ConsoleCity, analyst: Person) -> list[ModelRow]:
    """Two models, the first of which serves."""
    assert "fenban train" in analyst.get("/models").text
    assert analyst.get("/api/models").json()["models"] == []
    made = [learn(city.desk.system, letters(seed, 260), by="wang", progress=lambda *_: None).row for seed in (1, 2)]
    let_serve(city.desk.system, made[0], "wang")
    return made


def test_whoever_reads_figures_reads_the_models_and_nobody_else(city: ConsoleCity, rows: list[ModelRow], analyst: Person) -> None:
    told = analyst.get("/api/models").json()
    first = next(one for one in told["models"] if one["version"] == rows[0].version)
    assert (told["live"], first["state"], first["served"], first["report"]) == (rows[0].version, "live", True, False)
    assert first["metrics"]["letters"] > 0
    assert 0 <= first["automatic"]["coverage"] <= 1
    page = analyst.get("/models").text
    assert rows[0].data[:12] in page
    assert rows[0].data not in page
    assert f'action="/models/{rows[1].version}/shadow"' in page
    supervisor = city.demo_person("supervisor", ["supervisor"])
    assert "/shadow" not in supervisor.get("/models").text
    assert supervisor.post(f"/models/{rows[1].version}/shadow").status_code == 403
    for role in set(Role) - {Role.ANALYST, Role.SUPERVISOR, Role.HANDLER}:
        assert city.demo_person(f"a-{role}", [role]).get("/models").status_code == 403
    assert frozenset({Role.ANALYST}) == MOVES_SHADOW


def test_a_shadow_is_begun_seen_and_stopped_in_the_persons_name(city: ConsoleCity, rows: list[ModelRow], analyst: Person) -> None:
    live, other = (row.version for row in rows)
    assert analyst.get("/models/shadow").status_code == 404
    assert analyst.post_json(f"/api/models/{live}/shadow", {}).status_code == 409
    assert analyst.post_json("/api/models/..%2fkeys/shadow", {}).status_code == 404
    assert analyst.post(f"/models/{other}/shadow").headers["location"] == "/models"
    assert analyst.get("/api/models/shadow").json()["shadow"] == other
    assert other in analyst.get("/models/shadow").text
    assert analyst.post_json(f"/api/models/{live}/shadow-stop", {}).status_code == 409
    assert analyst.post_json(f"/api/models/{other}/shadow-stop", {}).json() == {"shadow": None, "stopped": other}
    with city.desk.system.store.unit_of_work(write=False) as uow:
        told = [(entry.actor, entry.action) for _, entry in uow.audit.entries(f"model:{other}")]
    assert told[-2:] == [("fan", "model.shadow"), ("fan", "model.stop")]


def test_a_shadow_is_shown_beside_what_was_suggested(city: ConsoleCity, rows: list[ModelRow], analyst: Person) -> None:
    desk, other = city.desk, rows[1].version
    desk.system.registry.shadow(other, "fan")
    numbers = [desk.letter(str(at), f"公交站第{at}块路面坑洼") for at in range(3)]
    desk.work()
    shadow = Shadow(desk.system)
    assert shadow.look() == 3
    shadow.close()
    for number in numbers:
        desk.office.decide(Number(number), Choice("water"))
    told = analyst.get("/api/models/shadow").json()
    assert (told["opinions"], told["known"], told["top1"]["letters"]) == (3, 3, 3)
    assert told["automatic"]["threshold"] == rows[1].metrics["threshold"]
    page = analyst.get("/models/shadow").text
    assert "水务局" in page
    assert f"{told['top1']['mcnemar_mid_p']:.3f}" in page
    desk.system.registry.stop_shadow("fan")


def test_the_report_is_a_download_once_it_is_written(city: ConsoleCity, rows: list[ModelRow], analyst: Person) -> None:
    version = rows[0].version
    assert analyst.get(f"/models/{version}/report").status_code == 404
    city.desk.system.registry.report_path(version).write_text("<!doctype html><title>报告</title>", encoding="utf-8")
    answer = analyst.get(f"/models/{version}/report")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "报告" in answer.text
    assert f'href="/models/{version}/report"' in analyst.get("/models").text


def test_stopped_units_and_both_languages(city: ConsoleCity, rows: list[ModelRow], analyst: Person) -> None:
    with city.desk.system.store.unit_of_work() as uow:
        reason = "3 of 23 sure suggestions were wrong"
        uow.standings.add([Standing(city.desk.clock.now(), UnitCode("water"), stopped=True, reason=reason)])
        uow.commit()
    assert "3 / 23 件有把握的建议分错了" in analyst.get("/models").text
    analyst.post("/account/language", {"language": "en", "back": "/models"})
    page = analyst.get("/models").text
    assert "stopped since" in page
    assert reason in page
    analyst.post("/account/language", {"language": "zh", "back": "/models"})
