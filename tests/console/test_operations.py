"""The operations page: who sees it, what it tells, what an operator does about what stopped."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import notices, search_index
from app.collect import ChannelPoller
from app.office import Choice
from app.slots import Slot, held_slots
from domain.errors import RetryLater
from domain.events import Delivery, DeliveryStatus
from domain.ids import ChannelId, ExternalId, Number
from domain.messages import Capture, CapturePart, CaptureReject
from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import Desk

CHANNEL = '[[channel]]\nid = "portal"\nkind = "board"\nurl = "http://127.0.0.1:9/"\nfid = "1"\n'
WATER = "我家小区停水三天了，请尽快修。"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path_factory.mktemp("operations") / "city", more=CHANNEL)
    with console_city(desk) as made:
        yield made
    desk.system.close()


@pytest.fixture(scope="module")
def operator(city: ConsoleCity) -> Person:
    return city.person("cao", ["operator"])


@pytest.fixture(scope="module")
def supervisor(city: ConsoleCity) -> Person:
    return city.person("du", ["supervisor"])


def seen(city: ConsoleCity, person: Person) -> dict[str, Any]:
    city.desk.clock.forward(seconds=30)
    found: dict[str, Any] = person.get("/api/operations").json()
    return found


def actions(city: ConsoleCity, subject: str) -> list[tuple[str, str]]:
    with city.desk.system.store.unit_of_work(write=False) as uow:
        return [(entry.action, entry.actor) for _, entry in uow.audit.entries(subject)]


def park(city: ConsoleCity, number: str) -> int:
    """The first record of the matter, refused by its topic."""
    with city.desk.system.store.unit_of_work() as uow:
        record = uow.reads.outstanding(city.desk.message(number).matter)[0]
        uow.outbox.settle([Delivery(record.id, DeliveryStatus.REFUSED, reason="too large")], city.desk.clock.now())
        uow.commit()
    return record.id


def test_a_channel_is_paused_resumed_and_polled_now(city: ConsoleCity, operator: Person) -> None:
    assert "暂停" in operator.get("/operations").text
    assert operator.post("/operations/channels/portal/pause", {"reason": "维护"}).status_code == 303
    (channel,) = seen(city, operator)["channels"]
    assert (channel["state"], channel["told_by"]) == ("paused", "cao")
    refused = operator.post_json("/api/operations/channels/portal/poll", {})
    assert (refused.status_code, refused.json()["remedy"]) == (409, "先恢复它")
    assert operator.post_json("/api/operations/channels/portal/resume", {}).json() == {"done": True}
    part = operator.post("/operations/channels/portal/poll", headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert actions(city, "channel:portal") == [("channel.pause", "cao"), ("channel.resume", "cao"), ("channel.poll", "cao")]
    assert operator.post_json("/api/operations/channels/other/pause", {}).status_code == 404


def test_what_stopped_is_replayed_and_discarded_with_an_audit_entry(city: ConsoleCity, operator: Person) -> None:
    first, second = city.desk.letter("p1", WATER), city.desk.letter("p2", "门口路面坑洼不平，请修补。")
    city.desk.work()
    ids = [park(city, first), park(city, second)]
    listed = operator.get("/api/operations/stopped").json()["parked"]
    assert [(record["id"], record["reason"]) for record in listed] == [(ids[0], "too large"), (ids[1], "too large")]
    assert operator.post_json(f"/api/operations/parked/{ids[1]}/discard", {"reason": ""}).status_code in (409, 422)
    assert operator.post(f"/operations/parked/{ids[1]}/discard", {"reason": "单位已撤并"}).status_code == 303
    assert operator.post_json(f"/api/operations/parked/{ids[0]}/replay", {}).json() == {"done": True}
    assert operator.post_json(f"/api/operations/parked/{ids[0]}/replay", {}).status_code == 404
    assert actions(city, str(ids[1])) == [("outbox.discard", "cao")]
    assert actions(city, str(ids[0])) == [("outbox.replay", "cao")]
    assert [event["data"]["number"] for event in city.desk.events("water")] == [first]
    assert city.desk.balanced()


def test_a_quarantined_capture_is_tried_again(city: ConsoleCity, operator: Person) -> None:
    capture = Capture(ChannelId("portal"), ExternalId("odd"), city.desk.clock.now(), (CapturePart("message", "x/y", b"odd"),))
    city.desk.poll(rejects=(CaptureReject(capture, "not a draft"),))
    (item,) = operator.get("/api/operations/stopped").json()["quarantined"]
    answer = operator.post_json(f"/api/operations/quarantine/{item['id']}/replay", {"reason": "试一次"})
    assert answer.status_code == 409, "it is still no draft"
    assert actions(city, str(item["id"]))[-1] == ("quarantine.replay", "cao")
    assert operator.post_json("/api/operations/quarantine/999999/replay", {}).status_code == 404
    assert "odd" in operator.get("/operations").text


def stages(city: ConsoleCity, person: Person) -> dict[str, Any]:
    return {stage["name"]: stage for stage in seen(city, person)["stages"]}


def test_the_way_of_a_message_is_counted(city: ConsoleCity, operator: Person) -> None:
    city.desk.clock.forward(minutes=10)
    before = stages(city, operator)
    city.desk.letter("w1", WATER)
    waiting = stages(city, operator)
    assert waiting["register"]["last_5_minutes"] == 1
    assert waiting["register"]["last_hour"] == before["register"]["last_hour"] + 1
    assert (waiting["decide"]["waiting"], waiting["decide"]["oldest_seconds"]) == (1, 30)
    city.desk.work()
    city.desk.events("water")
    done = stages(city, operator)
    assert (done["decide"]["waiting"], done["decide"]["last_5_minutes"]) == (0, 1)
    assert (done["publish"]["waiting"], done["publish"]["last_5_minutes"]) == (0, 1)
    assert done["units"]["waiting"] == before["units"]["waiting"] + 1


def test_sealed_matters_are_neither_listed_nor_counted(city: ConsoleCity, operator: Person, supervisor: Person) -> None:
    before = seen(city, supervisor)
    number = city.desk.letter("s1", "举报交通局科长收受好处。", kind="accusation")
    city.desk.work()
    assert city.desk.state(number) == "sealed_review"
    city.desk.office.decide(Number(number), Choice("discipline"))
    ident = park(city, number)
    after = seen(city, supervisor)
    assert after["parked"] == before["parked"]
    assert [{**unit, "oldest_unsigned_seconds": 0} for unit in after["units"]] == [
        {**unit, "oldest_unsigned_seconds": 0} for unit in before["units"]
    ]
    for person in (operator, supervisor):
        assert number not in person.get("/operations").text
    assert operator.post_json(f"/api/operations/parked/{ident}/replay", {}).status_code == 404
    sealed = city.person("mi", ["operator", "sealed_reviewer"])
    assert [record["id"] for record in sealed.get("/api/operations/stopped").json()["parked"]] == [ident]
    assert sealed.post_json(f"/api/operations/parked/{ident}/replay", {}).json() == {"done": True}


def test_supervisors_watch_and_do_not_steer(supervisor: Person) -> None:
    page = supervisor.get("/operations").text
    assert "/operations/channels/portal/pause" not in page
    assert supervisor.post("/operations/channels/portal/pause").status_code == 403
    assert supervisor.post_json("/api/operations/parked/1/replay", {}).status_code == 403


def test_the_page_that_looks_by_itself_keeps_no_session_alive(city: ConsoleCity) -> None:
    person = city.person("ye", ["operator"])
    for _ in range(4):
        city.desk.clock.forward(minutes=8)
        answer = person.get("/operations/live", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_english_reads_english(city: ConsoleCity) -> None:
    person = city.person("en", ["operator"])
    person.post("/account/language", {"language": "en"})
    page = person.get("/operations").text
    assert "The way of a message" in page
    assert "last hour" in page


def test_where_nothing_runs_it_says_so(tmp_path: Path) -> None:
    assert held_slots(tmp_path) == []
    with Slot(tmp_path, "worker"):
        assert held_slots(tmp_path) == ["worker-1"]
    assert held_slots(tmp_path) == []


def test_every_lease_that_a_running_city_holds_has_its_name(city: ConsoleCity) -> None:
    watcher = city.demo_person("kan", ["operator"])
    city.desk.clock.forward(seconds=30)
    now = city.desk.clock.now()
    with city.desk.system.store.unit_of_work() as uow:
        for name in (notices.LEASE, search_index.LEASE):
            assert uow.channels.acquire(name, "host/worker-1", now, now + timedelta(minutes=9)) is not None
        uow.commit()
    page = watcher.get("/operations")
    assert page.status_code == 200
    assert "检索索引" in page.text
    assert "告警通知" in page.text


def test_a_channel_at_fault_is_seen_in_the_first_box(city: ConsoleCity) -> None:
    watcher = city.demo_person("zao", ["operator"])
    assert "渠道故障" not in watcher.get("/operations").text
    poller = ChannelPoller(city.desk.system, city.desk.system.settings.channel[0], city.desk.registrar, "host/collector-1")
    with pytest.raises(RetryLater):
        poller.poll()
    city.desk.clock.forward(seconds=30)
    page = watcher.get("/operations").text
    assert "渠道故障 1" in page
    assert "docs/operators.zh-CN.md" in page
