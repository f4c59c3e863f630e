"""Answers that send the citizen to another unit label the letter for that unit."""

from dataclasses import replace

import pytest

from classify.labelled import LabelledText
from classify.replies import own_words, referred_unit
from domain.ids import UnitCode

NAMES = {
    "人力资源和社会保障局": UnitCode("labour"),
    "城市管理行政执法局": UnitCode("order"),
    "环境保护局": UnitCode("ecology"),
    "虹泉环保供水公司": UnitCode("water"),
    "公安局": UnitCode("police"),
    "交警支队": UnitCode("traffic"),
    "民政局": UnitCode("civil"),
    "东篱区": UnitCode("dongli"),
}


@pytest.mark.parametrize(
    ("reply", "unit"),
    [
        ("不是我们的问题，应该是人社局", "labour"),
        ("您好，您反映的问题不属于我局职责范围，建议您向市城管局反映，谢谢。", "order"),
        ("此事不归我办管理，请咨询环保部门。", "ecology"),
        ("该事项不在我局职权范围内，归市公安局交警支队管辖，请与其联系。", "traffic"),
        ("不在我局职能范围内，请咨询东篱区政府。", "dongli"),
        ("所提问题非我单位负责，请到民政局咨询", "civil"),
        ("您的来信收悉，我局已派人处理，请与民政局保持联系。", None),
        ("您反映的问题不在我局职责范围内，请咨询其他相关部门。", None),
        ("不属于我局管理，请咨询公安局或民政局。", None),
        ("不属于我局管理，请咨询航道局。", None),
        ("", None),
        ("谢谢关注", None),
    ],
)
def test_only_a_clear_referral_is_a_label(reply: str, unit: str | None) -> None:
    assert referred_unit(reply, NAMES) == unit


def test_what_a_unit_said_of_its_own_matter_is_learned_as_its_own_words() -> None:
    row = LabelledText("停水", "小区没有水", UnitCode("water"), reply="管网抢修，今晚恢复。")
    assert own_words(row, UnitCode("water")) == ("", "管网抢修，今晚恢复。")
    assert own_words(row, UnitCode("labour")) == ("", ""), "who sends the citizen elsewhere speaks of another's matter"
    assert own_words(replace(row, partial=True), UnitCode("water")) == ("", ""), (
        "nor is a unit that was only named the one that wrote"
    )
