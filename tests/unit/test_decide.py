"""Decisions: rules before the model, the threshold, exclusions, places, deadlines, and a person's choice."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.decisions import DeadlineClass, Decision, Outcome, Suggestion, Urgency
from domain.errors import Refused
from domain.ids import UnitCode
from domain.messages import MessageKind
from route.calendar import WorkingCalendar
from route.decide import KIND_RULE, MAY_ACCUSE, MODEL_RULE, PERSON_RULE, Decider, DecideSettings
from route.rules_file import load_rules
from route.veils import Veils
from tests.support.routing import NOW, letter
from tests.support.small_city import small_city

CITY = small_city()
CALENDAR = WorkingCalendar()
RULES = """
[[screen]]
name = "to-discipline"
action = "seal"
any = ["移送纪检专线"]
dispatch_to = "discipline"

[[rule]]
name = "night"
any = ["深夜"]
urgency = "urgent"
requirement = "当夜处置"
co_units = ["police"]
continue = true

[[rule]]
name = "local"
any = ["摆摊"]
prefer_local = true
continue = true

[[rule]]
name = "never-housing"
any = ["物业合同"]
excluded = ["housing"]
continue = true

[[rule]]
name = "rail"
any = ["铁路"]
out_of_remit = "请向铁路部门反映"

[[rule]]
name = "unsure"
any = ["说不清"]
review = "性质不明"

[[rule]]
name = "pipes"
any = ["水管"]
lead = "water"

[[rule]]
name = "pipes-and-roads"
any = ["路面"]
lead = "urban"
co_units = ["water", "urban"]

[[rule]]
name = "long"
any = ["历史遗留"]
lead = "housing"
deadline_class = "complex"

[[rule]]
name = "village-road"
any = ["村路"]
lead = "place:township"

[[rule]]
name = "county-matter"
any = ["县里的事"]
lead = "place:county"
"""


def decider(folder: Path, **settings: Any) -> Decider:
    path = folder / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return Decider(CITY, load_rules([path], CITY), CALENDAR, DecideSettings(**settings))


@pytest.fixture
def decide(tmp_path: Path) -> Decider:
    return decider(tmp_path)


def suggested(*pairs: tuple[str, float]) -> tuple[Suggestion, ...]:
    return tuple(Suggestion(UnitCode(code), probability) for code, probability in pairs)


def of(decide: Decider, subject: str, *pairs: tuple[str, float], **more: Any) -> Decision:
    options: dict[str, Any] = {"automatic": True, "model": "m1", "now": NOW} | more
    message = letter(subject, **options.pop("message", {}))
    return decide.decide(message, suggested(*pairs), **options)


def test_the_model_decides_at_the_threshold_and_above(decide: Decider) -> None:
    decision = of(decide, "没有暖气", ("housing", 0.9), ("water", 0.05))
    assert (decision.outcome, decision.lead, decision.rule) == (Outcome.DISPATCH, "housing", MODEL_RULE)
    assert (decision.model, decision.threshold) == ("m1", 0.9)
    assert decision.suggestions == suggested(("housing", 0.9), ("water", 0.05))
    assert decision.deadline is not None
    assert decision.deadline.working_days == 5


@pytest.mark.parametrize(
    ("pairs", "more"),
    [
        ((("housing", 0.899),), {}),
        ((), {}),
        ((("housing", 0.99),), {"automatic": False}),
        ((("housing", 0.95),), {"threshold": 0.96}),
        ((("nobody", 0.99),), {}),
        ((("housing", 0.99),), {"excluded": ("housing",)}),
    ],
)
def test_else_it_waits_in_review(decide: Decider, pairs: Any, more: dict[str, Any]) -> None:
    decision = of(decide, "没有暖气", *pairs, **more)
    assert (decision.outcome, decision.lead, decision.deadline) == (Outcome.REVIEW, None, None)
    assert decision.reason


def test_units_gone_or_excluded_are_never_suggested(decide: Decider) -> None:
    decision = of(decide, "没有暖气", ("nobody", 0.5), ("housing", 0.3), ("water", 0.2), excluded=("housing",))
    assert [one.unit for one in decision.suggestions] == ["water"]
    assert decision.excluded == ("housing",)


def test_a_rule_goes_before_the_model(decide: Decider) -> None:
    decision = of(decide, "水管裂了", ("housing", 0.99))
    assert (decision.outcome, decision.lead, decision.rule) == (Outcome.DISPATCH, "water", "pipes")
    assert ("rule", "pipes") in [(one.kind, one.text) for one in decision.evidence]
    assert ("word", "水管") in [(one.kind, one.text) for one in decision.evidence]


def test_a_rule_that_goes_on_only_adds(decide: Decider) -> None:
    decision = of(decide, "深夜没有暖气", ("housing", 0.97))
    assert (decision.lead, decision.rule, decision.co_units) == ("housing", MODEL_RULE, ("police",))
    assert (decision.urgency, decision.requirement) == (Urgency.URGENT, "当夜处置")
    assert decision.deadline_class is DeadlineClass.COMPLEX


def test_a_second_unit_makes_it_complex_and_the_lead_is_no_co_unit(decide: Decider) -> None:
    decision = of(decide, "路面塌了")
    assert (decision.lead, decision.co_units, decision.deadline_class) == ("urban", ("water",), DeadlineClass.COMPLEX)
    assert decision.deadline is not None
    assert decision.deadline.working_days == 15


def test_a_rule_makes_it_complex(decide: Decider) -> None:
    decision = of(decide, "历史遗留")
    assert decision.deadline == CALENDAR.deadline(NOW, 15)


def test_out_of_remit_and_review_by_rule(decide: Decider) -> None:
    away = of(decide, "铁路噪声", ("environment", 0.99))
    assert (away.outcome, away.lead, away.reason, away.deadline) == (Outcome.OUT_OF_REMIT, None, "请向铁路部门反映", None)
    unsure = of(decide, "说不清", ("environment", 0.99))
    assert (unsure.outcome, unsure.rule, unsure.reason) == (Outcome.REVIEW, "unsure", "性质不明")


def test_a_rule_excludes_with_all_under(decide: Decider) -> None:
    decision = of(decide, "物业合同", ("housing", 0.99), ("market", 0.95))
    assert (decision.outcome, decision.lead) == (Outcome.DISPATCH, "market")
    assert decision.excluded == ("housing",)


def test_a_rules_excluded_unit_is_not_chosen(decide: Decider) -> None:
    decision = of(decide, "水管裂了", excluded=("water",))
    assert (decision.outcome, decision.rule, decision.reason) == (Outcome.REVIEW, "pipes", "the rule's unit is excluded")


@pytest.mark.parametrize(
    ("subject", "place", "lead"),
    [
        ("柳树村的村路断了", "", "linhe-yongan"),
        ("村路断了", "师范路街道", "qingshan-shifan"),
        ("和平村的村路断了", "", None),
        ("临河县和平村的村路断了", "", "linhe-xinhua"),
        ("村路断了", "", None),
        ("村路断了", "青山区", None),
        ("柳树村：县里的事", "", "linhe"),
        ("青山区城市管理局：县里的事", "", "qingshan"),
        ("和平村：县里的事", "", None),
    ],
)
def test_the_place_gives_the_lead(decide: Decider, subject: str, place: str, lead: str | None) -> None:
    decision = of(decide, subject, message={"place": place})
    assert decision.lead == lead
    assert decision.outcome is (Outcome.DISPATCH if lead else Outcome.REVIEW)


def test_the_places_own_department_is_preferred_by_rule_only(decide: Decider) -> None:
    assert of(decide, "青山区有人占道", ("urban", 0.99)).lead == "urban"
    assert of(decide, "青山区有人摆摊", ("urban", 0.99)).lead == "qingshan-urban"
    assert of(decide, "临河县有人摆摊", ("urban", 0.99)).lead == "urban"
    assert of(decide, "青山区有人摆摊", ("urban", 0.99), excluded=("qingshan-urban",)).lead == "urban"


def test_with_automatic_off_nothing_goes_without_a_person(tmp_path: Path) -> None:
    manual = decider(tmp_path, automatic=False)
    decision = of(manual, "水管裂了", ("housing", 0.99))
    assert (decision.outcome, decision.rule, decision.lead) == (Outcome.REVIEW, "pipes", None)
    assert of(manual, "没有暖气", ("housing", 0.99)).outcome is Outcome.REVIEW


def test_why_the_model_did_not_choose_is_said_as_it_is(tmp_path: Path, decide: Decider) -> None:
    def reason(decider: Decider, *, automatic: bool, model: str) -> str:
        return decider.decide(letter("没有暖气"), suggested(("housing", 0.99)), automatic=automatic, model=model, now=NOW).reason

    assert reason(decide, automatic=False, model="") == "no model has been trained yet"
    assert reason(decide, automatic=False, model="m") == "the model reaches the target precision at no threshold"
    assert reason(decider(tmp_path, automatic=False), automatic=True, model="m") == "automatic dispatch is off"


@pytest.mark.parametrize(
    ("subject", "action"),
    [
        ("举报城管局工作人员收钱", "seal"),
        ("代开发票，加微信【账号】", "hold"),
        ("收到代开发票的短信，请查处", ""),
        ("举报邻居违建", ""),
        ("举报楼下饭店油烟扰民", ""),
        ("家里没有暖气", ""),
        ("不想活了", ""),
    ],
)
def test_screens(decide: Decider, subject: str, action: str) -> None:
    screening = decide.screen(letter(subject))
    assert screening.action == action
    assert bool(screening.rule) is bool(action)
    assert bool(screening.reason) is bool(action)


def test_what_is_filed_as_an_accusation_is_sealed_until_a_person_waives_that(decide: Decider) -> None:
    filed = letter("邻居的事", kind=MessageKind.ACCUSATION)
    assert (decide.screen(filed).action, decide.screen(filed).rule) == ("seal", KIND_RULE)
    waived = letter("邻居的事", kind=MessageKind.ACCUSATION, waived_rules=(KIND_RULE,))
    assert decide.screen(waived).action == ""


def test_a_released_message_is_not_held_again_by_the_rule_that_held_it(decide: Decider) -> None:
    advert = letter("代开发票，加微信【账号】")
    held = decide.screen(advert)
    assert decide.screen(letter(advert.subject, waived_rules=(held.rule,))).action == ""


def test_life_at_risk_is_urgent(decide: Decider) -> None:
    assert of(decide, "再不解决我就不想活了").urgency is Urgency.URGENT
    assert of(decide, "小区燃气泄漏").urgency is Urgency.URGENT
    assert of(decide, "路灯不亮").urgency is Urgency.NORMAL


def test_a_sealed_decision_excludes_the_accused_and_all_under(decide: Decider) -> None:
    decision = decide.seal(letter("举报临河县政府领导受贿"), rule="builtin-corruption", reason="x", now=NOW)
    assert (decision.outcome, decision.sealed, decision.lead) == (Outcome.SEALED_REVIEW, True, None)
    assert set(decision.excluded) >= {"linhe", "linhe-yongan", "linhe-xinhua"}


def test_a_sealed_dispatch_needs_certain_accused_and_a_unit_that_is_none_of_them(decide: Decider) -> None:
    sure = decide.seal(letter("移送纪检专线：水务局的人收钱"), rule="to-discipline", reason="x", now=NOW)
    assert (sure.outcome, sure.lead, sure.sealed) == (Outcome.DISPATCH, "discipline", True)
    assert sure.deadline == CALENDAR.deadline(NOW, 15)
    for subject in ("移送纪检专线：有人收钱", "移送纪检专线：某局的人和水务局的人收钱", "移送纪检专线：纪委的人收钱"):
        decision = decide.seal(letter(subject), rule="to-discipline", reason="x", now=NOW)
        assert (decision.outcome, decision.lead) == (Outcome.SEALED_REVIEW, None), subject


def test_a_person_chooses(decide: Decider) -> None:
    decision = decide.by_person(letter("x"), actor="wang", now=NOW, lead=UnitCode("water"), co_units=[UnitCode("urban")])
    assert (decision.outcome, decision.lead, decision.rule) == (Outcome.DISPATCH, "water", PERSON_RULE)
    assert (decision.actor, decision.deadline_class) == ("wang", DeadlineClass.COMPLEX)
    away = decide.by_person(letter("x"), actor="wang", now=NOW, out_of_remit="请向铁路部门反映")
    assert (away.outcome, away.reason, away.deadline) == (Outcome.OUT_OF_REMIT, "请向铁路部门反映", None)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"lead": "nobody"}, "no unit"),
        ({"lead": "water", "co_units": ["nobody"]}, "no unit"),
        ({"lead": "housing"}, "excluded"),
        ({"lead": "water", "co_units": ["housing"]}, "excluded"),
        ({"lead": "water", "co_units": ["water"]}, "twice"),
        ({"lead": "water", "co_units": ["urban", "urban"]}, "twice"),
        ({}, "names a lead"),
        ({"lead": "water", "out_of_remit": "x"}, "names a lead"),
    ],
)
def test_a_person_may_not_choose_what_is_not_allowed(decide: Decider, choice: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        decide.by_person(letter("x"), actor="wang", now=NOW, excluded=[UnitCode("housing")], **choice)


@pytest.mark.parametrize("sign", ["*", "·", ".", "-", "_", "、", "~", "|", "/", "…", "—", "★", "😀", " "])
@pytest.mark.parametrize("word", ["受贿", "举报", "挪用公款"])
def test_signs_between_characters_hide_nothing(decide: Decider, sign: str, word: str) -> None:
    assert decide.screen(letter("反映问题", f"水务局的人{sign.join(word)}水务局局长,请查。")).action == "seal"


def test_a_point_for_a_full_stop_makes_no_word() -> None:
    veils = Veils(["受贿"])
    text = "臭得想吐.环卫说车坏了.行*人"
    assert veils.lifted(text) == text
    hidden = "他们受.贿,还受*-贿"
    assert veils.lifted(hidden) == "他们受贿,还受贿"


def test_a_doubtful_message_goes_to_a_person_whoever_chose_its_unit(decide: Decider) -> None:
    message = letter("水费问题", "请解释一下。")
    automatic = decide.decide(message, suggested(("water", 0.99)), automatic=True, model="m", now=NOW)
    assert automatic.outcome is Outcome.DISPATCH
    doubted = decide.decide(message, suggested(("water", 0.99)), automatic=True, model="m", now=NOW, doubtful=True)
    assert (doubted.outcome, doubted.lead, doubted.co_units, doubted.reason) == (Outcome.REVIEW, None, (), MAY_ACCUSE)


def test_what_may_tell_of_misconduct_is_doubted_until_a_person_unseals_it(decide: Decider) -> None:
    story = letter("贷款", "我排了九个月没有额度，同单位的晚我半年申请，上周就放款了，他岳母在里面管审批。")
    screening = decide.screen(story)
    assert (screening.action, screening.doubtful) == ("", True)
    assert not decide.screen(replace(story, waived_rules=("builtin-corruption",))).doubtful
    assert decide.screen(replace(story, waived_rules=("builtin-illegal-advert",))).doubtful
