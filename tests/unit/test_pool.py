"""A matter whose unit nobody knows is open for claiming (认领): the first claim has it, and what must not be seen never enters."""

import json
from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.office import Choice
from app.reports import explain_document, review_rows
from domain.errors import Refused
from domain.ids import MatterId, Number, UnitCode
from route.decide import MAY_ACCUSE
from route.feedback import parse_feedback
from route.wire import structured
from tests.support.contract import schema
from tests.support.desk import START, Desk, HandClock
from tests.support.store_process import in_processes
from tests.unit.test_feedback_desk import tell
from tests.unit.test_way_of_a_message import ACCUSATION, DOUBTFUL, UNCLEAR, WATER


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


@pytest.fixture
def number(desk: Desk) -> Number:
    number = desk.letter("1", UNCLEAR + "我的电话 13900001234", phones=["13900001234"])
    desk.work()
    assert desk.state(number) == "in_review"
    return Number(number)


def pool(desk: Desk) -> list[dict[str, Any]]:
    desk.events("water")
    return [structured(record) for record in desk.system.topics.reader("fenban.pool").read(99)]


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def claim(desk: Desk, unit: str, number: str, ident: str = "c-1") -> tuple[str, str]:
    event = parse_feedback(UnitCode(unit), json.dumps({"id": ident, "type": "claim", "matter": number}))
    result = desk.feedback.apply(event, actor=f"unit:{unit}")
    return result.outcome, result.reason


def test_offered_masked_and_claimed_by_the_first(desk: Desk, number: Number) -> None:
    desk.office.offer(number, requirement="请认领")
    assert desk.state(number) == "in_review"
    (offered,) = pool(desk)
    assert (offered["type"], offered["data"]["matter"], offered["data"]["requirement"]) == ("offered", number, "请认领")
    assert "13900001234" not in json.dumps(offered)
    assert claim(desk, "roads", number) == ("applied", "")
    assert claim(desk, "roads", number) == ("repeated", "")
    assert claim(desk, "roads", number, "c-2")[0] == "stale"
    assert claim(desk, "water", number)[0] == "rejected"
    assert desk.state(number) == "dispatched"
    (assigned,) = desk.events("roads")
    assert (assigned["type"], assigned["data"]["role"], assigned["data"]["requirement"]) == ("assigned", "lead", "请认领")
    assert assigned["data"]["deadline"]["working_days"] == 5
    assert desk.events("water") == []
    assert types(pool(desk)) == ["offered", "offer-closed"]
    for event in pool(desk):
        jsonschema.Draft202012Validator(schema("cloudevent-shared")).validate(event)
        jsonschema.Draft202012Validator(schema(event["type"])).validate(event["data"])
    assert tell(desk, "roads", type="complete", assignment=assigned["data"]["assignment"], reply="已办")[0] == "applied"
    said = [step for step in explain_document(desk.system, number)["steps"] if step["step"] == "feedback"]
    assert ("claim", "roads", "applied") in [(step["type"], step["unit"], step["outcome"]) for step in said]
    assert desk.balanced()


def test_offering_again_changes_nothing_and_other_words_replace_it(desk: Desk, number: Number) -> None:
    desk.office.offer(number)
    desk.office.offer(number)
    assert types(pool(desk)) == ["offered"]
    desk.office.offer(number, requirement="限期回复")
    assert types(pool(desk)) == ["offered", "offered"]
    (row,) = review_rows(desk.system, sealed=False)
    assert (row["number"], row["rule"]) == (number, "pool")


@pytest.mark.parametrize("how", ["decide", "out_of_remit", "hold", "seal", "withdraw"])
def test_what_leaves_the_review_leaves_the_pool(desk: Desk, number: Number, how: str) -> None:
    desk.office.offer(number)
    pool(desk)
    match how:
        case "decide":
            desk.office.decide(number, Choice("water"))
        case "out_of_remit":
            desk.office.out_of_remit(number, "不属本市")
        case "hold":
            desk.office.hold(number, "待核")
        case "seal":
            desk.office.seal(number, "是举报")
        case "withdraw":
            desk.office.withdraw_offer(number, "改由办公室定")
    assert types(pool(desk)) == ["offered", "offer-closed"]
    assert set(pool(desk)[1]["data"]) == {"number", "matter"}
    assert claim(desk, "roads", number)[0] == "rejected"
    assert desk.events("roads") == []
    assert desk.state(number) == {"withdraw": "in_review", "hold": "held", "decide": "dispatched"}.get(how, desk.state(number))
    assert desk.balanced()


def test_a_revision_closes_the_offer_and_is_decided_anew(desk: Desk, number: Number) -> None:
    desk.office.offer(number)
    desk.poll(desk.capture("1", WATER, phones=["13900001234"]))
    assert claim(desk, "roads", number)[0] == "rejected"
    desk.work()
    assert types(pool(desk)) == ["offered", "offer-closed"]
    assert types(desk.events("water")) == ["assigned"]
    desk.poll(desk.capture("1", WATER + "已经五天了", phones=["13900001234"]))
    desk.work()
    assert types(pool(desk)) == ["offered", "offer-closed"]
    assert desk.balanced()


def test_a_sealed_matter_never_enters_and_none_with_excluded_units(desk: Desk, number: Number) -> None:
    sealed = Number(desk.letter("2", ACCUSATION))
    dispatched = Number(desk.letter("3", WATER))
    desk.work()
    for refused in (sealed, dispatched):
        with pytest.raises(Refused):
            desk.office.offer(refused)
    with desk.system.store.unit_of_work() as uow:
        row = uow.matters.lock([MatterId(number)])[MatterId(number)]
        uow.matters.update([replace(row, excluded=(UnitCode("water"),))])
        uow.commit()
    with pytest.raises(Refused, match="excluded"):
        desk.office.offer(number)
    assert pool(desk) == []


def test_what_may_accuse_a_unit_never_enters(desk: Desk) -> None:
    doubtful = Number(desk.letter("2", DOUBTFUL))
    desk.work()
    assert desk.state(doubtful) == "in_review"
    assert desk.message(doubtful).reason == MAY_ACCUSE
    with pytest.raises(Refused, match="may accuse"):
        desk.office.offer(doubtful)
    assert pool(desk) == []
    desk.office.decide(doubtful, Choice("roads"))
    assert types(desk.events("roads")) == ["assigned"]


def test_an_exclusion_found_after_the_offer_stops_every_claim(desk: Desk, number: Number) -> None:
    desk.office.offer(number)
    with desk.system.store.unit_of_work() as uow:
        row = uow.matters.lock([MatterId(number)])[MatterId(number)]
        uow.matters.update([replace(row, excluded=(UnitCode("water"),))])
        uow.commit()
    assert claim(desk, "water", number)[0] == claim(desk, "roads", number)[0] == "rejected"
    assert desk.state(number) == "in_review"


def test_claiming_what_is_not_there_says_the_same_as_what_may_not_be_seen(desk: Desk, number: Number) -> None:
    sealed = desk.letter("2", ACCUSATION)
    desk.work()
    answers = {claim(desk, "water", what, what) for what in (number, sealed, "20260101-portal-999999", "x")}
    assert len(answers) == 1


def test_two_processes_claim_and_one_has_it(desk: Desk) -> None:
    numbers = [Number(desk.letter(str(n), UNCLEAR)) for n in range(20)]
    desk.work()
    for number in numbers:
        desk.office.offer(number)
    first, second = in_processes(claim_all, f"{desk.folder}\n{desk.store}")
    assert sorted([*first, *second]) == sorted(numbers)
    assert len(desk.events("water")) + len(desk.events("roads")) == 20
    assert sorted(types(pool(desk))) == ["offer-closed"] * 20 + ["offered"] * 20
    assert desk.balanced()


def claim_all(place: str, name: str, ready: Barrier) -> list[str]:
    folder, _, store = place.partition("\n")
    desk = Desk(Path(folder), clock=HandClock(START + timedelta(hours=1)), store=store)
    unit = ("water", "roads")[int(name)]
    with desk.system.store.unit_of_work(write=False) as uow:
        offered = uow.pool.offered()
    ready.wait(60)
    return [matter for matter in offered if claim(desk, unit, matter, matter)[0] == "applied"]


def test_a_recall_that_was_not_sent_yet_is_sent_all_the_same_when_the_matter_is_sealed(desk: Desk) -> None:
    number = Number(desk.letter("1", WATER))
    desk.work()
    assert types(desk.events("water")) == ["assigned"]
    desk.office.decide(number, Choice("roads"))
    desk.office.seal(number, "是举报")
    assert types(desk.events("water")) == ["assigned", "recall"]
    assert types(desk.events("roads")) == ["recall"]
    assert desk.balanced()
