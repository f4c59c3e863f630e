"""What the pipeline does with letters: joined, repeated, revised, sealed, held, filtered, quarantined, counted once."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.office import Choice
from app.queries import Queries
from app.reports import assignment_rows, review_rows
from app.wiring import System
from domain.errors import HaltForPerson, Refused
from domain.ids import Number, UnitCode
from domain.messages import Capture, CapturePart, MessageState
from route.decide import MAY_ACCUSE
from tests.support.desk import Desk

WATER = "我们小区已经停水三天了，家里老人小孩没法做饭洗衣，打电话也没有人管，请尽快恢复供水。"
ROADS = "村口到学校的路面坑洼不平，下雨天孩子上学摔了好几次，请派人来修一修。"
UNCLEAR = "你们到底什么时候才能给一个说法，已经等了很久了。"
DOUBTFUL = "我家停水九天没人来修，对面楼晚一天停的上午就通了，说是认识人。"
ACCUSATION = "举报水务局局长收受施工队贿赂，把工程给了自己的亲戚。"


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


def types(events: list[dict[str, object]]) -> list[object]:
    return [event["type"] for event in events]


def test_a_sure_letter_is_dispatched_an_unsure_one_waits(desk: Desk) -> None:
    sure, unsure = desk.letter("1", WATER), desk.letter("2", UNCLEAR)
    desk.work()
    assert (desk.state(sure), desk.state(unsure)) == ("dispatched", "in_review")
    assert desk.message(unsure).reason == "the model leaves it to a person"
    (event,) = desk.events("water")
    assert event["type"] == "assigned"
    assert event["data"]["number"] == sure
    assert event["data"]["deadline"]["working_days"] == 5
    assert {"kind": "word", "text": "停水", "weight": 2.0} in event["data"]["evidence"]
    assert desk.balanced()


def test_the_same_item_again_is_unchanged(desk: Desk) -> None:
    capture = desk.capture("1", WATER)
    assert desk.poll(capture).registered == 1
    again = desk.poll(capture)
    assert (again.registered, again.unchanged) == (0, 1)
    assert desk.balanced()


def test_a_near_copy_of_the_same_person_is_joined_on_any_channel(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=["19900001234"])
    desk.clock.forward(hours=3)
    copy = desk.letter("m1", WATER.replace("尽快", "赶快"), phones=["199-0000-1234"], channel="mail")
    desk.work()
    assert (desk.state(first), desk.state(copy)) == ("dispatched", "joined")
    assert desk.message(copy).matter == first
    assert len(desk.events("water")) == 1
    assert desk.balanced()


def test_a_person_is_known_by_what_the_letter_calls_their_own(desk: Desk) -> None:
    first = desk.letter("1", WATER + "我的电话：19900005678")
    copy = desk.letter("m1", WATER + "我的电话：19900005678", channel="mail")
    other = desk.letter("2", WATER + "我的电话：19900005679")
    desk.work()
    assert {desk.state(first), desk.state(copy)} == {"dispatched", "joined"}
    assert desk.state(other) == "dispatched"


def test_another_person_with_the_same_text_is_not_joined(desk: Desk) -> None:
    numbers = [desk.letter(str(n), WATER, phones=[f"1990000123{n}"]) for n in range(3)]
    desk.work()
    assert [desk.state(number) for number in numbers] == ["dispatched"] * 3


def test_nobody_is_the_same_without_a_mark(desk: Desk) -> None:
    numbers = [desk.letter(str(n), WATER, name="测试甲") for n in range(2)]
    desk.work()
    assert [desk.state(number) for number in numbers] == ["dispatched"] * 2


def test_the_same_later_is_a_repeat_with_its_history(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=["19900001234"])
    desk.work()
    desk.clock.forward(hours=30)
    again = desk.letter("2", WATER, phones=["19900001234"])
    desk.work()
    assert desk.state(again) == "dispatched"
    events = desk.events("water")
    assert len(events) == 2
    assert [step["unit"] for step in events[1]["data"]["history"]] == ["water"]
    with desk.system.store.unit_of_work(write=False) as uow:
        row = uow.matters.get(desk.message(again).matter)
    assert row is not None
    assert row.repeat_of == first


def test_the_same_after_an_answer_is_a_repeat(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=["19900001234"])
    desk.work()
    complete(desk, f"{first}.water.1")
    desk.clock.forward(hours=1)
    again = desk.letter("2", WATER, phones=["19900001234"])
    desk.work()
    assert desk.state(again) == "dispatched"


def complete(desk: Desk, assignment: str, unit: str = "water") -> str:
    return feed(desk, unit, f'{{"id":"c-{assignment}","type":"complete","assignment":"{assignment}","reply":"已恢复供水。"}}')


def feed(desk: Desk, unit: str, line: str) -> str:
    from domain.ids import UnitCode
    from route.feedback import parse_feedback

    return desk.feedback.apply(parse_feedback(UnitCode(unit), line), actor=f"unit:{unit}").outcome


def test_a_revision_updates_the_unit_it_stays_with(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    assert desk.poll(desk.capture("1", WATER + "现在三栋也停水了。")).revised == 1
    assert desk.state(number) == "new"
    desk.work()
    assert desk.state(number) == "dispatched"
    events = desk.events("water")
    assert types(events) == ["assigned", "updated"]
    assert "三栋" in events[1]["data"]["body"]
    assert events[0]["sequence"] < events[1]["sequence"]
    assert desk.balanced()


def test_a_revision_that_changes_the_unit_recalls_and_assigns(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    desk.poll(desk.capture("1", ROADS))
    desk.work()
    assert types(desk.events("water")) == ["assigned", "recall"]
    assert types(desk.events("roads")) == ["assigned"]
    assert desk.state(number) == "dispatched"


def test_a_revision_reopens_a_completed_assignment(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    assert complete(desk, f"{number}.water.1") == "applied"
    desk.poll(desk.capture("1", WATER + "又停水了。"))
    desk.work()
    with desk.system.store.unit_of_work(write=False) as uow:
        (part,) = uow.assignments.of_matters([desk.message(number).matter])[desk.message(number).matter]
    assert part.state == "sent"


def test_an_upstream_answer_is_noted_and_changes_nothing(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    assert desk.poll(desk.capture("1", WATER, answers=["已收到"])).noted == 1
    assert desk.state(number) == "dispatched"
    assert desk.balanced()


def test_an_accusation_goes_to_no_unit(desk: Desk) -> None:
    number = desk.letter("1", ACCUSATION, phones=["19900001234"])
    desk.work()
    assert desk.state(number) == "sealed_review"
    assert desk.message(number).sealed
    for unit in desk.system.directory.units:
        assert desk.events(unit) == []
        assert desk.events(unit, "sealed") == []
    assert desk.balanced()


def test_nothing_is_joined_to_a_sealed_matter(desk: Desk) -> None:
    desk.letter("1", ACCUSATION, phones=["19900001234"])
    again = desk.letter("2", ACCUSATION, phones=["19900001234"])
    desk.work()
    assert desk.state(again) == "sealed_review"


def test_a_revision_into_an_accusation_takes_the_matter_from_the_unit(desk: Desk) -> None:
    number = desk.letter("1", WATER, phones=["19900001234"])
    copy = desk.letter("2", WATER, phones=["19900001234"])
    desk.work()
    assert desk.state(copy) == "joined"
    desk.poll(desk.capture("1", ACCUSATION, phones=["19900001234"]))
    desk.work()
    assert desk.state(number) == "sealed_review"
    assert desk.state(copy) == "sealed_review"
    assert desk.message(copy).matter == copy
    recall = desk.events("water")[-1]
    assert recall["type"] == "recall"
    assert "reason" not in recall["data"]
    assert "subject" not in recall["data"]
    assert desk.balanced()


def test_what_was_not_sent_yet_of_a_sealed_matter_never_goes(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    desk.office.seal(Number(number), "看内容是举报")
    assert types(desk.events("water")) == ["recall"]
    assert desk.balanced()


def test_a_sealed_matter_is_dispatched_sealed_never_to_the_accused(desk: Desk) -> None:
    number = desk.letter("1", ACCUSATION)
    desk.work()
    with pytest.raises(Refused):
        desk.office.decide(Number(number), Choice("water"))
    desk.office.decide(Number(number), Choice("discipline"))
    assert desk.state(number) == "dispatched"
    assert desk.events("discipline") == []
    assert types(desk.events("discipline", "sealed")) == ["assigned"]
    assert desk.balanced()


@pytest.mark.parametrize("revised", [ROADS, UNCLEAR, WATER])
def test_a_sealed_matter_stays_sealed_in_every_later_version(desk: Desk, revised: str) -> None:
    number = desk.letter("1", ACCUSATION)
    desk.work()
    desk.poll(desk.capture("1", revised))
    desk.work()
    assert desk.state(number) == "sealed_review"
    assert [row["number"] for row in review_rows(desk.system, sealed=True)] == [number]
    assert review_rows(desk.system, sealed=False) == []
    assert all(desk.events(unit) == [] for unit in desk.system.directory.units)


def test_unsealing_what_was_dispatched_before_does_not_stop_the_others(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    desk.office.seal(Number(number), "像是举报")
    desk.office.not_accusation(Number(number), "不是举报")
    other = desk.letter("2", ROADS)
    desk.work()
    assert (desk.state(number), desk.state(other)) == ("dispatched", "dispatched")
    assert types(desk.events("water"))[-1] == "assigned"
    assert desk.balanced()


def test_a_sealed_dispatch_that_was_not_sent_yet_survives_a_revision(desk: Desk) -> None:
    number = desk.letter("1", ACCUSATION)
    desk.work()
    desk.office.decide(Number(number), Choice("discipline"))
    desk.poll(desk.capture("1", ACCUSATION + "补充：还有两名经办人。"))
    desk.work()
    assert desk.state(number) == "sealed_review"
    assert types(desk.events("discipline", "sealed")) == ["assigned"]


def test_a_repeat_of_what_was_sealed_later_says_nothing_of_it(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=["19900001234"])
    desk.work()
    desk.clock.forward(hours=30)
    again = desk.letter("2", WATER, phones=["19900001234"])
    desk.work()
    desk.office.seal(Number(first), "像是举报")
    desk.poll(desk.capture("2", WATER + "请尽快。", phones=["19900001234"]))
    desk.work()
    assert desk.events("water")[-1]["data"]["history"] == []
    (row,) = Queries(desk.system.store).export_matters(UnitCode("water"))
    assert (row["number"], row["repeat_of"]) == (again, None)


def test_what_was_sealed_is_not_listed_among_ordinary_assignments(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    desk.office.seal(Number(number), "像是举报")
    assert [row["sealed"] for row in assignment_rows(desk.system, None)] == [True]


def test_a_revised_copy_that_accuses_is_sealed_alone(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=["19900001234"])
    copy = desk.letter("2", WATER, phones=["19900001234"])
    desk.work()
    desk.poll(desk.capture("2", ACCUSATION, phones=["19900001234"]))
    desk.work()
    assert (desk.state(first), desk.state(copy)) == ("dispatched", "sealed_review")
    assert desk.balanced()


def test_sealing_by_a_copys_number_seals_each_for_itself(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=["19900001234"])
    copy = desk.letter("2", WATER, phones=["19900001234"])
    desk.work()
    desk.office.seal(Number(copy), "像是举报")
    assert (desk.state(first), desk.state(copy)) == ("sealed_review", "sealed_review")
    assert (desk.message(first).matter, desk.message(copy).matter) == (first, copy)
    desk.office.not_accusation(Number(first), "不是举报")
    assert [row for row in Queries(desk.system.store).export_matters(UnitCode("water")) if copy in str(row)] == []
    assert desk.balanced()


def test_a_copy_whose_original_became_another_matter_stands_for_itself(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=["19900001234"])
    copy = desk.letter("2", WATER, phones=["19900001234"])
    desk.work()
    desk.poll(desk.capture("1", ROADS, phones=["19900001234"]))
    desk.work()
    assert (desk.state(first), desk.state(copy)) == ("dispatched", "dispatched")
    assert desk.message(copy).matter == copy
    assert desk.balanced()


def test_a_copy_is_released_by_a_person_and_not_joined_again(desk: Desk) -> None:
    desk.letter("1", WATER, phones=["19900001234"])
    copy = desk.letter("2", WATER, phones=["19900001234"])
    desk.work()
    desk.office.release(Number(copy), "另一栋楼", [MessageState.JOINED])
    desk.work()
    assert desk.state(copy) == "dispatched"
    assert desk.message(copy).matter == copy
    assert desk.balanced()


def test_a_step_by_a_copys_number_is_done_to_its_matter(desk: Desk) -> None:
    first = desk.letter("1", UNCLEAR, phones=["19900001234"])
    copy = desk.letter("2", UNCLEAR, phones=["19900001234"])
    desk.work()
    assert desk.state(copy) == "joined"
    desk.office.decide(Number(copy), Choice("water"))
    assert desk.state(first) == "dispatched"


def test_not_an_accusation_goes_the_ordinary_way(desk: Desk) -> None:
    number = desk.letter("1", WATER, kind="accusation")
    desk.work()
    assert desk.state(number) == "sealed_review"
    desk.office.not_accusation(Number(number), "是普通投诉")
    desk.work()
    assert desk.state(number) == "dispatched"
    assert len(desk.events("water")) == 1


def test_a_released_message_that_is_revised_is_screened_again(desk: Desk) -> None:
    number = desk.letter("1", WATER, kind="accusation")
    desk.work()
    desk.office.not_accusation(Number(number), "是普通投诉")
    desk.work()
    desk.poll(desk.capture("1", ACCUSATION, kind="accusation"))
    desk.work()
    assert desk.state(number) == "sealed_review"


RULES = """
[[screen]]
name = "threats"
action = "hold"
any = ["炸掉"]
reason = "threatens violence"

[[rule]]
name = "river-roads"
any = ["路面"]
place = ["river"]
lead = "river"
co_units = ["roads"]
requirement = "现场查看后回复"

[[rule]]
name = "elsewhere"
any = ["外省法院"]
out_of_remit = "请向该法院反映"
"""


@pytest.fixture
def ruled(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "city", rules=RULES)


def test_a_held_message_is_released_past_its_rule_or_rejected(ruled: Desk) -> None:
    texts = "再不来修我就把水站炸掉，停水三天了。"
    first, second = ruled.letter("1", texts), ruled.letter("2", texts + "请回复。")
    ruled.work()
    assert {ruled.state(first), ruled.state(second)} == {"held"}
    ruled.office.release(Number(first), "气话", [MessageState.HELD])
    ruled.office.reject(Number(second), "威胁")
    ruled.work()
    assert (ruled.state(first), ruled.state(second)) == ("dispatched", "rejected")
    with pytest.raises(Refused):
        ruled.office.reject(Number(first), "不对")
    assert ruled.balanced()


def test_a_rule_gives_lead_co_units_requirement_and_class(ruled: Desk) -> None:
    number = ruled.letter("1", "清溪县" + ROADS)
    ruled.work()
    assert ruled.state(number) == "dispatched"
    (lead,), (co,) = ruled.events("river"), ruled.events("roads")
    assert (lead["data"]["role"], co["data"]["role"]) == ("lead", "co")
    assert lead["data"]["requirement"] == "现场查看后回复"
    assert lead["data"]["deadline"]["working_days"] == 15
    assert lead["data"]["decided_by"] == "river-roads"


def test_what_is_out_of_remit_goes_to_no_unit(ruled: Desk) -> None:
    number = ruled.letter("1", "外省法院的判决我不服，停水了。")
    ruled.work()
    assert ruled.state(number) == "out_of_remit"
    assert ruled.events("water") == []
    assert ruled.balanced()


def test_poison_is_quarantined_and_the_rest_goes_on(desk: Desk) -> None:
    poison = replace(desk.capture("9", ""), parts=(CapturePart("message", "x/y", b"\xff{"),))
    done = desk.poll(poison, desk.capture("1", WATER))
    assert (done.quarantined, done.registered) == (1, 1)
    assert desk.poll(poison).unchanged == 1
    with desk.system.store.unit_of_work(write=False) as uow:
        (item,) = uow.reads.quarantined()
    assert item.reason == "not a draft"
    assert desk.balanced()


def test_a_replay_registers_once(desk: Desk) -> None:
    good = desk.capture("9", WATER)
    poison = replace(good, parts=(CapturePart("message", "x/y", b"\xff{"),))
    desk.poll(poison)
    with desk.system.store.unit_of_work(write=False) as uow:
        (item,) = uow.reads.quarantined()
    assert desk.registrar.replay([(item, poison)]) == [(item.id, "not a draft")]
    assert desk.registrar.replay([(item, good)]) == [(item.id, "registered")]
    assert desk.balanced()
    with pytest.raises(Refused):
        desk.registrar.replay([(item, good)])
    desk.work()
    assert len(desk.events("water")) == 1


def test_a_replay_of_what_was_fixed_upstream_adds_nothing(desk: Desk) -> None:
    good = desk.capture("9", WATER)
    poison = replace(good, parts=(CapturePart("message", "x/y", b"\xff{"),))
    desk.poll(poison)
    desk.poll(good)
    with desk.system.store.unit_of_work(write=False) as uow:
        (item,) = uow.reads.quarantined()
    assert desk.registrar.replay([(item, good)]) == [(item.id, "noted")]
    assert desk.balanced()


@pytest.mark.parametrize("change", [lambda c: c, lambda c: replace(c, list_mark="other")])
def test_a_refetched_item_that_did_not_change_is_no_capture(desk: Desk, change: Callable[[Capture], Capture]) -> None:
    capture = desk.capture("1", WATER)
    desk.poll(capture)
    assert desk.poll(change(capture)).unchanged == 1
    assert desk.balanced()


def test_personal_data_stays_in_the_vault(desk: Desk) -> None:
    text = f"我叫欧阳测试，电话19900009876，身份证990101199001011237，{WATER}"
    number = desk.letter("1", text, name="欧阳测试", phones=["19900009876"])
    desk.work()
    (event,) = desk.events("water")
    for secret in ("欧阳测试", "19900009876", "990101199001011237"):
        assert secret not in str(event)
        assert secret not in str(desk.message(number))
    revealed = desk.office.reveal(Number(number), "核实情况")
    assert "19900009876" in revealed["body"]
    assert revealed["sender"]["name"] == "欧阳测试"
    with desk.system.store.unit_of_work(write=False) as uow:
        actions = [entry.action for _, entry in uow.audit.entries(number)]
        assert "message.reveal" in actions
        assert uow.audit.verify() == ""
    stored = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    for secret in ("欧阳测试", "19900009876", "990101199001011237"):
        assert secret.encode() not in stored


KEEPING = """
[[rule]]
name = "near-water"
any = ["水站"]
excluded = ["water"]
urgency = "urgent"
requirement = "两小时内回复"
review = "由人决定"
"""


def test_a_rules_exclusion_and_urgency_outlast_a_persons_decision(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city", rules=KEEPING)
    number = desk.letter("1", "水站门口塌了一个大坑，请派人处理。")
    desk.work()
    with pytest.raises(Refused):
        desk.office.decide(Number(number), Choice("water"))
    with pytest.raises(Refused):
        desk.office.decide(Number(number), Choice("roads", ("water",)))
    desk.office.decide(Number(number), Choice("roads"))
    (event,) = desk.events("roads")
    assert (event["data"]["urgency"], event["data"]["requirement"]) == ("urgent", "两小时内回复")
    assert event["data"]["evidence"]


def test_an_older_capture_does_not_overwrite_what_was_fetched_later(desk: Desk) -> None:
    good = desk.capture("9", WATER)
    poison = replace(good, parts=(CapturePart("message", "x/y", b"\xff{"),))
    desk.poll(poison)
    desk.clock.forward(hours=1)
    desk.poll(desk.capture("9", ROADS))
    with desk.system.store.unit_of_work(write=False) as uow:
        (item,) = uow.reads.quarantined()
    assert desk.registrar.replay([(item, good)]) == [(item.id, "noted")]
    desk.work()
    assert len(desk.events("roads")) == 1
    assert desk.events("water") == []
    assert desk.balanced()


def test_who_writes_the_same_every_day_repeats_it(desk: Desk) -> None:
    numbers = []
    for day in range(3):
        numbers.append(desk.letter(str(day), WATER, phones=["19900001234"]))
        desk.work()
        desk.clock.forward(hours=20)
    assert [desk.state(number) for number in numbers] == ["dispatched", "joined", "dispatched"]


def test_a_report_makes_no_store(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city")
    desk.system.close()
    shutil.rmtree(desk.folder / "data")
    system = System(desk.system.settings, may_make_store=False)
    with pytest.raises(HaltForPerson, match="no store"):
        _ = system.store


def test_a_store_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city")
    desk.letter("1", WATER)
    desk.work()
    assert desk.events("water")
    desk.system.close()
    for file in (desk.folder / "data").glob("fenban.db*"):
        file.unlink()
    with pytest.raises(HaltForPerson, match="is gone"):
        _ = System(desk.system.settings).store


def test_a_name_that_the_text_gives_is_masked_in_the_title_too(desk: Desk) -> None:
    number = desk.letter("1", "我叫李小梅,家里停水三天了。", subject="李小梅反映停水", name="快乐人生")
    assert (desk.message(number).subject, desk.message(number).body) == ("【姓名】反映停水", "我叫【姓名】,家里停水三天了。")
    desk.poll(desk.capture("1", "市民李小梅反映:停水四天了。", subject="李小梅再反映", name="快乐人生"))
    assert (desk.message(number).subject, desk.message(number).version) == ("【姓名】再反映", 2)


def test_an_accusation_in_the_quoted_part_of_a_mail_is_sealed(desk: Desk) -> None:
    own, quoted = "还是没有人处理，请尽快回复。", "还是没有人处理，请尽快回复。\n> 供水公司经理贪污水表改造款，每户多收四百。"
    sealed = desk.letter("m1", quoted, own=own, channel="mail")
    other = desk.letter("m2", own + "\n> 您的来信已收到。", own=own, channel="mail")
    desk.work()
    assert (desk.state(sealed), desk.state(other)) == ("sealed_review", "in_review")
    assert "贪污" in desk.message(sealed).body
    assert desk.message(other).body == own.replace("，", ",")
    assert desk.balanced()


def test_an_accusation_in_the_name_of_a_file_or_in_what_is_enclosed_is_sealed(desk: Desk) -> None:
    text = "材料在附件里，请查收，谢谢。"
    named = desk.letter("m1", text, beside="附件：举报供水公司经理贪污.docx", channel="mail")
    enclosed = desk.letter("m2", text, beside="附件：来信.eml\n\n供水公司经理贪污水表改造款，每户多收四百。", channel="mail")
    other = desk.letter("m3", text, beside="附件：水管照片.jpg", channel="mail")
    desk.work()
    assert [desk.state(number) for number in (named, enclosed, other)] == ["sealed_review", "sealed_review", "in_review"]
    assert "贪污" in desk.message(named).body
    assert "照片" not in desk.message(other).body
    assert desk.balanced()


def test_what_may_complain_of_the_unit_itself_waits_for_a_person(desk: Desk) -> None:
    doubtful = desk.letter("1", DOUBTFUL)
    desk.work()
    assert (desk.state(doubtful), desk.message(doubtful).reason) == ("in_review", MAY_ACCUSE)
    assert desk.events("water") == desk.events("roads") == []
    desk.poll(desk.capture("1", DOUBTFUL + "请回复。"))
    desk.work()
    assert desk.events("water") == []
    desk.office.decide(Number(doubtful), Choice("roads"))
    assert [event["type"] for event in desk.events("roads")] == ["assigned"]
