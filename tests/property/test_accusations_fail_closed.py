"""No accusation reaches the unit it accuses, however it is worded; ordinary letters go their way."""

import os
from typing import Any

import pytest

from domain.decisions import Outcome, Suggestion
from domain.ids import UnitCode
from domain.messages import MessageKind
from route.calendar import WorkingCalendar
from route.decide import Decider, DecideSettings
from route.rules_file import load_rules
from tests.support.accusations import MadeAccusation, accusations
from tests.support.routing import NOW, letter
from tests.support.small_city import UNITS, small_city

CITY = small_city()
DECIDER = Decider(CITY, load_rules([], CITY), WorkingCalendar(), DecideSettings())
COUNT = 1000


def message(made: MadeAccusation, **changes: Any) -> Any:
    return letter(made.subject, made.body, kind=made.kind, place=made.place, **changes)


@pytest.mark.parametrize("seed", [int(os.environ.get("FENBAN_SEED", "20261122")), 1, 2])
def test_a_thousand_accusations_are_sealed_and_never_reach_the_accused(seed: int) -> None:
    print(f"seed {seed}")
    disclosed: list[MadeAccusation] = []
    for made in accusations(UNITS, COUNT, seed):
        screening = DECIDER.screen(message(made))
        if screening.action != "seal":
            disclosed.append(made)
            continue
        decision = DECIDER.seal(message(made), rule=screening.rule, reason=screening.reason, now=NOW)
        assert decision.outcome is Outcome.SEALED_REVIEW
        if not CITY.under(UnitCode(made.accused)) <= set(decision.excluded):
            disclosed.append(made)
    assert disclosed == []


def test_a_suggestion_for_the_accused_is_dropped_after_an_exclusion() -> None:
    for made in accusations(UNITS, 100, 3):
        shut = tuple(CITY.under(UnitCode(made.accused)))
        offered = tuple(Suggestion(code, 0.99) for code in shut)
        decision = DECIDER.decide(message(made), offered, automatic=True, model="m", now=NOW, excluded=shut)
        assert decision.lead not in shut
        assert not decision.suggestions


def test_white_space_between_characters_hides_nothing() -> None:
    spaced = letter("举 报", "水 务 局 的 张 某\n收 受 \u3000贿 赂")
    assert DECIDER.screen(spaced).action == "seal"


@pytest.mark.parametrize(
    "body",
    [
        "举报邻居在楼顶搭违建，请城管局拆除。",
        "举报楼下烧烤店油烟扰民，环保局能不能来看看。",
        "举报有人往河里倒垃圾。",
        "投诉物业公司乱收停车费，不交就不让进。",
        "投诉水务局修管道三天没修好，家里没有水。",
        "请问退休金怎么算，去社保局要带什么材料？",
        "老板拖欠工资五个月，请人社局帮忙讨要。",
        "小区电梯坏了半个月，房管局说会协调，至今没有修。",
        "感谢公安局民警帮我找回走失的父亲，送上锦旗。",
        "学校门口放学时太堵，建议交警支队派人疏导。",
        "我母亲住院，医保报销比例是多少？",
        "柳树村的路坏了，村民出行不便，请镇里修一修。",
        "建议在师范路街道增设公交站。",
        "邻居养狗半夜叫，报警后好了两天又叫。",
        "骗子冒充快递打电话，请公安局查处。",
    ],
)
@pytest.mark.parametrize("kind", [None, MessageKind.COMPLAINT])
def test_ordinary_letters_are_not_sealed(body: str, kind: MessageKind | None) -> None:
    assert DECIDER.screen(letter("来信", body, kind=kind)).action == ""


def test_the_kind_alone_seals() -> None:
    assert DECIDER.screen(letter("举报违建", "楼顶搭违建", kind=MessageKind.ACCUSATION)).action == "seal"
