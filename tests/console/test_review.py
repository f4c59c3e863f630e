"""The review page over HTTP: the queue, one letter, choosing, taking back, going out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.queries import Queries
from domain.events import FeedbackEvent, FeedbackType
from domain.ids import AssignmentId, EventId, Number, UnitCode
from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import Desk

UNSURE = "文苑路的事情说不清楚请看看"
PARTIAL = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ConsoleCity, dict[str, Person]]]:
    """One city for the file, and its people: signing in takes long. Tests leave nothing waiting."""
    desk = Desk(tmp_path_factory.mktemp("review") / "city")
    with console_city(desk) as city:
        people = {
            "li": city.person("li", ["reviewer"]),
            "wang": city.person("wang", ["reviewer"]),
            "mi": city.person("mi", ["sealed_reviewer"]),
            "sun": city.person("sun", ["supervisor"]),
            "shui": city.person("shui", ["handler", "sealed_reviewer"], ["water"]),
        }
        yield city, people
    desk.system.close()


@pytest.fixture
def city(town: tuple[ConsoleCity, dict[str, Person]]) -> ConsoleCity:
    return town[0]


@pytest.fixture
def people(town: tuple[ConsoleCity, dict[str, Person]]) -> dict[str, Person]:
    for login, person in town[1].items():
        _awake(town[0], login, person)
    return town[1]


def _awake(city: ConsoleCity, login: str, person: Person) -> None:
    """Tests move the clock, and a session that idled ends: it begins anew without the long way."""
    if person.get("/account").status_code == 200:
        return
    from app.console.accounts import Accounts

    accounts = Accounts(city.desk.system)
    account = accounts.by_login(login)
    assert account is not None
    with city.desk.system.store.transaction(write=True) as tx:
        opened = accounts._open(tx, account, city.desk.system.clock.now(), strong=True)
        tx.commit()
    person.token = opened.token
    person.get("/account")


_count = 0


def letter(city: ConsoleCity, text: str = UNSURE, **draft: Any) -> Number:
    global _count
    _count += 1
    number = Number(city.desk.letter(f"r{_count}", text, **draft))
    city.desk.work()
    return number


def outbox(city: ConsoleCity) -> int:
    with city.desk.system.store.transaction(write=False) as tx:
        return int(tx.fetch("SELECT count(*) FROM outbox")[0][0])


def numbers(person: Person, path: str = "/api/review") -> list[str]:
    return [row["number"] for row in person.get(path).json()["rows"]]


def choose(person: Person, *chosen: str, action: str = "decide", **more: Any) -> dict[str, Any]:
    answer = person.post_json("/api/review/choices", {"numbers": list(chosen), "action": action, **more})
    assert answer.status_code in {201, 409}, answer.text
    return dict(answer.json())


def goes_out(city: ConsoleCity) -> int:
    city.desk.clock.forward(seconds=30)
    return city.desk.system.due_choices().look()


def test_nothing_is_decided_until_the_time_to_take_it_back_is_over(city: ConsoleCity, people: dict[str, Person]) -> None:
    number, before = letter(city), outbox(city)
    page = people["li"].get(f"/review/{number}")
    assert UNSURE in page.text
    made = choose(people["li"], number, lead="water")
    assert city.desk.state(number) == "in_review"
    assert outbox(city) == before
    assert number not in numbers(people["wang"]), "what waits is offered to nobody"
    other = people["wang"].get(f"/review/{number}").text
    assert "li 已作决定" in other
    assert 'id="decide"' not in other
    assert "waits already" in choose(people["wang"], number, lead="roads")["error"] or "已有" in str(
        choose(people["wang"], number, lead="roads")
    )
    assert city.desk.system.due_choices().look() == 0
    undone = people["li"].post(f"/review/choices/{made['choices'][0]['id']}/undo", headers=PARTIAL)
    assert undone.status_code == 200
    assert f'data-number="{number}"' in undone.text
    assert goes_out(city) == 0
    assert (city.desk.state(number), outbox(city)) == ("in_review", before)
    choose(people["li"], number, lead="roads", co_units=["water"], requirement="请查看现场", deadline_class="complex")
    assert goes_out(city) == 1
    assert city.desk.state(number) == "dispatched"
    assert outbox(city) == before + 2
    decision = people["li"].get(f"/api/review/{number}").json()["decision"]
    assert (decision["actor"], decision["lead"], decision["co_units"]) == ("li", "roads", ["water"])
    assert (decision["requirement"], decision["deadline_class"]) == ("请查看现场", "complex")
    assert city.desk.balanced()
    labels = {label.number: label.unit for label in Queries(city.desk.system.store).labels()}
    assert labels[number] == "roads"


def test_after_a_choice_the_next_letter_is_open(city: ConsoleCity, people: dict[str, Person]) -> None:
    first, second = letter(city), letter(city)
    li = people["li"]
    li.get("/review")
    answer = li.post("/review/choices", {"number": first, "action": "decide", "lead": "water"}, headers=PARTIAL)
    assert answer.status_code == 200
    assert f'id="letter" class="card" data-number="{second}"' in answer.text
    assert 'data-state="waiting"' in answer.text
    plain = li.post("/review/choices", {"number": second, "action": "decide", "lead_said": "供水公司"})
    assert plain.status_code == 303
    assert goes_out(city) == 2
    assert {city.desk.state(first), city.desk.state(second)} == {"dispatched"}


@pytest.mark.parametrize(("action", "state"), [("out_of_remit", "out_of_remit"), ("hold", "held"), ("seal", "sealed_review")])
def test_other_choices_need_their_reason(city: ConsoleCity, people: dict[str, Person], action: str, state: str) -> None:
    number = letter(city)
    assert "理由" in choose(people["li"], number, action=action)["error"]
    choose(people["li"], number, action=action, reason="电话里说过，13800138000")
    assert goes_out(city) == 1
    assert city.desk.state(number) == state
    assert "13800138000" not in city.desk.message(number).reason


def test_held_letters_are_released_or_rejected(city: ConsoleCity, people: dict[str, Person]) -> None:
    held = [letter(city), letter(city)]
    for number in held:
        city.desk.office.hold(number, "看看")
    assert set(held) <= set(numbers(people["li"], "/api/review?source=held"))
    choose(people["li"], held[0], action="release", reason="可以办")
    choose(people["li"], held[1], action="reject", reason="空信")
    assert goes_out(city) == 2
    assert [city.desk.state(number) for number in held] == ["new", "rejected"]
    city.desk.work()
    assert "不能" in choose(people["li"], held[1], action="reject", reason="空信")["error"]


def test_a_returned_matter_comes_back_with_its_reason_and_suggested_unit(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = letter(city)
    choose(people["li"], number, lead="water")
    goes_out(city)
    for time, unit, suggested in ((1, "water", "roads"), (2, "roads", "river")):
        ident = AssignmentId(f"{number}.{unit}.1")
        event = FeedbackEvent(
            EventId(f"e{number}{time}"), UnitCode(unit), FeedbackType.RETURN, ident, reason="不归我们管", suggested_unit=suggested
        )
        city.desk.feedback.apply(event, actor=unit)
        row = next(row for row in people["li"].get("/api/review?source=returned").json()["rows"] if row["number"] == number)
        assert (row["returned_by"], row["return_reason"], row["suggested_unit"]) == (unit, "不归我们管", suggested)
        assert row["arbitration"] is (time == 2)
        shown = people["li"].get(f"/review/{number}").text
        assert "不归我们管" in shown
        assert (">退回</span>" in shown, ">已交办</span>" in shown) == (True, False)
        if time == 1:
            choose(people["li"], number, lead="roads")
            assert goes_out(city) == 1
    assert numbers(people["li"])[0] == number, "what is to be arbitrated stands first"
    choose(people["li"], number, lead="river")
    goes_out(city)
    assert number not in numbers(people["li"])


def test_what_moved_on_meanwhile_is_refused_and_told_to_who_chose(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = letter(city)
    choose(people["li"], number, lead="water")
    city.desk.office.out_of_remit(number, "不是本市的事")
    assert goes_out(city) == 1
    assert city.desk.state(number) == "out_of_remit"
    (mine,) = [one for one in people["li"].get("/api/review/choices").json()["choices"] if one["number"] == number]
    assert mine["state"] == "refused"
    assert "changed" in mine["reason"]
    assert "又有变化" in people["li"].get("/review/waiting").text
    assert number not in people["wang"].get("/review/waiting").text


def test_a_revision_meanwhile_is_not_decided_by_the_old_choice(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = city.desk.letter("revised", UNSURE)
    city.desk.work()
    choose(people["li"], number, lead="water")
    city.desk.poll(city.desk.capture("revised", UNSURE + "，另外还有一件"))
    city.desk.work()
    goes_out(city)
    assert city.desk.state(number) == "in_review"


def test_sealed_letters_are_seen_and_counted_by_sealed_reviewers_only(city: ConsoleCity, people: dict[str, Person]) -> None:
    before = people["li"].get("/api/review").json()["counts"]
    number = letter(city, "举报水务局局长受贿", kind="accusation")
    for login in ("li", "sun"):
        person = people[login]
        assert person.get("/api/review").json()["counts"] == before
        assert number not in person.get("/review").text
        for path in (f"/review/{number}", f"/api/review/{number}"):
            assert person.get(path).status_code == 404
        assert person.get(f"/api/review/units?q=water&number={number}").json()["units"][0]["excluded"] is False
    answer = people["li"].post_json("/api/review/choices", {"numbers": [number], "action": "out_of_remit", "reason": "x"})
    assert answer.status_code == 404
    mi = people["mi"]
    assert number in numbers(mi)
    assert {row["sealed"] for row in mi.get("/api/review").json()["rows"]} == {True}
    assert number in mi.get(f"/review/{number}").text
    with city.desk.system.store.unit_of_work(write=False) as uow:
        seen = [(entry.actor, entry.action) for _, entry in uow.audit.entries(number)]
    assert ("mi", "message.view_sealed") in seen
    shui = people["shui"]
    assert shui.get("/review").status_code == 404
    assert shui.post_json("/api/review/choices", {"numbers": [number], "action": "decide", "lead": "roads"}).status_code == 404


def test_the_accused_unit_cannot_be_chosen(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = letter(city, "举报水务局局长受贿", kind="accusation")
    mi = people["mi"]
    found = mi.get(f"/api/review/units?q=shuiwuju&number={number}").json()["units"]
    assert {unit["code"]: unit["excluded"] for unit in found if unit["code"] == "water"} == {"water": True}
    mi.get("/review")
    refused = mi.post("/review/choices", {"number": number, "action": "decide", "lead": "water"}, headers=PARTIAL)
    assert refused.status_code == 409
    assert "须回避此事项" in refused.text
    assert "须回避" in choose(mi, number, lead="discipline", co_units=["water"])["error"]
    choose(mi, number, lead="discipline")
    assert goes_out(city) == 1
    assert city.desk.state(number) == "dispatched"


def test_a_sealed_letter_that_is_none_goes_the_ordinary_way(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = letter(city, "举报水务局局长受贿", kind="accusation")
    choose(people["mi"], number, action="not_accusation", reason="只是投诉")
    assert goes_out(city) == 1
    assert city.desk.state(number) == "new"
    city.desk.work()
    shown = people["li"].get(f"/api/review/{number}")
    assert shown.status_code == 200
    for told in (shown.text, people["li"].get(f"/review/{number}").text, people["li"].get(f"/register/{number}").text):
        assert "sealed_review" not in told
        assert "只是投诉" not in told


def test_a_supervisor_reads_and_decides_nothing(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = letter(city)
    sun = people["sun"]
    page = sun.get(f"/review/{number}")
    assert page.status_code == 200
    assert 'id="decide"' not in page.text
    assert sun.post_json("/api/review/choices", {"numbers": [number], "action": "decide", "lead": "water"}).status_code == 403


def test_several_are_decided_at_once_each_by_a_choice_of_its_own(city: ConsoleCity, people: dict[str, Person]) -> None:
    chosen = [letter(city) for _ in range(3)]
    li = people["li"]
    li.get("/review")
    form = {"number": chosen[0], "also": chosen[1:], "action": "decide", "lead": "roads"}
    answer = li.post("/review/choices", form, headers=PARTIAL)
    assert answer.status_code == 200
    assert len([one for one in li.get("/api/review/choices").json()["choices"] if one["state"] == "waiting"]) == 3
    choice = next(one for one in li.get("/api/review/choices").json()["choices"] if one["number"] == chosen[1])
    assert li.post_json(f"/api/review/choices/{choice['id']}/undo", {}).json() == {"number": chosen[1]}
    assert goes_out(city) == 2
    assert [city.desk.state(number) for number in chosen] == ["dispatched", "in_review", "dispatched"]
    some = choose(li, chosen[0], chosen[1], action="hold", reason="一起看")
    assert [one["number"] for one in some["choices"]] == [chosen[1]]
    assert [one["number"] for one in some["refused"]] == [chosen[0]]
    goes_out(city)


def test_nobody_takes_anothers_choice_back(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = letter(city)
    ident = choose(people["li"], number, lead="water")["choices"][0]["id"]
    assert people["wang"].post_json(f"/api/review/choices/{ident}/undo", {}).status_code == 409
    goes_out(city)
    assert people["li"].post_json(f"/api/review/choices/{ident}/undo", {}).status_code == 409


def test_the_queue_is_narrowed_and_turned_by_key(city: ConsoleCity, people: dict[str, Person]) -> None:
    made = [letter(city, f"{UNSURE}{place}", kind="consult") for place in range(35)]
    li = people["li"]
    first = li.get("/api/review?kind=consult").json()
    assert len(first["rows"]) == 30
    second = li.get(f"/api/review?kind=consult&after={first['next']}").json()
    assert [row["number"] for row in (*first["rows"], *second["rows"])] == made
    assert second["next"] == ""
    assert set(numbers(li, "/api/review?unit=water")) >= set(made[:5])
    assert numbers(li, "/api/review?unit=roads&kind=consult") == []
    part = li.get(f"/review?kind=consult&after={first['next']}", headers=PARTIAL).text
    assert made[-1] in part
    assert "<html" not in part


def test_the_words_that_spoke_are_marked_and_listed(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = letter(city, "文苑路停水了请尽快处理")
    assert city.desk.state(number) == "dispatched"
    part = AssignmentId(f"{number}.water.1")
    event = FeedbackEvent(EventId(f"e{number}"), UnitCode("water"), FeedbackType.RETURN, part, reason="不归我们管")
    city.desk.feedback.apply(event, actor="water")
    page = people["li"].get(f"/review/{number}").text
    assert '<mark data-spoke="1" class="on">停水</mark>' in page
    assert '<span class="spoke">停水</span>' in page


def test_a_senders_earlier_letters_are_shown_by_their_marks(city: ConsoleCity, people: dict[str, Person]) -> None:
    one = letter(city, "小区门口的路灯坏了没人修", phones=["13900139000"])
    city.desk.clock.forward(hours=30)
    _awake(city, "li", people["li"])
    secret = letter(city, "举报水务局局长受贿", kind="accusation", phones=["13900139000"])
    two = letter(city, "隔壁工地夜里施工太吵睡不着", phones=["13900139000"])
    document = people["li"].get(f"/api/review/{two}").json()
    assert [found["number"] for found in document["earlier"]] == [one]
    assert secret not in str(document)


@pytest.mark.parametrize(
    ("said", "code"), [("水务", "water"), ("jtj", "roads"), ("jiaotong", "roads"), ("供水公司", "water"), ("qxx", "river")]
)
def test_units_are_found_by_name_alias_and_pinyin(people: dict[str, Person], said: str, code: str) -> None:
    assert people["li"].get(f"/api/review/units?q={said}").json()["units"][0]["code"] == code
    assert f'data-code="{code}"' in people["li"].get(f"/review/units?lead_said={said}").text


def test_english_pages_say_the_same(city: ConsoleCity, people: dict[str, Person], tmp_path: Path) -> None:
    number = letter(city)
    wang = people["wang"]
    wang.get("/account")
    wang.post("/account/language", {"language": "en"})
    assert "To be decided" in wang.get(f"/review/{number}").text
    wang.post("/account/language", {"language": "zh"})


def test_a_view_of_the_sender_is_asked_for_granted_and_opened_on_the_pages(city: ConsoleCity, people: dict[str, Person]) -> None:
    number = letter(city, name="王小明", phones=["13700137000"], attachments=[["图.html", "<b>1</b>"]])
    li, wang = people["li"], people["wang"]
    assert "图.html" in li.get(f"/review/{number}").text
    assert "13700137000" not in li.get(f"/review/{number}").text
    assert li.post(f"/review/{number}/reveal", {"reason": "须核对"}).status_code == 303
    ident = li.get("/api/review/reveals").json()["own"][0]["id"]
    assert li.post(f"/review/reveals/{ident}/open").status_code == 409
    assert number in wang.get("/review/reveals").text
    assert wang.post(f"/review/reveals/{ident}/answer", {"grant": "yes"}).status_code == 303
    shown = li.post(f"/review/reveals/{ident}/open")
    assert shown.status_code == 200
    assert "13700137000" in shown.text
    file = li.post(f"/review/reveals/{ident}/files/0")
    assert (file.content, file.headers["content-type"]) == (b"<b>1</b>", "application/octet-stream")
    assert file.headers["content-disposition"].startswith("attachment;")
    assert li.post(f"/review/reveals/{ident}/files/9").status_code == 404
    assert wang.post_json(f"/api/review/reveals/{ident}/open", {}).status_code == 404
    assert people["shui"].get("/review/reveals").status_code == 404
