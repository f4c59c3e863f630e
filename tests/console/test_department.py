"""The department's page: its own queue, the whole lifecycle over HTTP, and nothing of anybody else's."""

import pytest

from app.console import reveals
from app.office import Choice
from domain.ids import AssignmentId, Number
from tests.support.console import PASSWORD, Person
from tests.support.town import Town, rows


def counted(person: Person) -> dict[str, int]:
    counts: dict[str, int] = person.get("/api/department").json()["counts"]
    return counts


def test_the_whole_work_of_a_department_without_a_system_of_its_own(town: Town) -> None:
    ident = town.given()
    before = counted(town.water)
    page = town.water.get("/department?tab=new")
    assert page.status_code == 200
    assert f"/department/parts/{ident}" in page.text
    assert "停水三天" in town.water.get(f"/department/parts/{ident}").text
    answer = town.water.post(f"/department/parts/{ident}/sign")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/department/parts/{ident}?done=sign")
    assert town.state(ident) == "signed"
    after = counted(town.water)
    assert (after["new"], after["signed"]) == (before["new"] - 1, before["signed"] + 1)
    reply = {"looked_into": "管道老化", "opinion": "更换", "result": "已更换，恢复供水"}
    assert town.water.post(f"/department/parts/{ident}/complete", reply).status_code == 303
    assert town.state(ident) == "completed"
    assert town.reply(ident) == "调查情况:管道老化\n处理意见:更换\n处理结果:已更换,恢复供水"
    assert ident in rows(town.water, "done")
    assert ident not in rows(town.water)
    assert ("shui", "feedback.complete") in town.actions(ident)
    assert "恢复供水" in town.water.get(f"/department/parts/{ident}").text


def test_what_is_sent_twice_is_one_event(town: Town) -> None:
    ident = town.given()
    reply = {"result": "已恢复"}
    for name, data in (("sign", {}), ("extend", {"days": "5", "reason": "等配件"}), ("complete", reply)):
        for _ in range(2):
            assert town.water.post(f"/department/parts/{ident}/{name}", data).status_code == 303
    applied = [action for _, action in town.actions(ident)]
    assert applied == ["feedback.sign", "feedback.extend", "feedback.complete"]


def test_both_ways_are_one_lifecycle(town: Town) -> None:
    here, there = town.given(), town.given()
    assert town.by_topic("water", id="oa-1", type="sign", assignment=here) == "applied"
    assert town.water.post(f"/department/parts/{here}/complete", {"result": "已办"}).status_code == 303
    assert town.by_topic("water", id="oa-2", type="sign", assignment=here) == "stale"
    assert town.water.post(f"/department/parts/{there}/sign").status_code == 303
    said = {"调查情况": "查了", "处理结果": "好了"}
    assert town.by_topic("water", id="oa-3", type="complete", assignment=there, reply=said) == "applied"
    assert (town.state(here), town.state(there)) == ("completed", "completed")
    assert town.reply(there) == "调查情况:查了\n处理结果:好了"
    again = town.water.post_json(f"/api/department/parts/{there}/sign", {})
    assert again.json()["outcome"] == "stale"


def test_a_return_names_the_right_unit_by_its_alias(town: Town) -> None:
    ident = town.given()
    refused = town.water.post(f"/department/parts/{ident}/return", {"reason": "不归我们管，路面塌了", "suggest": "没有这个局"})
    assert refused.status_code == 409
    assert "不归我们管，路面塌了" in refused.text, "what was typed is kept"
    answer = town.water.post(f"/department/parts/{ident}/return", {"reason": "不归我们管", "suggest": "交通局"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/department?done=return")
    document = town.water.get(f"/api/department/parts/{ident}").json()
    assert (document["state"], document["suggested_unit"], document["reason"]) == ("returned", "roads", "不归我们管")
    assert ident in rows(town.water, "returned")
    town.desk.office.decide(Number(ident.partition(".")[0]), Choice("roads"))
    assert town.water.get(f"/department/parts/{ident}").status_code == 404, "what was decided away is recalled"
    assert ident not in rows(town.water, "returned") + rows(town.water, "all")


def test_a_reply_without_result_is_refused_and_kept(town: Town) -> None:
    ident = town.given()
    refused = town.water.post(f"/department/parts/{ident}/complete", {"looked_into": "已经查了管道", "result": ""})
    assert refused.status_code == 409
    assert "已经查了管道" in refused.text
    assert town.state(ident) == "sent"
    long = town.water.post(f"/department/parts/{ident}/complete", {"result": "长" * 20_001})
    assert long.status_code == 409


def test_an_extension_is_asked_for_and_granted(town: Town) -> None:
    ident = town.given()
    assert town.water.post(f"/department/parts/{ident}/extend", {"days": "0", "reason": "等"}).status_code == 409
    assert town.water.post(f"/department/parts/{ident}/extend", {"days": "5", "reason": "等配件"}).status_code == 303
    assert "等配件" in town.water.get(f"/department/parts/{ident}").text
    before = town.water.get(f"/api/department/parts/{ident}").json()["due"]
    town.desk.office.extend(AssignmentId(ident), 5, "同意")
    document = town.water.get(f"/api/department/parts/{ident}").json()
    assert document["due"] > before
    assert [step["step"] for step in document["history"]] == ["assigned", "said.extend", "updated.deadline"]
    page = town.water.get(f"/department/parts/{ident}").text
    assert "同意" not in page, "why the office decided so is not told"


def test_reminders_are_seen_with_the_offices_words(town: Town) -> None:
    ident = town.given()
    town.desk.office.remind(AssignmentId(ident), "请抓紧办理此件")
    document = town.water.get(f"/api/department/parts/{ident}").json()
    assert [(one["stage"], one["reason"]) for one in document["reminders"]] == [("office", "请抓紧办理此件")]
    assert "请抓紧办理此件" in town.water.get(f"/department/parts/{ident}").text


def test_of_other_units_only_who_has_it_and_how_it_stands(town: Town) -> None:
    ident = town.given()
    number = ident.partition(".")[0]
    town.desk.office.decide(Number(number), Choice("water", ("roads",), requirement="三日内办结"))
    road = f"{number}.roads.1"
    town.roads.post(f"/department/parts/{road}/complete", {"result": "路面已修复平整"})
    document = town.water.get(f"/api/department/parts/{ident}").json()
    assert document["others"] == [{"unit": "roads", "name": "交通运输局", "role": "co", "state": "completed"}]
    assert document["requirement"] == "三日内办结"
    for path in (f"/department/parts/{ident}", f"/api/department/parts/{ident}", f"/department/parts/{ident}/sheet"):
        assert "路面已修复平整" not in town.water.get(path).text
        assert "clerk" not in town.water.get(path).text, "never who decided"


def test_the_senders_contact_is_asked_for_granted_seen_and_over(town: Town) -> None:
    ident = town.given("停水，请联系我", name="王小明", phones=["13800138000"])
    path = f"/department/parts/{ident}/contact"
    assert "王小明" not in town.water.get(f"/department/parts/{ident}").text
    assert town.water.get(path).status_code == 409
    assert town.water.post(path, {"contact_reason": ""}).status_code == 409
    for _ in range(2):
        assert town.water.post(path, {"contact_reason": "须上门找王小明核实"}).status_code == 303
    document = town.water.get(f"/api/department/parts/{ident}").json()
    assert [wish["state"] for wish in document["contact"]] == ["asked"]
    assert "王小明" not in document["contact"][0]["reason"]
    account, reviewer = town.account("shui"), town.account("fu", ["reviewer"])
    (wish,) = reveals.own(town.desk.system, account, Number(ident.partition(".")[0]))
    assert town.water.get(path).status_code == 409, "nobody granted it yet"
    reveals.answer(town.desk.system, reviewer, wish.id, grant=True)
    seen = town.water.get(f"/api{path}").json()
    assert (seen["sender"]["name"], seen["sender"]["phones"]) == (["王小明"], ["13800138000"])
    assert set(seen["sender"]) == {"name", "phones", "emails", "address"}
    assert "13800138000" in town.water.get(path).text
    assert town.roads.get(path).status_code == 404
    town.desk.office.decide(Number(ident.partition(".")[0]), Choice("roads"))
    assert town.water.get(path).status_code == 404, "with the part its sender goes too"


PATHS = (
    ("GET", "/department/parts/{}"),
    ("GET", "/api/department/parts/{}"),
    ("GET", "/department/parts/{}/sheet"),
    ("GET", "/department/parts/{}/files/" + "0" * 64),
    ("GET", "/department/parts/{}/contact"),
    ("GET", "/api/department/parts/{}/contact"),
    ("POST", "/department/parts/{}/contact"),
    ("POST", "/api/department/parts/{}/contact"),
    ("POST", "/department/parts/{}/sign"),
    ("POST", "/department/parts/{}/return"),
    ("POST", "/department/parts/{}/extend"),
    ("POST", "/department/parts/{}/complete"),
    ("POST", "/department/parts/{}/files/" + "0" * 64 + "/remove"),
    ("POST", "/api/department/parts/{}/sign"),
    ("POST", "/api/department/parts/{}/return"),
    ("POST", "/api/department/parts/{}/extend"),
    ("POST", "/api/department/parts/{}/complete"),
)
EVERYTHING = {"contact_reason": "核实", "days": 5, "reason": "理由", "result": "结果", "suggested_unit": ""}


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_other_units_parts_are_not_there(town: Town, method: str, path: str) -> None:
    mine, sealed = town.given(), town.sealed_part()
    others = mine.replace(".water.1", ".roads.1")
    for person, ident in (
        (town.roads, mine),
        (town.roads, others),
        (town.roads, sealed),
        (town.water, sealed),
        (town.water, "20200101-portal-000001.water.1"),
        (town.water, "%00"),
        (town.water, mine[:-1] + "2"),
    ):
        address = path.format(ident)
        if method == "GET":
            answer = person.get(address)
        elif address.startswith("/api"):
            answer = person.post_json(address, EVERYTHING)
        else:
            answer = person.post(address, EVERYTHING)
        assert answer.status_code == 404, (address, ident)
    assert town.state(mine) == "sent"
    assert town.state(sealed) == "sent"


def test_a_handler_of_sealed_matters_lands_on_the_units_page(town: Town) -> None:
    page = town.sealed.get("/")
    assert page.headers["location"] == "/department"
    assert 'href="/review"' not in town.sealed.get("/department").text


def test_only_handlers_open_the_page(town: Town) -> None:
    analyst = town.city.person("fen", ["analyst"])
    ident = town.given()
    for path in ("/department", "/department/pool", f"/department/parts/{ident}", "/department/export.xlsx"):
        assert analyst.get(path).status_code == 403
        assert Person(town.city.base).get(path).status_code == 303
    assert analyst.post(f"/department/parts/{ident}/sign").status_code == 403


def test_a_withdrawn_part_vanishes(town: Town) -> None:
    ident = town.given()
    before = counted(town.water)["open"]
    town.desk.office.decide(Number(ident.partition(".")[0]), Choice("roads"))
    assert town.water.get(f"/department/parts/{ident}").status_code == 404
    assert ident not in rows(town.water) + rows(town.water, "all")
    assert counted(town.water)["open"] == before - 1


def test_sealed_parts_are_for_those_named_only_and_looking_is_audited(town: Town) -> None:
    before = counted(town.water), counted(town.sealed)["open"]
    ident = town.sealed_part()
    assert counted(town.water) == before[0]
    assert counted(town.sealed)["open"] == before[1] + 1
    assert ident not in rows(town.water) + rows(town.water, "all") + rows(town.water, q=ident)
    assert ident in rows(town.sealed)
    assert town.sealed.get(f"/department/parts/{ident}").status_code == 200
    assert ("wei", "assignment.view_sealed") in town.actions(ident)
    assert ("wei", "department.list_sealed") in town.actions("water")
    assert town.sealed.post(f"/department/parts/{ident}/sign").status_code == 303
    assert town.state(ident) == "signed"


def test_a_matter_sealed_afterwards_is_gone(town: Town) -> None:
    ident = town.given()
    town.desk.office.seal(Number(ident.partition(".")[0]), "是举报")
    assert town.water.get(f"/department/parts/{ident}").status_code == 404
    assert town.sealed.get(f"/department/parts/{ident}").status_code == 404
    assert ident not in rows(town.sealed, "all")


def test_many_are_signed_at_once_and_what_moved_on_hinders_none(town: Town) -> None:
    first, second, moved = town.given(), town.given(), town.given()
    town.desk.office.decide(Number(moved.partition(".")[0]), Choice("roads"))
    answer = town.water.post("/department/sign", {"parts": [first, second, moved]})
    assert answer.headers["location"] == "/department?tab=signed&signed=2&missed=1"
    assert (town.state(first), town.state(second), town.state(moved)) == ("signed", "signed", "withdrawn")
    again = town.water.post_json("/api/department/sign", {"parts": [first, second]})
    assert again.json() == {"signed": 0, "passed_over": 2}
    assert town.water.post_json("/api/department/sign", {"parts": [first] * 201}).status_code == 422
    assert town.water.post_json("/api/department/sign", {"parts": [["x"]]}).status_code == 422


def test_the_queue_is_by_deadline_paged_and_searched(town: Town) -> None:
    made = [town.given("停水的事情") for _ in range(60)]
    wanted = town.given("天鹅湖路停水")
    everything = rows(town.water)
    assert set(made) < set(everything)
    assert len(everything) == len(set(everything)) == counted(town.water)["open"]
    due = [row["due"] for row in town.water.get("/api/department").json()["rows"]]
    assert due == sorted(due)
    assert rows(town.water, q="鹅湖") == [wanted]
    assert rows(town.water, q="鹅湖 停水") == [wanted]
    assert rows(town.water, q=wanted.partition(".")[0]) == [wanted]
    assert rows(town.water, q="100%_!") == []
    assert town.water.get("/department?tab=nonsense&after=x.y&done=x&signed=y").status_code == 200


def test_units_are_found_by_name_alias_and_pinyin(town: Town) -> None:
    for typed in ("交通", "交通局", "jty", "jiaotong", "roads"):
        found = town.water.get("/api/department/units", params={"q": typed}).json()["units"]
        assert found[0]["code"] == "roads", typed
    assert town.water.get("/api/department/units", params={"q": "没有"}).json()["units"] == []
    assert "交通运输局" in town.water.get("/department/units?suggest=jtys").text


def test_tabs_by_deadline(town: Town) -> None:
    ident = town.given()
    assert ident not in rows(town.water, "today") + rows(town.water, "overdue") + rows(town.water, "soon")
    start = town.desk.clock.now()
    document = town.water.get(f"/api/department/parts/{ident}").json()
    assert (document["left"]["working_days"], document["left"]["overdue"]) == (5, False)
    try:
        for days, tabs, left in ((4, {"soon"}, 1), (7, {"soon", "today"}, 0), (8, {"overdue"}, 0)):
            town.desk.clock.forward(seconds=(start - town.desk.clock.now()).total_seconds(), days=days)
            clerk = _again(town, "shui")
            assert {tab for tab in ("soon", "today", "overdue") if ident in rows(clerk, tab)} == tabs, days
            page = clerk.get(f"/department/parts/{ident}")
            assert clerk.get(f"/api/department/parts/{ident}").json()["left"]["working_days"] == left
            assert ("超期 1 天" in page.text) == (tabs == {"overdue"})
    finally:
        town.desk.clock.forward(seconds=(start - town.desk.clock.now()).total_seconds())


def _again(town: Town, login: str) -> Person:
    """Signed in anew: the sessions of before are over."""
    person = Person(town.city.base)
    person.post("/sign-in", {"login": login, "password": PASSWORD})
    assert person.get("/account").status_code == 200
    return person
